"""What a scanner types becomes what it scanned, by key code, in every layout, in any pieces; noise is no number."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.item_scanner.evdev_events import EVENT_32, EVENT_64, NATIVE, KeyDecoder
from devices.item_scanner.framing import Framer, Scan, Unreadable
from devices.item_scanner.key_layouts import LAYOUTS

SHIFT, CTRL, ALT, ALT_GR, CAPS, ENTER, TAB = 42, 29, 56, 100, 58, 28, 15
SYN, KEY = 0, 1
FORMS = [EVENT_64, EVENT_32]


def event(kind: int, code: int, value: int, form: struct.Struct = NATIVE) -> bytes:
    return form.pack(1700000000, 999999, kind, code, value)


def down(code: int, form: struct.Struct = NATIVE) -> bytes:
    return event(KEY, code, 1, form) + event(SYN, 0, 0, form)


def up(code: int, form: struct.Struct = NATIVE) -> bytes:
    return event(KEY, code, 0, form) + event(SYN, 0, 0, form)


def tap(*codes: int, form: struct.Struct = NATIVE) -> bytes:
    return b"".join(down(code, form) + up(code, form) for code in codes)


def held(modifier: int, *codes: int) -> bytes:
    return down(modifier) + tap(*codes) + up(modifier)


def typed(text: str, layout: str, form: struct.Struct) -> bytes:
    keys = LAYOUTS[layout]
    stream = b""
    for one in text:
        for modifier, characters in ((0, keys.plain), (SHIFT, keys.shifted), (ALT_GR, keys.third)):
            code = next((code for code, character in characters.items() if character == one), None)
            if code is not None:
                press = tap(code, form=form)
                stream += down(modifier, form) + press + up(modifier, form) if modifier else press
                break
    return stream


def test_events_are_as_long_as_the_kernel_gives_them() -> None:
    assert (EVENT_64.size, EVENT_32.size) == (24, 16)
    assert NATIVE.size == struct.calcsize("@llHHi")


def test_a_scan_typed_with_its_symbology_is_the_scan() -> None:
    stream = tap(27) + held(SHIFT, 46) + tap(11, 4, 11, 11, 11, 2, ENTER)  # ] Shift+C 0 3 0 0 0 1 Enter
    assert Framer().feed(KeyDecoder().feed(stream)) == [Scan("30001", "C0")]


@pytest.mark.parametrize("end", [tap(ENTER), tap(96), tap(TAB), held(CTRL, 50), held(CTRL, 36)])
def test_enter_the_keypads_enter_tab_and_their_control_characters_end_a_scan(end: bytes) -> None:
    assert Framer().feed(KeyDecoder().feed(tap(4, 11) + end)) == [Scan("30", None)]


def test_control_b_and_control_c_are_the_borders_of_a_block() -> None:
    assert Framer().feed(KeyDecoder().feed(held(CTRL, 48) + tap(4, 11) + held(CTRL, 46))) == [Scan("30", None)]


@pytest.mark.parametrize(
    ("layout", "stream", "text"),
    [
        ("be", held(SHIFT, 4, 11, 11, 2) + held(ALT_GR, 27) + tap(16, 39), "3001]am"),
        ("be", held(SHIFT, *range(2, 12)) + held(SHIFT, 44, 17, 50), "1234567890WZ?"),
        ("nl", tap(*range(2, 12)) + tap(86) + held(SHIFT, 46), "1234567890]C"),
        ("us", tap(*range(2, 12)) + tap(27) + held(SHIFT, 46), "1234567890]C"),
        ("us", tap(79, 80, 81, 75, 76, 77, 71, 72, 73, 82), "1234567890"),
    ],
)
def test_digits_letters_and_the_bracket_of_a_symbology_are_read_in_the_layout_of_the_scanner(
    layout: str, stream: bytes, text: str
) -> None:
    assert KeyDecoder(layout).feed(stream) == text.encode()


def test_a_scanner_set_to_another_layout_than_the_kiosk_thinks_gives_no_number() -> None:
    belgian = held(SHIFT, 4, 11, 11, 2) + tap(ENTER)
    assert Framer().feed(KeyDecoder("us").feed(belgian)) == [Scan("#))!", None)]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_has_every_digit_and_letter(layout: str) -> None:
    keys = LAYOUTS[layout]
    there = {*keys.plain.values(), *keys.shifted.values(), *keys.third.values()}
    assert there >= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-./ ]$+%")
    assert all(len(one) == 1 and one.isascii() for one in there)


@settings(deadline=None)
@given(
    st.text("0123456789ABCXYZabcmqwz-./$+%", min_size=1, max_size=64),
    st.sampled_from(sorted(LAYOUTS)),
    st.sampled_from(FORMS),
    st.integers(1, 50),
)
def test_what_is_typed_is_read_on_64_and_32_bits_in_any_pieces(
    text: str, layout: str, form: struct.Struct, size: int
) -> None:
    stream = typed(text, layout, form)
    decoder = KeyDecoder(layout, form)
    assert b"".join(decoder.feed(stream[at : at + size]) for at in range(0, len(stream), size)) == text.encode()


@settings(deadline=None)
@given(st.binary(max_size=2000), st.integers(1, 300), st.sampled_from(FORMS), st.sampled_from(sorted(LAYOUTS)))
def test_any_bytes_leave_less_than_one_event_waiting_and_give_ascii(
    noise: bytes, size: int, form: struct.Struct, layout: str
) -> None:
    decoder = KeyDecoder(layout, form)
    for at in range(0, len(noise), size):
        assert decoder.feed(noise[at : at + size]).isascii()
        assert len(decoder._rest) < form.size
        assert len(decoder._down) <= 9


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 0x2FF), st.integers(-1, 3)), max_size=60))
def test_after_any_keys_a_dropped_queue_begins_anew(events: list[tuple[int, int, int]]) -> None:
    decoder = KeyDecoder()
    decoder.feed(b"".join(event(*one) for one in events))
    decoder.feed(event(SYN, 3, 0) + tap(4)[:24] + event(SYN, 0, 0))
    assert decoder.feed(tap(4, 11)) == b"30"


def test_a_queue_that_ran_over_makes_the_scan_unreadable_and_never_a_shorter_number() -> None:
    stream = tap(4, 11) + event(SYN, 3, 0) + event(KEY, 5, 1) + event(SYN, 0, 0) + tap(2, ENTER)
    assert Framer().feed(KeyDecoder().feed(stream)) == [Unreadable("control characters")]


def test_between_a_queue_that_ran_over_and_the_next_report_no_key_counts() -> None:
    stream = down(SHIFT) + event(SYN, 3, 0) + event(KEY, 5, 1) + event(KEY, SHIFT, 1) + event(SYN, 0, 0) + tap(2)
    assert KeyDecoder().feed(stream) == b"\x001"


@pytest.mark.parametrize("key", [tap(59), held(ALT, 4), held(125, 4), held(CTRL, 4), held(ALT_GR, 4)])
def test_a_key_without_a_character_makes_the_scan_unreadable(key: bytes) -> None:
    assert Framer().feed(KeyDecoder().feed(tap(4) + key + tap(2, ENTER))) == [Unreadable("control characters")]


def test_a_key_that_is_held_is_one_character_and_a_lock_of_digits_none() -> None:
    assert KeyDecoder().feed(down(4) + event(KEY, 4, 2) + event(KEY, 4, 2) + up(4) + tap(69)) == b"3"


def test_caps_lock_turns_letters_and_not_digits_until_it_is_pressed_again() -> None:
    assert KeyDecoder().feed(tap(CAPS, 30, 4) + held(SHIFT, 30) + tap(CAPS, 30)) == b"A3aa"


def test_axes_buttons_and_scan_codes_are_no_keys() -> None:
    assert KeyDecoder().feed(event(2, 0, 5) + event(3, 4, 1) + event(4, 4, 458782) + tap(0x110)) == b""
