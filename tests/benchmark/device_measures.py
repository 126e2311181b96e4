"""The devices' promises: a scan, a tap, five books on the pad, and all of them at rest, each against the bare thing."""

from __future__ import annotations

import contextlib
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import serial

from devices.item_pad.feig_line import FeigLine
from devices.item_pad.feig_tags import FeigTags
from devices.item_pad.gate import Gate
from devices.item_pad.tag_models import MODELS, STANDARD
from devices.item_scanner.scanner import serial_scanner
from devices.links.serial import SerialLink
from devices.ports import BarcodeScanned, Device, DeviceEvent, Emit, Health, PassPresented, PassRemoved, TagSecurity
from devices.simulators.drive import Bench
from devices.supervisor import Supervisor
from tests.devices.running import ROOT, Workbench, eventually, free_port

SCANS = 400
TAPS = 40
GOLDEN = 0.618034
POLL_S = 0.1
STACKS = 10
RF_S = 0.005  # for each command to a tag, as modelled
IDLE_S = 15.0
CODE = b"30001234567890\r"
UID = "04a1b2c3d4e5f6"
FIVE = tuple(f"3000555500000{number}" for number in range(5))


@contextlib.contextmanager
def device_rig() -> Iterator[Workbench]:
    """Simulators of every kind of device, each a process."""
    with tempfile.TemporaryDirectory() as folder:
        one = Workbench.at(Path(folder))
        one.serve_reader()
        one.serve_scanner()
        one.serve_printer()
        one.serve("item-pad", "--tty", one.tty("pad"))
        one.serve("light", "--tty", one.tty("light"))
        one.serve("sound", "--bin", str(one.run_dir / "bin"))
        yield one
        one.close()


def scan_to_event(_: Workbench) -> tuple[float, float]:
    """Medians, in milliseconds, from the bytes on the line to the event, and to the return of `read_until`."""
    return _of_scans(_our_scanner), _of_scans(_read_until)


Came = Callable[[], None]


def _of_scans(listening: Callable[[str, Came], contextlib.AbstractContextManager[None]]) -> float:
    far, near = os.openpty()
    chance, took, came = random.Random(1), list[float](), threading.Event()
    arrived = 0.0

    def note() -> None:
        nonlocal arrived
        arrived = time.perf_counter()
        came.set()

    path = os.ttyname(near)
    with listening(path, note):
        os.close(near)
        for _ in range(SCANS):
            time.sleep(chance.uniform(0.002, 0.012))
            came.clear()
            began = time.perf_counter()
            os.write(far, CODE)
            if not came.wait(5):
                raise RuntimeError("a scan did not come")
            took.append(arrived - began)
    os.close(far)
    return statistics.median(took) * 1000


@contextlib.contextmanager
def _our_scanner(path: str, note: Came) -> Iterator[None]:
    def emit(event: DeviceEvent) -> None:
        if isinstance(event, BarcodeScanned):
            note()

    with _kept(serial_scanner("scanner", path), emit):
        yield


@contextlib.contextmanager
def _kept(device: Device, emit: Emit) -> Iterator[None]:
    """On its supervised thread, ready."""
    supervisor = Supervisor(device, emit, random.Random(1))
    supervisor.start()
    eventually("ready", lambda: supervisor.health.state is Health.READY)
    yield
    supervisor.ask_to_stop()
    supervisor.join(5)


@contextlib.contextmanager
def _read_until(path: str, note: Came) -> Iterator[None]:
    port, over = serial.Serial(path, 9600, timeout=0.2), threading.Event()

    def read() -> None:
        while not over.is_set():
            if port.read_until(b"\r").endswith(b"\r"):
                note()

    reading = threading.Thread(target=read)
    reading.start()
    yield
    over.set()
    reading.join()
    port.close()


