"""A kiosk's devices are its user's on a fresh machine, by udev's own judgement of our rules beside the system's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from nfc.clf.device import usb_device_map

from devices.links.usb import ACR122U, PRINTER
from tests.systemd.plugged import UNITS, Plugged, Rights, rights, usb_device

KIOSK = (UNITS / "system/kiosk.service").read_text("utf-8")
CCID, KEYBOARD, DISK = "0b0000", "030101", "080650"
RECEIPTS = f"{PRINTER:02x}0102"
OURS, NOBODYS = Rights(0, "kiosk", 0o660), Rights(0, "root", 0o664)
TAKEN = 'SUBSYSTEM=="usb", GROUP="plugdev", MODE="0666"'

judged = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("udevadm", "unshare", "systemd-sysusers"))),
    reason="udev's judgement of a device needs root and systemd",
)


def said_by(*command: str) -> str:
    """All that the program says; nothing where it is not installed."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's users and groups, as systemd-sysusers makes them of ours and of the system's own."""
    (tmp_path / "etc").mkdir()
    ours = tmp_path / "usr/lib/sysusers.d"
    shutil.copytree(UNITS / "sysusers.d", ours)
    shutil.copy("/usr/lib/sysusers.d/basic.conf", ours)
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True)
    with (tmp_path / "etc/group").open("a") as groups:
        groups.write("plugdev:x:46:\n")
    return tmp_path


@judged
@pytest.mark.parametrize(
    ("ids", "interfaces"),
    [(ACR122U, [CCID]), ("04b8:0e15", [RECEIPTS]), ("0519:0003", ["ffff00", RECEIPTS])],
    ids=["reader", "printer", "printer with more to it"],
)
@pytest.mark.parametrize("others", [{}, {"_93_libnfc": TAKEN}], ids=["alone", "against a later rule"])
def test_a_reader_and_a_printer_on_usb_are_the_kiosks(
    root: Path, ids: str, interfaces: list[str], others: dict[str, str]
) -> None:
    assert rights(root, usb_device(ids, *interfaces), **others) == OURS


@judged
@pytest.mark.parametrize(
    ("ids", "interface"),
    [("072f:90cc", CCID), ("072f:2211", CCID), ("04b8:0e15", KEYBOARD), ("0781:5567", DISK)],
    ids=["another card reader", "another reader of that maker", "a keyboard", "a disk"],
)
def test_no_other_device_on_usb_is(root: Path, ids: str, interface: str) -> None:
    assert rights(root, usb_device(ids, interface)) == NOBODYS


@judged
@pytest.mark.parametrize(
    ("device", "group"),
    [
        (Plugged("tty", "ttyUSB0", (188, 0)), "dialout"),
        (Plugged("tty", "ttyACM0", (166, 0)), "dialout"),
        (Plugged("tty", "ttyAMA0", (204, 64)), "dialout"),
        (Plugged("tty", "ttyS0", (4, 64)), "dialout"),
        (Plugged("input", "input/event3", (13, 67)), "input"),
        (Plugged("sound", "snd/pcmC0D0p", (116, 16)), "audio"),
        (Plugged("drm", "dri/card0", (226, 0)), "video"),
        (Plugged("drm", "dri/renderD128", (226, 128)), "render"),
    ],
    ids=lambda value: value.node if isinstance(value, Plugged) else value,
)
def test_ports_touch_sound_and_screen_come_by_the_systems_own_groups(root: Path, device: Plugged, group: str) -> None:
    given = rights(root, device)
    assert (given.group, given.mode & 0o660) == (group, 0o660)
    members = {line.split(":")[0]: line.split(":")[3] for line in (root / "etc/group").read_text().splitlines()}
    assert members[group] == "kiosk"
    assert group in re.search(r"(?m)^SupplementaryGroups=(.*)$", KIOSK)[1].split()  # type: ignore[index]


def test_the_rules_name_the_services_group_and_what_the_drivers_open() -> None:
    rules = (UNITS / "udev/rules.d/60-kiosk.rules").read_text("utf-8")
    assert set(re.findall(r'GROUP:="(\w+)"', rules)) == {OURS.group}
    assert f"\nGroup={OURS.group}\n" in KIOSK
    assert re.findall(r'ATTR\{idVendor\}=="(\w+)", ATTR\{idProduct\}=="(\w+)"', rules) == [tuple(ACR122U.split(":"))]
    assert re.findall(r'ENV\{ID_USB_INTERFACES\}=="(.*?)"', rules) == [f"*:{PRINTER:02x}????:*"]
    vendor, product = (int(one, 16) for one in ACR122U.split(":"))
    assert usb_device_map[vendor, product] == "acr122"


def test_the_touch_screen_has_the_lasting_name_that_the_example_watches() -> None:
    rules = (UNITS / "udev/rules.d/60-kiosk.rules").read_text("utf-8")
    [rule] = [line for line in rules.splitlines() if "ID_INPUT_TOUCHSCREEN" in line and not line.startswith("#")]
    assert re.findall(r'SYMLINK\+="(.*?)"', rule) == ["input/touchscreen"]
    (file,) = [one.name for one in (UNITS / "udev/rules.d").iterdir()]
    assert file > "60-input-id.rules", "which tells by then what is a touch screen"
    assert rules.index(rule) < rules.index('SUBSYSTEM!="usb"'), "a touch screen in the case is no device on USB"
    example = (UNITS.parent / "docs/kiosk.example.toml").read_text("utf-8")
    assert 'device = "/dev/input/touchscreen"' in example


def test_udev_accepts_the_rules_without_a_word() -> None:
    if "verify" not in said_by("udevadm", "--help"):
        pytest.skip("this udev verifies no rules (systemd 254 does)")
    for file in (UNITS / "udev/rules.d").iterdir():
        assert said_by("udevadm", "verify", "--resolve-names=never", "--no-summary", str(file)) == ""


@pytest.mark.skipif(shutil.which("modprobe") is None, reason="kmod is not installed")
def test_the_kernels_driver_of_the_reader_is_not_loaded_by_itself_and_that_of_printers_is() -> None:
    shown = said_by("modprobe", "--showconfig", "--config", str(UNITS / "modprobe.d/kiosk.conf"))
    assert [line for line in shown.splitlines() if line.startswith(("blacklist", "install"))] == ["blacklist pn533_usb"]


def test_polkit_lets_the_services_user_and_nobody_else_to_cards() -> None:
    """What the rule does is tried on the real pcscd and polkitd in tests/system/test_service.py."""
    rule = (UNITS / "polkit-1/rules.d/60-kiosk.rules").read_text("utf-8")
    user = re.search(r"(?m)^User=(\w+)$", KIOSK)[1]  # type: ignore[index]
    assert re.findall(r"subject\.(\w+) == \"(\w+)\"", rule) == [("user", user)]
    assert set(re.findall(r"action\.id == \"([\w.-]+)\"", rule)) == {
        "org.debian.pcsc-lite.access_pcsc",
        "org.debian.pcsc-lite.access_card",
    }
    assert re.findall(r"polkit\.Result\.\w+", rule) == ["polkit.Result.YES"]
