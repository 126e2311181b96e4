"""One device plugged into a machine, and what systemd's own udev makes of its node, by the system's rules and ours.

Folders stand for /sys and /dev in a mount namespace of one `udevadm test`; the machine itself sees none of it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

UNITS = Path(__file__).resolve().parents[2] / "systemd"
_BULK_IN, _BULK_OUT = b"\x07\x05\x82\x02\x40\x00\x00", b"\x07\x05\x02\x02\x40\x00\x00"
_INSIDE = """
mount --bind "$1/etc/group" /etc/group
mount --bind "$1/etc/passwd" /etc/passwd
mount --bind "$1/run" /run
mount --bind "$1/sys" /sys
mount --bind "$1/dev" /dev
exec env SYSTEMD_DEVICE_VERIFY_SYSFS=0 udevadm test --action=add "/sys/$2"
"""


@dataclass(frozen=True)
class Plugged:
    """A device as the kernel shows it: `node` below /dev, `number` major and minor."""

    subsystem: str
    node: str
    number: tuple[int, int]
    properties: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Rights:
    """Whose the node is and what may be done with it."""

    owner: int
    group: str
    mode: int


def usb_device(ids: str, *interfaces: str) -> Plugged:
    """`ids`: vendor:product; each of `interfaces`: class, subclass and protocol, all in hexadecimal."""
    vendor, product = (bytes.fromhex(one)[::-1] for one in ids.split(":"))
    said = b"\x12\x01\x00\x02\x00\x00\x00\x40" + vendor + product + b"\x00\x01\x01\x02\x00\x01"
    body = b"".join(
        b"\x09\x04" + bytes([at, 0, 2]) + bytes.fromhex(one) + b"\x00" + _BULK_IN + _BULK_OUT
        for at, one in enumerate(interfaces)
    )
    said += b"\x09\x02" + (9 + len(body)).to_bytes(2, "little") + bytes([len(interfaces), 1, 0, 0x80, 50]) + body
    files = dict(zip(("idVendor", "idProduct"), (one.encode() + b"\n" for one in ids.split(":")), strict=True))
    return Plugged("usb", "bus/usb/001/004", (189, 3), {"DEVTYPE": "usb_device"}, files | {"descriptors": said})


def rights(root: Path, device: Plugged, **others: str) -> Rights:
    """What `device` gets where the users of `root`/etc are; `others`: further rules' files, `_93_x` for 93-x.rules."""
    place = f"devices/{device.subsystem}/{Path(device.node).name}"
    for folder in (f"sys/{place}", "sys/bus", "sys/class", "run/udev/rules.d", "dev"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    kind = "bus" if device.subsystem == "usb" else "class"
    (root / "sys" / kind / device.subsystem).mkdir()
    (root / f"sys/{place}/subsystem").symlink_to(f"../../../{kind}/{device.subsystem}")
    shown = {"MAJOR": device.number[0], "MINOR": device.number[1], "DEVNAME": device.node, **device.properties}
    (root / f"sys/{place}/uevent").write_text("".join(f"{key}={value}\n" for key, value in shown.items()))
    for name, content in device.files.items():
        (root / f"sys/{place}" / name).write_bytes(content)
    node = root / "dev" / device.node
    node.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(node, 0o600 | stat.S_IFCHR, os.makedev(*device.number))
    os.mknod(root / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    for file in (UNITS / "udev/rules.d").iterdir():
        shutil.copy(file, root / "run/udev/rules.d")
    for name, rule in others.items():
        (root / "run/udev/rules.d" / (name.strip("_").replace("_", "-") + ".rules")).write_text(rule + "\n")
    judged = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", _INSIDE, "sh", root, place], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stderr[-2000:]
    return _told(judged.stdout + judged.stderr) or _seen(root, node)


def _told(text: str) -> Rights | None:
    """From systemd 257 on a test only tells; what it leaves out is as the kernel made it."""
    if "\nInotify watch:\n" not in text:
        return None
    group = re.search(r"\nDevice node group:\n +(\S+) ", text)
    mode = re.search(r"\nDevice node permission:\n +(\d+)\n", text)
    owner = re.search(r"\nDevice node owner:\n +\S+ \(uid=(\d+)\)", text)
    usual = 0o660 if group else 0o600
    return Rights(int(owner[1]) if owner else 0, group[1] if group else "root", int(mode[1], 8) if mode else usual)


def _seen(root: Path, node: Path) -> Rights:
    """Before that it gave the node its rights."""
    status = node.stat()
    lines = (line.split(":") for line in (root / "etc/group").read_text().splitlines())
    names = {int(line[2]): line[0] for line in lines}
    return Rights(status.st_uid, names[status.st_gid], stat.S_IMODE(status.st_mode))
