"""What `--check-config` says of a file that is in order: devices not plugged in, or that the system must know of."""

from __future__ import annotations

import sys
from pathlib import Path

from devices.settings import absent_ports, remarks
from kiosk.config import KioskConfig
from kiosk.toml_lines import line_of

UNWATCHED = "without [touch] nobody notices a screen that hears no touch any more (docs/adr/0029)"


def checked(config: KioskConfig, file: Path, *, ports: bool) -> int:
    """The exit status: 0, or 2 where `ports` asks for the devices and one is not there; else that is a warning."""
    absent = [(one.name, "port", one.message) for one in absent_ports(config.devices)]
    if config.touch is not None and not config.path(config.touch.device).is_char_device():
        absent.append(("touch", "device", "device is not there, or no node of a touch screen; see: ls -l /dev/input"))
    lines = file.read_text("utf-8").split("\n")
    for name, key, message in absent:
        _say(file, line_of((name, key), lines), f"{'' if ports else 'warning: '}[{name}] {message}")
    for one in remarks(config.devices):
        _say(file, line_of((one.name, "usb"), lines), f"warning: [{one.name}] {one.message}")
    if config.touch is None:
        _say(file, 0, f"warning: {UNWATCHED}")
    if absent and ports:
        return 2
    sys.stdout.write(f"{file}: in order\n")
    return 0


def _say(file: Path, line: int, words: str) -> None:
    sys.stderr.write(f"{file}:{line}: {words}\n")
