"""Whether the library system is asked at all. One silence opens; a few good answers in a row close.

A line that comes and goes is believed less each time, so that it flaps neither the screen nor a patron's patience.
"""

import threading
from collections.abc import Callable

GOOD_ANSWERS = 3
MOST_ANSWERS = 24
CALM_S = 120.0  # a line that held so long is believed as at first


class Breaker:
    """Safe to use from several threads. `monotonic`: seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._closed = True
        self._closed_at = float("-inf")
        self._good, self._needed = 0, GOOD_ANSWERS

    @property
    def closed(self) -> bool:
        """Whether the library system is asked."""
        return self._closed

    @property
    def half_open(self) -> bool:
        """Whether it is not asked for patrons, but was heard the last time that somebody tried."""
        return not self._closed and self._good > 0

    def silent(self) -> bool:
        """No answer came, or it came too late. Says whether this opened it."""
        with self._lock:
            opened, self._good = self._closed, 0
            if opened:
                held = self._monotonic() - self._closed_at
                self._needed = GOOD_ANSWERS if held >= CALM_S else min(MOST_ANSWERS, 2 * self._needed)
            self._closed = False
            return opened

    def answered(self) -> bool:
        """A good answer to a probe, or to what was delivered meanwhile. Says whether this closed it."""
        with self._lock:
            if self._closed:
                return False
            self._good += 1
            if self._good >= self._needed:
                self._closed, self._closed_at, self._good = True, self._monotonic(), 0
            return self._closed
