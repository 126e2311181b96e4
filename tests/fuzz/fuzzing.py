"""One decoder against many inputs: it reads, or says no in its own words, in bounded steps, time and memory."""

from __future__ import annotations

import json
import signal
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from tests.fuzz.mutation import DEEP, Mutator, altered_json

ROOT = str(Path(__file__).resolve().parents[2])
HERE = str(Path(__file__).resolve().parent)
WATCHED_EVERY = 47  # cases: one whose lines are counted; odd, so that altered and mended ones take turns
WEIGHED_EVERY = 331  # cases: one whose memory is measured
MOST_CPU_S = 5.0  # a case
STEPS, STEPS_A_BYTE = 30_000, 400  # lines of our own code
HEAP, HEAP_A_BYTE = 400_000, 200  # bytes


@dataclass(frozen=True)
class Decoder:
    """What is tried. `says_no`: its own errors. `mend`: makes an altered input right again where a checksum would hide
    all that is behind it; used for every second case.
    """

    name: str
    corpus: Sequence[bytes]
    read: Callable[[bytes], object]
    says_no: tuple[type[BaseException], ...] = ()
    mend: Callable[[bytes], bytes] | None = None
    words: Sequence[bytes] = ()
    largest: int = 2048


class Found(AssertionError):
    """A decoder did what it must not; the text has the input in hexadecimal."""


@dataclass
class Tried:
    """How much was tried, and the worst that came of it."""

    cases: int = 0
    bytes: int = 0
    steps: int = 0  # of the case with the most
    heap: int = 0
    lines: set[tuple[str, int]] = field(default_factory=set, repr=False)
    read: int = 0  # cases that were read, and not refused


class TooLong(BaseException):
    """No Exception, so that no decoder takes it for one of its own."""


def fuzz(decoder: Decoder, seed: int, budget: int, cases: int = 0) -> Tried:
    """Tries `budget` bytes and so many `cases`, at least; raises Found."""
    inputs, tried, words = Mutator(seed, decoder.corpus, decoder.words, decoder.largest), Tried(), dict[str, int]()
    while tried.bytes < budget or tried.cases < cases:
        data = inputs.next()
        if decoder.mend is not None and tried.cases % 2:
            data = decoder.mend(data)
        tried.cases += 1
        tried.bytes += len(data)
        new = False
        if tried.cases % WATCHED_EVERY == 0:
            said, lines, steps = _watched(decoder, data)
            new = not lines <= tried.lines
            tried.lines |= lines
            tried.steps = max(tried.steps, steps)
            if steps > STEPS + STEPS_A_BYTE * len(data):
                raise _found(decoder, data, f"{steps} steps")
        elif tried.cases % WEIGHED_EVERY == 0:
            said, heap = _weighed(decoder, data)
            tried.heap = max(tried.heap, heap)
            if heap > HEAP + HEAP_A_BYTE * len(data):
                raise _found(decoder, data, f"{heap} bytes of memory")
        else:
            said = _said(decoder, data)
        tried.read += said == ""
        words[said] = words.get(said, 0) + 1
        if new or words[said] <= 8:
            inputs.keep(data)
    return tried


def _said(decoder: Decoder, data: bytes) -> str:
    """The words by which it refused, empty when it did not; raises Found."""
    try:
        with _in_time():
            decoder.read(data)
    except decoder.says_no as no:
        return f"{type(no).__name__}: {no}"
    except TooLong:
        raise _found(decoder, data, f"more than {MOST_CPU_S} seconds") from None
    except Exception as error:
        raise _found(decoder, data, f"{type(error).__name__}") from error
    return ""


def _watched(decoder: Decoder, data: bytes) -> tuple[str, set[tuple[str, int]], int]:
    lines: set[tuple[str, int]] = set()
    steps = 0

    def within(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        if event == "line":
            steps += 1
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return within

    def called(frame: FrameType, _: str, __: Any) -> Any:
        name = frame.f_code.co_filename
        return within if name.startswith(ROOT) and not name.startswith(HERE) and ".venv" not in name else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        said = _said(decoder, data)
    finally:
        sys.settrace(before)
    return said, lines, steps


def _weighed(decoder: Decoder, data: bytes) -> tuple[str, int]:
    tracemalloc.start()
    try:
        said = _said(decoder, data)
        return said, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextmanager
def _in_time() -> Iterator[None]:
    """Ends what takes more than MOST_CPU_S of the processor, however busy the machine is."""

    def over(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _found(decoder: Decoder, data: bytes, what: str) -> Found:
    return Found(f"{decoder.name}: {what} by {len(data)} bytes: {data[:2000].hex()}")


def chance_of(data: bytes) -> int:
    """A number that belongs to these bytes, for what a case needs besides them."""
    return zlib.crc32(data)


def in_pieces(data: bytes) -> Iterator[bytes]:
    """The bytes as a line may deliver them, the same each time."""
    chance, at = chance_of(data), 0
    while at < len(data):
        chance = (chance * 1103515245 + 12345) & 0x7FFFFFFF
        size = 1 + (chance >> 16) % 40
        yield data[at : at + size]
        at += size


def json_mended(*roots: object) -> Callable[[bytes], bytes]:
    """Altered bytes are hardly ever JSON: gives one of the roots instead, altered as data by what the bytes say."""

    def mend(data: bytes) -> bytes:
        chance = Random(chance_of(data))
        value = chance.choice(roots)
        for _ in range(chance.choice((1, 1, 2, 4))):
            value = altered_json(value, chance)
        return json.dumps(value).encode().replace(b'"%s"' % DEEP.encode(), b"[" * 3000 + b"]" * 3000)

    return mend
