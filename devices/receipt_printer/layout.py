"""A receipt as rows of a printer's width, in characters that the printer has. Pure.

What no code page holds is written out (ĳ as ij, € as EUR) or loses its accent; control codes never pass.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterator

from devices.ports import Receipt, ReceiptLine
from values import dataclass

WRITTEN_OUT = {
    "ĳ": "ij",
    "Ĳ": "IJ",
    "€": "EUR",
    "‘": "'",
    "’": "'",
    "‚": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "•": "*",
    "·": "-",
    "×": "x",
    "→": "->",
    "ß": "ss",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "þ": "th",
    "Þ": "Th",
    "ı": "i",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row on paper."""

    text: str
    bold: bool
    large: bool
    centred: bool


def printable(text: str, has: Callable[[str], bool]) -> str:
    """`text` in characters for which `has` is true; what cannot be written in any way becomes `?`."""
    return "".join(_write(char, has) for char in unicodedata.normalize("NFC", text))


def is_written(text: str, has: Callable[[str], bool]) -> bool:
    """Whether all of `text` can be written in some way, so that nothing of it becomes `?`."""
    return all(char == "?" or "?" not in _write(char, has) for char in unicodedata.normalize("NFC", text))


def _write(char: str, has: Callable[[str], bool]) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    if category.startswith("C"):  # soft hyphens, direction marks, surrogates, private use
        return ""
    if has(char):
        return char
    if char in WRITTEN_OUT:
        return "".join(_write(other, has) for other in WRITTEN_OUT[char])
    if category.startswith("M"):  # an accent whose letter has been written without it
        return ""
    bare = unicodedata.normalize("NFKD", char)
    if bare != char:
        return "".join(_write(other, has) for other in bare)
    return "?"


def rows(receipt: Receipt, columns: int, has: Callable[[str], bool]) -> Iterator[Row]:
    """The rows of `receipt` on a printer of `columns` characters; large letters take two columns each."""
    for line in receipt.lines:
        text = printable(line.text, has).rstrip()
        for part in _wrap(text, columns // 2 if line.large else columns, line):
            yield Row(part, line.bold, line.large, line.centred)


def _wrap(text: str, width: int, line: ReceiptLine) -> list[str]:
    indent = "" if line.centred else text[: len(text) - len(text.lstrip())]
    if len(indent) >= width:
        indent = ""
    return textwrap.wrap(text.lstrip(), width, initial_indent=indent, subsequent_indent=indent) or [""]
