"""What the store does for a kiosk: says who is there, and takes an event once (house decisions 1 and 2)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from circulation import wire
from circulation.events import Event, Kind
from circulation.identifiers import ItemBarcode
from circulation.model import Presented
from circulation.outcomes import Voided
from membership_store import answers, credentials
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session
from membership_store.ledger import Books
from membership_store.situation import Situation, greeting, look

Clock = Callable[[], datetime]
OLDEST_FACT = timedelta(days=400)


class StoreDesk:
    """The desk over a database. `clock` gives the instant in UTC. Every call may raise StoreUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def kiosk_of(self, token: str) -> Kiosk | None:
        """Whose token this is, or None."""
        return self._database.read(lambda session: credentials.kiosk_of(session, token))

    def is_well(self) -> None:
        """Raises StoreUnavailable where the database does not answer."""
        self._database.read(lambda session: session.rows("SELECT consortium FROM consortium"))

    def identify(self, kiosk: Kiosk, presented: Presented) -> bytes:
        """Who showed this pass, as JSON. Changes nothing."""
        situation = self.explain(kiosk.consortium, kiosk.branch, presented, None)
        return wire.dumps(wire.encode_answer(greeting(situation)))

    def explain(self, consortium: str, branch: str, presented: Presented, item: ItemBarcode | None) -> Situation:
        """All that the rules see and say now, for staff. Raises NoSuchBranch."""
        moment = self._clock()
        return self._database.read(lambda session: look(session, consortium, branch, presented, moment, item))

    def deliver(self, kiosk: Kiosk, event: Event) -> bytes:
        """The answer to the event, as JSON, given after the commit and ever again.

        Raises IdentityConflict for another act under a known EventId, SequenceGap where an earlier event is missing.
        """
        return self._database.write(lambda session: self._take(session, kiosk, event))

    def _take(self, session: Session, kiosk: Kiosk, event: Event) -> bytes:
        page, now = answers.turn_to(session, kiosk, event), self._clock()
        if page.kept is not None:
            again = page.kept.for_kind(event.kind)
            return again if again is not None else self._take_late_fact(session, kiosk, event, now)
        return answers.keep(session, kiosk, event, page, self._first_answer(session, kiosk, event, now), now)

    def _first_answer(self, session: Session, kiosk: Kiosk, event: Event, now: datetime) -> answers.Answer:
        if event.kind is Kind.VOID:
            return Voided(event.id)
        at = _done_at(event, now)
        situation = look(session, kiosk.consortium, kiosk.branch, event.shown, at, event.scanned)
        books = Books(session, kiosk, at, now)
        if situation.verdict.decided is None:
            return books.check_out(event, situation)
        return books.record(event, situation) if event.kind is Kind.FACT else situation.verdict.decided

    def _take_late_fact(self, session: Session, kiosk: Kiosk, event: Event, now: datetime) -> bytes:
        """The act was refused or given up, and then happened all the same: booked and flagged."""
        at = _done_at(event, now)
        books = Books(session, kiosk, at, now)
        books.note(event)
        situation = look(session, kiosk.consortium, kiosk.branch, event.shown, at, event.scanned)
        return answers.keep_fact(session, kiosk, event, books.record(event, situation))


def _done_at(event: Event, now: datetime) -> datetime:
    """A request is judged now; a fact on the day that it happened, as far as the kiosk's clock can be believed."""
    return min(max(event.at, now - OLDEST_FACT), now) if event.kind is Kind.FACT else now
