"""Barcodes out of characters: every way to end a scan, in any pieces; noise tells once and takes no memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.item_scanner.framing import LONGEST_FRAME, LONGEST_SCAN, Framed, Framer, Scan, Unreadable, interpret

codes = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="|]"), min_size=1, max_size=64)
ends = st.sampled_from(
    [(b"", b"\r"), (b"", b"\n"), (b"", b"\r\n"), (b"", b"\t"), (b"\x02", b"\x03"), (b"\x02", b"\x03\r\n")]
)


def in_pieces(framer: Framer, stream: bytes, size: int) -> list[Framed]:
    found: list[Framed] = []
    for at in range(0, len(stream), size):
        found += framer.feed(stream[at : at + size])
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(codes, ends), max_size=6), st.integers(1, 9))
def test_scans_survive_every_end_and_every_way_to_arrive_in_pieces(
    scans: list[tuple[str, tuple[bytes, bytes]]], size: int
) -> None:
    stream = b"".join(before + code.encode() + after for code, (before, after) in scans)
    assert in_pieces(Framer(), stream, size) == [Scan(code, None) for code, _ in scans]


@settings(deadline=None)
@given(codes, st.sampled_from(["C0", "C1", "A0", "F0", "E0", "I0", "Q3"]))
def test_an_aim_identifier_is_told_apart_from_the_code(code: str, aim: str) -> None:
    assert Framer().feed(f"]{aim}{code}\r".encode()) == [Scan(code, aim)]


@settings(deadline=None)
@given(st.binary(max_size=3000), st.integers(1, 700))
def test_any_noise_leaves_bounded_memory_and_a_framer_that_reads_the_next_scan(noise: bytes, size: int) -> None:
    framer = Framer()
    for at in range(0, len(noise), size):
        framer.feed(noise[at : at + size])
        assert len(framer._frame) <= LONGEST_FRAME
    framer.quiet()
    assert framer.feed(b"30001234567890\r") == [Scan("30001234567890", None)]
    assert not framer.unsettled


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_whatever_is_read_as_a_scan_is_short_printable_ascii_without_the_delimiter_of_sip2(noise: bytes) -> None:
    for one in Framer().feed(noise + b"\r"):
        if isinstance(one, Scan):
            assert 0 < len(one.text) <= LONGEST_SCAN
            assert one.text.isascii()
            assert one.text.isprintable()
            assert "|" not in one.text
            assert one.text == one.text.strip()


def test_ten_thousand_characters_without_an_end_are_one_unreadable_scan() -> None:
    framer = Framer()
    found = in_pieces(framer, b"7" * 10_000, 512) + framer.quiet()
    assert found == [Unreadable("too long for a barcode")]


def test_noise_in_a_row_is_told_once_and_again_after_a_silence_or_a_good_scan() -> None:
    framer = Framer()
    assert framer.feed(b"\xff\r\x00\r\x81\r") == [Unreadable("characters that are not ASCII")]
    assert framer.unsettled
    framer.quiet()
    assert framer.feed(b"\xff\r3000\r\xff\r") == [
        Unreadable("characters that are not ASCII"),
        Scan("3000", None),
        Unreadable("characters that are not ASCII"),
    ]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"12|34\r", "the delimiter of SIP2"),
        (b"12\x1b34\r", "control characters"),
        (b"12\x0034\n", "control characters"),
        (b"12\x7f\r", "control characters"),
        (b"caf\xc3\xa9\r", "characters that are not ASCII"),
        (b"1" * 65 + b"\r", "too long for a barcode"),
        (b"\x0212\r34\x03", "control characters"),
        (b"\x0212\x02", "a block that did not end"),
        (b"   \r", "an empty barcode"),
        (b"]C0\r", "an empty barcode"),
        (b"\x02\x03", "an empty barcode"),
    ],
)
def test_what_is_no_barcode_is_unreadable_for_a_reason_that_does_not_repeat_it(stream: bytes, reason: str) -> None:
    assert Framer().feed(stream) == [Unreadable(reason)]


def test_a_scan_without_an_end_is_dropped_when_the_line_falls_silent() -> None:
    framer = Framer()
    assert framer.feed(b"3000123") == []
    assert framer.unsettled
    assert framer.quiet() == [Unreadable("no end of line")]
    assert framer.quiet() == []
    assert framer.feed(b"456\r") == [Scan("456", None)]


def test_empty_lines_are_nothing() -> None:
    assert Framer().feed(b"\r\n\r\n\r") == []


def test_prefix_and_suffix_of_the_installer_are_taken_off_and_must_be_there() -> None:
    assert interpret(b"#]C03000$", "#", "$") == Scan("3000", "C0")
    assert interpret(b"]C0#3000$", "#", "$") == Scan("3000", "C0")
    assert interpret(b"]C03000$", "#", "$") == Unreadable("the scanner's prefix or suffix is missing")
    assert interpret(b"3000$", "#", "$") == Unreadable("the scanner's prefix or suffix is missing")
    assert interpret(b"#", "#", "#") == Unreadable("the scanner's prefix or suffix is missing")


def test_a_start_of_block_within_noise_does_not_swallow_the_next_scan() -> None:
    framer = Framer()
    framer.feed(b"7" * 10_000 + b"300\x01\x02|AB\r")
    assert framer.feed(b"30001234567896\r") == [Scan("30001234567896", None)]
    framer.feed(b"12\x0234\r")
    assert framer.feed(b"30001234567896\r") == [Scan("30001234567896", None)]
