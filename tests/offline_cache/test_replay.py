"""What waits is told in sequence to a real desk: once each, whatever breaks; nothing blocks the queue or leaves it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import ItemBarcode, KioskId
from circulation.outcomes import CheckedOut, Refused, Voided
from offline_cache.event_line import Batch, Stopped
from offline_cache.journal import Journal
from offline_cache.replay import LONGEST_PAUSE_S, MOST, SEQUENCE_USED, Replay
from offline_cache.sealing import Seal
from tests.membership_store.counter import Counter
from tests.membership_store.running import Demo, plain_books
from tests.offline_cache.journals import KEY, REFUSED, database, ids, lent
from tests.offline_cache.lines import InProcess, Stormy

TOLD = Told("boot-1", 4711, ClockState.SYNCHRONISED)


class Kiosk:
    """A journal, and how it is told."""

    def __init__(self, path: Path, store: Counter, demo: Demo, weather: list[str] | None = None) -> None:
        self.path, self.store, self.shown = path, store, demo.shown("fatima")
        self.journal = Journal(path, Seal(KEY), KioskId(store.kiosk.id), ids(time.time_ns() // 1_000_000))
        self.line = Stormy(store.desk, store.kiosk, weather)
        self.replay = Replay(self.line, self.journal, lambda: TOLD, lambda low, high: high)
        self.books = plain_books(demo.folder / "store.db")

    def ask(self, item: ItemBarcode | None = None) -> Event:
        """A request of now."""
        return self.journal.append(Action.CHECK_OUT, self.shown, item or next(self.books), datetime.now(UTC), TOLD)

    def lend(self, item: ItemBarcode | None = None) -> Event:
        """A fact of now."""
        what = item or next(self.books)
        return self.journal.append_fact(
            Action.CHECK_OUT, self.shown, what, datetime.now(UTC), TOLD, replace(lent(what), provisional=True)
        )

    def deliver(self) -> str:
        """Why something still waits."""
        return self.replay.deliver(time.monotonic() + 60).silence

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.journal.since(0)]

    @property
    def at_store(self) -> list[int]:
        """The numbers that the store has answered, in sequence."""
        found = self.store.rows("SELECT seq FROM event_answer WHERE kiosk = ? ORDER BY seq", self.store.kiosk.id)
        return [seq for (seq,) in found]


@pytest.fixture
def kiosk(tmp_path: Path, store: Counter, demo: Demo) -> Iterator[Kiosk]:
    one = Kiosk(tmp_path / "journal.db", store, demo)
    yield one
    one.journal.close()


def test_everything_is_told_in_sequence_and_fifty_at_a_time(kiosk: Kiosk) -> None:
    events = [kiosk.lend() if n % 3 else kiosk.ask() for n in range(MOST + 3)]
    kiosk.journal.give_up(events[0])
    found = kiosk.replay.deliver(time.monotonic() + 60)
    assert [event.seq for event, _ in found.answered] == list(range(1, MOST + 4))
    assert [len(one) for one in kiosk.line.told] == [MOST, 3]
    assert isinstance(found.answered[0][1], Voided)
    assert (found.silence, kiosk.journal.waiting(), kiosk.at_store) == ("", 0, list(range(1, MOST + 4)))
    assert [one.answer for one in kiosk.journal.since(0)] == [answer for _, answer in found.answered]


def test_a_fact_is_booked_though_the_rules_refuse_it(kiosk: Kiosk) -> None:
    event = kiosk.lend(ItemBarcode("39999999999990"))
    assert kiosk.deliver() == ""
    assert isinstance(kiosk.journal.entry(1).answer, CheckedOut)
    assert "parked" in kiosk.store.flags(event)


@pytest.mark.parametrize("weather", ["refused connection", "lost on the way", "answer lost", "arrives later"])
def test_what_was_not_answered_is_told_again_and_done_once(kiosk: Kiosk, weather: str) -> None:
    event = kiosk.lend()
    kiosk.line.weather = [weather]
    assert kiosk.deliver() != ""
    assert kiosk.states == ["open"]
    assert kiosk.deliver() == ""
    kiosk.line.arrives()
    kiosk.line.repeats(1)
    assert kiosk.states == ["answered"]
    assert kiosk.store.loans(event.scanned) == [(f"{kiosk.store.kiosk.id}/{event.id}", True)]


def test_a_request_that_was_answered_no_without_a_hearer_is_booked_when_it_becomes_a_fact(kiosk: Kiosk) -> None:
    unknown = ItemBarcode("39999999999990")
    request = kiosk.ask(unknown)
    kiosk.line.weather = ["answer lost"]
    assert kiosk.deliver() != ""
    kiosk.journal.turn_into_fact(request, lent(unknown))
    assert kiosk.deliver() == ""
    assert isinstance(kiosk.journal.entry(1).answer, CheckedOut)
    assert kiosk.store.flags(request)


def test_after_a_page_of_some_portal_the_first_is_told_alone_and_three_such_answers_go_to_staff(kiosk: Kiosk) -> None:
    for _ in range(3):
        kiosk.lend()
    kiosk.line.weather = ["rubbish"] * 4
    for _ in range(2):
        assert kiosk.deliver() == "unusable answer"
        assert kiosk.journal.waiting() == 3
    found = kiosk.replay.deliver(time.monotonic() + 60)
    assert [event.seq for event in found.settled] == [1]
    assert [event.seq for event, _ in found.answered] == [2, 3]
    assert kiosk.states == ["settled", "answered", "answered"]
    # It was taken before the answer was spoilt, so that there is no place to be closed.
    assert kiosk.at_store == [1, 2, 3]
    assert [one.why for one in kiosk.journal.exceptions()] == ["unusable-answer"]


def test_another_act_under_a_known_id_goes_to_staff_its_place_is_closed_and_the_queue_moves_on(kiosk: Kiosk) -> None:
    first = kiosk.lend()
    kiosk.deliver()
    taken = replace(first, seq=2, item=next(kiosk.books))
    body = kiosk.journal._sealed.event(taken)
    kiosk.lend()
    database(kiosk.journal).execute("UPDATE event SET body = ? WHERE seq = 2", (body,))
    last = kiosk.lend()
    assert kiosk.deliver() == ""
    assert kiosk.states == ["answered", "settled", "answered"]
    assert [one.why for one in kiosk.journal.exceptions()] == ["event-identity"]
    assert kiosk.at_store == [1, 2, 3]
    assert kiosk.store.loans(last.scanned)
    assert kiosk.store.loans(taken.scanned) == []


def test_a_store_that_was_restored_is_told_again_what_was_done_refused_and_given_up(
    kiosk: Kiosk, store: Counter
) -> None:
    events = [kiosk.lend() for _ in range(2)]
    given_up, refused = kiosk.ask(), kiosk.ask(ItemBarcode("39999999999990"))
    kiosk.journal.give_up(given_up)
    assert kiosk.deliver() == ""
    assert isinstance(kiosk.journal.entry(refused.seq).answer, Refused)
    for forget in ("DELETE FROM event_answer WHERE kiosk = ?", "UPDATE kiosk SET last_seq = 0 WHERE kiosk = ?"):
        store.change(forget, store.kiosk.id)
    store.change("DELETE FROM loan WHERE loan LIKE ?", f"{store.kiosk.id}/%")
    last = kiosk.lend()
    assert kiosk.deliver() == ""
    assert kiosk.at_store == [1, 2, 3, 4, 5]
    lent_there = store.rows("SELECT item FROM loan WHERE loan LIKE ?", f"{store.kiosk.id}/%")
    assert {item for (item,) in lent_there} == {*(one.scanned for one in events), last.scanned}


def test_an_emptied_journal_of_a_known_kiosk_lends_nothing_and_its_acts_are_not_lost(
    kiosk: Kiosk, tmp_path: Path, store: Counter, demo: Demo
) -> None:
    for _ in range(3):
        kiosk.lend()
    assert kiosk.deliver() == ""
    again = Kiosk(tmp_path / "card" / "journal.db", store, demo)
    again.books = kiosk.books
    acts = [again.lend() for _ in range(5)]
    assert again.deliver() == ""
    # Three numbers were used before: staff get those acts. The other two are the next that the store expects.
    assert again.states == ["settled"] * 3 + ["answered"] * 2
    assert [one.why for one in again.journal.exceptions()] == [SEQUENCE_USED] * 3
    assert again.journal.closed() == SEQUENCE_USED
    assert store.loans(acts[4].scanned)
    again.journal.close()


def test_what_the_store_has_is_noted_in_the_journal(kiosk: Kiosk) -> None:
    kiosk.lend()
    kiosk.deliver()
    assert database(kiosk.journal).execute("SELECT acked_seq FROM journal").fetchone() == (1,)


def test_no_more_is_told_when_the_time_is_over(kiosk: Kiosk) -> None:
    kiosk.lend()
    assert kiosk.replay.deliver(time.monotonic() - 1).silence == "no time left"
    assert kiosk.line.told == []


# ---- how often


def test_the_pause_doubles_from_a_second_to_five_minutes_and_ends_with_the_first_success(kiosk: Kiosk) -> None:
    kiosk.lend()
    kiosk.line.weather = ["refused connection"] * 12
    assert kiosk.replay.pause_s() == 0
    pauses = []
    for _ in range(12):
        kiosk.deliver()
        pauses.append(kiosk.replay.pause_s())
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert pauses[-3:] == [LONGEST_PAUSE_S] * 3
    assert kiosk.deliver() == ""
    assert kiosk.replay.pause_s() == 0


def test_the_pause_is_drawn_from_all_of_the_time(kiosk: Kiosk) -> None:
    asked: list[tuple[float, float]] = []

    def chance(low: float, high: float) -> float:
        asked.append((low, high))
        return 0.5

    replay = Replay(kiosk.line, kiosk.journal, None, chance)
    kiosk.lend()
    kiosk.line.weather = ["refused connection"]
    replay.deliver(time.monotonic() + 60)
    assert replay.pause_s() == 0.5
    assert asked == [(0.0, 1.0)]


def test_fewer_are_told_after_a_silence_that_may_have_been_too_much_and_more_again_later(kiosk: Kiosk) -> None:
    for _ in range(40):
        kiosk.ask()
    kiosk.line.weather = ["overloaded", "overloaded"]
    kiosk.deliver()
    kiosk.deliver()
    assert kiosk.deliver() == ""
    assert [len(one) for one in kiosk.line.told] == [12, 24, 4]


# ---- answers that are of no use


class Says:
    """A line that answers so."""

    def __init__(self, batch: Batch | Exception) -> None:
        self.batch, self.sizes = batch, list[int]()

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        self.sizes.append(len(events))
        if isinstance(self.batch, Exception):
            raise self.batch
        return self.batch


def test_an_event_that_the_store_will_never_understand_goes_to_staff_at_once(kiosk: Kiosk) -> None:
    kiosk.lend()
    replay = Replay(Says(DeskFault("status 422", settled=True)), kiosk.journal)
    assert [one.seq for one in replay.deliver(time.monotonic() + 60).settled] == [1]
    assert kiosk.states == ["settled"]


def test_a_fact_that_is_refused_goes_to_staff_with_the_answer(kiosk: Kiosk) -> None:
    kiosk.lend()
    Replay(Says(Batch((REFUSED,), 1)), kiosk.journal).deliver(time.monotonic() + 60)
    (entry,) = kiosk.journal.exceptions()
    assert (entry.state, entry.answer, entry.why) == ("settled", REFUSED, "refused")


def test_a_gap_that_cannot_be_filled_leaves_the_event_where_it_is(kiosk: Kiosk) -> None:
    kiosk.lend()
    kiosk.deliver()
    kiosk.lend()
    replay = Replay(Says(Batch((), 0, Stopped(0, "sequence-gap", 1))), kiosk.journal)
    assert "missing" in replay.deliver(time.monotonic() + 60).silence
    assert kiosk.states == ["answered", "open"]
    with pytest.raises(DeskUnreachable):
        Replay(Says(DeskUnreachable("gone", sent=True)), kiosk.journal).fill_gap(1, 2, time.monotonic() + 60)


def test_what_is_told_again_to_a_restored_store_is_what_became_of_it(kiosk: Kiosk) -> None:
    line = InProcess(kiosk.store.desk, kiosk.store.kiosk)
    done, no, void, staff = (kiosk.ask() for _ in range(4))
    kiosk.journal.answered(done, lent(done.scanned))
    kiosk.journal.answered(no, REFUSED)
    kiosk.journal.answered(void, Voided(void.id))
    kiosk.journal.settle(staff)
    Replay(line, kiosk.journal).fill_gap(1, 5, time.monotonic() + 60)
    ((first, second, third, fourth),) = line.told
    assert [one.kind for one in line.told[0]] == [Kind.FACT, Kind.VOID, Kind.VOID, Kind.VOID]
    assert (first.id, second.id, third.id) == (done.id, no.id, void.id)
    assert fourth.id != staff.id
