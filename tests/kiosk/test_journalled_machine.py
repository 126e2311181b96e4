"""Any weather, any crash: a loan is never lost, never doubled, and the sequence at the library system has no holes.

The machine is then run with mistakes planted in the desk, each of which it must find.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from circulation.affairs import Renewed, RenewedAll
from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, Event, Kind, Told
from circulation.identifiers import EventId, ItemBarcode, KioskId, PatronRef
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused, Voided
from circulation.presented import Presented
from kiosk.desks import journalled
from kiosk.desks.breaker import Breaker
from kiosk.desks.journalled import AnswerLost, JournalledDesk
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.without_line import Deciding, WithoutLine
from offline_cache.journal import Answer as JournalAnswer
from offline_cache.journal import Entry, Journal
from offline_cache.replay import Replay
from offline_cache.sealing import Seal
from tests.kiosk.store_model import ALREADY, NEVER_LEFT, WEATHER, Answer, Books, OneByOne, StoreModel
from tests.kiosk.test_journalled import StillClock
from tests.offline_cache.journals import AT, KEY, SHOWN, database, ids

RETURNS_ONLY = Refused(Reason.OFFLINE_RETURNS_ONLY, "K13", NextStep.DESK)
WRITES = ("append", "append_fact", "turn_into_fact", "answered", "give_up", "unclear", "settle")
MEMORY = Path("/dev/shm")  # files there are real, and a sync costs nothing


class Crash(BaseException):
    """The process ends here."""


class CrashingBook:
    """The real journal, in a process that ends before or after one of its writes."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.crash: tuple[str, bool] | None = None

    def append(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        told: Told | None = None,
    ) -> Event:
        self._perhaps("append", after=False)
        event = self.journal.append(action, presented, item, at, told)
        self._perhaps("append", after=True)
        return event

    def append_fact(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        told: Told | None,
        answer: JournalAnswer,
    ) -> Event:
        self._perhaps("append_fact", after=False)
        event = self.journal.append_fact(action, presented, item, at, told, answer)
        self._perhaps("append_fact", after=True)
        return event

    def turn_into_fact(self, event: Event, answer: JournalAnswer) -> Event:
        self._perhaps("turn_into_fact", after=False)
        fact = self.journal.turn_into_fact(event, answer)
        self._perhaps("turn_into_fact", after=True)
        return fact

    def answered(self, event: Event, answer: JournalAnswer) -> None:
        self._perhaps("answered", after=False)
        self.journal.answered(event, answer)
        self._perhaps("answered", after=True)

    def answered_all(
        self, answers: Sequence[tuple[Event, JournalAnswer]], acked_seq: int = 0
    ) -> list[tuple[Event, JournalAnswer]]:
        self._perhaps("answered", after=False)
        stand = self.journal.answered_all(answers, acked_seq)
        self._perhaps("answered", after=True)
        return stand

    def give_up(self, event: Event) -> None:
        self._perhaps("give_up", after=False)
        self.journal.give_up(event)
        self._perhaps("give_up", after=True)

    def unclear(self, event: Event) -> int:
        self._perhaps("unclear", after=False)
        times = self.journal.unclear(event)
        self._perhaps("unclear", after=True)
        return times

    def settle(self, event: Event, why: str = "unusable-answer") -> None:
        self._perhaps("settle", after=False)
        self.journal.settle(event, why)
        self._perhaps("settle", after=True)

    def closing(self, event: Event) -> Event:
        return self.journal.closing(event)

    def shut(self, why: str) -> None:
        self.journal.shut(why)

    def turned_before(self, first: int | None = None) -> list[Event]:
        return self.journal.turned_before(first)

    def undelivered(self, limit: int | None = None) -> list[Event]:
        return self.journal.undelivered(limit)

    def waiting(self) -> int:
        return self.journal.waiting()

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
        self.renewals: dict[EventId, str] = {}  # what waits for a late answer: a renewal
        self.renewed: list[EventId] = []  # under which a patron was told that it is renewed
        self.healthy = True  # the library system has everything that it ever took
        self.copies: list[Books] = []  # of the library system, made before each event

    def open(self) -> CrashingBook:
        return CrashingBook(Journal(self.path, Seal(KEY), KioskId("annen-1"), self.new_id))

    def new_desk(self) -> JournalledDesk:
        clock = StillClock()
        online = OnlineFirst(
            self.store,
            OneByOne(self.store, self.store),
            WithoutLine(self.offline_desk, clock.now),
            Breaker(lambda: self.store.now),
            60.0,
        )
        replay = Replay(online, self.book, clock.told, monotonic=lambda: self.store.now)
        return self.desk_class(online, self.book, replay, clock, 60.0, self.late)

    def offline_desk(self) -> Deciding | None:
        """Nothing can be decided here."""
        return None

    def late(self, event: EventId, answer: Answer) -> None:
        item = self.waiting.pop(event, None)
        if item is not None:
            self.tell(item, answer)
        if self.renewals.pop(event, None) is not None and isinstance(answer, Renewed | RenewedAll):
            self.renewed.append(event)

    def tell(self, item: str, answer: Answer) -> None:
        if isinstance(answer, CheckedOut):
            assert answer.item == item
            kept = [one for one in self.entries() if one.event.item == item]
            assert any(isinstance(one.answer or one.promised, CheckedOut) for one in kept), "said before it was written"
            self.told[item].add("lent")
        else:
            self.told[item].add("refused" if isinstance(answer, Refused) else "not asked")

    def arrives(self, event: Event) -> None:
        self.copies.append(self.store.backup())
        assert (event.seq, event.id) in self.numbers() + self.closings(), "sent before it was written"

    def entries(self) -> list[Entry]:
        journal = self.book.journal
        return [journal.entry(seq) for seq in range(1, sum(journal.counts().values()) + 1)]

    def numbers(self) -> list[tuple[int, str]]:
        """Number and id of every event in the journal, without unsealing it."""
        return database(self.book.journal).execute("SELECT seq, event_id FROM event ORDER BY seq").fetchall()

    def closings(self) -> list[tuple[int, str]]:
        """What closes the places of events that went to staff."""
        return (
            database(self.book.journal).execute("SELECT seq, closing FROM event WHERE closing IS NOT NULL").fetchall()
        )

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
        self.renewals.clear()
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
        renewals = self.store.books.renewals
        assert len(set(renewals)) == len(renewals)
        assert len(set(self.renewed)) == len(self.renewed)

    @invariant()
    def what_was_said_to_be_renewed_is(self) -> None:
        if self.healthy:
            done = {event for event, (_, answer) in self.store.books.answers.items() if not isinstance(answer, Refused)}
            assert set(self.renewed) <= done

    @invariant()
    def a_renewal_is_never_decided_here(self) -> None:
        facts = [one for one in self.entries() if one.event.action is not Action.CHECK_OUT and one.promised]
        assert facts == []

    @invariant()
    def what_was_promised_is_there(self) -> None:
        """There, still to be told, or before staff with what was promised (house decision 2)."""
        if self.healthy:
            facts = [one for one in self.entries() if one.event.kind is Kind.FACT and one.state in ("open", "settled")]
            before_staff = {one.event.seq for one in self.book.journal.exceptions()}
            assert {one.event.seq for one in facts if one.state == "settled"} <= before_staff
            promised = {one.event.item for one in facts if isinstance(one.promised, CheckedOut)}
            assert {item for item, said in self.told.items() if "lent" in said} <= self.store.lent | promised

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
            if entry.state == "settled":
                continue  # staff have it; its place may be closed by another
            kept = self.store.books.answers[entry.event.id][1]
            if isinstance(entry.answer, CheckedOut | Renewed | RenewedAll):
                assert type(kept) is type(entry.answer)
            elif entry.state in ("answered", "voided"):
                assert isinstance(kept, Refused | Voided)


