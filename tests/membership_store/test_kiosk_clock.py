"""When something was done that is told late: by the kiosk's running time, or between what is known; never by guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.events import Action, ClockState, Event, Kind, Told
from circulation.identifiers import ItemBarcode
from membership_store import kiosk_clock
from membership_store.kiosk_clock import KEPT, OLDEST_FACT, Known, Span, floor_after, when
from membership_store.network import local_date
from tests.membership_store.counter import Counter
from tests.membership_store.running import Demo, new_act

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECONDS = st.integers(0, 20 * 86400)
WALLS = st.integers(0, 130 * 365 * 86400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
STATES = st.sampled_from([ClockState.FREE, ClockState.BEHIND])


def fact(at: datetime, told: Told | None, kind: Kind = Kind.FACT) -> Event:
    """A return, told with that clock."""
    return replace(new_act("k", 1, Action.CHECK_IN, None, ItemBarcode("1"), None, kind), at=at, told=told)


def text(moment: datetime) -> str:
    """As the store writes it."""
    return moment.isoformat(timespec="microseconds")


@given(running=SECONDS, since=SECONDS, wall=WALLS, state=STATES)
def test_in_a_boot_that_called_an_act_is_placed_by_the_running_time_whatever_the_wall_clock_says(
    running: int, since: int, wall: datetime, state: ClockState
) -> None:
    booted = NOW - timedelta(seconds=max(running, since))
    told = Told("b", since * 1000, state)
    found = when(fact(wall, told), Known(text(booted), text(booted)), NOW)
    assert found == Span(booted + timedelta(seconds=since), booted + timedelta(seconds=since))


@given(done=SECONDS, before=SECONDS, boot=SECONDS, wall=WALLS, state=STATES)
def test_in_a_boot_that_never_called_the_true_instant_lies_between_what_is_known(
    done: int, before: int, boot: int, wall: datetime, state: ClockState
) -> None:
    at = NOW - timedelta(seconds=done)
    floor, newest = at - timedelta(seconds=before), min(at + timedelta(seconds=boot), NOW)
    found = when(fact(wall, Told("b", 1, state)), Known(None, text(newest), text(floor)), NOW)
    assert (found.earliest, found.latest) == (floor, newest)


@given(wall=WALLS, state=STATES)
def test_where_nothing_is_known_it_was_between_the_oldest_that_is_believed_and_now(
    wall: datetime, state: ClockState
) -> None:
    assert when(fact(wall, Told("b", 1, state)), Known(), NOW) == Span(NOW - OLDEST_FACT, NOW)


@given(wall=WALLS)
def test_a_clock_that_is_right_is_believed_where_the_boot_never_called_and_never_beyond_now(wall: datetime) -> None:
    found = when(fact(wall, Told("b", 1, ClockState.SYNCHRONISED)), Known(), NOW)
    assert found.earliest == found.latest == min(max(wall, NOW - OLDEST_FACT), NOW)


@given(wall=WALLS, told=st.none() | st.builds(Told, st.just("b"), SECONDS, st.sampled_from(ClockState)))
def test_a_request_is_judged_now_and_moves_no_floor_unless_its_clock_is_right(
    wall: datetime, told: Told | None
) -> None:
    event = fact(wall, told, Kind.REQUEST)
    found = when(event, Known(last_at=text(NOW - DAY)), NOW)
    assert found == Span(NOW, NOW)
    floor = floor_after(event, Known(last_at=text(NOW - DAY)), found, NOW)
    is_right = told is not None and told.clock is ClockState.SYNCHRONISED and wall <= NOW
    assert floor == text(max(wall, NOW - DAY) if is_right else NOW - DAY)


def test_a_clock_that_goes_against_the_kiosks_own_sequence_is_not_believed_but_costs_nothing() -> None:
    before = text(NOW - DAY)
    found = when(fact(NOW - 3 * DAY, None), Known(last_at=before), NOW)
    assert (found.earliest, found.latest, found.mildest) == (NOW - DAY, NOW - DAY, NOW - 3 * DAY)


@pytest.mark.parametrize("told", [Told("", 1, ClockState.FREE), Told("b" * 65, 1, ClockState.FREE)])
def test_what_nothing_can_be_learnt_from_places_nothing(told: Told) -> None:
    assert not kiosk_clock.is_usable(told)
    assert when(fact(NOW, told), Known(text(NOW)), NOW) == Span(NOW - OLDEST_FACT, NOW)


@pytest.mark.parametrize("ms", [-1, 21 * 365 * 86_400_000, 10**18])
def test_a_running_time_that_no_kiosk_has_is_not_used(ms: int) -> None:
    assert not kiosk_clock.is_usable(Told("b", ms, ClockState.FREE))


def boots(counter: Counter) -> Sequence[tuple[str, str]]:
    """The boots that are known of the counter's kiosk."""
    return counter.rows("SELECT boot, booted_at FROM kiosk_boot WHERE kiosk = ? ORDER BY boot", counter.kiosk.id)


