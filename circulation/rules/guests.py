"""Guests from another library (*landelijk lenen*): G1, G2, G5, G7, G8, G10. With the passes: G6, the offers: G4."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from enum import Enum

from circulation.model import Membership, PatronType
from circulation.outcomes import NextStep, Reason, Refused
from circulation.presented import Presented
from circulation.rules.facts import Here, Standing, rule
from circulation.rules.terms import add_months, in_term
from values import dataclass

FIRST_TERM_MONTHS = 3
CASH_CODE = "780"


class HomeOutcome(Enum):
    """What the home library says of a membership: it runs, it ended, nobody knows it; or it said nothing."""

    VALID = "valid"
    ENDED = "ended"
    UNKNOWN = "unknown"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class HomeSays:
    """The word of a guest's home library. `until`: the last day of the membership there, where it tells."""

    outcome: HomeOutcome
    until: date | None = None


@rule("G1")
def guest_home_is_known(borrow: Standing) -> Refused | None:
    """A guest carries the ISIL of the home library; missing or unknown is refused."""
    if borrow.patron.type is not PatronType.GUEST:
        return None
    if borrow.patron.home is None or not borrow.patron.home_known:
        return Refused(Reason.GUEST_HOME_UNKNOWN, "G1", NextStep.DESK)
    return None


@rule("G2", "G7")
def guest_term_runs(borrow: Standing) -> Refused | None:
    """Valid exactly as long as the home membership. The patron is sent home, without the reason or an amount (G2)."""
    if borrow.patron.type is not PatronType.GUEST:
        return None
    here = borrow.here
    begun = [one for one in borrow.patron.memberships if here.accepts(one.institution) and one.starts <= here.today]
    if not begun or any(in_term(one, here.today) for one in begun):
        return None
    return Refused(Reason.GUEST_ENDED, "G7", NextStep.OWN_LIBRARY)


@rule("G8")
def guest_is_verified(borrow: Standing) -> Refused | None:
    """After seven nights without word from the home library self-service stops and says so.

    The nights are those between the last word (or the enrolment, at which the home answered) and today.
    """
    if borrow.patron.type is not PatronType.GUEST:
        return None
    here = borrow.here
    rows = [one for one in borrow.patron.memberships if here.accepts(one.institution) and in_term(one, here.today)]
    words = [one.verified or one.starts for one in rows]
    if words and (here.today - max(words)).days >= here.policy.unverified_nights:
        return Refused(Reason.GUEST_UNVERIFIED, "G8", NextStep.DESK, {"since": max(words)})
    return None


@rule("G2", "G1")
def may_enrol(says: HomeSays, isil_known: bool) -> Refused | None:
    """A guest is enrolled only on the word of a known home library; never told why not, only whom to ask."""
    if not isil_known:
        return Refused(Reason.GUEST_HOME_UNKNOWN, "G1", NextStep.DESK)
    if says.outcome is HomeOutcome.SILENT:
        return Refused(Reason.HOME_SILENT, "G2", NextStep.DESK)
    if says.outcome is not HomeOutcome.VALID:
        return Refused(Reason.HOME_SAYS_NO, "G2", NextStep.OWN_LIBRARY)
    return None


@rule("G1", "P8")
def is_that_pass(number: str, shown: Presented) -> bool:
    """Whether a guest's known pass of that number, found by the number or the chip of the one shown, is the one shown.

    Known by its chip alone it bears the chip's number, until its own is shown. The chip of another number is no proof:
    home has said nothing of that one.
    """
    return shown.number in (None, number) or number == shown.uid


@rule("G10")
def may_enrol_alone(here: Here) -> Refused | None:
    """Enrolling as a guest at the kiosk is off where the institution has not switched it on."""
    if here.policy.self_enrolment:
        return None
    return Refused(Reason.NO_SELF_ENROLMENT, "G10", NextStep.DESK)


@rule("G7")
def first_term(enrolled: date) -> tuple[date, date]:
    """The first and the last day of a guest's term on the day of enrolment: three months, until home tells its own."""
    return enrolled, add_months(enrolled, FIRST_TERM_MONTHS)


@rule("G7", "G8")
def after_night(row: Membership, says: HomeSays, night: date) -> Membership:
    """A guest's membership after the home library was asked in that night; the balance of strips is left alone.

    Valid exactly as long as at home: what ended there ended here, yesterday at the latest. Silence changes nothing.
    A home that says "valid" and tells no day gives the three months of a first term from then on.
    """
    if says.outcome is HomeOutcome.SILENT:
        return row
    if says.outcome is HomeOutcome.VALID:
        until = says.until or max(row.ends, first_term(night)[1])
        return replace(row, ends=until, verified=night)
    yesterday = night - timedelta(days=1)
    return replace(row, ends=min(row.ends, says.until or yesterday, yesterday), verified=night)


@rule("G5")
def strips_due(booked: Iterable[date | None], until: date | None, today: date) -> bool:
    """Whether the free strips (cash code 780) are to be booked: once for each term of the home membership.

    `booked`: the last days of the home terms for which they were booked, None where home told no day. `until`: the
    last day of the present one. The nightly replacement of a term is no new term: that begins when the old is over.
    """
    terms = tuple(booked)
    if not terms:
        return True
    return until is not None and all(one is not None and one < today and one < until for one in terms)
