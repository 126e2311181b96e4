"""Inputs that are nearly right: real frames and messages, altered by a seeded chance; a seed gives the same again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_EDGES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x01", b"\x02", b"\x03", b"\x10", b"\x1f", b"\xff\xff", b"\x00\x00\xff")
_MOST_KEPT = 400


class Mutator:
    """An endless line of inputs; what `keep` is given becomes a root of more."""

    def __init__(self, seed: int, corpus: Sequence[bytes], words: Sequence[bytes] = (), largest: int = 2048) -> None:
        """`words`: what a format likes to have in it, put in at any place."""
        self._chance = Random(seed)
        self._corpus = list(corpus) or [b""]
        self._first = len(self._corpus)
        self._words = (*_EDGES, *words)
        self._largest = largest

    def keep(self, data: bytes) -> None:
        """Something new came of this one."""
        if len(self._corpus) < self._first + _MOST_KEPT:
            self._corpus.append(data)
        else:
            self._corpus[self._chance.randrange(self._first, len(self._corpus))] = data

    def next(self) -> bytes:
        """One input, of `largest` bytes at most."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.04:
            return chance.randbytes(chance.randrange(1 + min(64, self._largest)))
        data = bytearray(chance.choice(self._corpus))
        if kind < 0.08:
            data *= chance.choice((2, 8, 64, 512))
        else:
            for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 9))):
                chance.choice(_ALTERATIONS)(self, data)
        del data[self._largest :]
        return bytes(data)

    # -- the alterations, each in place

    def _place(self, data: bytearray) -> int:
        return self._chance.randrange(len(data) + 1)

    def _span(self, data: bytearray) -> slice:
        at = self._place(data)
        return slice(at, at + 1 + int(self._chance.expovariate(1 / 6)))

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self._chance.randrange(len(data))] ^= 1 << self._chance.randrange(8)

    def _set(self, data: bytearray) -> None:
        if data:
            data[self._chance.randrange(len(data))] = self._chance.randrange(256)

    def _count(self, data: bytearray) -> None:
        """A length that is nearly right."""
        if data:
            at = self._chance.randrange(len(data))
            data[at] = (data[at] + self._chance.choice((-2, -1, 1, 2))) % 256

    def _word(self, data: bytearray) -> None:
        at = self._place(data)
        word = self._chance.choice(self._words)
        data[at : at + self._chance.choice((0, len(word)))] = word

    def _insert(self, data: bytearray) -> None:
        at = self._place(data)
        data[at:at] = self._chance.randbytes(1 + int(self._chance.expovariate(1 / 3)))

    def _delete(self, data: bytearray) -> None:
        del data[self._span(data)]

    def _double(self, data: bytearray) -> None:
        span = self._span(data)
        data[span.start : span.start] = data[span]

    def _cut(self, data: bytearray) -> None:
        del data[self._place(data) :]

    def _cross(self, data: bytearray) -> None:
        other = self._chance.choice(self._corpus)
        at = self._chance.randrange(len(other) + 1)
        data[self._place(data) :] = other[at:]


_ALTERATIONS: tuple[Callable[[Mutator, bytearray], None], ...] = (
    Mutator._flip,
    Mutator._set,
    Mutator._count,
    Mutator._word,
    Mutator._insert,
    Mutator._delete,
    Mutator._double,
    Mutator._cut,
    Mutator._cross,
)


DEEP = "deep"  # stands for more brackets in one another than any reader follows
_HOSTILE: tuple[object, ...] = (
    None, True, False, 0, -1, 1, 1.5, 10**25, 1e308, "", "0", "x" * 300, "\ud800", "\x00", "²", "2026-13-45T99:99:99Z",
    [], {}, [[]], {"": None}, ["x"] * 40, DEEP,
)  # fmt: skip


def altered_json(value: Any, chance: Random) -> Any:
    """The same plain data, with something in it replaced, left out, doubled or put elsewhere."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        if chance.random() < 0.1:
            return {key: one for key, one in value.items() if key != name}
        if chance.random() < 0.05:
            return {**value, chance.choice(("", "x", name.upper())): value[name]}
        return {**value, name: altered_json(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], altered_json(value[at], chance), *value[at + chance.randrange(2) :]]
    if isinstance(value, str) and value and chance.random() < 0.4:
        at = chance.randrange(len(value))
        return (
            value[:at] + chance.choice(("", value[at] * 2, "\n", "é", "0", "-", "%", "=", "&", ":")) + value[at + 1 :]
        )
    return chance.choice(_HOSTILE)
