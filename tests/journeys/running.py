"""The whole product as `make demo` starts it, for journeys: real processes, real wires, no network to outside."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from PIL import Image, ImageChops

from devices.simulators.drive import Bench

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 100.0
LIMIT_S = 40.0  # generous: other work may be going on on this machine
LIBRARY = (0x0B, 0x5D, 0x57)  # what can be touched first
GOOD = (0xE7, 0xF4, 0xEA)  # behind the tick of a lent book
CARE = (0xFF, 0xF1, 0xDC)  # behind a refusal
_SAME = 10  # what the encoding of a picture may do to a colour beside a line, of 255
_FLAT = 4  # and in the middle of a plain surface
_MARK = "DEMO_OF_TEST"
_INVITATION = re.compile(r"ready.*open (http://[\w.:]+)")


def wait_until(what: str, condition: Callable[[], Any], seconds: float = LIMIT_S) -> Any:
    """Ask `condition` until it returns something true, and return that; AssertionError with `what` after `seconds`."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)
    return found


@dataclass
class Demo:
    """One running demo; `bench` is the hand at the simulated hardware."""

    url: str
    run_dir: Path
    bench: Bench
    launcher: subprocess.Popen[str]
    mark: str
    said: list[str]  # the launcher's lines so far

    def picture(self) -> Image.Image:
        """What the kiosk's screen shows now, in full size."""
        answer = requests.get(f"{self.url}/api/screen", params={"form": "png"}, timeout=LIMIT_S)
        answer.raise_for_status()
        return Image.open(io.BytesIO(answer.content)).convert("RGB")

    def touch(self, x: float, y: float) -> None:
        """Tap the kiosk's screen at that pixel, through the workbench."""
        answer = requests.post(f"{self.url}/api/touch", json={"do": "tap", "x": x, "y": y}, timeout=LIMIT_S)
        assert answer.json() == {"ok": True}

    def until_seen(self, what: str, seen: Callable[[Image.Image], Any], seconds: float = LIMIT_S) -> Any:
        """Wait until `seen` finds something on the kiosk's screen, and return that."""
        return wait_until(what, lambda: seen(self.picture()), seconds)

    def log(self, name: str) -> str:
        """All that the process `name` has logged."""
        return (self.run_dir / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def until_logged(self, pattern: str, name: str = "kiosk", times: int = 1) -> None:
        """Wait until the process `name` has logged `pattern` so often."""
        wait_until(f"{times} × {pattern!r} in {name}.log", lambda: len(re.findall(pattern, self.log(name))) >= times)

    def open_loans(self) -> Counter[str]:
        """The barcodes of all items that the store has lent out, each as often as it is lent."""
        with closing(sqlite3.connect(f"file:{self.run_dir}/store.db?mode=ro", uri=True)) as database:
            return Counter(item for (item,) in database.execute("SELECT item FROM loan WHERE returned_at IS NULL"))

    def barcode(self, book: str) -> str:
        """The barcode of a book of the pile."""
        return str(next(one["barcode"] for one in self.bench.pile() if one["name"] == book))

    def pid(self, name: str) -> int:
        """The process id of a part: screen, scanner, item-pad, store, kiosk … (`processes.json` has all)."""
        parts = json.loads((self.run_dir / "processes.json").read_text(encoding="utf-8"))
        return int(next(part["pid"] for part in parts if part["name"] == name))

    def kill(self, name: str) -> None:
        """Kill a part as a power cut would, and wait until the launcher has started it again."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        wait_until(f"{name} is started again", lambda: self.pid(name) != before)

    def processes(self) -> list[str]:
        """The command lines of all processes of this demo that live, the launcher's included."""
        return processes_marked(self.mark)

    def until_said(self, words: str) -> None:
        """Wait until the launcher has printed a line with these words."""
        wait_until(f"the launcher says: {words}", lambda: any(words in line for line in list(self.said)))

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it (by Ctrl-C) and return the launcher's exit code."""
        self.launcher.send_signal(how)
        return self.launcher.wait(LIMIT_S)


def main_button(picture: Image.Image) -> tuple[int, int] | None:
    """The middle of the widest button in the library's colour, None where there is none to its side."""
    width, height = picture.size
    start = width * 39 // 100  # before it there may stand another one, which is not filled
    strip = picture.crop((start, 0, start + 1, height)).tobytes()
    end = width - width // 10
    other_side = picture.crop((end, 0, end + 1, height)).tobytes()
    rows = [y for y in range(height) if _near(strip, y, LIBRARY) and _near(other_side, y, LIBRARY)]
    return (width // 2, rows[len(rows) // 2]) if len(rows) > height // 40 else None


def share(picture: Image.Image, colour: tuple[int, int, int]) -> float:
    """How much of the picture, 0 to 1, has that colour."""
    off = ImageChops.difference(picture, Image.new("RGB", picture.size, colour))
    worst = ImageChops.lighter(ImageChops.lighter(*off.split()[:2]), off.split()[2])
    return sum(worst.histogram()[: _FLAT + 1]) / (picture.width * picture.height)


def cards(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    """How many cards of that colour (GOOD: lent, CARE: refused) stand in the list, newest on top."""
    width, height = picture.size
    # Beside the sign: through the round picture of a lent book, left of all else in a refusal, which is filled.
    x = width * (105 if colour == GOOD else 80) // 1000
    column = picture.crop((x, 0, x + 1, height * 3 // 4)).tobytes()
    stretches: list[list[int]] = []
    for y in (y for y in range(height * 3 // 4) if _near(column, y, colour)):
        if stretches and y - stretches[-1][-1] <= height // 120:  # a line of the drawing, or an encoding's noise
            stretches[-1].append(y)
        else:
            stretches.append([y])
    return sum(len(stretch) > height // 60 for stretch in stretches)


def _near(column: bytes, y: int, colour: tuple[int, int, int]) -> bool:
    return all(abs(column[3 * y + part] - colour[part]) <= _SAME for part in range(3))


def processes_marked(mark: str) -> list[str]:
    """The command lines of all living processes that carry `mark` in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{_MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
        except OSError:
            continue
    return [command for command in found if command]  # a zombie has none


@contextmanager
def running_demo(run_dir: Path, options: Sequence[str] = ()) -> Iterator[Demo]:
    """Start the demo without a display on free ports; ended at the end, whatever happened.

    `options` are command-line options of `python -m provisioning.demo`.
    """
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "provisioning.demo", "--headless", "--port", "0", "--run-dir", str(run_dir)]
    launcher = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, _MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    listening = threading.Thread(target=_listen, args=(launcher, said), daemon=True)
    listening.start()
    try:
        yield Demo(_url(launcher, said), run_dir, Bench(run_dir), launcher, mark, said)
    finally:
        if launcher.poll() is None:
            launcher.terminate()
        try:
            launcher.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait()
        listening.join(LIMIT_S)


def _listen(launcher: subprocess.Popen[str], said: list[str]) -> None:
    assert launcher.stdout is not None
    with launcher.stdout as lines:
        said.extend(line.rstrip("\n") for line in lines)


def _url(launcher: subprocess.Popen[str], said: list[str]) -> str:
    def invited() -> str | None:
        found = [invitation[1] for line in list(said) if (invitation := _INVITATION.search(line))]
        if not found and launcher.poll() is not None:
            raise AssertionError("the demo did not start:\n" + "\n".join(said))
        return found[0] if found else None

    return str(wait_until("the demo is ready", invited, START_LIMIT_S))
