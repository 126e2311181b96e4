"""NDEF text on a chip: read where it is whole and plain, refused where it is not; never trusted."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.pass_reader import ndef

PLAIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="|"), min_size=1, max_size=64)


def text_record(text: str, *, utf16: bool = False, language: bytes = b"nl", long: bool = False) -> bytes:
    payload = bytes([len(language) | (0x80 if utf16 else 0)]) + language + text.encode("utf-16" if utf16 else "utf-8")
    size = len(payload).to_bytes(4, "big") if long or len(payload) > 255 else bytes([len(payload)])
    return bytes([0xC1 if len(size) == 4 else 0xD1, 1]) + size + b"T" + payload


def tlv(message: bytes) -> bytes:
    size = bytes([len(message)]) if len(message) < 255 else b"\xff" + len(message).to_bytes(2, "big")
    return b"\x03" + size + message + b"\xfe"


@given(st.text(max_size=150), st.booleans(), st.booleans(), st.integers(0, 3))
def test_a_text_survives_the_way_onto_a_chip_and_back(text: str, utf16: bool, long: bool, nulls: int) -> None:
    memory = bytes(nulls) + b"\x01\x03\xa0\x10\x44" + tlv(text_record(text, utf16=utf16, long=long))
    span = ndef.message_span(memory)
    assert span is not None
    assert ndef.text_of(memory[span[0] : span[1]]) == text


@given(st.binary(max_size=300))
def test_any_memory_gives_a_span_or_a_refusal(memory: bytes) -> None:
    try:
        span = ndef.message_span(memory)
    except ndef.NdefError:
        return
    assert span is None or span[1] - span[0] <= ndef.LONGEST_MESSAGE


@given(st.binary(max_size=300))
def test_any_message_gives_a_text_or_a_refusal(message: bytes) -> None:
    with suppress(ndef.NdefError):
        assert isinstance(ndef.text_of(message), str)


@given(PLAIN.filter(str.strip))
def test_a_plain_number_is_taken_without_the_space_around_it(text: str) -> None:
    assert ndef.number_in(f" {text}\n") == text.strip()


@pytest.mark.parametrize("text", ["", "  ", "1" * 65, "12|34", "12\x1b34", "12\r34", "１２", "1\x7f", "naïef"])
def test_what_can_be_no_number_is_none(text: str) -> None:
    assert ndef.number_in(text) is None


@pytest.mark.parametrize(
    "message",
    [
        b"\xd1\x01\x0fU\x04example.org/1234",
        b"",
        b"\xd1",
        b"\xd1\x01\x20T\x02nl1",
        b"\xb1\x01\x04T\x02nl1",
        b"\xd1\x01\x00T",
        b"\xd1\x01\x05T\x02nl\xff\xfe",
    ],
)
def test_a_message_without_a_whole_text_record_is_refused(message: bytes) -> None:
    with pytest.raises(ndef.NdefError):
        ndef.text_of(message)


def test_a_text_behind_another_record_is_found() -> None:
    uri = b"\x91\x01\x0bU\x04library.nl"
    assert ndef.text_of(uri + b"\x51\x01\x08T\x02nl12345") == "12345"


@pytest.mark.parametrize(
    ("capability", "size"),
    [("e1101200", 144), ("e1106d00", 872), ("00000000", 0), ("e1201200", 0), ("e11012f0", 0), ("e110", 0)],
)
def test_only_a_readable_chip_of_the_known_version_has_a_data_area(capability: str, size: int) -> None:
    assert ndef.data_area_size(bytes.fromhex(capability)) == size
