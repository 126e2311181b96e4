"""K5: numbers cannot be tried in bulk, and how long a "no" takes says nothing. All in memory of this process.

What is known is never slowed: only misses cost, and a day of ordinary visits has few of them.
"""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from circulation.outcomes import Reason

Monotonic = Callable[[], float]
Key = TypeVar("Key", bound=Hashable)
MOST_REMEMBERED = 100_000
# What somebody hears who tries numbers or PINs. All else is said of a pass that is known, or of no pass at all.
MISSES = frozenset(
    {
        Reason.PASS_UNKNOWN,
        Reason.PASS_UNREADABLE,
        Reason.ITEM_SHOWN_AS_PASS,
        Reason.MANDATE_SHOWN,
        Reason.PASS_NOT_UNIQUE,
        Reason.PASS_OF_TWO,
        Reason.PIN_WRONG,
        Reason.PIN_LOCKED,
    }
)


@dataclass(frozen=True, slots=True)
class Guard:
    """How kiosks are let in, and how one that asks about passes is held back.

    `floor_s`: the least seconds that a miss takes (`MISSES`). `misses`: how many in a row are free; after that
    `misses_a_minute` (see `Bucket`). `trust_s`: for how many seconds a credential that was right is not looked up
    again. `certificate_header`: in which a trusted proxy names the SHA-256 fingerprint of the client's certificate;
    None where there is no such proxy, so that nobody can name one.
    """

    floor_s: float = 0.04
    misses: int = 40
    misses_a_minute: float = 12.0
    trust_s: float = 5.0
    certificate_header: str | None = None


DEFAULT_GUARD = Guard()


class Bucket(Generic[Key]):
    """A bucket of tokens for each key: what is taken comes back slowly, up to `size`. Not for several threads."""

    def __init__(self, size: int, a_minute: float, clock: Monotonic) -> None:
        self._size, self._a_second, self._clock = size, a_minute / 60, clock
        self._levels: dict[Key, tuple[float, float]] = {}

    def wait_s(self, key: Key) -> float:
        """How many seconds until there is a whole token again: 0 where there is one now."""
        return max(0.0, (1.0 - self._level(key)) / self._a_second)

    def take(self, key: Key) -> None:
        """Takes one token; there may be less than none for a while."""
        if len(self._levels) >= MOST_REMEMBERED:
            self._levels = {one: seen for one, seen in self._levels.items() if self._level(one) < self._size}
        self._levels[key] = (self._level(key) - 1, self._clock())

    def _level(self, key: Key) -> float:
        level, seen = self._levels.get(key, (float(self._size), 0.0))
        return min(float(self._size), level + (self._clock() - seen) * self._a_second)


Known = TypeVar("Known")


class Trusted(Generic[Known]):
    """Who showed a credential within the last seconds. It is known by a hash: a dump of memory holds no token of it.

    A credential that was taken away is worth nothing once those seconds are over.
    """

    def __init__(self, trust_s: float, clock: Monotonic) -> None:
        self._trust_s, self._clock = trust_s, clock
        self._known: dict[bytes, tuple[float, Known]] = {}

    def who(self, *shown: str) -> Known | None:
        """Who showed this lately, or None."""
        until, known = self._known.get(_digest(shown), (0.0, None))
        return known if self._clock() < until else None

    def trust(self, known: Known, *shown: str) -> None:
        """From now on, for those seconds, this is known."""
        now = self._clock()
        if len(self._known) >= MOST_REMEMBERED:
            self._known = {one: seen for one, seen in self._known.items() if now < seen[0]}
        self._known[_digest(shown)] = (now + self._trust_s, known)


def _digest(shown: tuple[str, ...]) -> bytes:
    return hashlib.sha256("\0".join(shown).encode("utf-8", "surrogateescape")).digest()
