"""From single senses to presences: one event for a pass as long as it lies there (ISO/IEC 14443-3 UIDs).

A phone shows another UID at each sense; it too is one presence.
"""

from __future__ import annotations

import math
from enum import Enum

from values import dataclass

MISSES_UNTIL_GONE = 3
FORGOTTEN_AFTER_S = 2.0


class Change(Enum):
    """What a sense changed."""

    NONE = "nothing"
    CAME = "a pass came"
    FOUND = "a pass lies there, and nobody knows that it came"
    WENT = "the pass went"
    SWAPPED = "the pass went and another came"


def is_random(uid: bytes) -> bool:
    """Whether the chip made this UID up: ISO/IEC 14443-3 keeps 08h, in four bytes, for that."""
    return len(uid) == 4 and uid[0] == 0x08


@dataclass(slots=True)
class Presence:
    """What lies on the reader, sense by sense. A faulty sense is no sense: do not report it here."""

    present: bytes | None = None
    misses: int = 0
    candidate: bytes | None = None
    last_sense: float = -math.inf
    finds: bool = False  # what is sensed next lay there when the reader was opened
    was_blind: bool = False  # so long that whoever laid it there may have gone
    found: bool = False  # what was sensed last did

    def sensed(self, uid: bytes | None, at: float) -> Change:
        """Report one good sense at `at` seconds; `uid` is None when nothing was there."""
        self.last_sense, self.found = at, self.finds
        if uid is None:
            return self._missed()
        self.misses = 0
        key = b"random" if is_random(uid) else uid
        if self.present is None:
            self.present, self.candidate, self.finds = key, None, False
            return Change.FOUND if self.found and self.was_blind else Change.CAME
        if key == self.present:
            self.candidate, self.finds = None, False
            return Change.FOUND if self.found else Change.NONE
        if key != self.candidate:  # another pass, or a UID that changes at each sense: the next one tells
            self.candidate = key
            return Change.NONE
        self.present, self.candidate, self.finds = key, None, False
        return Change.FOUND if self.found and self.was_blind else Change.SWAPPED

    def forget(self) -> None:
        """What lies there was not told: the next sense finds it anew."""
        self.present, self.candidate, self.misses, self.finds = None, None, 0, self.found

    def _missed(self) -> Change:
        self.candidate = None
        if self.present is None:
            self.finds = False
            return Change.NONE
        self.misses += 1
        if self.misses < MISSES_UNTIL_GONE:
            return Change.NONE
        self.present, self.misses, self.finds = None, 0, False
        return Change.WENT

    def opened(self, at: float) -> None:
        """The reader was opened at `at` seconds, for the first time or again.

        A pass that still lies there did not come; nor did one that was laid there while nobody looked for two seconds:
        whoever did may have gone.
        """
        self.finds, self.was_blind = True, at - self.last_sense >= FORGOTTEN_AFTER_S
        self.candidate, self.misses = None, 0
