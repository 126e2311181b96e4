"""The whole product for a journey: store, line, simulated hardware and a screen by the demo, and the real kiosk.

The kiosk is started here, so that a journey can kill it, start it again and change its configuration. What it shows is
seen in pictures of the screen and in its log, which names screens, rules and event ids and nobody.
"""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from devices.pass_reader.presence import MISSES_UNTIL_GONE
from devices.simulators.bench.framebuffer import FrameBuffer
from devices.simulators.drive import Bench
from tests.journeys.running import LIMIT_S, ROOT, running_demo, wait_until

_LAST_LINES = 25
ANSWERS_A_SENSE = 4  # of the reader's chip, to the commands of one look for a pass
# Where the fixed buttons stand on a screen of 1080 by 1920.
BUTTONS = {
    "stop": (845, 113),
    "done": (540, 1656),
    "print": (540, 1488),
    "no_receipt": (540, 1656),
    "bring_back": (540, 1656),
    "lend": (540, 1488),
    "account": (220, 1656),  # beside the way out of the list
    "account_at_rest": (540, 1488),
    "back": (278, 1656),
    "email": (540, 1488),
    "help": (200, 1823),
    "language": (855, 1823),
    "english": (752, 1104),  # on the card of all languages
}
# The keys of the PIN pad there, and the one that says that the PIN is complete.
KEYS = {digit: (215 + 325 * (at % 3), 1152 + 168 * (at // 3)) for at, digit in enumerate("123456789")} | {
    "0": (540, 1656),
    "ok": (865, 1656),
}


class WholeApp:
    """One demo and one kiosk, in a directory of their own; `mirror`: whether the kiosk lends without a line."""

    def __init__(self, run_dir: Path, *, mirror: bool = False, **settings: str) -> None:
        self.run_dir, self.bench = run_dir, Bench(run_dir)
        self._mirror = mirror
        self._settings = settings
        self.log_file = run_dir / "log" / "journey-kiosk.log"
        self._kiosk: subprocess.Popen[bytes] | None = None
        self._seen = self._began = 0
        self._ends = contextlib.ExitStack()
        self.demo = self._ends.enter_context(running_demo(run_dir, ["--no-kiosk"]))
        self.display = ":" + (run_dir / "screen" / "display").read_text("ascii").strip()
        self.config = self._configured()

    # -- processes

    def _configured(self) -> Path:
        """The demo's kiosk.toml, with what this journey wants otherwise."""
        text = (self.run_dir / "kiosk.toml").read_text("utf-8")
        for name, value in self._settings.items():
            if re.search(rf"(?m)^{name} = ", text):
                text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
            else:
                text += f"\n[visit]\n{name} = {value}\n"
        if not self._mirror:
            text = re.sub(r"(?ms)^\[mirror\]\n.*?(?=^\[)", "", text)
        config = self.run_dir / "journey.toml"
        config.write_text(text, "utf-8")
        return config

    def reconfigure(self, **settings: str) -> None:
        """From its next start on the kiosk has these settings too."""
        self._settings |= settings
        self.config = self._configured()

    def wait_mirror(self) -> None:
        """Waits until the kiosk's mirror was pulled."""
        wait_until("a mirror", lambda: "pulled: a new snapshot" in self.demo.log("mirror"))

    def start_kiosk(self, *devices: str) -> None:
        """Starts the kiosk and waits until its window draws and both ways in (or these devices) are open."""
        self.mark()
        self._began = self._seen
        with self.log_file.open("ab") as log:
            self._kiosk = subprocess.Popen(
                [sys.executable, "-m", "kiosk", "--config", str(self.config), "--fullscreen"],
                cwd=ROOT,
                # what sounds is heard by the simulated card and synthesizer
                env=os.environ | {"DISPLAY": self.display, "PATH": f"{self.run_dir / 'sound'}:{os.environ['PATH']}"},
                stdout=log,
                stderr=log,
            )
        self.until_ready(*devices)

    def until_ready(self, *devices: str) -> None:
        """Waits until these devices (all, when none is named) have been opened since the mark."""
        for device in devices or ("pass_reader", "item_scanner", "receipt_printer"):
            self.wait_log(f"device {device}: ready")

    def kill_kiosk(self) -> None:
        """Ends it as a power cut would end it."""
        assert self._kiosk is not None
        self._kiosk.send_signal(signal.SIGKILL)
        self._kiosk.wait(10)

    def stop_kiosk(self) -> int:
        """Ends it in order; its exit code."""
        assert self._kiosk is not None
        self._kiosk.terminate()
        return self._kiosk.wait(20)

    def kiosk_lives(self) -> bool:
        """Whether the kiosk still runs."""
        return self._kiosk is not None and self._kiosk.poll() is None

    def put_right(self) -> None:
        """What a journey needs that follows one which failed: all plugged in and whole, and a kiosk that invites."""
        self.bench.remove_pass()
        self.bench.reader_fault("none")
        for what in ("reader", "scanner", "printer", "network"):
            self.bench.plug(what)
        screens = re.findall(r"screen (\w+)", self.since_start())
        if self.kiosk_lives() and (not screens or screens[-1] == "Rest"):
            return
        if self.kiosk_lives():
            self.kill_kiosk()
        self.start_kiosk()

    def close(self) -> None:
        """Ends everything."""
        with self._ends:
            if self.kiosk_lives():
                self.stop_kiosk()

    # -- looking

    def log(self) -> str:
        """All that the kiosk has logged."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    def since_start(self) -> str:
        """What this life of the kiosk has logged."""
        return self.log()[self._began :]

    def kiosk_pid(self) -> int:
        """The process id of the kiosk that was started last."""
        assert self._kiosk is not None
        return self._kiosk.pid

    def mark(self) -> None:
        """`wait_log` looks only at what comes after this."""
        self._seen = len(self.log())

    def since_mark(self) -> str:
        """What the kiosk has logged since the mark."""
        return self.log()[self._seen :]

    def wait_log(self, pattern: str, count: int = 1, limit_s: float = LIMIT_S) -> None:
        """Waits until the pattern stands in the log `count` times since the mark."""
        try:
            wait_until(f"{pattern!r} in the log", lambda: len(re.findall(pattern, self.since_mark())) >= count, limit_s)
        except AssertionError as fault:
            raise AssertionError(f"{fault}; {self._how_it_is()}") from None

    def _how_it_is(self) -> str:
        """For whoever reads why a journey failed: whether the kiosk lives, and its last words."""
        ended = None if self._kiosk is None else self._kiosk.poll()
        state = "the kiosk runs" if self.kiosk_lives() else f"the kiosk has ended with {ended}"
        return "\n".join([f"{state}; it said last:", *self.log().splitlines()[-_LAST_LINES:]])

    def picture(self) -> Image.Image:
        """The screen as it is now."""
        screen = FrameBuffer(self.run_dir / "screen" / "Xvfb_screen0")
        try:
            return screen.picture(screen.pixels())
        finally:
            screen.close()

    def still_picture(self) -> Image.Image:
        """The screen once it has not changed for a while."""
        ends, last = time.monotonic() + LIMIT_S, self.picture()
        while time.monotonic() < ends:
            time.sleep(0.4)
            last, before = self.picture(), last
            if ImageChops.difference(last, before).getbbox() is None:
                return last
        raise AssertionError("the screen keeps moving")

    def wait_picture(self, wanted: Image.Image, what: str) -> None:
        """Waits until the screen is that picture, dot for dot."""
        wait_until(what, lambda: self.picture().tobytes() == wanted.tobytes())

    def last_said(self) -> int:
        """The number of what was said last; 0 before the first word."""
        return max((one["number"] for one in self.bench.speech()), default=0)

    def loans_of(self, barcode: str) -> int:
        """How many loans the store has ever booked of that item."""
        return int(self._ask_store("SELECT COUNT(*) FROM loan WHERE item = ?", barcode))

    def renewals_of(self, barcode: str) -> int:
        """How often the store has renewed the open loan of that item."""
        return int(self._ask_store("SELECT renewals FROM loan WHERE item = ? AND returned_at IS NULL", barcode))

    def fall_due_soon(self, barcode: str) -> None:
        """The open loan of that item is due in two days."""
        with contextlib.closing(sqlite3.connect(self.run_dir / "store.db", timeout=LIMIT_S)) as db, db:
            soon = "UPDATE loan SET due = date('now', '+2 days') WHERE item = ? AND returned_at IS NULL"
            assert db.execute(soon, (barcode,)).rowcount == 1

    def open_loans(self) -> dict[str, str]:
        """Every item that is out, with whom the store has it lent to."""
        with contextlib.closing(sqlite3.connect(self.run_dir / "store.db")) as db:
            return dict(db.execute("SELECT item, patron FROM loan WHERE returned_at IS NULL").fetchall())

    def last_seq(self) -> int:
        """The last sequence number that the store has of any kiosk."""
        return int(self._ask_store("SELECT MAX(last_seq) FROM kiosk"))

    def answers(self) -> int:
        """How many EventIds the store has answered."""
        return int(self._ask_store("SELECT COUNT(*) FROM event_answer"))

    def _ask_store(self, question: str, *values: str) -> Any:
        with contextlib.closing(sqlite3.connect(self.run_dir / "store.db")) as db:
            return db.execute(question, values).fetchone()[0]

    # -- acting

    def touch(self, where: str) -> None:
        """Touches one of the fixed buttons, once the screen that was announced has been drawn."""
        self.look_first()
        self.touch_at(*BUTTONS[where])

    def look_first(self) -> None:
        """As a person does: looks before touching. A screen on which something turns is waited for a second."""
        ends, last = time.monotonic() + 1.5, self.picture()
        while time.monotonic() < ends:
            time.sleep(0.25)
            last, before = self.picture(), last
            if ImageChops.difference(last, before).getbbox() is None:
                return

    def type_pin(self, digits: str) -> None:
        """Types on the pad, as fast as a finger does, and says that it is complete."""
        self.look_first()
        for key in (*digits, "ok"):
            self.touch_at(*KEYS[key])

    def touch_at(self, x: int, y: int) -> None:
        """Touches a pixel."""
        command = ["xdotool", "mousemove", str(x), str(y), "mousedown", "1", "sleep", "0.05", "mouseup", "1"]
        subprocess.run(command, env=os.environ | {"DISPLAY": self.display}, check=True)

    def present(self, name: str) -> None:
        """Lays a pass of the drawer on the reader, or scans it where it has no chip."""
        one = next(one for one in self.bench.drawer() if one["name"] == name)
        if one.get("uid"):
            self.bench.place_pass(name)
        else:
            self.bench.scan_pass(name)

    def lift(self) -> None:
        """Takes the pass away and waits until the reader has noticed: it has asked its chip often enough since."""
        self.bench.remove_pass()
        if self.kiosk_lives():
            before = self._answers_of_chip()
            enough = ANSWERS_A_SENSE * (MISSES_UNTIL_GONE + 1)
            wait_until("the reader looked again", lambda: self._answers_of_chip() >= before + enough)

    def _answers_of_chip(self) -> int:
        return int(self.bench.status()["pass-reader"]["answers"])

    def begin_visit(self, name: str) -> None:
        """Presents a pass and waits for the list."""
        self.mark()
        self.present(name)
        self.wait_log("screen Borrowing")

    def leave(self) -> None:
        """Takes the pass away, touches Stop and waits for the rest screen."""
        self.lift()
        self.mark()
        self.touch("stop")
        wait_until("the rest screen", lambda: re.search("screen (Rest|Finished)", self.since_mark()))
        if "screen Finished" in self.since_mark():
            self.touch("no_receipt")
            self.wait_log("screen Rest")

    def book(self, expect: str = "lent") -> str:
        """The barcode of a book of the pile that should have that outcome and was not given before."""
        taken = self.__dict__.setdefault("_taken", set())
        for one in self.bench.pile():
            if one["expect"] == expect and one["barcode"] not in taken:
                taken.add(one["barcode"])
                return str(one["barcode"])
        raise AssertionError(f"no book left that is {expect}")


@contextlib.contextmanager
def started(
    run_dir: Path,
    *devices: str,
    mirror: bool = False,
    prepare: Callable[[WholeApp], object] = lambda _: None,
    **settings: str,
) -> Iterator[WholeApp]:
    """One whose kiosk runs and has opened these devices besides its ways in; all of it is ended afterwards. `prepare`:
    what is done before the kiosk starts."""
    with contextlib.closing(WholeApp(run_dir, mirror=mirror, **settings)) as one:
        prepare(one)
        one.start_kiosk()
        if devices:
            one.until_ready(*devices)
        yield one
