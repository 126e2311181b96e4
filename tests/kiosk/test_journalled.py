"""The desk that journals, case by case: what is asked, what is told, in which order, and in what time."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from circulation.affairs import Account, CheckedIn, GuestHomes, HandedOver
from circulation.desk import Desk, DeskFault, DeskUnreachable
from circulation.events import Action, ClockState, Event, HandOver, Kind, Told
from circulation.identifiers import EventId, Isil, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused, Voided
from circulation.presented import Presented
from kiosk.desks import journalled
from kiosk.desks.breaker import Breaker
from kiosk.desks.journalled import UNCLEAR_LIMIT, AnswerLost, JournalledDesk
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.without_line import Deciding, WithoutLine
from offline_cache.journal import Journal, JournalFault
from offline_cache.journal_faults import JournalLocked
from offline_cache.letterbox import Letterbox, public_of
from offline_cache.replay import Replay
from offline_cache.sealing import Seal
from tests.devices.running import LIMIT_S, eventually
from tests.kiosk.store_model import Answer, OneByOne, StoreModel
from tests.offline_cache.journals import AT, BOOK, KEY, KIOSK, SHOWN, append, ids, lent, open_journal, takes_nothing

DEADLINE_S = 8.0
LONG_S = 30.0
OTHER = ItemBarcode("30000000000020")


def monotonic() -> float:
    """The clock that the desk goes by."""
    return float(vars(journalled)["time"].monotonic())


class StillClock:
    """It is always the same moment."""

    def now(self) -> datetime:
        return AT.astimezone(UTC)

    def told(self) -> Told:
        return Told("a-boot", 1, ClockState.SYNCHRONISED)


@dataclass
class Kiosk:
    """A desk with a real journal before a library system in memory."""

    journal: Journal
    store: StoreModel = field(default_factory=StoreModel)
    late: list[tuple[EventId, Answer]] = field(default_factory=list)
    mirror: Deciding | None = None
    lost: list[bool] = field(default_factory=list)

    def desk(self, store: Desk | None = None) -> JournalledDesk:
        """Built anew, as after a restart."""
        clock, told = StillClock(), self.store
        online = OnlineFirst(
            store or told,
            OneByOne(store or told, told),
            WithoutLine(lambda: self.mirror, clock.now),
            Breaker(monotonic),
            DEADLINE_S,
            lambda: self.lost.append(True),
        )
        return JournalledDesk(
            online,
            self.journal,
            Replay(online, self.journal, clock.told, monotonic=monotonic),
            clock,
            DEADLINE_S,
            lambda event, answer: self.late.append((event, answer)),
        )

    def states(self) -> list[str]:
        """How every event stands."""
        return [self.journal.entry(seq).state for seq in range(1, sum(self.journal.counts().values()) + 1)]


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    journal = open_journal(tmp_path / "journal.db")
    yield Kiosk(journal)
    journal.close()


@pytest.fixture
def clock(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is the library system's: it passes only when that takes its time."""
    monkeypatch.setattr(journalled, "time", SimpleNamespace(monotonic=lambda: kiosk.store.now))


def test_a_loan_is_asked_once_and_told(kiosk: Kiosk) -> None:
    answer = kiosk.desk().check_out(SHOWN, BOOK)
    assert isinstance(answer, CheckedOut)
    assert kiosk.store.said == [(Kind.REQUEST, 1)]
    assert kiosk.states() == ["answered"]
    assert kiosk.late == []


