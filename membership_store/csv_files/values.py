"""What may stand in a cell. Each reader gives the one form that is kept, or says what is wrong, never repeating it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from circulation import identifiers as ids
from circulation import wire
from circulation.rules.terms import FIRST_YEAR, LAST_YEAR, is_reckonable

_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z_./:\-]{0,79}")
_TYPE = re.compile(r"[0-9A-Za-z]{1,4}")
_INTEGER = re.compile(r"-?[0-9]{1,9}")

Read = Callable[[str], str]


class Wrong(ValueError):
    """The cell cannot hold that. The message says what is expected, never what stands there."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. `new`: what a new row gets where the file lacks the column; None: the file must have it.

    `number`: kept as an integer; `nullable`: an empty cell is kept as "not known".
    """

    name: str
    read: Read
    new: str | None = ""
    number: bool = False
    nullable: bool = False

    def value(self, text: str) -> str | int | None:
        """The text as the database keeps it."""
        if self.nullable and not text:
            return None
        return int(text) if self.number else text


def text(longest: int, *, empty: bool = True) -> Read:
    """A printable text."""

    def read(cell: str) -> str:
        if not cell and not empty:
            raise Wrong("is empty")
        if len(cell) > longest:
            raise Wrong(f"is longer than {longest} characters")
        if not cell.isprintable() and cell != wire.printable(cell):
            raise Wrong("holds a character that cannot be printed")
        return cell

    return read


def optional(read: Read) -> Read:
    """The same, or nothing."""
    return lambda cell: read(cell) if cell else ""


def _identifier(parse: Callable[[str], str], what: str) -> Read:
    def read(cell: str) -> str:
        try:
            return parse(cell)
        except ids.IdentifierError:
            raise Wrong(f"is no {what}") from None

    return read


def _matching(pattern: re.Pattern[str], what: str) -> Read:
    def read(cell: str) -> str:
        if not pattern.fullmatch(cell):
            raise Wrong(f"is no {what}")
        return cell

    return read


key = _matching(_KEY, "key: letters, digits and _ . / : - only, at most 80")
type_code = _matching(_TYPE, "patron type: at most four letters or digits")
code = _identifier(ids.code, "code: letters, digits, _ and - only, at most 40")
number = _identifier(ids.pass_number, "pass number")
barcode = _identifier(ids.item_barcode, "item barcode")
isil = _identifier(ids.isil, "ISIL, such as NL-070288")


def day(cell: str) -> str:
    """A date as YYYY-MM-DD, of these centuries: terms and ages are reckoned from it."""
    try:
        found = date.fromisoformat(cell)
    except ValueError:
        found = None
    if found is None or found.isoformat() != cell:
        raise Wrong("is no date of the form YYYY-MM-DD")
    if not is_reckonable(found):
        raise Wrong(f"is no date of the years {FIRST_YEAR} to {LAST_YEAR}")
    return cell


def flag(cell: str) -> str:
    """No or yes."""
    if cell not in ("0", "1"):
        raise Wrong("is neither 0 nor 1")
    return cell


def integer(least: int) -> Read:
    """A whole number, in its shortest form."""

    def read(cell: str) -> str:
        if not _INTEGER.fullmatch(cell) or int(cell) < least:
            raise Wrong(f"is no whole number of {least} or more")
        return str(int(cell))

    return read


def choice(words: Iterable[str]) -> Read:
    """One of these words."""
    known = tuple(words)

    def read(cell: str) -> str:
        if cell not in known:
            raise Wrong("is none of: " + ", ".join(one or "(empty)" for one in known))
        return cell

    return read


def chip(cell: str) -> str:
    """The UID of a chip; one that is new at each reading is no identity (P8)."""
    try:
        uid = ids.chip_uid(cell)
    except ids.IdentifierError:
        raise Wrong("holds something that is no chip UID") from None
    if ids.is_random(uid):
        raise Wrong("holds a chip UID that changes at each reading (P8)")
    return uid


def several(read: Read) -> Read:
    """Any number of them with a space between, kept in order and each once."""
    return lambda cell: " ".join(sorted({read(one) for one in cell.split()}))
