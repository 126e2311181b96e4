"""A cut receipt as a picture, dot for dot as a thermal head of 203 dpi prints it, and as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from devices.simulators.escpos import CELL_HEIGHT, CELL_WIDTH, DOTS, PaperLine

MARGIN = 32
HEAD_TO_KNIFE = 104  # 13 mm: the paper above the first line, and what the last feed loses to the next receipt
_PAPER, _INK = 250, 28
_TOOTH = 8
_MONOSPACED = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf"),
)


def as_text(lines: Iterable[PaperLine], dots: int = DOTS) -> str:
    """The receipt's characters, a line each; blank lines at the end are left out."""
    rows = [_aligned(line, dots) for line in lines]
    return "\n".join(row.rstrip() for row in rows).rstrip("\n") + "\n"


def _aligned(line: PaperLine, dots: int) -> str:
    columns = dots // CELL_WIDTH
    used = sum(glyph.width for glyph in line.glyphs)
    return " " * _before(line, columns - used) + line.text


def _before(line: PaperLine, room: int) -> int:
    """How much of the room that a line leaves on its paper stands before it."""
    return {1: room // 2, 2: room}.get(line.align, 0)


def draw(lines: Sequence[PaperLine], dots: int = DOTS) -> Image.Image:
    """The receipt as a grey picture, with a margin beside its dots; what is no paper is transparent."""
    picture = Image.new("L", (dots + 2 * MARGIN, HEAD_TO_KNIFE + sum(map(_height, lines))), _PAPER)
    at = HEAD_TO_KNIFE
    for line in lines:
        (_draw_picture if line.picture else _draw_line)(picture, line, at)
        at += _height(line)
    return _cut_out(picture, max(_last_ink(lines) + 2 * _TOOTH, picture.height - HEAD_TO_KNIFE))


def _height(line: PaperLine) -> int:
    return len(line.picture) // line.picture_width if line.picture_width else line.feed


def _last_ink(lines: Sequence[PaperLine]) -> int:
    tops = accumulate(map(_height, lines), initial=HEAD_TO_KNIFE)
    return max((top + _height(line) for top, line in zip(tops, lines, strict=False) if line.glyphs or line.picture))


def _draw_line(picture: Image.Image, line: PaperLine, top: int) -> None:
    used = sum(glyph.width for glyph in line.glyphs) * CELL_WIDTH
    left = MARGIN + _before(line, picture.width - 2 * MARGIN - used)
    bottom = top + max((glyph.height for glyph in line.glyphs), default=1) * CELL_HEIGHT
    for glyph in line.glyphs:
        width, height = glyph.width * CELL_WIDTH, glyph.height * CELL_HEIGHT
        ink = _glyph(glyph.char, glyph.bold, glyph.width, glyph.height)
        box = (left, bottom - height)
        if glyph.inverse:
            ImageDraw.Draw(picture).rectangle((*box, left + width - 1, bottom - 1), fill=_INK)
        picture.paste(_PAPER if glyph.inverse else _INK, box, ink)
        if glyph.underline:
            ImageDraw.Draw(picture).rectangle((left, bottom - 2, left + width - 1, bottom - 1), fill=_INK)
        left += width


def _draw_picture(picture: Image.Image, line: PaperLine, top: int) -> None:
    width = line.picture_width * 8
    stripe = Image.frombytes("1", (width, _height(line)), line.picture)
    left = MARGIN + _before(line, picture.width - 2 * MARGIN - width)
    picture.paste(_INK, (left, top), stripe)


@cache
def _glyph(char: str, bold: bool, width: int, height: int) -> Image.Image:
    """One character in its cells of 12 by 24 dots; bold is printed twice, a dot apart, as the head does."""
    cell = Image.new("L", (CELL_WIDTH * height, CELL_HEIGHT * height), 0)
    pen = ImageDraw.Draw(cell)
    for shift in (0, height) if bold else (0,):
        pen.text((CELL_WIDTH * height / 2 + shift, 19 * height), char, fill=255, font=_font(20 * height), anchor="ms")
    return cell if width == height else cell.resize((CELL_WIDTH * width, CELL_HEIGHT * height))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    kivy = find_spec("kivy")
    homes = (kivy.submodule_search_locations or ()) if kivy else ()
    for font in (*_MONOSPACED, *(Path(home) / "data/fonts/RobotoMono-Regular.ttf" for home in homes)):
        if font.exists():
            return ImageFont.truetype(str(font), size)
    return ImageFont.load_default(size * 0.9)


def _cut_out(picture: Image.Image, height: int) -> Image.Image:
    """The strip of paper, with the knife's teeth at its foot."""
    paper = picture.crop((0, 0, picture.width, height))
    shape = Image.new("L", paper.size, 255)
    pen = ImageDraw.Draw(shape)
    for left in range(0, paper.width, 2 * _TOOTH):
        pen.polygon([(left, height), (left + _TOOTH, height - _TOOTH), (left + 2 * _TOOTH, height)], fill=0)
    paper.putalpha(shape)
    return paper
