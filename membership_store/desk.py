"""What the store does for a kiosk: says who is there, and takes an event once (house decisions 1 and 2)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from circulation import wire
from circulation.affairs import Account, Allowed, VisitEnded
from circulation.events import Action, Event, HandOver, Kind, MailedReceipt, Question, Told
from circulation.identifiers import ItemBarcode
from circulation.outcomes import Refused, Voided
from circulation.presented import Presented
from circulation.rules.facts import PinState
from circulation.rules.verdict import on_visit
from membership_store import answers, credentials, handing_over, kiosk_clock, pins, proving
from membership_store.account import hold_shelf_of, look_at_account, owed_of
from membership_store.answers import IdentityConflict, SequenceGap
from membership_store.asking import decided
from membership_store.books import Books
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session, StoreUnavailable
from membership_store.ledger import take_loan
from membership_store.mailing import take_receipt
from membership_store.paying import take_payment
from membership_store.renewing import take_renewal, take_renewals
from membership_store.returning import take_back
from membership_store.situation import Situation, ask_ahead, greeting, look
from membership_store.telling import tell_of_administrative

Clock = Callable[[], datetime]


def _end_visit(books: Books, event: Event) -> VisitEnded:
    """P6: what was proved at the kiosk counts no more, whoever's visit it was."""
    proving.end_visit(books.session, books.consortium, books.kiosk.id)
    return VisitEnded(event.id)


TAKES: Mapping[Action, Callable[[Books, Event], wire.Answer]] = {
    Action.CHECK_OUT: take_loan,
    Action.CHECK_IN: take_back,
    Action.RENEW: take_renewal,
    Action.RENEW_ALL: take_renewals,
    Action.PAY: take_payment,
    Action.END_VISIT: _end_visit,
}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Which event of several could not be taken, and why: the kind of problem that it would be alone."""

    index: int
    kind: str
    expected_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The answers to the events that were taken, as JSON each; the last sequence number that was; what stopped it."""

    answers: tuple[bytes, ...]
    acked_seq: int
    stopped: Stopped | None


