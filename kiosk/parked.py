"""A visit that ran out of time, kept for a few minutes so that the same pass takes it up again. Memory only."""

import hashlib
import os
from collections.abc import Callable, Collection
from dataclasses import field, replace

from circulation.identifiers import ItemBarcode, PatronRef
from kiosk.access import Chosen
from kiosk.loans import NO_LOANS, LoanSheet
from kiosk.sheet import Line
from values import dataclass


@dataclass(frozen=True, slots=True)
class Left:
    """What a visit left: its lines, the messages that were read in it (K3), and what became of its renewals (K11).
    `mailed`: a receipt of all that goes. `chosen`: how its patron reads the kiosk."""

    lines: tuple[Line, ...] = ()
    read: frozenset[str] = field(default=frozenset(), repr=False)
    loans: LoanSheet = field(default=NO_LOANS, repr=False)
    mailed: bool = False
    chosen: Chosen = Chosen()


NOTHING = Left()


class Parked:
    """At most one visit, under a keyed hash of its patron: whose it was cannot be read from here."""

    def __init__(self, monotonic: Callable[[], float], lifetime_s: float) -> None:
        self._monotonic, self._lifetime_s = monotonic, lifetime_s
        self._key = os.urandom(32)
        self._mark, self._left, self._until = b"", NOTHING, 0.0
        self._gone = b""

    def has_gone(self, patron: PatronRef) -> None:
        """That patron's visit is over, and another pass that lies there begins the next one."""
        self._gone = self._digest(patron)

    def take_gone(self) -> Callable[[PatronRef], bool]:
        """Tells of a patron whether it is the one who has gone; once."""
        gone, self._gone = self._gone, b""
        return lambda patron: gone == self._digest(patron)

    def keep(self, patron: PatronRef, left: Left) -> None:
        """Keeps this for that patron, instead of what was kept."""
        self._mark, self._left = self._digest(patron), left
        self._until = self._monotonic() + self._lifetime_s

    def take(self, patron: PatronRef) -> Left:
        """What that patron left, once; nothing for anybody else. Whatever was kept is gone afterwards."""
        left = self._left if self._mark == self._digest(patron) and self._monotonic() < self._until else NOTHING
        self.forget()
        return left

    def came_back(self, items: Collection[ItemBarcode]) -> None:
        """Takes from it what somebody has brought back since, or may have."""
        lines = tuple(one for one in self._left.lines if one.item not in items)
        self._left = replace(self._left, lines=lines, loans=self._left.loans.without(items))

    def forget_old(self) -> None:
        """Wipes what nobody took up in time."""
        if self._monotonic() >= self._until:
            self.forget()

    def forget(self) -> None:
        """Wipes what was kept."""
        self._mark, self._left, self._until = b"", NOTHING, 0.0

    def _digest(self, patron: PatronRef) -> bytes:
        return hashlib.blake2b(patron.encode(), key=self._key, digest_size=16).digest()
