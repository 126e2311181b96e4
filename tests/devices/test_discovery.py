"""The ports of a machine are told by their lasting names, from a tree like the kernel's, and none is opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devices.discovery import found_ports
from tests.devices.running import ROOT


class Machine:
    """A /dev and a /sys of files: every node is a pipe, which would hold whoever opened it for ever."""

    def __init__(self, root: Path) -> None:
        self.dev, self.sys = root / "dev", root / "sys"
        (self.sys / "class/tty/console").mkdir(parents=True)
        (self.sys / "class/tty/console/active").write_text("tty0 ttyAMA10\n")

    def usb(self, name: str, **says: str) -> Path:
        place = self.sys / "devices/usb1" / name
        self.write(place, {"busnum": "1", "devnum": name[-1], "bDeviceClass": "00", **says})
        link = self.sys / "bus/usb/devices" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(place)
        return place

    def write(self, place: Path, says: dict[str, str]) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for file, text in says.items():
            (place / file).write_text(text + "\n")

    def tty(self, name: str, place: Path | None, kind: str = "") -> None:
        here = self.sys / "class/tty" / name
        self.write(here, {"type": kind} if kind else {})
        if place is not None:
            (place / "interface").mkdir(exist_ok=True)
            (here / "device").symlink_to(place / "interface")
        self.node(self.dev / name)

    def keys(self, name: str, place: Path, bits: str) -> None:
        self.write(place / "input0" / "capabilities", {"key": bits})
        here = self.sys / "class/input" / name
        here.mkdir(parents=True)
        (here / "device").symlink_to(place / "input0")
        self.node(self.dev / "input" / name)

    def node(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)

    def link(self, name: str, to: str) -> str:
        path = self.dev / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(Path("../..") / to)
        return str(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_port_is_told_by_its_id_with_vendor_and_product(machine: Machine) -> None:
    usb = machine.usb("1-1", idVendor="10c4", idProduct="ea60", manufacturer="Silicon", product="CP2102", serial="0001")
    machine.tty("ttyUSB0", usb)
    by_id = machine.link("serial/by-id/usb-Silicon_CP2102_0001-if00", "ttyUSB0")
    by_path = machine.link("serial/by-path/platform-usb-0:1:1.0", "ttyUSB0")
    (port,) = found_ports(machine.dev, machine.sys)
    assert (port.use, port.lasting, port.by_id, port.by_path) == ("serial", by_id, by_id, by_path)
    assert (port.ids, port.words, port.remark) == ("10c4:ea60", "Silicon CP2102", "")


def test_a_device_without_a_number_of_its_own_is_told_by_its_path(machine: Machine) -> None:
    machine.tty("ttyUSB0", machine.usb("1-2", idVendor="1a86", idProduct="7523", product="USB2.0-Serial"))
    machine.link("serial/by-id/usb-1a86_USB2.0-Serial-if00", "ttyUSB0")
    by_path = machine.link("serial/by-path/platform-usb-0:2:1.0", "ttyUSB0")
    (port,) = found_ports(machine.dev, machine.sys)
    assert port.lasting == by_path
    assert "without a serial number" in port.remark


def test_a_scanner_that_types_is_among_the_keys_and_a_mouse_is_not(machine: Machine) -> None:
    scanner = machine.usb("1-3", idVendor="0c2e", idProduct="0b61", manufacturer="Maker", serial="S1")
    machine.keys("event4", scanner, "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe")
    machine.keys("event5", machine.usb("1-4", idVendor="046d", idProduct="c05a", serial="M1"), "70000 0 0 0 0")
    by_id = machine.link("input/by-id/usb-Maker_S1-event-kbd", "input/event4")
    ports = found_ports(machine.dev, machine.sys)
    assert [(one.use, one.lasting) for one in ports if one.use == "keys"] == [("keys", by_id)]


def test_what_is_neither_is_told_as_a_usb_device_hubs_not_at_all(machine: Machine) -> None:
    machine.usb("1-5", idVendor="072f", idProduct="2200", product="ACR122U")
    machine.usb("1-6", idVendor="1d6b", idProduct="0002", bDeviceClass="09")
    (port,) = found_ports(machine.dev, machine.sys)
    assert (port.use, port.ids, port.words) == ("usb", "072f:2200", "ACR122U")
    assert port.path.endswith("bus/usb/001/005")


def test_the_console_is_marked_and_ports_without_hardware_are_left_out(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "platform").mkdir()
    machine.tty("ttyAMA10", tmp_path / "platform", "32")
    machine.tty("ttyS3", tmp_path / "platform", "0")
    machine.tty("tty1", None)
    (port,) = found_ports(machine.dev, machine.sys)
    assert (port.path.rpartition("/")[2], port.remark) == ("ttyAMA10", "the system's console")


def test_a_machine_without_any_and_a_device_that_says_nonsense_are_listed_without_a_fault(
    machine: Machine, tmp_path: Path
) -> None:
    assert found_ports(tmp_path / "none", tmp_path / "none") == []
    place = machine.usb("1-7", idVendor="ffff", idProduct="", product="A\x1b[2J" + "B" * 500)
    (place / "manufacturer").write_bytes(b"\xff\xfe")
    machine.keys("event9", place, "no number")
    (port,) = found_ports(machine.dev, machine.sys)
    assert port.words.isprintable()
    assert len(port.words) < 250


def test_the_list_names_each_port_and_opens_none_and_works_on_this_machine(machine: Machine) -> None:
    machine.tty("ttyUSB0", machine.usb("1-1", idVendor="10c4", idProduct="ea60", product="CP2102", serial="1"))
    by_id = machine.link("serial/by-id/usb-CP2102", "ttyUSB0")
    command = [sys.executable, "-m", "devices", "list"]
    trees = ["--dev", str(machine.dev), "--sys", str(machine.sys)]
    done = subprocess.run([*command, *trees], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [
        f"serial  {by_id}",
        f"        also {machine.dev / 'ttyUSB0'}",
        "        is   10c4:ea60  CP2102",
    ]
    here = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert here.stdout
