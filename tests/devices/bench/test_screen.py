"""The live screen: what is drawn is seen at the workbench, and a finger there arrives where it was put."""

from __future__ import annotations

import io
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.devices.running import ROOT, eventually, free_port

WIDTH, HEIGHT = 540, 960
LIMIT_S = 60.0
NEAR_PX = 5

pytestmark = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="Xvfb or xdotool not installed"
)


@dataclass
class Shown:
    """A window on a virtual screen, and the workbench that looks at it."""

    url: str
    told: queue.SimpleQueue[str]

    def touch(self, deed: str, x: float, y: float) -> None:
        """Give one touch to the workbench."""
        answer = requests.post(f"{self.url}/api/touch", json={"do": deed, "x": x, "y": y}, timeout=30)
        assert answer.json() == {"ok": True}

    def felt(self) -> tuple[str, int, int]:
        """The next touch that the window felt."""
        what, x, y = self.told.get(timeout=LIMIT_S).split()
        return what, int(x), int(y)

    def picture(self, after: str | None = None, wait: float = 20.0) -> requests.Response:
        """The screen's picture, another than `after`."""
        given = {"form": "png", "wait": str(wait), **({} if after is None else {"after": after})}
        return requests.get(f"{self.url}/api/screen", params=given, timeout=LIMIT_S)


@contextmanager
def shown(folder: Path, how: str) -> Iterator[Shown]:
    """Start a virtual screen, a window on it (`still` or `moving`) and a workbench."""
    number = folder / "display"
    processes: list[subprocess.Popen[str]] = []
    try:
        with number.open("wb") as report:
            screen = f"{WIDTH}x{HEIGHT}x24"
            command = ["Xvfb", "-screen", "0", screen, "-fbdir", str(folder), "-displayfd", str(report.fileno())]
            command += ["-nolisten", "tcp"]
            fd, quiet = report.fileno(), subprocess.DEVNULL
            processes.append(subprocess.Popen(command, pass_fds=[fd], stderr=quiet, text=True))
        eventually("a display", lambda: number.read_text().endswith("\n"), LIMIT_S)
        display = f":{number.read_text().strip()}"
        window = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "touched_window.py"), str(WIDTH), str(HEIGHT), how],
            env={**os.environ, "DISPLAY": display},
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(window)
        assert window.stdout is not None
        assert window.stdout.readline().split() == ["ready", str(WIDTH), str(HEIGHT)]
        listen = f"127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "devices.simulators.bench", "--run-dir", str(folder), "--listen", listen]
        command += ["--screen", str(folder / "Xvfb_screen0"), "--display", display]
        bench = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        processes.append(bench)
        assert bench.stdout is not None
        assert bench.stdout.readline() == f"ready workbench http://{listen}\n"
        told: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_hand_on, args=(window.stdout, told), daemon=True).start()
        yield Shown(f"http://{listen}", told)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(LIMIT_S)


def _hand_on(lines: Iterable[str], told: queue.SimpleQueue[str]) -> None:
    for line in lines:
        told.put(line)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A window in which nothing moves."""
    with shown(tmp_path_factory.mktemp("still"), "still") as one:
        yield one


def test_a_touch_at_any_pixel_arrives_within_five_pixels(still: Shown) -> None:
    chance = random.Random(20261121)
    corners = [(0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1)]
    anywhere = [(chance.randrange(WIDTH), chance.randrange(HEIGHT)) for _ in range(25)]
    for x, y in corners + anywhere:
        still.touch("tap", x, y)
        for deed in ("press", "release"):
            what, felt_x, felt_y = still.felt()
            assert what == deed
            assert abs(felt_x - x) <= NEAR_PX, (x, y)
            assert abs(felt_y - y) <= NEAR_PX, (x, y)


def test_a_finger_is_pressed_drawn_over_the_screen_and_lifted_in_that_order(still: Shown) -> None:
    still.touch("press", 100, 800)
    assert still.felt() == ("press", 100, 800)
    still.touch("move", 110, 600)
    still.touch("move", 120, 400)
    still.touch("release", 120, 400)
    felt = [still.felt()]
    while felt[-1][0] != "release":
        felt.append(still.felt())
    assert {what for what, _, _ in felt[:-1]} == {"move"}
    assert felt[-1] == ("release", 120, 400)


def test_a_touch_beyond_the_screen_goes_to_its_edge(still: Shown) -> None:
    still.touch("tap", 9999, -40)
    what, x, y = still.felt()
    assert (what, x) == ("press", WIDTH - 1)
    assert y <= 1
    assert still.felt()[0] == "release"


@pytest.mark.parametrize(
    "wrong", [{}, {"do": "wink", "x": 1, "y": 1}, {"do": "tap", "x": 1}, {"do": "tap", "x": "1", "y": 1}]
)
def test_a_touch_that_makes_no_sense_is_answered_with_a_sentence(still: Shown, wrong: dict[str, object]) -> None:
    answer = requests.post(f"{still.url}/api/touch", json=wrong, timeout=30)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_the_picture_shows_what_the_window_draws(still: Shown) -> None:
    picture = Image.open(io.BytesIO(still.picture().content))
    assert picture.size == (WIDTH, HEIGHT)
    assert picture.convert("RGB").getcolors() == [(WIDTH * HEIGHT, (51, 102, 153))]


def test_nothing_is_sent_while_nothing_changes(still: Shown) -> None:
    number = still.picture().headers["Picture"]
    assert still.picture(after=number, wait=0.5).status_code == 204


def test_a_picture_of_another_width_is_scaled(still: Shown) -> None:
    answer = requests.get(f"{still.url}/api/screen?width=270", timeout=30)
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("JPEG", (WIDTH // 2, HEIGHT // 2))


def test_a_moving_screen_is_shown_at_two_pictures_a_second_or_more(tmp_path: Path) -> None:
    with shown(tmp_path, "moving") as moving:
        # The machine may be busy with something else: the best of several stretches counts.
        best = 0.0
        number = None
        until = time.monotonic() + LIMIT_S
        while best < 2.0 and time.monotonic() < until:
            began = time.monotonic()
            numbers = set()
            while time.monotonic() - began < 3.0:
                number = moving.picture(after=number).headers["Picture"]
                numbers.add(number)
            best = max(best, len(numbers) / (time.monotonic() - began))
        assert best >= 2.0


def test_a_display_without_a_frame_buffer_is_refused_in_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devices.simulators.bench", "--run-dir", str(tmp_path)]
    command += ["--listen", f"127.0.0.1:{free_port()}", "--screen", str(tmp_path / "none"), "--display", ":99"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert ended.returncode == 1
    assert re.fullmatch(r"workbench: there is no frame buffer file.*\n", ended.stderr)
