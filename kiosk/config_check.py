"""What `--check-config` says of a file that is in order: the devices that are not plugged in now."""

from __future__ import annotations

import sys
from pathlib import Path

from devices.settings import absent_ports
from kiosk.config import KioskConfig
from kiosk.toml_lines import line_of


def checked(config: KioskConfig, file: Path, *, ports: bool) -> int:
    """The exit status: 0, or 2 where `ports` asks for the devices and one is not there; else that is a warning."""
    absent = absent_ports(config.devices)
    lines = file.read_text("utf-8").split("\n")
    for one in absent:
        words = f"{'' if ports else 'warning: '}[{one.name}] {one.message}"
        sys.stderr.write(f"{file}:{line_of((one.name, 'port'), lines)}: {words}\n")
    if absent and ports:
        return 2
    sys.stdout.write(f"{file}: in order\n")
    return 0
