"""Whether a guest is known here already, and whether the number or the chip of the pass is somebody else's.

G1, P4, P8: one guest is one patron, however the pass was shown before; and nobody is shut out by another's pass.
"""

from collections.abc import Collection
from dataclasses import dataclass

from circulation import identifiers as ids
from circulation.model import PatronType
from circulation.outcomes import NextStep, Reason, Refused
from circulation.presented import Presented, Source
from circulation.rules.guests import is_that_pass
from membership_store.database import Session
from membership_store.guests.homes import Question
from membership_store.members import chip_owners, passes_shown

# Of whatever kind the pass is: a file, or another system, need not have called it the home's.
_GUESTS = (
    "SELECT s.patron, s.pass, c.number FROM ({}) s JOIN patron p ON p.consortium = ? AND p.patron = s.patron"
    " JOIN pass c ON c.consortium = p.consortium AND c.pass = s.pass"
    " WHERE p.home = ? AND p.type = ? AND p.erased_at IS NULL ORDER BY s.patron, s.pass"
)
_NUMBERED = (
    "SELECT p.patron, p.network_unique, i.institution FROM pass p LEFT JOIN pass_institution i"
    " ON i.consortium = p.consortium AND i.pass = p.pass"
    " WHERE p.consortium = ? AND p.number = ? AND p.status <> 'replaced'"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A guest of that home, with the key and the number of the pass."""

    patron: str
    card: str
    number: str


def number_of(question: Question) -> str:
    """P8: a pass of which only the chip is known bears the chip's number."""
    number = question.number or question.uid
    if number is None:
        raise ValueError("neither number nor chip")
    return number


def chip_of(question: Question) -> ids.ChipUid | None:
    """P8: the chip, unless it makes a new number for every reading."""
    return None if question.uid is None or ids.is_random(question.uid) else question.uid


def guest_of(session: Session, consortium: str, question: Question) -> Known | None:
    """The guest of that home library with this pass, by its number or else by its chip; or None."""
    number = ids.PassNumber(number_of(question))
    sql, values = passes_shown(consortium, Presented(Source.CHIP, number, chip_of(question)))
    rows = session.rows(_GUESTS.format(sql), *values, consortium, question.isil, PatronType.GUEST.value)
    shown = Presented(Source.CHIP, question.number, question.uid)
    found = [Known(*row) for row in rows if is_that_pass(row[2], shown)]
    return min(found, key=lambda one: one.number != number, default=None)


def in_use(
    session: Session, consortium: str, question: Question, guest: Known | None, places: Collection[str]
) -> Refused | None:
    """Why that pass cannot be this guest's at these institutions: two patrons with it are refused everywhere (P4)."""
    mine = guest.patron if guest is not None else None
    for owner, unique, place in session.rows(_NUMBERED, consortium, number_of(question)):
        if owner != mine and (unique or place in places):
            return Refused(Reason.PASS_OF_TWO, "P4", NextStep.DESK)
    uid = chip_of(question)
    if uid is not None and chip_owners(session, consortium, uid) - {mine}:
        return Refused(Reason.PASS_OF_TWO, "P8", NextStep.DESK)
    return None