class StoreDesk:
    """The desk over a database. `clock` gives the instant in UTC. Every call may raise StoreUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def kiosk_of(self, token: str, certificate: str = "") -> Kiosk | None:
        """Whose token this is, shown with that certificate where the kiosk has one; or None."""
        return self._database.read(lambda session: credentials.kiosk_of(session, token, certificate))

    def is_well(self) -> None:
        """Raises StoreUnavailable where the database does not answer."""
        self._database.read(lambda session: session.rows("SELECT consortium FROM consortium"))

    def identify(self, kiosk: Kiosk, presented: Presented, pin: str | None = None) -> wire.Answer:
        """Who showed this pass. Without a PIN it changes nothing; a PIN is looked at only where one is needed (P6)."""
        moment = self._clock()
        situation = self._look(kiosk, presented, moment)
        if pin is None or situation.prover is None or situation.visit.pin is not PinState.NOT_SHOWN:
            return greeting(situation)
        return self._identify_by_pin(kiosk, presented, pin, moment, situation)

    def _identify_by_pin(
        self, kiosk: Kiosk, presented: Presented, pin: str, moment: datetime, situation: Situation
    ) -> wire.Answer:
        """The try is counted in one transaction, looked at in none, and forgiven in another if it was right."""
        who, policy = situation.prover, situation.here.policy
        if who is None:
            raise ValueError("a pass that needs no PIN")
        kept = self._database.read(lambda session: proving.kept_hash(session, who))
        if kept is None:
            return greeting(situation)
        if not self._database.write(lambda session: proving.count_try(session, who, moment, policy)):
            return _as_proved(situation, PinState.LOCKED)
        if not pins.verify(kept, pin):
            return _as_proved(situation, PinState.WRONG)
        self._database.write(lambda session: proving.prove(session, who, moment))
        return greeting(self._look(kiosk, presented, moment))

    def _look(self, kiosk: Kiosk, presented: Presented, moment: datetime) -> Situation:
        return self._database.read(
            lambda session: look(session, kiosk.consortium, kiosk.branch, presented, moment, None, kiosk=kiosk.id)
        )

    def tell_of_administrative(self, kiosk: Kiosk, presented: Presented) -> None:
        """A1: puts it before staff that an administrative pass was shown. For after the answer to `identify`."""
        with suppress(StoreUnavailable):  # it will be shown again
            tell_of_administrative(self._database, kiosk, presented, self._clock())

    def account(self, kiosk: Kiosk, presented: Presented) -> wire.Answer:
        """All that the patron may see of their own affairs (N4, K12, F1, N8, K4). Changes nothing."""
        return self._account(kiosk, presented)

    def _account(self, kiosk: Kiosk, presented: Presented) -> Account | Refused:
        moment = self._clock()
        return self._database.read(lambda session: look_at_account(session, kiosk, presented, moment))

    def owed(self, kiosk: Kiosk, presented: Presented) -> wire.Answer:
        """What the patron owes, and what of it can be paid here (F1). Changes nothing."""
        return owed_of(self._account(kiosk, presented))

    def hold_shelf(self, kiosk: Kiosk, presented: Presented) -> wire.Answer:
        """What stands ready for the patron, with its shelf (K12). Changes nothing."""
        return hold_shelf_of(self._account(kiosk, presented))

    def answer_question(self, kiosk: Kiosk, question: Question) -> wire.Answer:
        """The patron's sentence: what an act would be refused for now, or that nothing refuses it. Changes nothing."""
        moment = self._clock()
        said = self._database.read(lambda session: decided(session, kiosk, question, moment))
        return Allowed() if said is None else said

    def hand_over(self, kiosk: Kiosk, case: HandOver) -> wire.Answer:
        """A short code under which the desk finds the case (N10); the same EventId has the same code while it lives."""
        moment = self._clock()
        return self._database.write(lambda session: handing_over.hand_over(session, kiosk, case, moment))

    def mail_receipt(self, kiosk: Kiosk, receipt: MailedReceipt) -> wire.Answer:
        """Takes a receipt to be mailed, once by its EventId (K9). Raises IdentityConflict."""
        moment = self._clock()
        return self._database.write(lambda session: take_receipt(session, kiosk, receipt, moment))

    def explain(self, consortium: str, branch: str, presented: Presented, item: ItemBarcode | None) -> Situation:
        """All that the rules see and say now, for staff. Raises NoSuchBranch."""
        moment = self._clock()
        return self._database.read(lambda session: look(session, consortium, branch, presented, moment, item))

    def deliver(self, kiosk: Kiosk, event: Event) -> bytes:
        """The answer to the event, as JSON, given after the commit and ever again.

        Raises IdentityConflict for another act under a known EventId, SequenceGap where an earlier event is missing.
        """
        return self._database.write(lambda session: self._take(session, kiosk, event))

    def deliver_all(self, kiosk: Kiosk, events: Sequence[Event], told: Told | None) -> Delivered:
        """The answers to events in their sequence, in one transaction; it ends before the first that cannot be taken.

        `told`: the kiosk's clock when it sent them, from which it is known when they were done.
        """
        return self._database.write(lambda session: self._take_all(session, kiosk, events, told))

    def _take_all(self, session: Session, kiosk: Kiosk, events: Sequence[Event], told: Told | None) -> Delivered:
        if told is not None:
            kiosk_clock.heard(session, kiosk, told, self._clock())
        taken: list[bytes] = []
        stopped: Stopped | None = None
        for n, event in enumerate(events):
            try:
                taken.append(self._take(session, kiosk, event))
            except SequenceGap as gap:
                stopped = Stopped(n, "sequence-gap", gap.expected)
            except IdentityConflict:
                stopped = Stopped(n, "event-identity")
            if stopped is not None:
                break
        return Delivered(tuple(taken), answers.last_taken(session, kiosk), stopped)

    def _take(self, session: Session, kiosk: Kiosk, event: Event) -> bytes:
        ask_ahead(session, kiosk.consortium, event.presented)
        page, now = answers.turn_to(session, kiosk, event), self._clock()
        known = page.clock if page.kept is None else replace(page.clock, last_at=None)
        span = kiosk_clock.when(event, known, now)
        at = span.mildest if event.action is Action.CHECK_IN else span.latest
        books = Books(session, kiosk, at, now, event.kind is Kind.FACT, span, page.is_last)
        if page.kept is not None:
            again = page.kept.for_kind(event.kind)
            return again if again is not None else self._take_late_fact(books, event)
        first = Voided(event.id) if event.kind is Kind.VOID else _taken(books, event)
        floor = kiosk_clock.floor_after(event, page.clock, span, now)
        return answers.keep(session, kiosk, event, page, first, now, floor)

    def _take_late_fact(self, books: Books, event: Event) -> bytes:
        """The act was refused or given up, and then happened all the same: booked and flagged."""
        books.note(event)
        return answers.keep_fact(books.session, books.kiosk, event, _taken(books, event))


def _taken(books: Books, event: Event) -> wire.Answer:
    """What the act does. Where nobody can know on which day it was done, staff are told."""
    answer = TAKES[event.action](books, event)
    if event.action is not Action.END_VISIT and not books.day_is_known():
        books.flag(event, "house 2", "day_unknown")
    return answer


def _as_proved(situation: Situation, state: PinState) -> wire.Answer:
    """The answer with that said of the PIN; what refused the visit before it comes first all the same."""
    visit = replace(situation.visit, pin=state)
    return greeting(replace(situation, visit=visit, visit_verdict=on_visit(visit)))
