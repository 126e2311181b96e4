"""The mirror's age: by the boot's own clock, else by a wall clock that is believed, else nobody knows it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.events import ClockState, Told
from offline_cache.age import AsOf, age_of

AT = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
KEPT, FREE, BEHIND = ClockState.SYNCHRONISED, ClockState.FREE, ClockState.BEHIND
HOUR = timedelta(hours=1)


def as_of(boot: str = "one", ms: int = 1000) -> AsOf:
    """Known to be true at noon, by that boot's clock."""
    return AsOf(AT, Told(boot, ms, FREE))


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(ClockState), st.integers(0, 10**9))
def test_within_a_boot_no_wall_clock_matters(wall: datetime, state: ClockState, later: int) -> None:
    age = age_of(as_of(), Told("one", 1000 + later, state), wall, AT)
    assert age == timedelta(milliseconds=later)


@pytest.mark.parametrize(
    ("state", "wall", "floor", "age"),
    [
        (KEPT, AT + HOUR, AT, HOUR),
        (FREE, AT + HOUR, AT, None),  # a clock that began where the last boot ended says nothing of the time between
        (BEHIND, AT + HOUR, AT, None),
        (KEPT, AT + HOUR, AT + 2 * HOUR, None),  # below the floor
        (KEPT, AT - HOUR, AT - 2 * HOUR, None),  # before the picture itself
    ],
)
def test_after_another_boot_only_a_kept_wall_clock_counts(
    state: ClockState, wall: datetime, floor: datetime, age: timedelta | None
) -> None:
    assert age_of(as_of(), Told("two", 5, state), wall, floor) == age


def test_a_boot_that_nobody_names_is_not_the_same_one() -> None:
    assert age_of(as_of(boot=""), Told("", 2000, FREE), AT + HOUR, AT) is None


def test_a_boot_clock_that_went_back_is_no_age() -> None:
    assert age_of(as_of(ms=5000), Told("one", 4000, KEPT), AT + HOUR, AT) is None
