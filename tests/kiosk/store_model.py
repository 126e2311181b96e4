"""A library system in memory that does each EventId once, behind a line that does what the weather says."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from circulation.affairs import Account, GuestHomes, HandedOver, Renewed, RenewedAll, VisitEnded
from circulation.desk import Desk, DeskFault, DeskUnreachable
from circulation.events import Action, Event, HandOver, Kind, Told
from circulation.identifiers import EventId, Isil, ItemBarcode, PatronRef
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused, Voided
from circulation.presented import Presented
from offline_cache.event_line import GAP, IDENTITY, Batch, Stopped
from offline_cache.journal import Answer as JournalAnswer

Answer = CheckedOut | Renewed | RenewedAll | VisitEnded | Refused | Voided
LATER = date(2026, 8, 26)
NOT_THEIRS = Refused(Reason.NOT_ON_LOAN, "K11", NextStep.SCAN_ITEM)
ALREADY = Refused(Reason.ALREADY_YOURS, "K9", NextStep.KEEP)
UNKNOWN = Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.DESK)

NEVER_LEFT = ("refused connection", "no credential", "name unknown")
WEATHER = (
    "good",
    *NEVER_LEFT,
    "lost on the way",
    "answer lost",
    "arrives later",
    "overloaded",
    "rubbish from the store",
    "rubbish in between",
    "not acceptable",
    "slow",
)


@dataclass
class Books:
    """What the library system has on disk."""

    last_seq: int = 0
    answers: dict[EventId, tuple[tuple[object, ...], Answer]] = field(default_factory=dict)
    loans: list[tuple[EventId, str]] = field(default_factory=list)
    renewals: list[tuple[EventId, str]] = field(default_factory=list)


class StoreModel:
    """See `circulation.desk.Desk`. `forbidden`: items that it does not lend."""

    def __init__(self, on_arrival: Callable[[Event], None] = lambda _: None) -> None:
        self.books = Books()
        self.weather: list[str] = []
        self.forbidden: set[str] = set()
        self.in_flight: list[Event] = []
        self.said: list[tuple[Kind, int]] = []
        self.now = 0.0
        self.on_arrival = on_arrival

    # ---- the line

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        if self._next_weather() == "good":
            return Identified(PatronRef("anna"))
        raise DeskUnreachable("bad weather", sent=True)

    def account(self, presented: Presented, deadline_s: float) -> Account | Refused:
        if self._next_weather() == "good":
            return Account(PatronRef("anna"))
        raise DeskUnreachable("bad weather", sent=True)

    def hand_over(self, case: HandOver, deadline_s: float) -> HandedOver:
        if self._next_weather() == "good":
            return HandedOver("KZTP", datetime(2026, 7, 16, tzinfo=UTC))
        raise DeskUnreachable("bad weather", sent=True)

    def guest_homes(self, deadline_s: float) -> GuestHomes | Refused:
        return GuestHomes()

    def enrol(
        self, presented: Presented, pin: str, home: Isil, event: EventId, deadline_s: float
    ) -> Identified | Refused:
        return self.identify(presented, deadline_s, pin)

    def is_reachable(self, deadline_s: float) -> bool:
        return not self.weather or self.weather[0] == "good"

    def deliver(self, event: Event, deadline_s: float) -> Answer:
        assert deadline_s > 0
        self.said.append((event.kind, event.seq))
        weather = self._next_weather()
        if weather in NEVER_LEFT:
            raise DeskUnreachable(weather, sent=False)
        if weather == "not acceptable":
            raise DeskFault(weather, settled=True)
        if weather == "rubbish in between":
            raise DeskFault(weather)
        if weather == "arrives later":
            self.in_flight.append(event)
        if weather in ("lost on the way", "arrives later", "overloaded"):
            raise DeskUnreachable(weather, sent=True)
        answer = self.arrive(event)
        if weather == "rubbish from the store":
            raise DeskFault(weather)
        if weather == "slow":
            self.now += deadline_s
        if weather in ("answer lost", "slow"):
            raise DeskUnreachable(weather, sent=True)
        return answer

    def _next_weather(self) -> str:
        return self.weather.pop(0) if self.weather else "good"

    # ---- the library system

    def arrive(self, event: Event) -> Answer:
        """What happens when the event is there. Raises DeskFault as the real one answers 409."""
        self.on_arrival(event)
        books = self.books
        if event.id in books.answers:
            identity, answer = books.answers[event.id]
            if identity != event.identity:
                raise DeskFault("another act under this EventId", settled=True)
            if event.kind is Kind.FACT and isinstance(answer, Refused | Voided):
                answer = self._do(event)  # it happened, whatever was said; from now on this is its answer
                books.answers[event.id] = (identity, answer)
            return answer
        if event.seq != books.last_seq + 1:
            raise DeskFault("a gap", expected_seq=books.last_seq + 1)
        answer = self._first_answer(event)
        books.last_seq = event.seq
        books.answers[event.id] = (event.identity, answer)
        return answer

    def _first_answer(self, event: Event) -> Answer:
        if event.kind is Kind.VOID:
            return Voided(event.id)
        if event.action is Action.END_VISIT:
            return VisitEnded(event.id)
        if event.kind is Kind.REQUEST and event.action is not Action.RENEW_ALL:
            if event.scanned in self.forbidden:
                return UNKNOWN
            if event.action is Action.RENEW and event.scanned not in self.lent:
                return NOT_THEIRS
            if event.action is Action.CHECK_OUT and event.scanned in self.lent:
                return ALREADY
        return self._do(event)

    def _do(self, event: Event) -> CheckedOut | Renewed | RenewedAll:
        if event.action is Action.CHECK_OUT:
            return self._lend(event)
        if event.action is Action.RENEW:
            return self._renew(event, event.scanned)
        return RenewedAll(tuple(self._renew(event, ItemBarcode(one)) for one in sorted(self.lent)))

    def _renew(self, event: Event, item: ItemBarcode) -> Renewed:
        self.books.renewals.append((event.id, item))
        return Renewed(item, "title", LATER)

    def _lend(self, event: Event) -> CheckedOut:
        self.books.loans.append((event.id, event.scanned))
        return CheckedOut(event.scanned, "title", date(2026, 8, 5), len(self.books.loans), None)

    @property
    def lent(self) -> set[str]:
        """The items that are out."""
        return {item for _, item in self.books.loans}

    def backup(self) -> Books:
        """A copy of all that is on disk."""
        return copy.deepcopy(self.books)

    def restore(self, books: Books) -> None:
        """Begins again from a copy."""
        self.books = copy.deepcopy(books)


class OneByOne:
    """Many events at once, over whatever takes them one at a time; see `offline_cache.event_line.EventLine`."""

    def __init__(self, desk: Desk, model: StoreModel) -> None:
        self._desk, self._model = desk, model

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        """As many as the weather and the time allow."""
        answers: list[JournalAnswer] = []
        ends = self._model.now + deadline_s
        for index, event in enumerate(events):
            if index and self._model.now >= ends:
                break
            try:
                answers.append(self._desk.deliver(event, deadline_s))
            except DeskFault as fault:
                stopped = _stopped(index, fault)
                if stopped is None and not answers:
                    raise
                return Batch(tuple(answers), self._model.books.last_seq, stopped)
            except DeskUnreachable:
                if not answers:
                    raise
                break
        return Batch(tuple(answers), self._model.books.last_seq)


def _stopped(index: int, fault: DeskFault) -> Stopped | None:
    if fault.expected_seq is not None:
        return Stopped(index, GAP, fault.expected_seq)
    return Stopped(index, IDENTITY) if fault.settled and str(fault).startswith("another act") else None