def test_a_request_that_never_left_is_given_up_and_voided_before_the_next_one(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    with pytest.raises(DeskUnreachable) as caught:
        desk.check_out(SHOWN, BOOK)
    assert not isinstance(caught.value, AnswerLost)
    assert kiosk.states() == ["given_up"]
    desk.check_out(SHOWN, OTHER)
    assert kiosk.store.said[1:] == [(Kind.VOID, 1), (Kind.REQUEST, 2)]
    assert kiosk.states() == ["voided", "answered"]


def test_a_line_that_breaks_once_is_asked_again_at_once_under_the_same_id(kiosk: Kiosk) -> None:
    kiosk.store.weather = ["answer lost"]
    assert isinstance(kiosk.desk().check_out(SHOWN, BOOK), CheckedOut)
    assert kiosk.store.said == [(Kind.REQUEST, 1)] * 2
    assert len(kiosk.store.books.loans) == 1


def test_a_lost_answer_is_asked_again_until_it_comes_also_after_a_restart(kiosk: Kiosk) -> None:
    kiosk.store.weather = ["answer lost"] * 4
    with pytest.raises(AnswerLost) as caught:
        kiosk.desk().check_out(SHOWN, BOOK)
    for _ in range(2):
        kiosk.desk().redeliver()
        assert kiosk.late == []
    kiosk.desk().redeliver()
    ((event, answer),) = kiosk.late
    assert event == caught.value.event
    assert isinstance(answer, CheckedOut)
    assert kiosk.store.books.loans == [(event, BOOK)]


def test_p6_the_end_of_a_visit_is_written_down_and_told_at_once(kiosk: Kiosk) -> None:
    kiosk.desk().end_visit(SHOWN)
    assert kiosk.states() == ["answered"]
    assert [(kind, kiosk.journal.entry(seq).event.action) for kind, seq in kiosk.store.said] == [
        (Kind.REQUEST, Action.END_VISIT)
    ]
    assert kiosk.late == []


def test_p6_an_end_that_nobody_heard_is_told_before_what_comes_next(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    desk.end_visit(SHOWN)
    assert kiosk.states() == ["open"]
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    assert kiosk.store.said == [(Kind.REQUEST, 1), (Kind.REQUEST, 1), (Kind.REQUEST, 2)]
    assert kiosk.states() == ["answered", "answered"]


@pytest.mark.parametrize("pin", [None, "7351"])
def test_p6_before_a_pass_is_looked_up_the_end_of_the_visit_before_is_told(kiosk: Kiosk, pin: str | None) -> None:
    """Else a forgotten pass would need no PIN, and one that is proved now would end."""
    desk = kiosk.desk()
    kiosk.store.weather = ["answer lost"]
    desk.end_visit(SHOWN)
    assert kiosk.states() == ["open"]
    desk.identify(SHOWN, pin)
    assert kiosk.states() == ["answered"]


def test_p6_a_pass_that_is_shown_in_the_very_moment_of_leaving_waits_until_the_end_is_told(kiosk: Kiosk) -> None:
    """The worker that tells it has not begun yet."""
    desk = kiosk.desk()
    desk.leave()
    with ThreadPoolExecutor() as pool:
        looked_up = pool.submit(desk.identify, SHOWN)
        assert not wait([looked_up], 0.2).done
        desk.end_visit(SHOWN)
        looked_up.result(LIMIT_S)
    assert kiosk.states() == ["answered"]
    assert kiosk.store.said == [(Kind.REQUEST, 1)]


def test_p6_the_end_of_a_visit_comes_after_a_pin_of_home_that_is_still_looked_at(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, asked, answers = kiosk.desk(), threading.Event(), threading.Event()

    def enrol(*_: object) -> Refused:
        asked.set()
        assert answers.wait(LIMIT_S)
        return Refused(Reason.HOME_SILENT, "G2", NextStep.DESK)

    monkeypatch.setattr(kiosk.store, "enrol", enrol)
    with ThreadPoolExecutor() as pool:
        enrolling = pool.submit(desk.enrol, SHOWN, "7351", Isil("NL-070288"), EventId("x"))
        assert asked.wait(LIMIT_S)
        desk.leave()
        ending = pool.submit(desk.end_visit, SHOWN)
        assert not wait([ending], 0.2).done
        assert kiosk.states() == []
        answers.set()
        enrolling.result(LIMIT_S)
        ending.result(LIMIT_S)
    assert kiosk.states() == ["answered"]


def test_p6_an_end_is_written_down_though_a_loan_is_being_told(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    with ThreadPoolExecutor() as pool, desk._delivery:
        desk.leave()
        ending = pool.submit(desk.end_visit, SHOWN)
        eventually("it is written down", lambda: kiosk.states() == ["open"])
        assert not ending.done()
    assert kiosk.states() == ["answered"]


def test_p6_an_end_that_could_not_be_written_down_is_waited_for_by_nobody(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = kiosk.desk()
    desk.leave()
    with ThreadPoolExecutor() as pool:
        looked_up = pool.submit(desk.identify, SHOWN)
        with monkeypatch.context() as patch:
            patch.setattr(kiosk.journal, "append", _cannot)
            with pytest.raises(JournalFault):
                desk.end_visit(SHOWN)
        looked_up.result(LIMIT_S)
        desk.identify(SHOWN)
    assert kiosk.states() == []


def _cannot(*_: object) -> None:
    raise JournalFault("no room")


def test_p6_who_shows_a_pass_waits_for_nothing_else(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["answer lost", "answer lost"]
    with pytest.raises(AnswerLost):
        desk.check_out(SHOWN, BOOK)
    desk.identify(SHOWN)
    assert kiosk.states() == ["open"]


def test_an_answer_that_comes_because_the_next_item_was_scanned_is_told_too(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["answer lost"] * 2
    with pytest.raises(AnswerLost) as caught:
        desk.check_out(SHOWN, BOOK)
    assert isinstance(desk.check_out(SHOWN, OTHER), CheckedOut)
    assert [event for event, _ in kiosk.late] == [caught.value.event]


def test_a_new_request_never_overtakes_one_that_is_not_answered(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["answer lost"] * 3
    with pytest.raises(AnswerLost):
        desk.check_out(SHOWN, BOOK)
    with pytest.raises(DeskUnreachable) as caught:
        desk.check_out(SHOWN, OTHER)
    assert not isinstance(caught.value, AnswerLost)
    assert caught.value.sent is False
    assert kiosk.states() == ["open"]  # nothing was written down for the second item
    assert {seq for _, seq in kiosk.store.said} == {1}


def test_after_three_answers_that_nobody_understands_the_event_goes_to_staff_and_the_queue_moves_on(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["rubbish in between"] * UNCLEAR_LIMIT
    with pytest.raises(AnswerLost):
        desk.check_out(SHOWN, BOOK)
    for _ in range(UNCLEAR_LIMIT - 1):
        desk.redeliver()
    assert kiosk.states() == ["settled"]
    assert "handed to staff" in caplog.text
    assert isinstance(desk.check_out(SHOWN, OTHER), CheckedOut)
    assert kiosk.store.books.last_seq == 2  # its place in the sequence was closed by a void


def test_an_event_that_can_never_be_taken_goes_to_staff_at_once(kiosk: Kiosk) -> None:
    kiosk.store.weather = ["not acceptable"]
    with pytest.raises(AnswerLost):
        kiosk.desk().check_out(SHOWN, BOOK)
    assert kiosk.states() == ["settled"]


def test_a_library_system_that_lost_its_last_days_is_told_them_again_as_what_they_were(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    empty = kiosk.store.backup()
    kiosk.store.forbidden = {OTHER}
    items = [ItemBarcode(f"{31000000000000 + number}") for number in range(4)]
    for item in (items[0], OTHER, items[1]):
        desk.check_out(SHOWN, item)
    kiosk.store.weather = ["refused connection"]
    with pytest.raises(DeskUnreachable):
        desk.check_out(SHOWN, items[2])
    kiosk.store.restore(empty)
    kiosk.store.forbidden = {*items[:3], OTHER}  # what happened is not asked, it is told
    kiosk.store.said.clear()
    assert isinstance(desk.check_out(SHOWN, items[3]), CheckedOut)
    assert kiosk.store.lent == {items[0], items[1], items[3]}
    assert (Kind.FACT, 1) in kiosk.store.said
    assert (Kind.VOID, 2) in kiosk.store.said


@pytest.mark.usefixtures("clock")
def test_telling_much_again_keeps_to_the_deadline_and_goes_on_the_next_time(kiosk: Kiosk) -> None:
    desk, empty = kiosk.desk(), kiosk.store.backup()
    for number in range(20):
        desk.check_out(SHOWN, ItemBarcode(f"{31000000000000 + number}"))
    kiosk.store.restore(empty)
    desk = kiosk.desk(Slow(kiosk.store, 1.0))
    for _ in range(2):
        began = kiosk.store.now
        with pytest.raises(DeskUnreachable) as caught:
            desk.check_out(SHOWN, BOOK)
        assert not isinstance(caught.value, AnswerLost), "it was never taken, and that is known"
        assert kiosk.store.now - began <= DEADLINE_S + 1
    for _ in range(10):
        desk.redeliver()
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    assert len(kiosk.store.books.loans) == 21


@pytest.mark.usefixtures("clock")
def test_a_request_that_waited_for_a_gap_until_no_time_was_left_is_known_not_to_be_done(kiosk: Kiosk) -> None:
    desk, empty = kiosk.desk(), kiosk.store.backup()
    for number in range(int(DEADLINE_S) - 1):
        desk.check_out(SHOWN, ItemBarcode(f"{31000000000000 + number}"))
    kiosk.store.restore(empty)
    with pytest.raises(DeskUnreachable) as caught:  # asked, told of the gap, and then each second one of the gap
        kiosk.desk(Slow(kiosk.store, 1.0)).check_out(SHOWN, BOOK)
    assert not isinstance(caught.value, AnswerLost)
    assert kiosk.states()[-1] == "given_up"


class Slow:
    """A library system that takes its time for everything."""

    def __init__(self, store: StoreModel, seconds: float) -> None:
        self._store, self._seconds = store, seconds

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        return self._store.identify(presented, deadline_s)

    def account(self, presented: Presented, deadline_s: float) -> Account | Refused:
        return self._store.account(presented, deadline_s)

    def guest_homes(self, deadline_s: float) -> GuestHomes | Refused:
        return self._store.guest_homes(deadline_s)

    def enrol(
        self, presented: Presented, pin: str, home: Isil, event: EventId, deadline_s: float
    ) -> Identified | Refused:
        return self._store.enrol(presented, pin, home, event, deadline_s)

    def hand_over(self, case: HandOver, deadline_s: float) -> HandedOver:
        return self._store.hand_over(case, deadline_s)

    def is_reachable(self, deadline_s: float) -> bool:
        return True

    def deliver(self, event: Event, deadline_s: float) -> Answer:
        self._store.now += self._seconds
        return self._store.deliver(event, deadline_s)


@pytest.mark.usefixtures("clock")
def test_time_that_ran_out_before_anything_left_is_no_lost_answer(kiosk: Kiosk) -> None:
    kiosk.store.weather = ["answer lost", "answer lost"]
    with pytest.raises(AnswerLost):
        kiosk.desk().check_out(SHOWN, BOOK)
    with pytest.raises(DeskUnreachable) as caught:
        kiosk.desk(Slow(kiosk.store, DEADLINE_S)).check_out(SHOWN, OTHER)
    assert not isinstance(caught.value, AnswerLost)
    assert kiosk.states() == ["answered"]


def test_without_a_journal_nothing_is_asked(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    takes_nothing(kiosk.journal)
    with pytest.raises(JournalFault):
        desk.check_out(SHOWN, BOOK)
    with pytest.raises(JournalFault):
        desk.check_journal()
    assert kiosk.store.said == []
    takes_nothing(kiosk.journal, False)
    desk.check_journal()
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)  # and nothing stayed locked


def test_an_answer_that_cannot_be_written_down_is_asked_again(kiosk: Kiosk) -> None:
    desk = kiosk.desk()

    def fills_the_disk(_: Event) -> None:
        takes_nothing(kiosk.journal)

    kiosk.store.on_arrival = fills_the_disk
    with pytest.raises(JournalFault):
        desk.check_out(SHOWN, BOOK)
    kiosk.store.on_arrival = lambda _: None
    takes_nothing(kiosk.journal, False)
    desk.redeliver()
    assert isinstance(kiosk.late[0][1], CheckedOut)
    assert len(kiosk.store.books.loans) == 1


def test_a_kiosk_whose_journal_has_no_key_yet_takes_returns_lends_nothing_and_tells_all_when_the_key_comes(
    kiosk: Kiosk, tmp_path: Path
) -> None:
    kiosk.journal.close()
    keys: list[Seal] = []

    def unlock() -> Seal:
        if not keys:
            raise JournalLocked("not yet")
        return keys[0]

    kiosk.journal = Journal(tmp_path / "journal.db", Letterbox(public_of(KEY), unlock), KIOSK, ids(1000))
    desk, kiosk.store.weather = kiosk.desk(), ["refused connection"]
    brought = desk.check_in(BOOK)
    assert isinstance(brought, CheckedIn)
    assert (brought.provisional, kiosk.journal.counts()) == (True, {"open": 1})
    kiosk.store.weather = []
    for _ in range(2):  # the line is good, and nothing can be read
        with pytest.raises(DeskUnreachable):
            desk.check_out(SHOWN, OTHER)
        assert desk.redeliver() >= 0
    desk.check_in(OTHER)
    assert (desk.has_undelivered(), kiosk.store.said[1:]) == (True, [])
    keys.append(Seal(KEY))
    desk.redeliver()
    assert not desk.has_undelivered()
    assert [seq for _, seq in kiosk.store.said[1:]] == [1, 2]
    assert isinstance(desk.check_out(SHOWN, ItemBarcode("30000000000038")), CheckedOut)


def test_a_request_that_the_library_system_knows_as_given_up_was_not_done(kiosk: Kiosk) -> None:
    class Voids(StoreModel):
        def deliver(self, event: Event, deadline_s: float) -> Answer:
            return Voided(event.id)

    with pytest.raises(DeskUnreachable) as caught:
        kiosk.desk(Voids()).check_out(SHOWN, BOOK)
    assert caught.value.sent is False


def test_something_given_up_that_turns_out_lent_is_an_alarm(kiosk: Kiosk, caplog: pytest.LogCaptureFixture) -> None:
    event = append(kiosk.journal)
    kiosk.journal.give_up(event)
    kiosk.store.books.answers[event.id] = (event.identity, lent())
    kiosk.desk().redeliver()
    assert f"event {event.id} was given up, and the library system had done it" in caplog.text


# ---- in several threads


class Gate:
    """A library system that answers when it is told to."""

    def __init__(self, store: StoreModel) -> None:
        self._store = store
        self.asked, self.open = threading.Event(), threading.Event()

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        return self._store.identify(presented, deadline_s)

    def account(self, presented: Presented, deadline_s: float) -> Account | Refused:
        return self._store.account(presented, deadline_s)

    def guest_homes(self, deadline_s: float) -> GuestHomes | Refused:
        return self._store.guest_homes(deadline_s)

    def enrol(
        self, presented: Presented, pin: str, home: Isil, event: EventId, deadline_s: float
    ) -> Identified | Refused:
        return self._store.enrol(presented, pin, home, event, deadline_s)

    def hand_over(self, case: HandOver, deadline_s: float) -> HandedOver:
        return self._store.hand_over(case, deadline_s)

    def is_reachable(self, deadline_s: float) -> bool:
        return True

    def deliver(self, event: Event, deadline_s: float) -> Answer:
        self.asked.set()
        assert self.open.wait(LONG_S)
        return self._store.deliver(event, deadline_s)


def test_a_request_waits_for_a_redelivery_that_is_under_way(kiosk: Kiosk) -> None:
    append(kiosk.journal, OTHER)
    gate = Gate(kiosk.store)
    desk, answers = kiosk.desk(gate), list[Answer]()
    redelivery = threading.Thread(target=desk.redeliver)
    redelivery.start()
    assert gate.asked.wait(LONG_S)
    request = threading.Thread(target=lambda: answers.append(desk.check_out(SHOWN, BOOK)))
    request.start()
    assert sum(kiosk.journal.counts().values()) == 1
    gate.open.set()
    for thread in (redelivery, request):
        thread.join(LONG_S)
    assert [type(one) for one in answers] == [CheckedOut]
    assert kiosk.store.said == [(Kind.REQUEST, 1), (Kind.REQUEST, 2)]


def test_a_redelivery_does_not_wait_for_a_request_that_is_under_way(kiosk: Kiosk) -> None:
    gate = Gate(kiosk.store)
    desk = kiosk.desk(gate)
    assert not desk.has_undelivered()
    request = threading.Thread(target=lambda: desk.check_out(SHOWN, BOOK))
    request.start()
    assert gate.asked.wait(LONG_S)
    assert desk.has_undelivered()
    desk.redeliver()  # comes back at once, and has said nothing
    gate.open.set()
    request.join(LONG_S)
    assert kiosk.store.said == [(Kind.REQUEST, 1)]
    assert kiosk.late == []


# ---- who is it?


def test_an_answer_about_a_pass_that_cannot_be_used_is_no_answer(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    class Confused(StoreModel):
        def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
            raise DeskFault("outcome: unexpected")

    with pytest.raises(DeskUnreachable):
        kiosk.desk(Confused()).identify(SHOWN)
    assert "identify: unusable answer: outcome: unexpected" in caplog.text


def test_nothing_that_happens_leaves_a_number_or_a_title_in_the_log(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = kiosk.desk()
    storms = [["refused connection"], ["answer lost"] * 2, ["rubbish in between"], ["not acceptable"], []]
    with caplog.at_level(logging.DEBUG):
        for number, storm in enumerate(storms):
            kiosk.store.weather = list(storm)
            try:
                desk.check_out(SHOWN, ItemBarcode(f"{31000000000000 + number}"))
            except DeskUnreachable:
                desk.redeliver()
        kiosk.store.weather = ["overloaded"]
        with pytest.raises(DeskUnreachable):
            desk.identify(SHOWN)
    assert "not sent" in caplog.text
    for value in (SHOWN.number, SHOWN.uid, "310000000000", "title"):
        assert str(value) not in caplog.text
