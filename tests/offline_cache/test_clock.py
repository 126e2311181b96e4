"""The clock says how far it can be believed, as the kernel and the journal see it."""

import ctypes
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circulation.events import ClockState, Told
from offline_cache import clock
from offline_cache.clock import KioskClock, clock_is_kept, milliseconds_since_boot

NOW = datetime(2026, 7, 15, 12, 30, tzinfo=UTC)


def a_clock(wall: datetime = NOW, floor: datetime = NOW, *, kept: bool = False) -> KioskClock:
    return KioskClock(lambda: floor, lambda: wall, lambda: kept, lambda: 4711, "boot-1")


@pytest.mark.parametrize("kept", [True, False])
def test_a_clock_below_the_floor_is_behind_whoever_keeps_it(kept: bool) -> None:
    one = a_clock(wall=NOW - timedelta(seconds=1), kept=kept)
    assert one.told() == Told("boot-1", 4711, ClockState.BEHIND)


@pytest.mark.parametrize(("kept", "state"), [(True, ClockState.SYNCHRONISED), (False, ClockState.FREE)])
def test_a_clock_at_or_above_the_floor_is_worth_what_the_kernel_says(kept: bool, state: ClockState) -> None:
    assert a_clock(kept=kept).state() == state
    assert a_clock(wall=NOW + timedelta(days=4000), kept=kept).state() == state


def test_the_machine_tells_its_boot_and_the_time_since() -> None:
    one = KioskClock(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    first, second = one.told(), one.told()
    assert len(first.boot) == 36
    assert first.boot == second.boot
    assert 0 < first.since_boot_ms <= second.since_boot_ms
    uptime = float(Path("/proc/uptime").read_text().split()[0]) * 1000
    assert abs(milliseconds_since_boot() - uptime) < 60_000


def test_the_kernel_is_asked_and_says_the_same_twice() -> None:
    assert clock_is_kept() in (True, False)
    assert clock_is_kept() == clock_is_kept()


class Libc:
    """A C library whose adjtimex answers so."""

    def __init__(self, state: int, status: int) -> None:
        self.state, self.status = state, status

    def adjtimex(self, buffer: "ctypes.Array[ctypes.c_char]") -> int:
        assert bytes(buffer) == bytes(clock._TIMEX_BYTES), "something would be set"
        ctypes.c_int.from_buffer(buffer, clock._STATUS_AT).value = self.status
        return self.state


@pytest.mark.parametrize(
    ("state", "status", "kept"),
    [(0, 0x2001, True), (5, 0x40, False), (0, 0x40, False), (5, 0, False), (-1, 0, False), (1, 0x10, True)],
)
def test_what_the_kernel_answers_is_understood(
    state: int, status: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Libc(state, status))
    assert clock_is_kept() is kept
