"""What `--check-config` says of a file that is in order: devices not plugged in, or that the system must know of."""

from __future__ import annotations

import sys
from pathlib import Path

from devices.settings import absent_ports, remarks
from kiosk.config import KioskConfig
from kiosk.toml_lines import line_of


def checked(config: KioskConfig, file: Path, *, ports: bool) -> int:
    """The exit status: 0, or 2 where `ports` asks for the devices and one is not there; else that is a warning."""
    absent = absent_ports(config.devices)
    lines = file.read_text("utf-8").split("\n")
    for one in absent:
        words = f"{'' if ports else 'warning: '}[{one.name}] {one.message}"
        sys.stderr.write(f"{file}:{line_of((one.name, 'port'), lines)}: {words}\n")
    for one in remarks(config.devices):
        sys.stderr.write(f"{file}:{line_of((one.name, 'usb'), lines)}: warning: [{one.name}] {one.message}\n")
    if absent and ports:
        return 2
    sys.stdout.write(f"{file}: in order\n")
    return 0
