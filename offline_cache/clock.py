"""The kiosk's clock, and how far it can be believed. Many have no battery: after a power cut they begin anywhere.

The kernel says whether somebody keeps the clock right (adjtimex(2)); the journal's floor says when it runs behind.
"""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from circulation.events import ClockState, Told

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR = 5
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256  # more than struct timex has on any machine; the kernel fills its part
_STATUS_AT = 5 * ctypes.sizeof(ctypes.c_long)  # modes (padded), offset, freq, maxerror, esterror, then status


class KioskClock:
    """What time it is, and by which clock that was read. `floor`: an instant that has certainly passed (UTC)."""

    def __init__(
        self,
        floor: Callable[[], datetime],
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        is_kept: Callable[[], bool] | None = None,
        since_boot_ms: Callable[[], int] | None = None,
        boot: str | None = None,
    ) -> None:
        self._floor, self._wall = floor, wall
        self._is_kept = is_kept or clock_is_kept
        self._since_boot_ms = since_boot_ms or milliseconds_since_boot
        self._boot = boot if boot is not None else boot_id()

    def now(self) -> datetime:
        """What the wall clock says (UTC), right or wrong."""
        return self._wall()

    def told(self) -> Told:
        """This boot, the milliseconds since it, and what the wall clock is worth."""
        return Told(self._boot, self._since_boot_ms(), self.state())

    def state(self) -> ClockState:
        """What the wall clock is worth now. Below the floor it is wrong, whoever keeps it."""
        if self._wall() < self._floor():
            return ClockState.BEHIND
        return ClockState.SYNCHRONISED if self._is_kept() else ClockState.FREE


def boot_id() -> str:
    """The kernel's id of this boot, empty where it tells none."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def milliseconds_since_boot() -> int:
    """CLOCK_BOOTTIME: goes on while the machine sleeps, and nobody can set it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def clock_is_kept() -> bool:
    """Whether the kernel's clock is synchronised by somebody: adjtimex(2), asking only."""
    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return False
    answer = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: nothing is set
    state = ask(answer)
    status = ctypes.c_int.from_buffer(answer, _STATUS_AT).value
    return state not in (-1, _TIME_ERROR) and not status & _STA_UNSYNC
