"""A cut receipt as a picture, dot for dot as a thermal head of 203 dpi prints it, and as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from devices.simulators.escpos import CELL_HEIGHT, CELL_WIDTH, DOTS, PaperLine

MARGIN = 32
TOP = 40
_PAPER, _INK, _DESK = 250, 28, 214
_TOOTH = 8
_MONOSPACED = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf"),
)


def as_text(lines: Iterable[PaperLine]) -> str:
    """The receipt's characters, a line each; blank lines at the end are left out."""
    rows = [_aligned(line) for line in lines]
    return "\n".join(row.rstrip() for row in rows).rstrip("\n") + "\n"


def _aligned(line: PaperLine) -> str:
    columns = DOTS // CELL_WIDTH
    used = sum(glyph.width for glyph in line.glyphs)
    before = {1: (columns - used) // 2, 2: columns - used}.get(line.align, 0)
    return " " * before + line.text


def draw(lines: Sequence[PaperLine]) -> Image.Image:
    """The receipt as a grey picture, 640 dots wide, on its strip of paper with a torn edge."""
    height = TOP + sum(_height(line) for line in lines) + MARGIN
    picture = Image.new("L", (DOTS + 2 * MARGIN, height + _TOOTH), _PAPER)
    at = TOP
    for line in lines:
        _draw_picture(picture, line, at) if line.picture else _draw_line(picture, line, at)
        at += _height(line)
    _tear(picture)
    return picture


def _height(line: PaperLine) -> int:
    return len(line.picture) // line.picture_width if line.picture_width else line.feed


def _draw_line(picture: Image.Image, line: PaperLine, top: int) -> None:
    used = sum(glyph.width for glyph in line.glyphs) * CELL_WIDTH
    left = MARGIN + {1: (DOTS - used) // 2, 2: DOTS - used}.get(line.align, 0)
    bottom = top + max((glyph.height for glyph in line.glyphs), default=1) * CELL_HEIGHT
    for glyph in line.glyphs:
        width, height = glyph.width * CELL_WIDTH, glyph.height * CELL_HEIGHT
        ink = _glyph(glyph.char, glyph.bold).resize((width, height), Image.Resampling.BILINEAR)
        box = (left, bottom - height)
        if glyph.inverse:
            ImageDraw.Draw(picture).rectangle((*box, left + width - 1, bottom - 1), fill=_INK)
        picture.paste(_PAPER if glyph.inverse else _INK, box, ink)
        if glyph.underline:
            ImageDraw.Draw(picture).rectangle((left, bottom - 2, left + width - 1, bottom - 1), fill=_INK)
        left += width


def _draw_picture(picture: Image.Image, line: PaperLine, top: int) -> None:
    width = line.picture_width * 8
    dots = Image.frombytes("1", (width, _height(line)), line.picture)
    left = MARGIN + {1: (DOTS - width) // 2, 2: DOTS - width}.get(line.align, 0)
    picture.paste(_INK, (left, top), dots)


@cache
def _glyph(char: str, bold: bool) -> Image.Image:
    """One character in its cell of 12 by 24 dots; bold is printed twice, a dot apart, as the head does."""
    cell = Image.new("L", (CELL_WIDTH, CELL_HEIGHT), 0)
    draw_on = ImageDraw.Draw(cell)
    for shift in (0, 1) if bold else (0,):
        draw_on.text((CELL_WIDTH / 2 + shift, 19), char, fill=255, font=_font(), anchor="ms")
    return cell


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    kivy = find_spec("kivy")
    homes = [Path(home) / "data/fonts/RobotoMono-Regular.ttf" for home in (kivy.submodule_search_locations or ())] \
        if kivy else []  # fmt: skip
    for font in (*_MONOSPACED, *homes):
        if font.exists():
            return ImageFont.truetype(str(font), 20)
    return ImageFont.load_default(18)


def _tear(picture: Image.Image) -> None:
    """The cutter's edge at the foot."""
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    for left in range(0, width, 2 * _TOOTH):
        corners = [(left, height), (left + _TOOTH, height - _TOOTH), (left + 2 * _TOOTH, height)]
        pen.polygon(corners, fill=_DESK)
