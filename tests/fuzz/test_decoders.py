"""Every decoder, whatever comes: a little of it in each run, ten million bytes and more for each in `make long`."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from tests.fuzz import (
    device_conversations,
    device_decoders,
    memory_decoders,
    payment_decoders,
    port_decoders,
    simulator_decoders,
)
from tests.fuzz.fuzzing import Decoder, Found, fuzz

DECODERS = (
    *device_decoders.DECODERS,
    *payment_decoders.DECODERS,
    *device_conversations.DECODERS,
    *port_decoders.DECODERS,
    *simulator_decoders.DECODERS,
    *memory_decoders.DECODERS,
)
each = pytest.mark.parametrize("decoder", DECODERS, ids=[one.name for one in DECODERS])
SHORT_BYTES, SHORT_CASES = 40_000, 150
LONG_BYTES, LONG_CASES = 10_000_000, 60_000


@each
def test_a_decoder_reads_or_says_no_in_its_own_words(decoder: Decoder) -> None:
    fuzz(decoder, 1, SHORT_BYTES, SHORT_CASES)


@pytest.mark.long(minutes=2)
@pytest.mark.timeout(3600)
@each
def test_a_decoder_reads_or_says_no_through_ten_million_bytes(decoder: Decoder) -> None:
    began = time.monotonic()
    tried = fuzz(decoder, time.time_ns() % 2**32, LONG_BYTES, LONG_CASES)
    print(f"\n{decoder.name}: {tried} in {time.monotonic() - began:.0f} s")
    assert tried.read, "nothing was ever read: the corpus is none of this decoder"


@each
def test_what_a_decoder_is_tried_with_begins_with_something_that_it_reads(decoder: Decoder) -> None:
    read = 0
    for root in decoder.corpus:
        for data in (root, decoder.mend(root) if decoder.mend else root):
            with suppress(*decoder.says_no):
                decoder.read(data)
                read += 1
    assert read


def _fails_at_a_word(data: bytes) -> None:
    if b"\x80" in data[3:]:
        raise IndexError


def _never_ends(data: bytes) -> None:
    for _ in range(10**8 if data.startswith(b"\x00") else 0):
        pass


def _hoards(data: bytes) -> None:
    bytes(10_000_000)


@pytest.mark.parametrize(("read", "what"), [(_fails_at_a_word, "IndexError"), (_hoards, "bytes of memory")])
def test_a_decoder_that_does_what_it_must_not_is_found(read: object, what: str) -> None:
    with pytest.raises(Found, match=what):
        fuzz(Decoder("bad", (b"abcdef",), read), 1, 100_000)  # type: ignore[arg-type]


def test_a_decoder_that_does_not_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.fuzzing.MOST_CPU_S", 0.2)
    with pytest.raises(Found, match="more than"):
        fuzz(Decoder("bad", (b"abcdef",), _never_ends), 1, 100_000)
