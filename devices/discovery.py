"""Which ports there are, read from /dev's links and from sysfs. None is opened: what listens there is not asked.

Kernel's Documentation/ABI: class/tty, class/input, bus/usb (idVendor, idProduct, manufacturer, product, serial).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from values import dataclass

_NO_UART = "0"  # type of a ttyS that the kernel made without hardware behind it
_HUB = "09"
_KEYS_OF_A_KEYBOARD = (1 << 2) | (1 << 28)  # the 1 and Enter


@dataclass(frozen=True, slots=True)
class FoundPort:
    """One port. `use`: serial, keys or usb; `path`: the node, which may be another after the next boot.

    `by_id` and `by_path`: lasting names, empty where udev gives none; `ids`: USB's vendor:product in hexadecimal.
    `unique`: whether its by-id name can be no other device's; `remark`: why to be careful with it.
    """

    use: str
    path: str
    by_id: str
    by_path: str
    ids: str
    words: str
    unique: bool = True
    remark: str = ""

    @property
    def lasting(self) -> str:
        """The name to configure: by-id, or by-path for a device that has no number of its own."""
        return (self.by_id if self.unique else "") or self.by_path or self.by_id or self.path


def found_ports(dev: Path = Path("/dev"), sysfs: Path = Path("/sys")) -> list[FoundPort]:
    """All serial ports, keyboards (a scanner may be one) and USB devices that are neither."""
    consoles = _text(sysfs / "class/tty/console/active").split()
    found, taken = [], set()
    for use, name, place in [*_serial(sysfs), *_keyboards(sysfs)]:
        usb = _usb_above(place)
        node = dev / "input" / name if use == "keys" else dev / name
        unique = usb is None or bool(_text(usb / "serial"))
        remark = "" if unique else "without a serial number: another may get its name"
        remark = "the system's console" if name in consoles else remark
        if usb is not None:
            taken.add(usb)
        folder = dev / ("input" if use == "keys" else "serial")
        by_id, by_path = _link_to(node, folder / "by-id"), _link_to(node, folder / "by-path")
        found.append(FoundPort(use, str(node), by_id, by_path, _ids(usb), _words(usb), unique, remark))
    for usb in _usb_devices(sysfs):
        if usb not in taken:
            bus, number = _text(usb / "busnum").zfill(3), _text(usb / "devnum").zfill(3)
            found.append(FoundPort("usb", str(dev / "bus/usb" / bus / number), "", "", _ids(usb), _words(usb)))
    return found


def _serial(sysfs: Path) -> Iterator[tuple[str, str, Path]]:
    for one in _in(sysfs / "class/tty"):
        if (one / "device").exists() and _text(one / "type") != _NO_UART:
            yield "serial", one.name, (one / "device").resolve()


def _keyboards(sysfs: Path) -> Iterator[tuple[str, str, Path]]:
    for one in _in(sysfs / "class/input"):
        keys = _text(one / "device/capabilities/key").split()
        if one.name.startswith("event") and keys and _is_keyboard(keys[-1]):
            yield "keys", one.name, (one / "device").resolve()


def _is_keyboard(lowest: str) -> bool:
    try:
        return int(lowest, 16) & _KEYS_OF_A_KEYBOARD == _KEYS_OF_A_KEYBOARD
    except ValueError:
        return False


def _usb_devices(sysfs: Path) -> Iterator[Path]:
    for one in _in(sysfs / "bus/usb/devices"):
        if _text(one / "idVendor") and _text(one / "bDeviceClass") != _HUB:
            yield one.resolve()


def _usb_above(place: Path) -> Path | None:
    return next((one for one in (place, *place.parents) if (one / "idVendor").is_file()), None)


def _ids(usb: Path | None) -> str:
    return f"{_text(usb / 'idVendor')}:{_text(usb / 'idProduct')}" if usb is not None else ""


def _words(usb: Path | None) -> str:
    return " ".join(filter(None, (_text(usb / "manufacturer"), _text(usb / "product")))) if usb is not None else ""


def _link_to(node: Path, folder: Path) -> str:
    return next((str(one) for one in _in(folder) if one.resolve() == node.resolve()), "")


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    """What a sysfs file says, on one printable line; empty where there is none."""
    try:
        said = file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
    return "".join(one if one.isprintable() else "?" for one in said)[:100]