class RenewingMachine(LendingMachine):
    """The same, with patrons who renew what they have."""

    @rule(
        old=st.integers(0, 3),
        weather=st.lists(st.sampled_from(WEATHER), max_size=4),
        crash=st.none() | st.none() | st.tuples(st.sampled_from(WRITES), st.booleans()),
    )
    def renew(self, old: int, weather: list[str], crash: tuple[str, bool] | None) -> None:
        """One that was scanned before, or (0) all of them."""
        item = ItemBarcode(f"{30000000000000 + old}")
        self.store.weather, self.book.crash = list(weather), crash
        try:
            answer = self.desk.renew(SHOWN, item) if old else self.desk.renew_all(SHOWN)
        except AnswerLost as fault:
            self.renewals[fault.event] = item
        except DeskUnreachable:
            return
        except Crash:
            self.start_again()
        else:
            if isinstance(answer, Renewed | RenewedAll):
                kept = self.entries()[-1]
                assert kept.answer == answer, "said before it was written"
                self.renewed.append(kept.event.id)


class FromOwnEvents:
    """Decides from the journal alone: lends whatever this kiosk has not lent, and may not have lent, already.

    See `kiosk.desks.without_line.Deciding`.
    """

    def __init__(self, machine: "LendsWithoutLineMachine") -> None:
        self._machine = machine

    def lends(self, at: datetime) -> bool:
        return self._machine.mirrored

    def known_as(self, patron: PatronRef) -> PatronRef:
        return patron

    def identify(self, presented: Presented, at: datetime) -> Identified | Refused:
        return Identified(PatronRef("anna"))

    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        *,
        apart_from: EventId | None = None,
    ) -> CheckedOut | Refused:
        assert item is not None
        if not self._machine.mirrored:
            return RETURNS_ONLY
        for entry in self._machine.entries():
            lends = entry.event.action is Action.CHECK_OUT
            gone = entry.state in ("voided", "given_up") or isinstance(entry.answer, Refused)
            if entry.event.item == item and lends and entry.event.id != apart_from and not gone:
                return ALREADY
        return CheckedOut(item, "title", date(2026, 8, 5), 1, None, provisional=True)


