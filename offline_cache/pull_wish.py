"""How the kiosk asks the pull beside it to come sooner: a file that one writes and the other looks at.

The pull comes by itself all the same. What is lost or late costs the time until then, and nothing else.
"""

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NAME = "pull.wanted"
SOON_S = 2.0  # after an act of our own
SPREAD_S = 30.0  # after an outage: every kiosk of the region comes back at that moment
LEAST_S = 5.0  # from round to round, however busy a kiosk is
LOOK_S = 0.5


def wish_pull(folder: Path, within_s: float) -> None:
    """Something at the store is newer than the mirror in that folder, and is wanted within so many seconds.

    Raises nothing: without a folder nobody pulls.
    """
    with suppress(OSError):
        descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, f"{within_s:06.1f}\n".encode(), 0)
        finally:
            os.close(descriptor)


class PullWish:
    """The pull's side: waits between two rounds, less long where one is wished for."""

    def __init__(
        self,
        folder: Path,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._file = folder / NAME
        self._monotonic, self._sleep, self._chance = monotonic, sleep, chance
        self._taken, self._began = self._stamp(), float("-inf")

    def take(self) -> None:
        """A round begins: what was wished before it is granted by it."""
        self._taken, self._began = self._stamp(), self._monotonic()

    def wait(self, pause_s: float, least_s: float = 0.0) -> None:
        """So many seconds, or until the moment that chance gives to a wish; never less than `least_s`."""
        now = self._monotonic()
        ends, least, granted = now + pause_s, max(now + least_s, self._began + LEAST_S), False
        while (now := self._monotonic()) < ends:
            if not granted and self._stamp() != self._taken:
                granted = True
                ends = min(ends, max(least, now + self._chance(0.0, self._within())))
            self._sleep(min(LOOK_S, max(0.0, ends - now)))

    def _stamp(self) -> int:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0

    def _within(self) -> float:
        try:
            return min(max(0.0, float(self._file.read_bytes()[:6])), SPREAD_S)
        except (OSError, ValueError):
            return SPREAD_S
