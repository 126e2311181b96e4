"""A window that hears no touch any more is noticed by touches that are felt; silence, dirt and delay are not."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.item_scanner.evdev_events import NATIVE
from devices.touch_watch import UNHEARD, Hearing, TouchCounter, TouchWatch

PATIENCE_S = 20.0


def _event(kind: int, code: int, value: int) -> bytes:
    return NATIVE.pack(0, 0, kind, code, value)


# A tap as a screen of many fingers tells it: number, place, first finger down, end of report; then up.
TAP = b"".join(
    _event(*one)
    for one in [(3, 57, 4), (3, 53, 100), (3, 54, 200), (1, 330, 1), (0, 0, 0), (3, 57, -1), (1, 330, 0), (0, 0, 0)]
)


@given(st.integers(0, 5), st.lists(st.integers(1, 50)))
def test_each_tap_counts_once_in_whatever_pieces_it_is_read(taps: int, cuts: list[int]) -> None:
    counter, data = TouchCounter(), TAP * taps
    for cut in cuts:
        counter.feed(data[:cut])
        data = data[cut:]
    counter.feed(data)
    assert counter.count == taps


def test_a_window_that_hears_every_touch_is_not_deaf() -> None:
    hearing = Hearing()
    assert not any(hearing.is_deaf(at, at) for at in range(100))


def test_silence_and_touches_that_only_the_window_hears_prove_nothing() -> None:
    hearing = Hearing()
    assert not any(hearing.is_deaf(0, at // 10) for at in range(100))


def test_touches_that_do_not_arrive_are_noticed_a_look_later_and_not_before() -> None:
    hearing = Hearing()
    assert not hearing.is_deaf(3, 3)
    assert not hearing.is_deaf(3 + UNHEARD - 1, 3)
    assert not hearing.is_deaf(3 + UNHEARD, 3)
    assert hearing.is_deaf(3 + UNHEARD, 3)


def test_touches_of_a_screen_that_is_still_dark_are_not_lost_and_those_after_them_can_be() -> None:
    hearing = Hearing()
    assert not any(hearing.is_deaf(2 * UNHEARD, 0) for _ in range(5))
    assert not hearing.is_deaf(3 * UNHEARD, 0)
    assert hearing.is_deaf(3 * UNHEARD, 0)


def test_a_burst_that_is_still_on_its_way_is_not_lost() -> None:
    hearing = Hearing()
    assert not hearing.is_deaf(0, 0)
    assert not hearing.is_deaf(50, 0)
    assert not hearing.is_deaf(50, 50)
    assert not hearing.is_deaf(50, 50)


def test_one_that_arrives_begins_the_count_anew() -> None:
    hearing = Hearing()
    for at in range(1, 60):
        assert not hearing.is_deaf(at, at // 3)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A pipe in the place of the screen's node, and its other end."""
    path = str(tmp_path / "event7")
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    yield path, end
    os.close(end)


def _until(condition: object, watch: TouchWatch, count: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while watch.felt != count:
        assert time.monotonic() < end, f"felt {watch.felt}, not {count}: {condition}"
        time.sleep(0.005)


def test_a_node_is_read_and_a_deaf_window_told_of(node: tuple[str, int]) -> None:
    path, end = node
    watch = TouchWatch(path)
    watch.start()
    assert not watch.is_deaf(0)
    os.write(end, TAP * UNHEARD)
    _until("five taps", watch, UNHEARD)
    assert not watch.is_deaf(0)
    assert watch.is_deaf(0)
    watch.stop()


def test_a_node_that_comes_later_or_again_is_read_then(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = str(tmp_path / "event7")
    watch = TouchWatch(path, again_s=0.01)
    watch.start()
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    os.write(end, TAP)
    _until("a tap", watch, 1)
    watch.stop()
    os.close(end)
    assert len(caplog.records) <= 2, "said once, not at every try"