class LendsWithoutLineMachine(RenewingMachine):
    """The same, at a kiosk that decides for itself while nobody answers; a renewal it never decides."""

    def __init__(self) -> None:
        self.mirrored = True
        super().__init__()

    def offline_desk(self) -> Deciding | None:
        return FromOwnEvents(self)

    @rule(there=st.booleans())
    def the_mirror_becomes_too_old_or_is_made_anew(self, there: bool) -> None:
        self.mirrored = there

    @rule(good=st.lists(st.booleans(), min_size=1, max_size=4))
    def somebody_looks_at_the_line(self, good: list[bool]) -> None:
        for one in good:
            self.store.weather = ["good" if one else "refused connection"]
            self.desk.is_reachable()


FAST = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
LendingMachine.TestCase.settings = FAST
test_a_loan_is_never_lost_and_never_doubled = LendingMachine.TestCase
RenewingMachine.TestCase.settings = FAST
test_nor_is_a_renewal = RenewingMachine.TestCase
LendsWithoutLineMachine.TestCase.settings = FAST
test_nor_is_one_that_was_made_without_a_line = LendsWithoutLineMachine.TestCase


# ---- mistakes that the machine must find


class SendsBeforeItWrites(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> JournalAnswer:
        number = event.seq + 1
        ahead = Event(ids(10**6)(), event.kiosk, number, Kind.REQUEST, event.action, event.shown, event.item, AT)
        super()._ask(event, ends)
        return self._desk.deliver(ahead, 1)


class AsksAgainUnderANewId(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> JournalAnswer:
        try:
            return self._deliver(event, ends)
        except AnswerLost:
            raise
        except DeskUnreachable as fault:
            if not fault.sent:
                raise
            self._journal.settle(event)
            again = self._journal.append(event.action, event.shown, event.item, AT, None)
            return super()._ask(again, ends)


class ForgetsWhatItGaveUp(JournalledDesk):
    def _drain(self, ends: float) -> None:
        if not any(event.kind is Kind.VOID for event in cast("CrashingBook", self._journal).undelivered()):
            super()._drain(ends)


class GivesUpWhatMayHaveArrived(JournalledDesk):
    def _ask(self, event: Event, ends: float) -> JournalAnswer:
        try:
            return self._deliver(event, ends)
        except AnswerLost:
            raise
        except DeskUnreachable:
            raise DeskUnreachable("given up", sent=False) from None


class SpeaksBeforeItWrites(JournalledDesk):
    def _deliver(self, event: Event, ends: float) -> JournalAnswer:
        return self._tell(event, ends)


class TellsALostLoanAsARequest(JournalledDesk):
    KIND = Kind.REQUEST

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        vars(self._replay)["_again"] = lambda seq: self._journal.entry(seq).event.as_kind(self.KIND)


class TellsNothingAgain(TellsALostLoanAsARequest):
    KIND = Kind.VOID


class TakesRubbishForNo(JournalledDesk):
    def _deliver(self, event: Event, ends: float) -> JournalAnswer:
        try:
            return super()._deliver(event, ends)
        except AnswerLost:
            raise DeskUnreachable("no usable answer", sent=False) from None
        except DeskUnreachable as fault:
            raise DeskUnreachable(str(fault), sent=fault.sent and not str(fault).startswith("rubbish")) from None


class PromisesBeforeItWrites(JournalledDesk):
    def _do_here(
        self, action: Action, presented: Presented | None, item: ItemBarcode | None, fault: DeskUnreachable
    ) -> JournalAnswer:
        answer = self._desk.decide(action, presented, item, AT)
        if answer is None:
            raise fault
        return answer


class LendsAgainUnderANewId(JournalledDesk):
    def _decide_open(self, event: Event, fault: DeskUnreachable) -> JournalAnswer:
        self._journal.settle(event)
        return self._do_here(event.action, event.presented, event.item, fault)


class LendsWithoutAWord(JournalledDesk):
    """The request stays a request, which the library system may refuse."""

    def _decide_open(self, event: Event, fault: DeskUnreachable) -> JournalAnswer:
        answer = self._desk.decide(event.action, event.presented, event.item, event.at, event.id)
        if answer is None or isinstance(answer, Refused):
            return super()._decide_open(event, fault)
        return answer


BROKEN = [
    SendsBeforeItWrites,
    AsksAgainUnderANewId,
    ForgetsWhatItGaveUp,
    GivesUpWhatMayHaveArrived,
    SpeaksBeforeItWrites,
    TellsALostLoanAsARequest,
    TellsNothingAgain,
    TakesRubbishForNo,
]
BROKEN_WITHOUT_LINE = [PromisesBeforeItWrites, LendsAgainUnderANewId, LendsWithoutAWord]


@pytest.mark.parametrize(
    ("machine", "broken"),
    [
        *((LendingMachine, one) for one in BROKEN),
        (RenewingMachine, SpeaksBeforeItWrites),
        *((LendsWithoutLineMachine, one) for one in BROKEN_WITHOUT_LINE),
    ],
)
def test_a_planted_mistake_is_found(machine: type[LendingMachine], broken: type[JournalledDesk]) -> None:
    planted = type("Broken", (machine,), {"desk_class": broken})
    quick = settings(FAST, max_examples=100, phases=(Phase.generate,), database=None, derandomize=True)
    quick = settings(quick, report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(planted, settings=quick)


def test_the_weather_of_the_model_has_every_kind_of_storm() -> None:
    assert set(NEVER_LEFT) < set(WEATHER)
