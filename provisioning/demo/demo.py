"""Starts the parts in order, says how far it is, watches them, and ends them all: nothing stays behind."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from provisioning.demo import parts
from provisioning.demo.display import LANDSCAPE, PORTRAIT, VirtualDisplay, fitted, real_display_size, too_small
from provisioning.demo.ports import LOOPBACK
from provisioning.demo.process import Process
from provisioning.demo.run_dir import RunDir
from provisioning.demo.store_clock import StoreClock

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 120.0
END_LIMIT_S = 3.0
LOOK_EVERY_S = 0.1
LANGUAGES = ("nl", "en", "fr", "de", "fy", "tr", "uk", "ar")
MOST_DEATHS_A_MINUTE = 3


class StartFailed(Exception):
    """The demo cannot start or go on; the message names the process and shows its last lines."""


class Ended(Exception):
    """Somebody asked for the end (Ctrl-C, SIGTERM, a closed terminal)."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line."""

    headless: bool
    fullscreen: bool
    landscape: bool
    with_kiosk: bool
    branch: str | None
    language: str
    terminal: str


class Demo:
    """One run of the demonstration in a directory that it holds."""

    def __init__(self, run_dir: RunDir, place: parts.Place, wishes: Wishes, say: Callable[[str], None]) -> None:
        self._run_dir = run_dir
        self._place = place
        self._wishes = wishes
        self._say = say
        self._processes: list[Process] = []
        self._deaths: list[float] = []
        self._notify_path = run_dir.path / "control" / "kiosk-notify.sock"
        self._notify: socket.socket | None = None
        self._kiosk_is_ready = False
        self._end_asked = False
        self._clock = StoreClock(run_dir.path)
        self._began = time.monotonic()

    def run(self) -> None:
        """Start everything, say where to look, and stay until Ended or StartFailed, whichever is raised first."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_end)
        try:
            self._start()
            self._say(self._invitation())
            while True:
                self._pause()
                self._look_after()
        finally:
            self._end()

    def _ask_end(self, number: int, frame: FrameType | None) -> None:
        self._end_asked = True

    def _pause(self) -> None:
        if self._end_asked:
            raise Ended
        time.sleep(LOOK_EVERY_S)
        self._hear_kiosk()

    # Starting

    def _start(self) -> None:
        screen = LANDSCAPE if self._wishes.landscape else PORTRAIT
        virtual = self._virtual_display(screen)
        data = None if self._place.database.exists() else parts.demo_data(self._place, self._wishes.branch)
        if data is not None:
            self._begin(data)
        simulators = parts.simulators(self._place, self._wishes.terminal)
        for simulator in simulators:
            self._begin(simulator)
        if data is not None:
            self._wait(data, lambda: data.ended() == 0, "made")
            self._processes.remove(data)
        self._begin(store := parts.store(self._place, self._clock.environment()))
        for process in (*simulators, store):
            self._wait(process, partial(process.says, "ready"))
        self._clock.say()
        display = None if virtual is None else virtual.display
        bench = parts.workbench(self._place, None if virtual is None else virtual.frame_buffer, display)
        self._begin(bench)
        config = self._write_kiosk(screen, virtual)
        self._begin(parts.mirror(self._place, config))
        if self._wishes.with_kiosk:
            self._begin_kiosk(config, virtual, display)
        self._wait(bench, lambda: bench.says("ready"))
        self._write_processes()

    def _virtual_display(self, screen: tuple[int, int]) -> VirtualDisplay | None:
        real = None if self._wishes.headless else real_display_size()
        if real is not None and (self._wishes.fullscreen or not too_small(fitted(screen, real))):
            return None
        if real is not None:
            self._say("  This display is too small for the kiosk's window; the workbench shows its screen instead.")
        if not shutil.which("Xvfb"):
            raise StartFailed("There is no display and no Xvfb to make one; `make demo` installs it.")
        virtual = VirtualDisplay(screen, self._run_dir.path / "screen", self._place.logs)
        self._begin(virtual)
        self._wait(virtual, lambda: virtual.display is not None and virtual.frame_buffer.exists())
        return virtual

    def _write_kiosk(self, screen: tuple[int, int], virtual: VirtualDisplay | None) -> Path:
        """Also for a kiosk that is started by hand (--no-kiosk)."""
        real = None if virtual is not None else real_display_size()
        size = screen if real is None else fitted(screen, real)
        if real is not None and self._wishes.fullscreen:
            size = real
        languages = tuple(dict.fromkeys((self._wishes.language, *LANGUAGES)))
        return self._run_dir.write_kiosk(self._place.ports, size, languages, self._wishes.terminal)

    def _begin_kiosk(self, config: Path, virtual: VirtualDisplay | None, display: str | None) -> None:
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(self._notify_path))
        self._notify.setblocking(False)
        # A virtual screen has no window manager that would put the window into its corner.
        fullscreen = self._wishes.fullscreen or virtual is not None
        kiosk = parts.kiosk(self._place, config, display, self._notify_path, fullscreen=fullscreen)
        self._begin(kiosk)
        self._wait(kiosk, lambda: self._kiosk_is_ready)

    def _begin(self, process: Process) -> None:
        self._processes.append(process)
        try:
            process.start(cwd=ROOT)
        except OSError as problem:
            raise StartFailed(f"{process.title}: cannot be started ({problem.strerror}).") from problem

    def _wait(self, process: Process, ready: Callable[[], bool], word: str = "ready") -> None:
        until = time.monotonic() + START_LIMIT_S
        while not ready():
            if process.ended() is not None:
                raise StartFailed(self._obituary(process))
            if time.monotonic() > until:
                raise StartFailed(
                    f"{process.title} was not {word} after {START_LIMIT_S:.0f} s. Its last lines ({process.log}):\n"
                    f"{process.last_words()}"
                )
            self._pause()
        self._say(f"  {process.title.lower():<10} {word:<6} {time.monotonic() - self._began:5.1f} s")

    def _hear_kiosk(self) -> None:
        if self._notify is None:
            return
        with contextlib.suppress(BlockingIOError):
            while True:
                # Also later on: a full queue would block the kiosk's watchdog messages.
                if b"READY=1" in self._notify.recv(4096).splitlines():
                    self._kiosk_is_ready = True

    def _invitation(self) -> str:
        port = self._place.ports.workbench
        listen = self._place.listen
        elsewhere = ""
        if listen not in {LOOPBACK, "localhost"}:
            name = socket.gethostname() if listen in {"0.0.0.0", "::"} else listen  # noqa: S104 - compared, not bound
            elsewhere = f" (from another machine: http://{name}:{port})"
        if not self._wishes.with_kiosk:
            return f"All ready but the kiosk: open http://{LOOPBACK}:{port}{elsewhere}. Ctrl-C ends it."
        first = f'http://{LOOPBACK}:{port}{elsewhere} and tap "Anna", then a book'
        return f"Kiosk ready: open {first}. Ctrl-C ends it."

    # Watching

    def _look_after(self) -> None:
        if self._clock.was_moved():
            self._restart_store()
        for process in self._processes:
            if process.ended() is None:
                continue
            now = time.monotonic()
            self._deaths = [*(death for death in self._deaths if now - death < 60.0), now]
            said = self._obituary(process)
            if isinstance(process, VirtualDisplay) or len(self._deaths) > MOST_DEATHS_A_MINUTE:
                raise StartFailed(said)
            process.wait_end(now)
            process.start(cwd=ROOT)
            self._write_processes()
            self._say(f"{said}\n  {process.title.lower()} is started again")

    def _restart_store(self) -> None:
        """By another clock: one that jumped within a running process would fire, or hold up, all its timers."""
        at = next(index for index, process in enumerate(self._processes) if process.name == "store")
        self._processes[at].ask_to_end()
        self._processes[at].wait_end(time.monotonic() + END_LIMIT_S)
        self._processes[at] = store = parts.store(self._place, self._clock.environment())
        store.start(cwd=ROOT)
        self._wait(store, lambda: store.says("ready"), "moved")
        self._write_processes()
        self._clock.say()

    def _obituary(self, process: Process) -> str:
        code = process.ended()
        how = (
            f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with code {code}"
        )
        return f"{process.title} {how}. Its last lines ({process.log}):\n{process.last_words()}"

    def _write_processes(self) -> None:
        """Tell the workbench what runs, for its page."""
        facts = [
            {"name": process.name, "title": process.title, "pid": process.pid, "log": f"log/{process.log.name}"}
            for process in self._processes
        ]
        beside = self._run_dir.path / "processes.json.new"
        beside.write_text(json.dumps(facts), encoding="utf-8")
        beside.replace(self._run_dir.path / "processes.json")

    # Ending

    def _end(self) -> None:
        # The screen goes last: a window that loses its screen ends with an error instead of in order.
        screens = [process for process in self._processes if isinstance(process, VirtualDisplay)]
        others = [process for process in reversed(self._processes) if process not in screens]
        for group in (others, screens):
            for process in group:
                process.ask_to_end()
            until = time.monotonic() + END_LIMIT_S
            for process in group:
                process.wait_end(until)
        self._processes.clear()
        if self._notify is not None:
            self._notify.close()
        (self._run_dir.path / "processes.json").unlink(missing_ok=True)
        self._run_dir.tidy()
        self._run_dir.let_go()
