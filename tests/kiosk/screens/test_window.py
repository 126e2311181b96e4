"""The real window on a real (virtual) display: touched by X events, closed by nobody but the service manager."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kiosk.screens.running import PATIENCE_S, SIZE, Window

pytestmark = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool (make test installs them)"
)
KEYS = ["Escape", "F1", "F4", "F11", "F12", "Tab", "space", "Return", "BackSpace", "Delete", "Insert", "Home", "Print"]
KEYS += ["Menu", "Left", "Up", *"acdefnopqtvwxz"]


@pytest.fixture
def at_borrowing(tmp_path: Path) -> Iterator[Window]:
    window = Window(tmp_path, "borrow")
    yield window
    window.close()


@pytest.fixture
def at_rest(tmp_path: Path) -> Iterator[Window]:
    window = Window(tmp_path, "rest")
    yield window
    window.close()


def test_a_click_is_one_touch(at_borrowing: Window) -> None:
    for _ in range(3):
        at_borrowing.tap(0.5, 0.86)
        at_borrowing.next_frames()
    assert at_borrowing.touched == ["done", "done", "done"]


def test_two_quick_clicks_are_one_touch(at_borrowing: Window) -> None:
    at_borrowing.do("mousemove", SIZE[0] // 2, round(SIZE[1] * 0.86), "click", "--repeat", 2, "--delay", 20, 1)
    at_borrowing.next_frames()
    assert at_borrowing.touched == ["done"]


def test_a_touch_changes_the_picture_and_the_language(at_rest: Window) -> None:
    at_rest.tap(0.2, 0.95)
    at_rest.hear("touched help")
    at_rest.next_frames()
    at_rest.tap(0.8, 0.95)
    at_rest.hear("touched language en")
    at_rest.next_frames()
    before = at_rest.picture()
    at_rest.tap(0.5, 0.84)
    at_rest.hear("touched close")
    at_rest.next_frames()
    assert at_rest.picture() != before


def test_no_key_changes_the_picture_or_ends_the_window(at_borrowing: Window) -> None:
    """Every key of the keyboard, alone and with each modifier; what a scanner types; what a mouse has besides."""
    at_borrowing.next_frames()
    before = at_borrowing.picture()
    keys = [*map(str, range(9, 256))]  # X key codes: whatever is printed on them
    at_borrowing.do("key", "--delay", 0, *keys)
    for modifier in ("ctrl", "alt", "shift", "super", "ctrl+alt", "ctrl+shift", "alt+shift"):
        at_borrowing.do("key", "--delay", 0, *[f"{modifier}+{key}" for key in KEYS])
    at_borrowing.do("type", "--delay", 0, "31234567890123\n\x1b[200~javascript:alert(1)\x04\t")
    at_borrowing.do("click", 3, "click", 2, "click", 4, "click", 5, "click", 8, "click", 9)
    at_borrowing.next_frames()
    assert at_borrowing.process.poll() is None
    assert at_borrowing.picture() == before
    assert at_borrowing.touched == []
    assert at_borrowing.log.read_text() == ""
    at_borrowing.tap(0.5, 0.86)
    at_borrowing.hear("touched done")


def test_modifiers_that_hang_do_not_change_what_a_touch_does(at_borrowing: Window) -> None:
    at_borrowing.do("keydown", "alt", "keydown", "shift", "keydown", "ctrl", "click", 4)
    for _ in range(2):
        at_borrowing.tap(0.5, 0.86)
        at_borrowing.next_frames()
    assert at_borrowing.touched == ["done", "done"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_manager_ends_it_in_order(at_rest: Window, number: signal.Signals) -> None:
    at_rest.process.send_signal(number)
    assert at_rest.process.wait(PATIENCE_S) == 0
    at_rest.hear("ended")
    assert at_rest.log.read_text() == ""
