"""A disk with a volatile write cache: what was written is read at once, and lasts from the next flush on.

A power cut leaves all that was flushed, and of each later write nothing, all, or its first sectors: by chance, so that
a later one may be there without an earlier.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

SECTOR = 512
# What an SD card takes to empty its cache. It also makes room for cuts between a write and its end.
FLUSH_S = 0.002


@dataclass(frozen=True, slots=True)
class Cut:
    """What a power cut did: writes that were in the cache alone, and how many of them were lost or torn."""

    pending: int
    lost: int


class Disk:
    """Bytes that last, and bytes that are not flushed yet. `lies`: it says that it flushed, and does nothing.

    `dark`: its power is off, and it answers nothing.
    """

    def __init__(self, image: bytes, *, lies: bool = False) -> None:
        self._durable, self._now, self._lies = bytearray(image), bytearray(image), lies
        self._pending: list[tuple[int, bytes]] = []
        self._mutex = threading.Lock()
        self._left = 0
        self.dark = threading.Event()

    def __len__(self) -> int:
        return len(self._now)

    def read(self, at: int, size: int) -> bytes:
        """As it was written last."""
        return bytes(self._now[at : at + size])

    def write(self, at: int, data: bytes) -> None:
        """Into the cache."""
        with self._mutex:
            if not self.dark.is_set():
                self._now[at : at + len(data)] = data
                self._pending.append((at, data))
                self._count()

    def flush(self) -> None:
        """All that was written before lasts when this returns, if there is power until then."""
        if self._lies:
            return
        time.sleep(FLUSH_S)
        with self._mutex:
            self._count()
            if not self.dark.is_set():
                for at, data in self._pending:
                    self._durable[at : at + len(data)] = self._now[at : at + len(data)]
                self._pending.clear()

    def off(self, requests: int = 0) -> None:
        """From this moment, or from that many requests on, nothing lasts and nothing is answered."""
        with self._mutex:
            self._left = requests
            if not requests:
                self.dark.set()

    def _count(self) -> None:
        if self._left:
            self._left -= 1
            if not self._left:
                self.dark.set()

    def on_again(self, chance: random.Random) -> Cut:
        """Power is back: what stands on it now is what a cut left."""
        lost, pending = 0, len(self._pending)
        share = chance.choice((0.0, 0.5, 1.0))
        for at, data in self._pending:
            kept = len(data) if chance.random() < share else 0
            if kept and share < 1 and chance.random() < 0.5:
                kept = chance.randrange(0, len(data), SECTOR)
            self._durable[at : at + kept] = data[:kept]
            lost += kept < len(data)
        self._now[:] = self._durable
        self._pending.clear()
        self.dark.clear()
        return Cut(pending, lost)
