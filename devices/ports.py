"""What the kiosk may know of a device: events, health and outcomes. No input or output happens here.

Events carry `device`, the name from the configuration, and `at`, in seconds of the monotonic clock. Their
`repr`, which ends up in logs, leaves out what was read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class DeviceFault(Exception):
    """A device did not do what was asked; its text never holds anything that the device read."""


class DeviceGone(DeviceFault):
    """The device cannot be opened, or vanished while in use."""


class DeviceUnplugged(DeviceGone):
    """Nothing is there to be opened; asking again costs next to nothing."""


class DeviceTimeout(DeviceFault):
    """The device is there but did not answer, or did not take its bytes, in time."""


class Health(Enum):
    """The states of one supervised device; the table of moves is `devices.supervisor.MOVES`."""

    ABSENT = "absent"  # not started, or stopped
    CONNECTING = "connecting"  # being opened
    READY = "ready"  # opened and answering
    DEGRADED = "degraded"  # opened, but its answers are faulty; being retried
    LOST = "lost"  # gone; the supervisor opens it again after a pause
    FAULT = "fault"  # the driver itself failed; opened again after a pause, worth a technician's look


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """State of one device, with a reason for staff; `since` and `last_ok` are monotonic seconds.

    `tries` counts failed attempts since the device last stayed ready; `last_ok` is None when it never was.
    """

    state: Health
    reason: str
    since: float
    last_ok: float | None
    tries: int


@dataclass(frozen=True, slots=True)
class PassPresented:
    """A chip of ISO/IEC 14443 type A lies on the reader; sent once for as long as it lies there.

    `number` is the untrusted NDEF text on the chip (printable ASCII, at most 64), None when it has none.
    `random_uid` tells that the UID means nothing beyond this moment (a phone); it must not be looked up.
    """

    device: str
    uid: bytes = field(repr=False)
    number: str | None = field(repr=False)
    random_uid: bool
    at: float


@dataclass(frozen=True, slots=True)
class PassRemoved:
    """The chip that was presented has left the reader's field."""

    device: str
    at: float


@dataclass(frozen=True, slots=True)
class BarcodeScanned:
    """One scan: printable ASCII of 1 to 64 characters; `aim` is the AIM symbology id, such as `C0`."""

    device: str
    text: str = field(repr=False)
    aim: str | None
    at: float


@dataclass(frozen=True, slots=True)
class ScanUnreadable:
    """The scanner sent something that is no barcode; `reason` says why and never holds what was read."""

    device: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """A device moved to another state, or the reason for its state changed."""

    device: str
    kind: str
    health: DeviceHealth
    at: float


DeviceEvent = PassPresented | PassRemoved | BarcodeScanned | ScanUnreadable | HealthChanged


@dataclass(frozen=True, slots=True)
class Pulse:
    """From a driver to its supervisor only: the device answered well, or badly where `trouble` says how.

    `note` is what staff may like to know of a device that works, such as paper running low.
    """

    trouble: str = ""
    note: str = ""


Signal = DeviceEvent | Pulse
Emit = Callable[[DeviceEvent], None]
Send = Callable[[Signal], None]


class Device(Protocol):
    """One supervised device. All three methods are called from the device's own thread only."""

    @property
    def name(self) -> str:
        """The name in the configuration."""

    @property
    def kind(self) -> str:
        """`pass_reader`, `item_scanner` or `receipt_printer`."""

    def open(self) -> None:
        """Open the device; raises DeviceGone or DeviceTimeout."""

    def run(self, send: Send, stop: threading.Event) -> None:
        """Serve the device until `stop` is set; raises DeviceGone or DeviceTimeout when it is lost."""

    def wake(self) -> None:
        """Make a blocked `run` look at its stop flag; may be called from any thread; never raises."""

    def close(self) -> None:
        """Let go of the device; never raises, may be called when it is not open."""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line of print; too long a text is broken at spaces by the printer's own width."""

    text: str
    bold: bool = False
    large: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is printed between two cuts."""

    lines: tuple[ReceiptLine, ...]


class PrintOutcome(Enum):
    """What became of a receipt, as far as the printer said so."""

    PRINTED = "printed"  # the printer answered "all well" after the cut
    OUT_OF_PAPER = "out_of_paper"  # not, or not wholly, on paper
    COVER_OPEN = "cover_open"  # not, or not wholly, on paper
    NOT_PRINTED = "not_printed"  # nothing was sent, or the printer says that it failed
    UNKNOWN = "unknown"  # bytes left for the printer and no confirmation came back


class ReceiptPrinter(Protocol):
    """A printer of receipts, shared by all callers."""

    def print(self, receipt: Receipt, job_id: str, deadline_s: float) -> PrintOutcome:
        """Print and cut; blocks at most `deadline_s` seconds; raises nothing for a broken printer.

        A `job_id` whose outcome was PRINTED is answered PRINTED again without printing.
        """
