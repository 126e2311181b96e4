"""The real driver of a scanner that types, on a pipe that a process fills with the kernel's own structs.

The kernel of a build machine lets nobody make an input device: opening and grabbing are tried on what is none.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from devices.item_scanner.scanner import typing_scanner
from devices.links.evdev import open_grabbed
from devices.open_devices import DeviceSettings, open_devices
from devices.ports import BarcodeScanned, DeviceGone, DeviceUnplugged, Health, ScanUnreadable
from devices.supervisor import Supervisor
from tests.devices.running import LIMIT_S, Events, Workbench, eventually

CODE = "30001234567890"


def open_pipe(path: str) -> int:
    """The seam: opens as the driver does, without the grab that only an input device takes."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise DeviceUnplugged("no such path") from error


class Typing:
    """A simulated scanner and the driver on it."""

    def __init__(self, workbench: Workbench) -> None:
        self.port = str(workbench.run_dir / "event-kbd")
        workbench.serve("scanner", "--keys", self.port)
        self.bench, self.events = workbench.bench, Events()
        self.supervisor = Supervisor(typing_scanner("scanner", self.port, opened=open_pipe), self.events, Random(1))
        self.supervisor.start()
        self.wait_for(Health.READY)

    def wait_for(self, state: Health) -> None:
        eventually(state.value, lambda: self.supervisor.health.state is state)


@pytest.fixture
def typing(workbench: Workbench) -> Iterator[Typing]:
    one = Typing(workbench)
    yield one
    one.supervisor.ask_to_stop()
    assert one.supervisor.join(LIMIT_S)


def test_a_typed_scan_is_the_same_event_as_one_on_a_serial_port(typing: Typing) -> None:
    typing.bench.scan("]C0" + CODE)
    typing.bench.scan("ZO3714780", "\t")
    first, second = typing.events.wait(BarcodeScanned, 2)
    assert (first.device, first.text, first.aim) == ("scanner", CODE, "C0")
    assert (second.text, second.aim) == ("ZO3714780", None)
    assert typing.events.of(ScanUnreadable) == []


def test_a_block_typed_with_control_keys_is_a_scan(typing: Typing) -> None:
    typing.bench.send_raw(b"\x02" + CODE.encode() + b"\x03")
    assert typing.events.wait(BarcodeScanned)[0].text == CODE


def test_a_key_without_a_character_is_an_unreadable_scan_and_the_next_one_is_read(typing: Typing) -> None:
    typing.bench.send_raw(b"30\xff01\r")
    typing.events.wait(ScanUnreadable)
    typing.bench.scan(CODE)
    assert typing.events.wait(BarcodeScanned)[0].text == CODE


def test_a_typing_scanner_that_is_unplugged_is_lost_and_works_after_it_is_plugged_in(typing: Typing) -> None:
    typing.bench.unplug("scanner")
    typing.wait_for(Health.LOST)
    typing.bench.plug("scanner")
    typing.wait_for(Health.READY)
    typing.bench.scan(CODE)
    typing.events.wait(BarcodeScanned)


def test_what_is_typed_never_stands_in_a_log(typing: Typing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    typing.bench.scan(CODE + "|")
    typing.events.wait(ScanUnreadable)
    eventually("a line in the log", lambda: "unreadable scan" in caplog.text)
    assert CODE not in caplog.text


def test_what_is_not_there_is_unplugged_and_what_cannot_be_grabbed_is_gone_and_stays_open_nowhere(
    tmp_path: Path,
) -> None:
    with pytest.raises(DeviceUnplugged, match="cannot be opened"):
        open_grabbed(str(tmp_path / "event-kbd"))
    (tmp_path / "file").touch()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(DeviceGone, match="it is no input device"):
        open_grabbed(str(tmp_path / "file"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_settings_open_the_grabbing_driver(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = DeviceSettings("scanner", "item_scanner", "evdev", {"port": str(tmp_path / "file"), "layout": "be"})
    devices = open_devices([settings], lambda _: None)
    devices.start()
    eventually("refused", lambda: "no input device" in devices.health()["scanner"].reason)
    devices.stop()
    assert not any(one.name == "device-scanner" for one in threading.enumerate())