def tap_to_uid(at: Workbench) -> tuple[float, float]:
    """Means, in milliseconds, over taps that fall evenly into the 100 ms between two looks.

    They step by the golden ratio: the looks drift by a part of a millisecond each, and with it even steps would become
    uneven, by another amount for each of the two.
    """
    seen: list[float] = []

    def emit(event: DeviceEvent) -> None:
        if isinstance(event, PassPresented):
            seen.append(event.at)
        elif isinstance(event, PassRemoved):
            seen.clear()

    from devices.pass_reader.pn532 import Pn532PassReader

    with _kept(Pn532PassReader("reader", at.tty("nfc"), round(POLL_S * 1000)), emit):
        ours = _of_taps(at.bench, seen, waits=True)
    with _bare_sense(at.tty("nfc"), seen):
        return ours, _of_taps(at.bench, seen, waits=False)


def _of_taps(bench: Bench, seen: list[float], *, waits: bool) -> float:
    took, began = [], time.monotonic()
    for number in range(TAPS):
        looks = math.ceil((time.monotonic() - began) / POLL_S) + 2
        time.sleep(began + (looks + number * GOLDEN % 1) * POLL_S - time.monotonic())
        seen.clear()
        asked = time.monotonic()
        bench.place(UID, None, "desfire")
        eventually("a UID", lambda: bool(seen), 5)
        took.append(seen[0] - asked)
        bench.remove_pass()
        if waits:
            eventually("a pass that is gone", lambda: not seen, 5)
    return statistics.fmean(took) * 1000


@contextlib.contextmanager
def _bare_sense(tty: str, seen: list[float]) -> Iterator[None]:
    """nfcpy's `sense` ten times a second, with our own transport below and nothing above it."""
    import nfc.clf

    from devices.pass_reader.pn532 import on_serial_port

    reader = nfc.clf.ContactlessFrontend()
    reader.device = on_serial_port(tty)[1]
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            began = time.monotonic()
            with contextlib.suppress(Exception):  # of a busy machine: an answer that was late; ours makes it good, too
                if reader.sense(nfc.clf.RemoteTarget("106A")) is not None:
                    seen.append(time.monotonic())
            time.sleep(max(0.0, POLL_S - (time.monotonic() - began)))

    looking = threading.Thread(target=look)
    looking.start()
    yield
    over.set()
    looking.join()
    reader.close()


def five_books(at: Workbench) -> tuple[float, float]:
    """Medians, in seconds: five books seen, read, switched and read back; and what line and field take of it."""
    link = SerialLink(at.tty("pad"), 38400, "E")
    tags = FeigTags(FeigLine(link), [MODELS[one]({}) for one in STANDARD], Gate())
    tags.wake_all()
    at.bench.pace_pad(RF_S)
    found = [_one_stack(tags, at.bench) for _ in range(STACKS)]
    at.bench.pace_pad(0)
    link.close()
    return statistics.median(one for one, _ in found), statistics.median(one for _, one in found)


def _one_stack(tags: FeigTags, bench: Bench) -> tuple[float, float]:
    bench.clear_pad()
    bench.stack_items(*FIVE)
    before, began = bench.status()["item-pad"]["wire_s"], time.monotonic()
    items = [tags.read(one) for one in tags.look()]
    for item in items:
        assert item is not None
        assert tags.switch(item.uid, TagSecurity.UNSECURED, began + 60) is TagSecurity.UNSECURED
    took = time.monotonic() - began
    assert len(items) == len(FIVE)
    return took, bench.status()["item-pad"]["wire_s"] - before


def idle(at: Workbench) -> tuple[float, float]:
    """Cores: all devices at rest, each on its thread, and a bare `sense` ten times a second; a process each."""
    at.bench.clear_pad()
    terminal = free_port()
    at.serve("payment-zvt", "--listen", f"127.0.0.1:{terminal}")
    ttys = [at.tty(one) for one in ("nfc", "scanner", "pad", "light")]
    ours = _cores(at, "all", *ttys, str(at.printer_port), str(terminal))
    return ours, _cores(at, "sense", at.tty("nfc"))


def _cores(at: Workbench, *arguments: str) -> float:
    command = [sys.executable, "-m", "tests.benchmark.idle_devices", str(IDLE_S), *arguments]
    around = {**os.environ, "PATH": f"{at.run_dir / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=ROOT, env=around, capture_output=True, text=True, check=True, timeout=IDLE_S + 60
    )
    return float(done.stdout.split()[-1])
