"""The real window on a real (virtual) display: touched by X events, closed by nobody but the service manager."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_S = 60.0
SIZE = (540, 960)
ROOT = Path(__file__).resolve().parents[3]
# No home; whoever may not make one would otherwise hear from Mesa that its cache has no place.
NOWHERE = {"HOME": "/nonexistent", "MESA_SHADER_CACHE_DISABLE": "true", "MESA_GLSL_CACHE_DISABLE": "true"}

pytestmark = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool (make test installs them)"
)


class Window:
    """One process with a window that fills a display of its own."""

    def __init__(self, folder: Path, start: str) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", str(folder)],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as numbers:
            self._display = f":{numbers.readline().strip()}"
        self._picture = folder / "Xvfb_screen0"
        self.said: list[str] = []
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KIVY_", "SDL_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kiosk.screens.alone", start, *map(str, SIZE), "--fullscreen"],
            env={**environment, **NOWHERE, "DISPLAY": self._display},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=(folder / "log").open("wb"),
        )
        self.log = folder / "log"
        self.hear("frame 2")

    def hear(self, line: str) -> None:
        """Waits until the process has said this line."""
        end = time.monotonic() + PATIENCE_S
        out = self.process.stdout
        assert out is not None
        while line not in self.said:
            ready, _, _ = select.select([out], [], [], max(0.0, end - time.monotonic()))
            heard = out.readline().decode().strip() if ready else ""
            assert heard, f"never said {line!r}: {self.said} {self.log.read_text()}"
            self.said.append(heard)

    def do(self, *command: object) -> None:
        subprocess.run(
            ["xdotool", *map(str, command)],
            env={**os.environ, "DISPLAY": self._display},
            check=True,
            timeout=PATIENCE_S,
        )

    def tap(self, x: float, y: float) -> None:
        """A click at a part of the width and of the height, from the top left."""
        self.do("mousemove", round(SIZE[0] * x), round(SIZE[1] * y), "click", 1)

    def next_frames(self, count: int = 2) -> None:
        """Waits for the next beats of the drawing loop."""
        last = max(int(one.split()[1]) for one in self.said if one.startswith("frame"))
        for at in range(last + 1, last + count + 1):
            self.hear(f"frame {at}")

    @property
    def touched(self) -> list[str]:
        return [one.removeprefix("touched ") for one in self.said if one.startswith("touched")]

    def picture(self) -> bytes:
        return self._picture.read_bytes()

    def close(self) -> None:
        for process in (self.process, self._server):
            if process.poll() is None:
                process.kill()
            process.wait()


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
    at_borrowing.next_frames()
    before = at_borrowing.picture()
    for keys in ("Escape", "F1", "F11", "F12", "alt+F4", "ctrl+c", "ctrl+e", "ctrl+q", "ctrl+w", "super", "Menu", "a"):
        at_borrowing.do("key", keys)
    at_borrowing.do("click", 3, "click", 2, "click", 4)
    at_borrowing.next_frames()
    assert at_borrowing.process.poll() is None
    assert at_borrowing.picture() == before
    assert at_borrowing.touched == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_manager_ends_it_in_order(at_rest: Window, number: signal.Signals) -> None:
    at_rest.process.send_signal(number)
    assert at_rest.process.wait(PATIENCE_S) == 0
    at_rest.hear("ended")
    assert at_rest.log.read_text() == ""
