"""Two sounds that cannot be mistaken, quiet hours of the library's own clock, and the line of the light; no device."""

from __future__ import annotations

import io
import struct
import wave
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ports import Light
from devices.signals.light_line import LONGEST, Answers, command
from devices.signals.quiet_hours import QuietHours
from devices.signals.tones import RATE, error_tone, success_tone


def samples(wav: bytes) -> tuple[int, ...]:
    with wave.open(io.BytesIO(wav)) as one:
        assert (one.getnchannels(), one.getsampwidth(), one.getframerate()) == (1, 2, RATE)
        data = one.readframes(one.getnframes())
    return struct.unpack(f"<{len(data) // 2}h", data)


def test_success_is_shorter_and_softer_than_the_error_and_both_fit_into_a_pipe() -> None:
    success, error = samples(success_tone(100)), samples(error_tone(100))
    assert len(success) < RATE / 5 < len(error) < RATE
    assert max(success) < max(error) / 2 < 32767
    assert len(error_tone(100)) < 65536


@pytest.mark.parametrize("tone", [success_tone, error_tone])
def test_a_tone_begins_and_ends_in_silence_and_follows_the_volume(tone: type) -> None:
    loud, soft = samples(tone(100)), samples(tone(10))
    assert loud[0] == loud[-1] == 0
    assert max(loud) > 9 * max(soft) > 0
    assert set(samples(tone(0))) == {0}


def test_quiet_hours_go_on_past_midnight_and_end_on_the_minute() -> None:
    hours = QuietHours.read("20:00-09:00, 12:30-13:30")
    quiet = [time(20), time(23, 59), time(0), time(8, 59, 59), time(12, 30), time(13, 29)]
    loud = [time(19, 59), time(9), time(12, 29), time(13, 30)]
    assert all(hours.covers(now) for now in quiet)
    assert not any(hours.covers(now) for now in loud)
    assert not QuietHours.read(" ").covers(time(3))


@settings(deadline=None)
@given(st.times(), st.times())
def test_a_span_and_the_rest_of_the_day_are_the_day(begin: time, end: time) -> None:
    begin, end = begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if begin != end:
        span = QuietHours.read(f"{begin:%H:%M}-{end:%H:%M}")
        rest = QuietHours.read(f"{end:%H:%M}-{begin:%H:%M}")
        for now in (begin, end, time(0), time(12, 34, 56)):
            assert span.covers(now) != rest.covers(now)


@pytest.mark.parametrize("text", ["8-9", "24:00-01:00", "08:00-08:00", "08:00", "08:00-09:00,", "٠8:00-09:00", "x"])
def test_times_that_are_none_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="must be times such as"):
        QuietHours.read(text)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_hours_or_refused(text: str) -> None:
    try:
        hours = QuietHours.read(text)
    except ValueError:
        return
    assert len(hours.spans) <= 12


@settings(deadline=None)
@given(st.lists(st.sampled_from(Light)), st.integers(1, 7))
def test_what_the_light_confirms_is_read_in_any_pieces(shown: list[Light], size: int) -> None:
    stream = b"".join(command(one).replace(b"light", b"ok") + b"what\r\n" for one in shown)
    answers = Answers()
    found = [one for at in range(0, len(stream), size) for one in answers.feed(stream[at : at + size])]
    assert found == shown


@settings(deadline=None)
@given(st.binary(max_size=500), st.integers(1, 64))
def test_noise_of_a_light_takes_no_memory_and_confirms_nothing_by_itself(noise: bytes, size: int) -> None:
    answers = Answers()
    for at in range(0, len(noise), size):
        found = answers.feed(noise[at : at + size])
        assert not found or b"ok " in noise
        assert len(answers._line) <= LONGEST
    answers.feed(b"\n")
    assert answers.feed(b"ok help\r\n") == [Light.HELP]
