"""What a configuration may say of a device, checked without opening any: the options of each driver."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from devices.item_pad.dutch import layout_of
from devices.item_pad.gate import AFI_IN_STOCK, AFI_ON_LOAN, WAYS
from devices.item_pad.tag_models import MODELS, STANDARD
from devices.item_scanner.key_layouts import LAYOUTS
from devices.links.usb import ACR122U
from devices.links.usb import NAME as USB_NAME
from devices.payment_terminal.zvt_messages import CHARSETS
from devices.receipt_printer.encoding import PROFILES
from devices.signals.quiet_hours import QuietHours
from values import dataclass

BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)

# The path goes into logs, and installers into a shell's line: nothing may stand in it that is more than a name there.
_PATH = re.compile(r"[A-Za-z0-9_./:@+-]+")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """One device of the configuration; `options` are those of its driver."""

    name: str
    kind: str
    driver: str
    options: Mapping[str, object] = field(default_factory=dict)


class DeviceConfigError(Exception):
    """A device cannot be used as configured; `name` is the device's, `message` a sentence for the installer."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


Check = Callable[[object], str | None]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a driver; `check` gives a sentence when the value will not do."""

    check: Check
    required: bool = False


def _text(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: object) -> str | None:
        return None if isinstance(value, str) and pattern.fullmatch(value) else f"must be {what}"

    return check


def _whole(least: int, most: int) -> Check:
    def check(value: object) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if whole else f"must be a whole number from {least} to {most}"

    return check


def _one_of(allowed: Sequence[object]) -> Check:
    def check(value: object) -> str | None:
        known = any(value == one and type(value) is type(one) for one in allowed)
        return None if known else "must be one of " + ", ".join(str(one) for one in allowed)

    return check


_path = _text(_PATH, "the path of a device, of letters, digits and _ . / : @ + -")
_file = _text(_PATH, "the path of a file, of letters, digits and _ . / : @ + -")
_usb = _text(USB_NAME, "a device on USB such as 04b8:0e15, or 04b8:0e15@1-1.4 for the one in that socket")
_affix = _text(re.compile(r"[ -~]{0,16}"), "at most 16 printable ASCII characters")
_card = _text(re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:,=-]{0,63}"), "the name of a sound device (aplay -L)")
_profile = _one_of(sorted(PROFILES))


def _quiet(value: object) -> str | None:
    try:
        QuietHours.read(value if isinstance(value, str) else "x")
    except ValueError as error:
        return str(error)
    return None


def _zone(value: object) -> str | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # late: most kiosks start without

    try:
        ZoneInfo(value if isinstance(value, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "must be a time zone such as Europe/Amsterdam or Europe/Brussels"
    return None


def _tag_models(value: object) -> str | None:
    whole = isinstance(value, list | tuple) and value and all(isinstance(one, str) and one in MODELS for one in value)
    return None if whole else "must be a list of " + ", ".join(MODELS)


def _tag_layout(value: object) -> str | None:
    try:
        layout_of(value)
    except ValueError as error:
        return str(error)
    return None


OPTIONS: Mapping[tuple[str, str], Mapping[str, Option]] = {
    ("pass_reader", "pn532"): {"port": Option(_path, required=True), "poll_ms": Option(_whole(20, 1000))},
    ("pass_reader", "acr122u"): {"usb": Option(_usb), "poll_ms": Option(_whole(20, 1000))},
    ("pass_reader", "pcsc"): {
        "reader": Option(_text(re.compile(r"[ -~]{1,120}"), "how the name of a card reader begins (pcsc_scan)"))
    },
    ("item_scanner", "serial"): {
        "port": Option(_path, required=True),
        "baud": Option(_one_of(BAUDS)),
        "prefix": Option(_affix),
        "suffix": Option(_affix),
    },
    ("item_scanner", "evdev"): {
        "port": Option(_path, required=True),
        "layout": Option(_one_of(sorted(LAYOUTS))),
        "prefix": Option(_affix),
        "suffix": Option(_affix),
    },
    ("item_pad", "feig"): {
        "port": Option(_path, required=True),
        "baud": Option(_one_of(BAUDS)),
        "poll_ms": Option(_whole(20, 1000)),
        "security": Option(_one_of(WAYS)),
        "afi_secured": Option(_whole(0, 255)),
        "afi_unsecured": Option(_whole(0, 255)),
        "models": Option(_tag_models),
        "dutch": Option(_tag_layout),
    },
    ("payment_terminal", "nexo"): {
        "host": Option(_text(_HOST, "a host name or address"), required=True),
        "port": Option(_whole(1, 65535)),
        "poi_id": Option(_text(_NAME, "the terminal's model-serial number"), required=True),
        "sale_id": Option(_text(_NAME, "this kiosk's name at the terminal"), required=True),
        "certificate_name": Option(_text(_HOST, "the name in the terminal's certificate"), required=True),
        "ca_file": Option(_file, required=True),
        "passphrase_file": Option(_file, required=True),
        "key_identifier": Option(_text(_NAME, "the name of the key at the terminal"), required=True),
        "key_version": Option(_whole(0, 9999)),
    },
    ("payment_terminal", "zvt-network"): {
        "host": Option(_text(_HOST, "a host name or address"), required=True),
        "port": Option(_whole(1, 65535)),
        "password": Option(_whole(0, 999999)),
        "charset": Option(_one_of(CHARSETS)),
    },
    ("payment_terminal", "zvt-serial"): {
        "port": Option(_path, required=True),
        "baud": Option(_one_of(BAUDS)),
        "password": Option(_whole(0, 999999)),
        "charset": Option(_one_of(CHARSETS)),
    },
    ("receipt_printer", "network"): {
        "host": Option(_text(_HOST, "a host name or address"), required=True),
        "port": Option(_whole(1, 65535)),
        "profile": Option(_profile),
    },
    ("receipt_printer", "serial"): {
        "port": Option(_path, required=True),
        "baud": Option(_one_of(BAUDS)),
        "profile": Option(_profile),
    },
    ("receipt_printer", "usb"): {"usb": Option(_usb, required=True), "profile": Option(_profile)},
    ("signals", "aplay"): {
        "port": Option(_path),
        "baud": Option(_one_of(BAUDS)),
        "card": Option(_card),
        "volume": Option(_whole(0, 100)),
        "quiet": Option(_quiet),
        "zone": Option(_zone),
    },
    ("speech", "espeak-ng"): {
        "headphones": Option(_card),
        "loudspeaker": Option(_card),
        "rate": Option(_whole(80, 450)),
    },
    ("keypad", "evdev"): {"port": Option(_path, required=True)},
    ("keypad", "serial"): {"port": Option(_path, required=True), "baud": Option(_one_of(BAUDS))},
    ("headphones", "evdev"): {"port": Option(_path, required=True)},
}
NETWORK_PORTS: Mapping[tuple[str, str], int] = {  # where the configuration names none
    ("payment_terminal", "nexo"): 8443,
    ("payment_terminal", "zvt-network"): 20007,
    ("receipt_printer", "network"): 9100,
}
KINDS = tuple(dict.fromkeys(kind for kind, _ in OPTIONS))
_PATHS = ("port", "ca_file", "passphrase_file")
_ONE_OF: Mapping[str, str] = {
    "receipt_printer": "receipt printer",
    "item_pad": "item pad",
    "payment_terminal": "payment terminal",
    "signals": "set of sound and light",
    "speech": "voice",
    "keypad": "keypad",
    "headphones": "socket for headphones",
}


def section_settings(kind: str, section: Mapping[str, object], folder: Path) -> DeviceSettings:
    """The device in one section of a kiosk's configuration; its relative paths are seen from the file's `folder`."""
    options = {name: value for name, value in section.items() if name != "driver"}
    for name in _PATHS:
        path = options.get(name)
        if isinstance(path, str):
            options[name] = str(folder.absolute() / path)
    return DeviceSettings(kind, kind, str(section.get("driver")), MappingProxyType(options))


def check_settings(settings: Sequence[DeviceSettings]) -> list[DeviceConfigError]:
    """All that is wrong with `settings`, in their order; nothing is opened."""
    errors: list[DeviceConfigError] = []
    names: set[str] = set()
    for one in settings:
        if one.name in names:
            errors.append(DeviceConfigError(one.name, "two devices have this name"))
        names.add(one.name)
        errors += [DeviceConfigError(one.name, sentence) for sentence in _faults(one)]
    errors += _shared_ports(settings)
    for kind, words in _ONE_OF.items():
        more = [one for one in settings if one.kind == kind][1:]
        errors += [DeviceConfigError(one.name, f"a kiosk has one {words}") for one in more]
    return errors


def absent_ports(settings: Sequence[DeviceSettings]) -> list[DeviceConfigError]:
    """Devices that are not plugged in, or whose port is something else than a port; nothing is opened.

    No part of `check_settings`: a kiosk starts without them, and its configuration may be checked on another machine.
    """
    errors = []
    for one in settings:
        port = one.options.get("port")
        if not isinstance(port, str) or not _PATH.fullmatch(port):
            continue
        if not os.path.lexists(port):
            errors.append(DeviceConfigError(one.name, "port is not there; see: python -m devices list"))
        elif Path(port).is_file() or Path(port).is_dir():
            errors.append(DeviceConfigError(one.name, "port is a file or a folder and no port"))
    return errors


def remarks(settings: Sequence[DeviceSettings]) -> list[DeviceConfigError]:
    """What is no fault, and works only where the system was set up for it; nothing is looked at."""
    found = []
    for one in settings:
        usb = one.options.get("usb", ACR122U)
        if one.driver == "acr122u" and isinstance(usb, str) and usb.split("@")[0] != ACR122U:
            words = f"usb is no {ACR122U}: this reader needs a line of its own in udev/rules.d/60-kiosk.rules"
            found.append(DeviceConfigError(one.name, words))
    return found


def _shared_ports(settings: Sequence[DeviceSettings]) -> list[DeviceConfigError]:
    """Two devices in one place, whatever the names of it: by-id and by-path lead to the same node."""
    errors, owners = [], dict[object, DeviceSettings]()
    for one in settings:
        option, place = _place(one)
        owner = owners.setdefault(place, one) if option else one
        two_of_one = option == "host" and owner.kind == one.kind  # told as that already
        if owner.name != one.name and not two_of_one:
            errors.append(DeviceConfigError(one.name, f"{option} is also that of {owner.name}"))
    return errors


def _place(one: DeviceSettings) -> tuple[str, object]:
    """Where a device is, and the option that says so, empty where none does or what it says is no such place."""
    host, port, usb = one.options.get("host"), one.options.get("port"), one.options.get("usb")
    if isinstance(host, str):
        port = port or NETWORK_PORTS.get((one.kind, one.driver))
        return ("host", (host.lower(), port)) if isinstance(port, int) else ("", None)
    if isinstance(port, str) and _PATH.fullmatch(port):
        return "port", os.path.realpath(port)
    return ("usb", usb) if isinstance(usb, str) else ("", None)


def _faults(one: DeviceSettings) -> list[str]:
    drivers = sorted(driver for kind, driver in OPTIONS if kind == one.kind)
    if not drivers:
        return [f"there is no kind of device {one.kind!r}"]
    options = OPTIONS.get((one.kind, one.driver))
    if options is None:
        return [f"there is no driver {one.driver!r}; choose from {', '.join(drivers)}"]
    faults = [f"there is no option {key!r}" for key in one.options if key not in options]
    for key, option in options.items():
        if key in one.options:
            fault = option.check(one.options[key])
            faults += [f"{key} {fault}"] if fault else []
        elif option.required:
            faults.append(f"{key} is missing")
    return faults or _clashes(one)


def _clashes(one: DeviceSettings) -> list[str]:
    """Options that are right each by itself and not together."""
    if one.kind == "signals" and "baud" in one.options and "port" not in one.options:
        return ["baud is that of a light, which needs a port"]
    if one.kind != "item_pad":
        return []
    values = [one.options.get("afi_secured", AFI_IN_STOCK), one.options.get("afi_unsecured", AFI_ON_LOAN)]
    faults = ["afi_secured and afi_unsecured must differ"] if values[0] == values[1] else []
    models = one.options.get("models", STANDARD)
    if ("dutch" in one.options) != (isinstance(models, list | tuple) and "dutch" in models):
        faults.append("dutch needs both its layout and its place among the models")
    return faults
