"""From single senses to presences: one event for a pass as long as it lies there (ISO/IEC 14443-3 UIDs).

A phone shows another UID at each sense; it too is one presence.
"""

from __future__ import annotations

from enum import Enum

from values import dataclass

MISSES_UNTIL_GONE = 3
FORGOTTEN_AFTER_S = 2.0


class Change(Enum):
    """What a sense changed."""

    NONE = "nothing"
    CAME = "a pass came"
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
    last_seen: float = 0.0

    def sensed(self, uid: bytes | None, at: float) -> Change:
        """Report one good sense at `at` seconds; `uid` is None when nothing was there."""
        if uid is None:
            return self._missed()
        self.last_seen, self.misses = at, 0
        key = b"random" if is_random(uid) else uid
        if self.present is None:
            self.present, self.candidate = key, None
            return Change.CAME
        if key == self.present:
            self.candidate = None
            return Change.NONE
        if key != self.candidate:  # another pass, or a UID that changes at each sense: the next one tells
            self.candidate = key
            return Change.NONE
        self.present, self.candidate = key, None
        return Change.SWAPPED

    def forget(self) -> None:
        """What lies there was not told: the next sense finds it anew."""
        self.present, self.candidate, self.misses = None, None, 0

    def _missed(self) -> Change:
        self.candidate = None
        if self.present is None:
            return Change.NONE
        self.misses += 1
        if self.misses < MISSES_UNTIL_GONE:
            return Change.NONE
        self.present, self.misses = None, 0
        return Change.WENT

    def reopened(self, at: float) -> Change:
        """The reader was away until `at`; a pass not seen for two seconds is taken for gone."""
        if self.present is None or at - self.last_seen < FORGOTTEN_AFTER_S:
            return Change.NONE
        self.present, self.candidate, self.misses = None, None, 0
        return Change.WENT
