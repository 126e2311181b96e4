"""A visit that ran out of time, kept for a few minutes so that the same pass takes it up again. Memory only."""

import hashlib
import os
from collections.abc import Callable, Collection

from circulation.identifiers import ItemBarcode, PatronRef
from kiosk.sheet import Line


class Parked:
    """At most one visit, under a keyed hash of its patron: whose it was cannot be read from here."""

    def __init__(self, monotonic: Callable[[], float], lifetime_s: float) -> None:
        self._monotonic, self._lifetime_s = monotonic, lifetime_s
        self._key = os.urandom(32)
        self._mark, self._lines, self._until = b"", (), 0.0  # type: tuple[bytes, tuple[Line, ...], float]

    def keep(self, patron: PatronRef, lines: tuple[Line, ...]) -> None:
        """Keeps these lines for that patron, instead of any that were kept."""
        self._mark, self._lines = self._digest(patron), lines
        self._until = self._monotonic() + self._lifetime_s

    def take(self, patron: PatronRef) -> tuple[Line, ...]:
        """The lines of that patron, once; nothing for anybody else. Whatever was kept is gone afterwards."""
        lines = self._lines if self._mark == self._digest(patron) and self._monotonic() < self._until else ()
        self.forget()
        return lines

    def came_back(self, items: Collection[ItemBarcode]) -> None:
        """Takes from it what somebody has brought back since, or may have."""
        self._lines = tuple(one for one in self._lines if one.item not in items)

    def forget_old(self) -> None:
        """Wipes what nobody took up in time."""
        if self._monotonic() >= self._until:
            self.forget()

    def forget(self) -> None:
        """Wipes what was kept."""
        self._mark, self._lines, self._until = b"", (), 0.0

    def _digest(self, patron: PatronRef) -> bytes:
        return hashlib.blake2b(patron.encode(), key=self._key, digest_size=16).digest()
