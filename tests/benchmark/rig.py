"""The rig of a measurement: a demo without its kiosk, and measured windows started against it."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devices.simulators.drive import Bench

ROOT = Path(__file__).resolve().parents[2]
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Window:
    """A measured process; its JSON lines can be awaited."""

    def __init__(self, kind: str, config: Path, display: str) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmark.window", kind, "--config", str(config)],
            cwd=ROOT,
            env=os.environ | {"DISPLAY": display},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self._lines.put(json.loads(line))

    def wait_for(self, limit_s: float, *what: str, **facts: object) -> dict[str, Any]:
        """The next line of one of these kinds with those facts. Raises TimeoutError."""
        ends = time.monotonic() + limit_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, ends - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no {what!r} within {limit_s} s") from None
            if line["what"] in what and all(line.get(name) == value for name, value in facts.items()):
                return line

    def lines(self) -> list[dict[str, Any]]:
        """All lines that came since the last look."""
        found = []
        while not self._lines.empty():
            found.append(self._lines.get())
        return found

    def cpu_s(self) -> float:
        """CPU seconds of the process so far, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def memory_mb(self) -> float:
        """Proportional set size in MB: pages shared with others count by their part."""
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no Pss line")

    def end(self) -> None:
        """Ends the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def window(kind: str, rig: "Rig") -> Iterator[Window]:
    """A measured process for the time of the block."""
    made = Window(kind, rig.config, rig.display)
    try:
        yield made
    finally:
        made.end()


class Rig:
    """Store, simulators and a virtual screen; the simulated hardware is driven through `bench`."""

    def __init__(self, run_dir: Path, display: str) -> None:
        self.config, self.display, self.bench = run_dir / "kiosk.toml", display, Bench(run_dir)
        self.patron = "anna"

    def touch(self, x: int, y: int) -> None:
        """A touch at a pixel of the screen, by XTest."""
        command = ["xdotool", "mousemove", str(x), str(y), "click", "1"]
        subprocess.run(command, env=os.environ | {"DISPLAY": self.display}, check=True)

    def touch_stop(self) -> None:
        """The way out stands at the top right of every screen (1080x1920)."""
        self.touch(1080 - 130, 90)


@contextlib.contextmanager
def rig(port: int = 8900) -> Iterator[Rig]:
    """A demo without its kiosk, on ports of its own, for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="kiosk-benchmark-") as folder:
        run_dir = Path(folder) / "run"
        command = [sys.executable, "-m", "provisioning.demo", "--run-dir", str(run_dir), "--port", str(port)]
        demo = subprocess.Popen(
            [*command, "--headless", "--no-kiosk"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Rig(run_dir, _await_ready(demo, run_dir))
        finally:
            demo.terminate()
            demo.wait(20)


def _await_ready(demo: "subprocess.Popen[str]", run_dir: Path) -> str:
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if line.startswith("All ready"):
            threading.Thread(target=demo.stdout.read, daemon=True).start()
            number = (run_dir / "screen" / "display").read_text("ascii").strip()
            return f":{number}"
    raise RuntimeError("the demo did not start:\n" + "".join(said))