def hear(counter: Counter, boot: str, since_ms: int, late_s: float = 0) -> None:
    """The kiosk says how long it has been running; that arrives so many seconds later."""
    arrived, told = counter.now + timedelta(seconds=late_s), Told(boot, since_ms, ClockState.FREE)
    counter.database.write(lambda session: kiosk_clock.heard(session, counter.kiosk, told, arrived))


def test_what_took_long_on_the_way_moves_the_boot_no_later_and_an_old_boot_is_forgotten(counter: Counter) -> None:
    began = counter.now - timedelta(hours=1)
    hear(counter, "a", 3_600_000, late_s=2)
    hear(counter, "a", 3_600_000)
    hear(counter, "a", 3_600_000, late_s=300)
    assert boots(counter) == [("a", text(began))]
    counter.now += KEPT + DAY
    hear(counter, "b", 1000)
    assert [boot for boot, _ in boots(counter)] == ["b"]


def due(counter: Counter, item: ItemBarcode) -> list[tuple[str, str]]:
    """The days of the loans of the item: lent and due."""
    return counter.rows("SELECT lent, due FROM loan WHERE item = ?", item)


def test_a_loan_of_a_kiosk_without_a_clock_is_due_from_the_day_on_which_it_was_made(
    counter: Counter, demo: Demo
) -> None:
    item, hour = demo.book("oeroeg"), timedelta(hours=1)
    event = counter.event(demo.shown("anna"), item)
    told = Told("boot-1", 3_600_000, ClockState.BEHIND)
    event = replace(event, at=datetime(1970, 1, 1, tzinfo=UTC), told=told)
    sent = Told("boot-1", int((50 * hour).total_seconds() * 1000), ClockState.BEHIND)
    found = counter.desk.deliver_all(counter.kiosk, [event], sent)
    assert (found.acked_seq, found.stopped) == (counter.seq, None)
    assert counter.rows("SELECT lent_at FROM loan WHERE item = ?", item) == [(text(counter.now - 49 * hour),)]
    assert counter.flags(event) == set()


def test_a_day_that_nobody_can_know_is_told_to_staff_and_is_the_patrons_gain(counter: Counter, demo: Demo) -> None:
    """The line was down; the kiosk lost its power twice, and says nothing of the boot in between."""
    known = replace(counter.act(Action.END_VISIT, demo.shown("anna"), kind=Kind.FACT), at=counter.now - 4 * DAY)
    nowhere = Told("boot-2", 60_000, ClockState.FREE)
    lent = replace(counter.event(demo.shown("anna"), demo.book("oeroeg")), at=counter.now - 90 * DAY, told=nowhere)
    back = counter.act(Action.CHECK_IN, item=demo.book("late"), kind=Kind.FACT)
    back = replace(back, at=counter.now + 90 * DAY, told=nowhere)
    counter.change(
        "UPDATE loan SET due = ? WHERE item = ?",
        str(local_date(counter.now - 4 * DAY, "Europe/Amsterdam")),
        demo.book("late"),
    )
    sent = Told("boot-3", int(DAY.total_seconds() * 1000), ClockState.FREE)
    counter.desk.deliver_all(counter.kiosk, [known, lent, back], sent)
    assert counter.flags(known) == set()
    assert counter.flags(lent) == counter.flags(back) == {"day_unknown"}
    at = "SELECT lent_at FROM loan WHERE item = ?"
    assert counter.rows(at, demo.book("oeroeg")) == [(text(counter.now - DAY),)]
    ended = "SELECT returned_at FROM loan WHERE item = ?"
    assert counter.rows(ended, demo.book("late")) == [(text(counter.now - 4 * DAY),)]
    assert counter.rows("SELECT COUNT(*) FROM fee WHERE kind = 'fine' AND loan = 'item-' || ?", demo.book("late")) == [
        (0,)
    ]


def test_two_boots_of_one_day_are_told_to_nobody(counter: Counter, demo: Demo) -> None:
    """Whatever the hour was: the library's date is certain."""
    noon = counter.now.replace(hour=12, minute=0)
    counter.now = noon if noon <= counter.now else noon - DAY
    first = counter.act(Action.END_VISIT, demo.shown("anna"), kind=Kind.FACT)
    first = replace(first, at=counter.now - timedelta(minutes=30))
    event = counter.event(demo.shown("anna"), demo.book("oeroeg"))
    event = replace(event, told=Told("boot-2", 1, ClockState.FREE))
    counter.desk.deliver_all(counter.kiosk, [first, event], Told("boot-3", 60_000, ClockState.FREE))
    assert counter.flags(event) == set()
