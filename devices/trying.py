"""Tries the devices of a kiosk's configuration without a kiosk: how each is, and a payment at the terminal.

Not while the kiosk runs: what it holds alone (serial ports, a ZVT terminal's line) is told as lost here.
"""

from __future__ import annotations

import secrets
import time
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.open_devices import Devices, open_devices
from devices.ports import Begun, DeviceEvent, DeviceHealth, Health, PaymentTerminal, PayOutcome, PayResult
from devices.settings import KINDS, DeviceConfigError, DeviceSettings, section_settings

_LOOK_S = 0.05
_MARK_S = 2.0


class CannotTry(Exception):
    """The configuration cannot be used; its text is a sentence."""


def devices_of(config: Path, names: Collection[str] = ()) -> list[DeviceSettings]:
    """The device sections of a kiosk's configuration, those of `names` or all; raises CannotTry."""
    try:
        data: Mapping[str, Any] = tomllib.loads(config.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise CannotTry(f"{config}: {fault}") from None
    found = [
        section_settings(kind, data[kind], config.parent)
        for kind in KINDS
        if kind in (names or KINDS) and isinstance(data.get(kind), Mapping)
    ]
    missing = sorted(set(names) - {one.kind for one in found})
    if missing or not found:
        raise CannotTry(f"{config}: no section {', '.join(missing) or 'of a device'}")
    return found


def opened(settings: list[DeviceSettings]) -> Devices:
    """All of them, started; raises CannotTry."""
    try:
        devices = open_devices(settings, _heard)
    except DeviceConfigError as fault:
        raise CannotTry(str(fault)) from None
    devices.start()
    return devices


def _heard(event: DeviceEvent) -> None:
    """What the devices read is nobody's business here."""


def settled(devices: Devices, within_s: float) -> Mapping[str, DeviceHealth]:
    """How each of them is once all are ready, or when the time is over."""
    until = time.monotonic() + within_s
    while any(one.state is not Health.READY for one in devices.health().values()) and time.monotonic() < until:
        time.sleep(_LOOK_S)
    return devices.health()


def said_of(name: str, health: DeviceHealth) -> str:
    """One line on one device."""
    return f"{name:18}{health.state.value:11}{health.reason}".rstrip()


def pay(terminal: PaymentTerminal, cents: int, within_s: float, say: Callable[[str], None]) -> PayResult:
    """Ask for the amount and let an approved payment be kept; an outcome that got lost is asked for, once."""
    begun = Begun("try-" + secrets.token_hex(5), cents, datetime.now(UTC), terminal.mark(_MARK_S))
    say(f"asked for {cents} cents")
    result = terminal.pay(cents, begun.reference, lambda step: say(f"waits for: {step.value}"), within_s)
    if result.outcome is PayOutcome.UNKNOWN:
        say("unknown; asking what became of it")
        result = terminal.recover(begun, result.terminal_ref, within_s)
    if result.outcome is PayOutcome.APPROVED:
        terminal.settle(begun.reference, booked=True, deadline_s=within_s)
    return result
