"""What a scanned number looks like (P1, P2, P3). Looks classify; the patron's type always comes from the store."""

from enum import Enum

from circulation.identifiers import luhn_holds
from circulation.rules.facts import rule


class NumberKind(Enum):
    """P1: what a number is by its printed form, longest prefix first."""

    PASS = "pass"
    ADMINISTRATIVE_PASS = "administrative_pass"
    ITEM = "item"
    MANDATE = "mandate"
    OTHER = "other"


PRINTED_DIGITS = 14
MANDATE_DIGITS = 16
PREFIXES: tuple[tuple[str, NumberKind], ...] = (
    ("29999", NumberKind.ADMINISTRATIVE_PASS),
    ("2000", NumberKind.PASS),
    ("3000", NumberKind.ITEM),
    ("2", NumberKind.PASS),
    ("3", NumberKind.ITEM),
)


@rule("P1")
def kind_of(number: str) -> NumberKind:
    """What a number is by its form, longest prefix first; OTHER for a guest's number, which may have any."""
    if not number.isascii() or not number.isdigit():
        return NumberKind.OTHER
    if len(number) == MANDATE_DIGITS:
        return NumberKind.MANDATE
    if len(number) != PRINTED_DIGITS:
        return NumberKind.OTHER
    longest = sorted(PREFIXES, key=lambda one: -len(one[0]))
    return next((kind for prefix, kind in longest if number.startswith(prefix)), NumberKind.OTHER)


@rule("P2")
def may_be_misread(number: str) -> bool:
    """A printed number of ours whose check digit fails: a hint to scan again, never a refusal on its own."""
    return kind_of(number) in (
        NumberKind.PASS,
        NumberKind.ADMINISTRATIVE_PASS,
        NumberKind.ITEM,
    ) and not luhn_holds(number)
