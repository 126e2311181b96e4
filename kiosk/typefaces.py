"""Which letters the installed typefaces have: their cmap tables (OpenType, formats 4 and 12), read when first asked.

What a screen speaks is in Inter and Noto Sans Arabic; titles and names may be in any script. Knows no Kivy.
"""

import logging
import struct
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from kiosk.theme import Fonts, find_fonts

log = logging.getLogger(__name__)

_FULL, _BASIC = 12, 4  # formats of a table: of all of Unicode, and of its first 65,536 letters
# Signs that join or choose and are nothing to see by themselves; where a typeface lacks them they are left out.
_UNSEEN = {"Cf", "Cc", "Zl", "Zp"}
LEFT_OUT = "\N{HORIZONTAL ELLIPSIS}"
_CHOOSERS = range(0xFE00, 0xFE10)  # variation selectors


@lru_cache(maxsize=256)
def letters_of(path: str) -> frozenset[int]:
    """The code points that a typeface has; none where its file cannot be read."""
    try:
        return frozenset(_code_points(Path(path).read_bytes()))
    except (OSError, struct.error, IndexError) as fault:
        log.warning("the typeface %s cannot be read: %s", Path(path).name, type(fault).__name__)
        return frozenset()


def is_unseen(letter: str) -> bool:
    """Whether nothing would be drawn for it, so that it may be missing."""
    return unicodedata.category(letter) in _UNSEEN or ord(letter) in _CHOOSERS


@lru_cache(maxsize=4096)
def face_for(letter: str, fonts: Fonts, bold: bool, arabic: bool = False) -> str:
    """The typeface that draws a letter, empty where none has it: the usual one, else any of the same package family."""
    usual = fonts.bold if bold else fonts.regular
    for path in ((fonts.arabic_bold if bold else fonts.arabic), usual) if arabic else (usual,):
        if path and (not Path(path).is_absolute() or ord(letter) in letters_of(path)):
            return path  # Kivy's own, where nothing is installed, is taken as it is
    found = next((one for one in fonts.others if ord(letter) in letters_of(one)), "")
    heavy = found.replace("-Regular.", "-Bold.")
    return heavy if found and bold and ord(letter) in letters_of(heavy) else found


def drawn_by(text: str, face: str, fonts: Fonts, arabic: bool = False) -> Iterator[tuple[str, str]]:
    """The pieces of a text that is drawn in `face`, each with the typeface that has it. What nothing has is drawn as
    LEFT_OUT, once for as many letters as stand together, and never as a box."""
    piece, drawn_in, left_out = "", "", False
    for letter in text:
        path = face_for(letter, fonts, face == fonts.bold, arabic)
        if not path and (left_out or is_unseen(letter)):
            continue
        left_out = not path
        shown, path = (letter, path) if path else (LEFT_OUT, face)
        if path != drawn_in and piece:
            yield piece, drawn_in
            piece = ""
        piece, drawn_in = piece + shown, path
    if piece:
        yield piece, drawn_in


def without_face(text: str, fonts: Fonts) -> str:
    """The letters of a text that nothing installed can draw, each once, in their order."""
    return "".join(
        one for one in dict.fromkeys(text) if not (one == "\n" or is_unseen(one) or face_for(one, fonts, False, True))
    )


def undrawable(text: str) -> str:
    """The letters that this machine cannot draw, as a configuration's reader is told them; empty where it can."""
    if text.isascii():
        return ""
    return ", ".join(f"{one} (U+{ord(one):04X})" for one in without_face(text, find_fonts()))


def _code_points(font: bytes) -> Iterator[int]:
    tables = struct.unpack_from(">H", font, 4)[0]
    for at in range(12, 12 + 16 * tables, 16):
        tag, _, start, _ = struct.unpack_from(">4sIII", font, at)
        if tag == b"cmap":
            yield from _of_cmap(font, start)


def _of_cmap(font: bytes, start: int) -> Iterator[int]:
    for at in range(struct.unpack_from(">H", font, start + 2)[0]):
        (offset,) = struct.unpack_from(">I", font, start + 8 + 8 * at)
        (kind,) = struct.unpack_from(">H", font, start + offset)
        if kind == _FULL:
            yield from _of_full(font, start + offset)
        elif kind == _BASIC:
            yield from _of_basic(font, start + offset)


def _of_full(font: bytes, at: int) -> Iterator[int]:
    for group in range(struct.unpack_from(">I", font, at + 12)[0]):
        first, last = struct.unpack_from(">II", font, at + 16 + 12 * group)
        yield from range(first, min(last, 0x10FFFF) + 1)


def _of_basic(font: bytes, at: int) -> Iterator[int]:
    """Segments: their ends, starts, deltas and, from its own place, where each keeps the glyphs; glyph 0 is a box."""
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    words = f">{count}H"
    ends, starts, deltas, offsets = (
        struct.unpack_from(words, font, at + 14 + 2 * (part * count + (part > 0))) for part in range(4)
    )
    for one, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        place = at + 16 + 2 * (3 * count + one) + offset
        for letter in range(first, last + 1):
            glyph = struct.unpack_from(">H", font, place + 2 * (letter - first))[0] if offset else letter
            if letter != 0xFFFF and (glyph + delta if glyph or not offset else 0) % 0x10000:
                yield letter
