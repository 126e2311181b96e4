"""What the device tests run and watch: simulator processes, real drivers, and the events that come of them."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from devices.open_devices import Devices, DeviceSettings, open_devices
from devices.ports import DeviceEvent, DeviceHealth, Health, HealthChanged
from devices.simulators.drive import Bench

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0
Event = TypeVar("Event")


def eventually(what: str, true: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Wait until `true()`; fails with `what` after a generous limit."""
    until = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port of the loopback that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Events:
    """All events of the devices under test, in order; given to them as `emit`."""

    def __init__(self) -> None:
        self._all: list[DeviceEvent] = []
        self._changed = threading.Condition()

    def __call__(self, event: DeviceEvent) -> None:
        with self._changed:
            self._all.append(event)
            self._changed.notify_all()

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one kind so far."""
        with self._changed:
            return [one for one in self._all if isinstance(one, kind)]

    def wait(self, kind: type[Event], count: int = 1) -> list[Event]:
        """The events of one kind, once there are `count`."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._of(kind)) >= count, LIMIT_S)
            assert came, f"{len(self._of(kind))} of {count} {kind.__name__} came"
            return self._of(kind)

    def _of(self, kind: type[Event]) -> list[Event]:
        return [one for one in self._all if isinstance(one, kind)]

    def states(self, device: str) -> list[Health]:
        """The states that one device went through."""
        return [one.health.state for one in self.of(HealthChanged) if one.device == device]


@dataclass
class Workbench:
    """Simulators in a run directory and the devices that a test opens on them."""

    run_dir: Path
    bench: Bench
    events: Events
    processes: list[subprocess.Popen[str]]
    devices: Devices | None = None
    printer_port: int = 0

    @classmethod
    def at(cls, run_dir: Path, printer_port: int = 0) -> Workbench:
        """A workbench on a run directory, with nothing started."""
        return cls(run_dir, Bench(run_dir), Events(), [], None, printer_port)

    def set_back(self) -> None:
        """Plug all in and mend it, take the pass and the receipts away."""
        self.bench.reader_fault("none")
        self.bench.remove_pass()
        self.bench.resume_printer()
        self.bench.cover_closed()
        for what in ("reader", "scanner", "printer"):
            self.bench.unplug(what)
            self.bench.plug(what)
        self.bench.paper_in()
        for text in self.bench.receipts():
            text.with_suffix(".png").unlink()
            text.unlink()

    def serve(self, simulator: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a simulator process and wait until it is ready."""
        control = str(self.run_dir / "control" / f"{simulator}.sock")
        command = [sys.executable, "-m", "devices.simulators", "serve", simulator, "--control", control, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"ready {simulator}")
        return process

    def tty(self, name: str) -> str:
        """The path of a simulated serial port."""
        return str(self.run_dir / "dev" / name)

    def serve_reader(self) -> subprocess.Popen[str]:
        """A pass reader."""
        return self.serve("pass-reader", "--tty", self.tty("nfc"))

    def serve_scanner(self) -> subprocess.Popen[str]:
        """A scanner."""
        return self.serve("scanner", "--tty", self.tty("scanner"))

    def serve_printer(self) -> subprocess.Popen[str]:
        """A printer on the network."""
        self.printer_port = free_port()
        listen = f"127.0.0.1:{self.printer_port}"
        return self.serve("printer", "--listen", listen, "--receipts", str(self.run_dir / "receipts"))

    def open(self, *settings: DeviceSettings, ready: bool = True) -> Devices:
        """Open and start devices, and wait until all are ready."""
        self.devices = open_devices(settings, self.events)
        self.devices.start()
        if ready:
            for one in settings:
                self.wait_for(one.name, Health.READY)
        return self.devices

    def reader(self, **options: object) -> DeviceSettings:
        """Settings of the pass reader."""
        return DeviceSettings("reader", "pass_reader", "pn532", {"port": self.tty("nfc"), **options})

    def scanner(self, **options: object) -> DeviceSettings:
        """Settings of the scanner."""
        return DeviceSettings("scanner", "item_scanner", "serial", {"port": self.tty("scanner"), **options})

    def printer(self, **options: object) -> DeviceSettings:
        """Settings of the network printer."""
        where = {"host": "127.0.0.1", "port": self.printer_port}
        return DeviceSettings("printer", "receipt_printer", "network", {**where, **options})

    def printer_on_serial(self) -> DeviceSettings:
        """Settings of a printer on a serial line."""
        return DeviceSettings("printer", "receipt_printer", "serial", {"port": self.tty("printer")})

    def health(self, name: str) -> DeviceHealth:
        """The state of one device now."""
        assert self.devices is not None
        return self.devices.health()[name]

    def wait_for(self, name: str, state: Health) -> None:
        """Wait until a device is in `state`."""
        eventually(f"{name} {state.value}", lambda: self.health(name).state is state)

    def senses(self, count: int, limit_s: float = LIMIT_S) -> None:
        """Wait until the reader's chip has answered the commands of `count` more senses."""
        before = self.answers()
        eventually(f"{count} senses", lambda: self.answers() >= before + 4 * count, limit_s)

    def answers(self) -> int:
        """How many commands the reader's chip has answered."""
        return int(self.bench.status()["pass-reader"]["answers"])

    def close(self) -> None:
        """Stop the devices, then the simulators."""
        if self.devices is not None:
            self.devices.stop()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            assert process.wait(LIMIT_S) == 0
            if process.stdout is not None:
                process.stdout.close()
