"""Asks a home library about one guest, at the desk or a kiosk: within seconds, and not again while it is silent."""

import threading
import time
from collections.abc import Callable

from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.guests.connectors import Connect, connect
from membership_store.guests.homes import Home, Question

WITHIN_S = 8.0
RESTS_S = 20.0
Monotonic = Callable[[], float]


class Asker:
    """For any thread. Who has just been silent is left alone for a while, so that a queue at the desk does not hang."""

    def __init__(
        self, connecting: Connect = connect, within_s: float = WITHIN_S, clock: Monotonic = time.monotonic
    ) -> None:
        self._connect, self._within_s, self._clock = connecting, within_s, clock
        self._lock = threading.Lock()
        self._silent_until: dict[str, float] = {}

    def ask(self, home: Home, question: Question) -> HomeSays:
        """What home says now."""
        with self._lock:
            if self._clock() < self._silent_until.get(home.isil, 0.0):
                return HomeSays(HomeOutcome.SILENT)
        line = self._connect(home)
        try:
            says = line.ask(question, self._within_s)
        finally:
            line.close()
        with self._lock:
            if says.outcome is HomeOutcome.SILENT:
                self._silent_until[home.isil] = self._clock() + RESTS_S
            else:
                self._silent_until.pop(home.isil, None)
        return says
