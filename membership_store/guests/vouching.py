"""What this library says of its own patrons to the library where one is a guest (G2): valid and until when, or not.

Never why not, never an amount or a name. Judged over the whole group (N2), by the same rules as at its own kiosks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from circulation.model import FeeKind, FeeStatus, PassStatus, Patron, PatronType
from circulation.presented import Presented, Source
from circulation.rules import fees, region, subscriptions
from circulation.rules.facts import Borrow, Here, Policy, Visit
from circulation.rules.guests import HomeOutcome, HomeSays
from circulation.rules.terms import counts
from membership_store import pins, proving
from membership_store.database import Database, Session
from membership_store.guests.homes import Question
from membership_store.members import find
from membership_store.network import load_here
from membership_store.proving import Prover

UNKNOWN, ENDED = HomeSays(HomeOutcome.UNKNOWN), HomeSays(HomeOutcome.ENDED)
STOPS = (
    subscriptions.membership_confirmed,
    region.membership_valid_here,
    subscriptions.not_digital_only,
    subscriptions.paid_first,
    fees.open_amount_within_limit,
)
FINE_DAYS = 60
"""† A fine that is open for more days is "open too long" (G2), where `institution.fine_days` does not say otherwise."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whom a question is about: what may be said, and what its PIN is to be compared with."""

    says: HomeSays
    prover: Prover | None = None
    kept: str | None = None
    policy: Policy = field(default=Policy())


class Voucher:
    """Answers other libraries over a database. `clock` gives the instant in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._nobodys = ""

    def says(self, consortium: str, question: Question) -> HomeSays:
        """What may be said. An unknown ISIL, pass or a wrong PIN are all UNKNOWN (K5). Raises StoreUnavailable."""
        seen = self._database.read(lambda session: _look(session, consortium, question, self._clock()))
        if question.pin is None:
            return seen.says
        return seen.says if self._proves(seen, question.pin) else UNKNOWN

    def _proves(self, seen: _Seen, given: str) -> bool:
        """P6, G10: a wrong PIN counts for the lock, and somebody without a PIN costs as much time as anybody."""
        prover, kept = seen.prover, seen.kept
        if prover is None or kept is None:
            self._nobodys = self._nobodys or pins.hashed("0000")
            pins.verify(self._nobodys, given)
            return False
        now = self._clock()
        if not self._database.write(lambda session: proving.count_try(session, prover, now, seen.policy)):
            pins.verify(kept, given)
            return False
        if not pins.verify(kept, given):
            return False
        self._database.write(lambda session: proving.forget_tries(session, prover))
        return True


def _look(session: Session, consortium: str, question: Question, now: datetime) -> _Seen:
    places = session.rows(
        "SELECT MIN(b.branch), i.fine_days FROM institution i"
        " JOIN branch b ON b.consortium = i.consortium AND b.institution = i.institution"
        " WHERE i.consortium = ? AND i.isil = ? GROUP BY i.institution, i.fine_days",
        consortium,
        question.isil,
    )
    if len(places) != 1:
        return _Seen(UNKNOWN)
    branch, fine_days = places[0]
    here = load_here(session, consortium, str(branch), now)
    shown = Presented(Source.CHIP, question.number, question.uid)
    found = find(session, consortium, shown)
    holder = Visit(here, shown, tuple(one.holder for one in found)).holder
    # A guest of ours, a school or an administrative pass is nobody whom we vouch for †.
    if holder is None or holder.patron.type is not PatronType.REGULAR:
        return _Seen(UNKNOWN)
    member = next(one.member for one in found if one.holder is holder)
    prover = Prover(consortium, "", member.pass_key_of(holder.card), holder.patron.ref)
    active = holder.card.status is PassStatus.ACTIVE
    says = judged(here, holder.patron, int(fine_days)) if active else ENDED
    return _Seen(says, prover, proving.kept_hash(session, prover), here.policy)


def judged(here: Here, patron: Patron, fine_days: int = FINE_DAYS) -> HomeSays:
    """G2, N2: whether the patron's membership runs for this institution's group, and its last day."""
    standing = Borrow(here, patron)
    if any(stop(standing) is not None for stop in STOPS) or _fine_open_too_long(here, patron, fine_days):
        return ENDED
    until = _last_day(here, patron)
    return ENDED if until is None else HomeSays(HomeOutcome.VALID, until)


def _last_day(here: Here, patron: Patron) -> date | None:
    """The last day of the terms that follow one another without a gap from today on."""
    rows = [one for one in patron.memberships if here.accepts(one.institution) and region.linked(one, here) is not None]
    last: date | None = None
    day = here.today
    while True:
        ends = [one.ends for one in rows if counts(one, day)]
        if not ends or (last is not None and max(ends) <= last) or max(ends) == date.max:
            return max([*ends, *([last] if last else [])], default=None)
        last = max(ends)
        day = last + timedelta(days=1)


def _fine_open_too_long(here: Here, patron: Patron, fine_days: int) -> bool:
    return any(
        one.kind is FeeKind.FINE
        and one.status is FeeStatus.OPEN
        and one.cents > 0
        and one.since is not None
        and here.accepts(one.institution)
        and (here.today - one.since).days > fine_days
        for one in patron.fees
    )
