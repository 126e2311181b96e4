"""One value of a network file: how it is checked, how it stands in the tables, and what it is where it is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from circulation import identifiers as ids
from circulation.rules.staffing import usable_address
from membership_store.database import Value

Given = str | int | bool | date
REQUIRED = object()


class BadValue(ValueError):
    """The value cannot stand there; the message says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """`column`: where it stands. `read` checks what the file says and gives what the table keeps. `default`: in the
    table's words; REQUIRED where the file must say it, None where it may be nothing at all."""

    column: str
    read: Callable[[Given], Value]
    default: object = REQUIRED
    is_yes_no: bool = False
    is_day: bool = False

    def shown(self, kept: Value) -> Given | None:
        """The value as the file says it."""
        return bool(kept) if self.is_yes_no else kept


def _text(given: Given) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > 200 or not given.isprintable():
        raise BadValue("a printable text of 1 to 200 characters")
    return given


def _any_text(given: Given) -> str:
    return "" if given == "" else _text(given)


def _code(given: Given) -> str:
    if not isinstance(given, str):
        raise BadValue('a code in quotes, such as "9401"')
    try:
        return ids.code(given)
    except ids.IdentifierError:
        raise BadValue("a code of letters, digits, - and _") from None


def _isil(given: Given) -> str:
    try:
        return ids.isil(given if isinstance(given, str) else "")
    except ids.IdentifierError:
        raise BadValue("an ISIL, such as NL-070288 (ISO 15511)") from None


def _zone(given: Given) -> str:
    try:
        return ZoneInfo(_text(given)).key
    except (OSError, ValueError, KeyError):  # what is no zone is a KeyError, what cannot be a name the others
        raise BadValue("a time zone, such as Europe/Amsterdam") from None


def _yes_no(given: Given) -> int:
    if not isinstance(given, bool):
        raise BadValue("true or false")
    return int(given)


def _day(given: Given) -> str:
    if type(given) is not date:
        raise BadValue("a date without quotes, such as 2026-01-31")
    return given.isoformat()


def _number(least: int) -> Callable[[Given], int]:
    def read(given: Given) -> int:
        if type(given) is not int or not least <= given < 2**31:
            raise BadValue(f"a whole number, {least} or more")
        return given

    return read


def text(column: str, default: object = REQUIRED) -> Field:
    """A printable text."""
    return Field(column, _text if default is REQUIRED else _any_text, default)


def code(column: str, default: object = REQUIRED) -> Field:
    """A code: of an institution, a branch, a group, a subscription."""
    return Field(column, _code, default)


def isil(column: str, default: object = REQUIRED) -> Field:
    """A library's international code (ISO 15511, G1)."""
    return Field(column, _isil, default)


def zone(column: str, default: object = REQUIRED) -> Field:
    """A time zone by its name."""
    return Field(column, _zone, default)


def number(column: str, default: object = REQUIRED, least: int = 0) -> Field:
    """A whole number: cents, days, counts."""
    return Field(column, _number(least), default)


def _mail_address(given: Given) -> str:
    if given == "":
        return ""
    if not usable_address(_text(given)) or not str(given).isascii():
        raise BadValue("an address for mail, such as bibliotheek@example.org")
    return str(given).strip()


def mail_address(column: str, default: object = REQUIRED) -> Field:
    """An address from which mail is sent, or nothing."""
    return Field(column, _mail_address, default)


def day(column: str, default: object = REQUIRED) -> Field:
    """A library-local date."""
    return Field(column, _day, default, is_day=True)


def yes_no(column: str, default: bool) -> Field:
    """True or false."""
    return Field(column, _yes_no, int(default), is_yes_no=True)


def one_of(column: str, *known: str, default: object = REQUIRED) -> Field:
    """One of these words."""

    def read(given: Given) -> str:
        if given not in known:
            raise BadValue("one of " + ", ".join(one or '""' for one in known))
        return str(given)

    return Field(column, read, default)
