"""What `--check-config` says of a file that is in order: devices that are not plugged in or that the system must know
of, and a panel on which targets are small."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.settings import absent_ports, remarks
from kiosk.config import KioskConfig, ScreenSize
from kiosk.theme import TARGET_MM, least_diagonal, target_mm
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
    for number, words in _targets(config.screen, lines):
        _say(file, number, words)
    if absent and ports:
        return 2
    sys.stdout.write(f"{file}: in order\n")
    return 0


def _say(file: Path, line: int, words: str) -> None:
    sys.stderr.write(f"{file}:{line}: {words}\n")


def _targets(screen: ScreenSize, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """A warning where the buttons are too small on this panel, as far as the file says how wide that is."""
    high = target_mm(screen.width, screen.height, screen.width_mm)
    if screen.width_mm and high < TARGET_MM:
        least, line = least_diagonal(screen.width, screen.height), line_of(("screen", "width_mm"), lines)
        pixels = f"{screen.width} by {screen.height} pixels"
        words = (
            f"warning: [screen] the lowest buttons are {high:.1f} mm high here, and not every hand hits "
            f"less than {TARGET_MM:.0f} mm; with {pixels} it should measure {least} inches from corner to corner"
        )
        yield line, words
