"""Letters as they stand on a line: right-to-left scripts joined and in their order, each run in a typeface that has it.

Kivy's SDL2 text provider draws a string in one typeface from left to right; this draws a line as runs of such strings.
"""

import re
from functools import lru_cache
from operator import itemgetter
from typing import Any

from kivy.core.text.text_sdl2 import LabelSDL2

from kiosk.screens.look import look
from kiosk.typefaces import drawn_by, face_for, letters_of

# Hebrew to Arabic Extended-A, their presentation forms, and the marks that order text (Unicode UAX 9).
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u200e\u200f\u2066-\u2069]")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]+")
_STRONG = re.compile("[A-Za-z\u00c0-\u058f\u0900-\u1fff\u2c00-\ud7ff]|([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])")
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
_ISOLATED = re.compile("[\u2066-\u2068][^\u2069]*\u2069")
_UNDRAWN, _END = "\u2060", "\ufffc"  # one takes the direction of the sign before it; the other stands for nothing
_SIGNS = "()[]{}<>\u00ab\u00bb\u2039\u203a"
_TURNED = dict(zip(_SIGNS, ")(][}{><\u00bb\u00ab\u203a\u2039", strict=True))
_SIDES = re.compile(f"[{re.escape(_SIGNS)}]{_UNDRAWN}|{_UNDRAWN}[{re.escape(_SIGNS)}]")
_INNER = dict.fromkeys(map(ord, _UNDRAWN + _END))
_FONT = itemgetter("font_name_r", "font_size", "bold", "italic", "underline", "strikethrough")
_MOST = 8192  # words whose extents are kept: those of all screens in one language, or some hundred titles
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def is_mixed(text: str, face: str = "") -> bool:
    """Whether the text needs more than being drawn from left to right in one typeface: `face`, or the usual one."""
    return not text.isascii() and (_RIGHT_TO_LEFT.search(text) is not None or _lacks(face or look.fonts.regular, text))


def _lacks(face: str, text: str) -> bool:
    """Whether a typeface lacks a letter; Kivy's own, which is named and has no path, is taken as it is."""
    return face.startswith("/") and not letters_of(face).issuperset(map(ord, text.replace("\n", "")))


def runs_to_the_left(text: str) -> bool:
    """The direction of a paragraph, by its first letter that has one outside what is isolated (UAX 9, P2 and P3)."""
    found = _STRONG.search(_ISOLATED.sub("", text)) or _STRONG.search(text)
    return found is not None and found[1] is not None


# Kivy asks for the same words again and again: to break lines, to find how large they may be, and to draw. Asking SDL
# each time is a quarter of the work of showing a screen.
_extents: dict[tuple[Any, ...], tuple[int, int]] = {}


@lru_cache(maxsize=512)
def runs(line: str, to_the_left: bool) -> tuple[tuple[str, bool], ...]:
    """The pieces of one line from left to right as they are drawn, each with whether it is Arabic."""
    from arabic_reshaper import reshape

    drawn = _ordered(reshape(line.translate(_INNER)), to_the_left)
    pieces = []
    at = 0
    for found in _ARABIC.finditer(drawn):
        if found.start() > at:
            pieces.append((drawn[at : found.start()], False))
        pieces.append((found[0], True))
        at = found.end()
    if at < len(drawn):
        pieces.append((drawn[at:], False))
    return tuple(pieces)


@lru_cache(maxsize=512)
def _parts(piece: str, usual: str, arabic: bool) -> tuple[tuple[str, str], ...]:
    """Of a piece, the parts that one typeface each has, with its path."""
    return tuple(drawn_by(piece, usual, look.fonts, arabic))


def forget() -> None:
    """Of what was drawn no letter is kept: it may have been the title of somebody's book."""
    runs.cache_clear()
    _parts.cache_clear()
    face_for.cache_clear()
    _extents.clear()


def _ordered(line: str, to_the_left: bool) -> str:
    """A joined line from left to right. Brackets look the other way within what runs to the left (UAX 9, L4), which
    python-bidi leaves to us: a sign that is not drawn, behind each, tells on which side it came out."""
    from bidi import get_display

    told = "".join(one + _UNDRAWN if one in _TURNED else one for one in line) + _END
    drawn = _SIDES.sub(_looking, get_display(told, base_dir="R" if to_the_left else "L"))
    return drawn.translate(_MARKS | _INNER)


def _looking(found: re.Match[str]) -> str:
    first = found[0][0]
    return _TURNED[found[0][1]] if first == _UNDRAWN else first


class Lettering(LabelSDL2):
    """The letters of one label. What is not mixed is drawn as Kivy draws it."""

    def get_extents(self, text: str) -> tuple[int, int]:
        """Width and height in pixels of a line."""
        mixed = is_mixed(text, self.options["font_name"])
        key = (*_FONT(self.options), mixed and runs_to_the_left(self.text or text), text)
        if (known := _extents.get(key)) is None:
            if len(_extents) >= _MOST:
                _extents.clear()
            known = _extents[key] = self._extents_of_mixed(text) if mixed else super().get_extents(text)
        return known

    def _extents_of_mixed(self, text: str) -> tuple[int, int]:
        sizes = [one.get_extents(piece) for one, piece in self._pieces(text)]
        ascents = [one.get_ascent() for one, _ in self._pieces(text)]
        if not sizes:
            return (0, super().get_extents(" ")[1])
        below = max(height - ascent for (_, height), ascent in zip(sizes, ascents, strict=True))
        return sum(width for width, _ in sizes), max(ascents) + below

    def _render_text(self, text: str, x: int, y: int) -> None:
        if not is_mixed(text, self.options["font_name"]):
            super()._render_text(text, x, y)
            return
        pieces = self._pieces(text)
        line = max((one.get_ascent() for one, _ in pieces), default=0)
        for one, piece in pieces:
            self._surface.render(one, piece, x, y + line - one.get_ascent())
            x += one.get_extents(piece)[0]

    def _pieces(self, line: str) -> "list[tuple[Any, str]]":
        to_the_left, usual = runs_to_the_left(self.text or line), self.options["font_name"]
        return [
            (_plain(face, self.options["font_size"], tuple(self.options["color"])), part)
            for piece, arabic in runs(line, to_the_left)
            for part, face in _parts(piece, usual, arabic)
        ]


@lru_cache(maxsize=64)
def _plain(font_name: str, font_size: float, color: tuple[float, ...]) -> Any:
    """What draws a piece in one typeface; kept, for a typeface and a size are opened once."""
    return LabelSDL2(font_name=font_name, font_size=font_size, color=color)
