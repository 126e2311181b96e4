"""Any weather, any crash: a loan is never lost, never doubled, and the sequence at the library system has no holes.

The machine is then run with mistakes planted in the desk, each of which it must find.
"""

import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, Event, Kind
from circulation.identifiers import EventId, ItemBarcode, KioskId
from circulation.outcomes import CheckedOut, Refused, Voided
from circulation.presented import Presented
from kiosk.desks import journalled
from kiosk.desks.journalled import Answer, AnswerLost, JournalledDesk
from offline_cache.journal import Entry, Journal
from offline_cache.sealing import Seal
from tests.kiosk.store_model import NEVER_LEFT, WEATHER, Books, StoreModel
from tests.offline_cache.journals import AT, KEY, SHOWN, ids

WRITES = ("append", "answered", "give_up", "unclear", "settle")
MEMORY = Path("/dev/shm")  # files there are real, and a sync costs nothing


class Crash(BaseException):
    """The process ends here."""


class CrashingBook:
    """The real journal, in a process that ends before or after one of its writes."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.crash: tuple[str, bool] | None = None

    def append(self, action: Action, presented: Presented, item: ItemBarcode, at: datetime) -> Event:
        self._perhaps("append", after=False)
        event = self.journal.append(action, presented, item, at)
        self._perhaps("append", after=True)
        return event

    def answered(self, event: Event, answer: Answer) -> None:
        self._perhaps("answered", after=False)
        self.journal.answered(event, answer)
        self._perhaps("answered", after=True)

    def give_up(self, event: Event) -> None:
        self._perhaps("give_up", after=False)
        self.journal.give_up(event)
        self._perhaps("give_up", after=True)

    def unclear(self, event: Event) -> int:
        self._perhaps("unclear", after=False)
        times = self.journal.unclear(event)
        self._perhaps("unclear", after=True)
        return times

    def settle(self, event: Event) -> None:
        self._perhaps("settle", after=False)
        self.journal.settle(event)
        self._perhaps("settle", after=True)

    def undelivered(self) -> list[Event]:
        return self.journal.undelivered()

    def entry(self, seq: int) -> Entry:
        return self.journal.entry(seq)

    def probe(self) -> None:
        self.journal.probe()

    def _perhaps(self, what: str, after: bool) -> None:
        if self.crash == (what, after):
            self.crash = None
            raise Crash


class LendingMachine(RuleBasedStateMachine):
    """A kiosk with a real journal, and what its patrons were told."""

    desk_class: type[JournalledDesk] = JournalledDesk

    def __init__(self) -> None:
        super().__init__()
        self.on_end = ExitStack()
        folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.path = Path(self.on_end.enter_context(folder)) / "journal.db"
        self.store = StoreModel(self.arrives)
        clock = SimpleNamespace(monotonic=lambda: self.store.now)
        self.on_end.enter_context(patch.object(journalled, "time", clock))
        self.new_id = ids()
        self.book = self.open()
        self.desk = self.new_desk()
        self.items = 0
        self.told: dict[str, set[str]] = {}  # what was said of each item: lent, refused, not known, not asked, nothing
        self.waiting: dict[EventId, str] = {}
        self.healthy = True  # the library system has everything that it ever took
        self.copies: list[Books] = []  # of the library system, made before each event

    def open(self) -> CrashingBook:
        return CrashingBook(Journal(self.path, Seal(KEY), KioskId("annen-1"), self.new_id))

    def new_desk(self) -> JournalledDesk:
        return self.desk_class(self.store, self.book, lambda: AT.astimezone(UTC), 60.0, self.late)

    def late(self, event: EventId, answer: Answer) -> None:
        item = self.waiting.pop(event, None)
        if item is not None:
            self.tell(item, answer)

    def tell(self, item: str, answer: Answer) -> None:
        if isinstance(answer, CheckedOut):
            assert answer.item == item
            kept = [one for one in self.entries() if one.event.scanned == item and one.state == "answered"]
            assert any(isinstance(one.answer, CheckedOut) for one in kept), "said before it was written"
            self.told[item].add("lent")
        else:
            self.told[item].add("refused" if isinstance(answer, Refused) else "not asked")

    def arrives(self, event: Event) -> None:
        self.copies.append(self.store.backup())
        assert (event.seq, event.id) in self.numbers(), "sent before it was written"

    def entries(self) -> list[Entry]:
        journal = self.book.journal
        return [journal.entry(seq) for seq in range(1, sum(journal.counts().values()) + 1)]

    def numbers(self) -> list[tuple[int, str]]:
        """Number and id of every event in the journal, without unsealing it."""
        return self.book.journal._db.execute("SELECT seq, event_id FROM event ORDER BY seq").fetchall()

    # ---- what happens

    @rule(
        old=st.integers(0, 9),
        weather=st.lists(st.sampled_from(WEATHER), max_size=4),
        forbidden=st.sampled_from([False, False, False, True]),
        crash=st.none() | st.none() | st.tuples(st.sampled_from(WRITES), st.booleans()),
    )
    def scan(self, old: int, weather: list[str], forbidden: bool, crash: tuple[str, bool] | None) -> None:
        """A new item mostly, or one that was scanned before."""
        if 0 < old <= self.items and old <= 3:
            item = ItemBarcode(f"{30000000000000 + old}")
        else:
            self.items += 1
            item = ItemBarcode(f"{30000000000000 + self.items}")
        if forbidden:
            self.store.forbidden.add(item)
        self.told.setdefault(item, set())
        self.store.weather, self.book.crash = list(weather), crash
        try:
            self.tell(item, self.desk.check_out(SHOWN, item))
        except AnswerLost as fault:
            self.waiting[fault.event] = item
            self.told[item].add("not known")
        except DeskUnreachable:
            self.told[item].add("not asked")
        except Crash:
            self.told[item].add("nothing")
            self.start_again()

    @rule(
        weather=st.lists(st.sampled_from(WEATHER), max_size=3),
        crash=st.none() | st.tuples(st.sampled_from(WRITES), st.booleans()),
    )
    def redeliver(self, weather: list[str], crash: tuple[str, bool] | None) -> None:
        self.store.weather, self.book.crash = list(weather), crash
        try:
            self.desk.redeliver()
        except Crash:
            self.start_again()

    @rule()
    def start_again(self) -> None:
        """The process ends, however it does, and is started again."""
        self.book.journal.close()
        self.waiting.clear()
        self.book = self.open()
        self.desk = self.new_desk()

    @rule()
    def an_old_request_arrives_after_all(self) -> None:
        if self.store.in_flight:
            try:
                self.store.arrive(self.store.in_flight.pop(0))
            except DeskFault:
                return

    @rule(back=st.integers(1, 4))
    def the_library_system_begins_again_from_a_copy(self, back: int) -> None:
        if back <= len(self.copies):
            self.store.restore(self.copies[-back])
            self.copies = self.copies[:-back]
            self.healthy = False

    # ---- what must hold

    @invariant()
    def nothing_is_done_twice(self) -> None:
        events, items = [event for event, _ in self.store.books.loans], [item for _, item in self.store.books.loans]
        assert len(set(events)) == len(events)
        assert len(set(items)) == len(items)

    @invariant()
    def what_was_promised_is_there(self) -> None:
        if self.healthy:
            assert {item for item, said in self.told.items() if "lent" in said} <= self.store.lent

    @invariant()
    def what_is_there_was_never_denied(self) -> None:
        for item in self.store.lent:
            assert self.told[item] & {"lent", "not known", "nothing"}, "lent, and the patron was told that it was not"

    @invariant()
    def what_waits_is_known(self) -> None:
        assert self.desk.has_undelivered() == bool(self.book.journal.undelivered())

    @invariant()
    def the_journal_has_no_holes(self) -> None:
        assert [seq for seq, _ in self.numbers()] == list(range(1, len(self.numbers()) + 1))

    def teardown(self) -> None:
        """The sun comes out."""
        try:
            self.end_well()
        finally:
            self.book.journal.close()
            self.on_end.close()

    def end_well(self) -> None:
        self.store.weather, self.book.crash = [], None
        self.start_again()
        self.desk.redeliver()
        assert not self.desk.has_undelivered()
        self.items += 1
        last = ItemBarcode(f"{30000000000000 + self.items}")
        self.told[last] = set()
        self.tell(last, self.desk.check_out(SHOWN, last))
        self.healthy = True
        self.nothing_is_done_twice()
        self.what_was_promised_is_there()
        assert self.store.books.last_seq == len(self.entries())
        for entry in self.entries():
            kept = self.store.books.answers[entry.event.id][1]
            if isinstance(entry.answer, CheckedOut):
                assert isinstance(kept, CheckedOut)
            elif entry.state in ("answered", "voided"):
                assert isinstance(kept, Refused | Voided)


FAST = settings(
    max_examples=100,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
LendingMachine.TestCase.settings = FAST
test_a_loan_is_never_lost_and_never_doubled = LendingMachine.TestCase


# ---- mistakes that the machine must find


class SendsBeforeItWrites(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> Answer:
        number = event.seq + 1
        ahead = Event(ids(10**6)(), event.kiosk, number, Kind.REQUEST, event.action, event.shown, event.scanned, AT)
        super()._ask(event, ends)
        return self._desk.deliver(ahead, 1)


class AsksAgainUnderANewId(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> Answer:
        try:
            return self._deliver(event, ends)
        except DeskFault:
            raise AnswerLost("unusable", event.id) from None
        except DeskUnreachable as fault:
            if not fault.sent:
                self._journal.give_up(event)
                raise
            self._journal.settle(event)
            again = self._journal.append(event.action, event.shown, event.scanned, AT)
            return super()._ask(again, ends)


class ForgetsWhatItGaveUp(JournalledDesk):
    def _deliver(self, event: Event, ends: float) -> Answer:
        if event.kind is Kind.VOID:
            return Voided(event.id)
        return super()._deliver(event, ends)


class GivesUpWhatMayHaveArrived(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> Answer:
        try:
            return self._deliver(event, ends)
        except DeskFault:
            raise AnswerLost("unusable", event.id) from None
        except DeskUnreachable:
            self._journal.give_up(event)
            raise DeskUnreachable("given up", sent=False) from None


class SpeaksBeforeItWrites(JournalledDesk):
    def _deliver(self, event: Event, ends: float) -> Answer:
        return self._tell(event, ends)


class TellsALostLoanAsARequest(JournalledDesk):
    def _fill_gap(self, first: int, before: int, ends: float) -> None:
        for seq in range(first, before):
            self._again(self._journal.entry(seq).event.as_kind(Kind.REQUEST))

    def _again(self, event: Event) -> None:
        try:
            self._desk.deliver(event, 1)
        except DeskFault:
            raise DeskUnreachable("a gap", sent=False) from None


class TellsNothingAgain(TellsALostLoanAsARequest):
    def _again(self, event: Event) -> None:
        super()._again(event.as_kind(Kind.VOID))


class TakesRubbishForNo(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> Answer:
        try:
            return super()._ask(event, ends)
        except AnswerLost:
            raise DeskUnreachable("no usable answer", sent=False) from None


@pytest.mark.parametrize(
    "broken",
    [
        SendsBeforeItWrites,
        AsksAgainUnderANewId,
        ForgetsWhatItGaveUp,
        GivesUpWhatMayHaveArrived,
        SpeaksBeforeItWrites,
        TellsALostLoanAsARequest,
        TellsNothingAgain,
        TakesRubbishForNo,
    ],
)
def test_a_planted_mistake_is_found(broken: type[JournalledDesk]) -> None:
    machine = type("Broken", (LendingMachine,), {"desk_class": broken})
    quick = settings(FAST, phases=(Phase.generate,), database=None, report_multiple_bugs=False, derandomize=True)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=quick)


def test_the_weather_of_the_model_has_every_kind_of_storm() -> None:
    assert set(NEVER_LEFT) < set(WEATHER)
