"""What the kiosk may know of a device: events, health and outcomes. No input or output happens here.

Events carry `device`, the name from the configuration, and `at`, in seconds of the monotonic clock. Their
`repr`, which ends up in logs, leaves out what was read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import Protocol

from values import dataclass


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
    """A chip of ISO/IEC 14443 type A was laid on the reader; sent once for as long as it lies there.

    `number` is the untrusted NDEF text on the chip (printable ASCII, at most 64), None when it has none.
    `random_uid` tells that the UID means nothing beyond this moment (a phone); it must not be looked up.
    """

    device: str
    uid: bytes = field(repr=False)
    number: str | None = field(repr=False)
    random_uid: bool
    at: float


@dataclass(frozen=True, slots=True)
class PassFound:
    """What lay there when the reader was opened: the pass that was told before, or one that nobody saw come in a
    while. The facts are those of `PassPresented`; that somebody has just laid it there is not one of them."""

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
class PassUnreadable:
    """A card is there that no pass can be read from; `reason` says which kind and never holds what was read."""

    device: str
    reason: str
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


class TagSecurity(Enum):
    """What the gate makes of a tag, as read back from the tag itself."""

    SECURED = "secured"  # the gate calls
    UNSECURED = "unsecured"  # the gate lets it through
    UNKNOWN = "unknown"  # not read back: taken away, foreign, or the pad did not answer in time


@dataclass(frozen=True, slots=True)
class PadItem:
    """One tag (ISO 15693) on the item pad. `number`: the untrusted item number on it, None where none can be read.

    `part` of `parts`: of an item of several tags, each numbered from 1. `usage`: ISO 28560's type of usage, None where
    not told; 8 is a patron's card. `model`: the data model that the number was read by, empty for a foreign tag.
    """

    uid: bytes = field(repr=False)
    number: str | None = field(repr=False)
    part: int
    parts: int
    usage: int | None
    model: str
    security: TagSecurity


@dataclass(frozen=True, slots=True)
class ItemsChanged:
    """What lies on the pad now: all of it, each time that it changes, and once it was looked at after an opening."""

    device: str
    items: tuple[PadItem, ...]
    at: float


class Key(Enum):
    """The keys of a keypad that is felt; the values are the words of its line (`devices/tactile/key_line.py`)."""

    PREVIOUS = "previous"
    NEXT = "next"
    OK = "ok"
    REPEAT = "repeat"
    LOUDER = "louder"
    QUIETER = "quieter"


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key went down; one that is held is told once. Never in the repr: keys in a row may be a PIN."""

    device: str
    key: Key = field(repr=False)
    at: float


@dataclass(frozen=True, slots=True)
class HeadphonesChanged:
    """Headphones are in their socket, or not; told when the device was opened and at every change."""

    device: str
    plugged: bool
    at: float


DeviceEvent = (
    PassPresented
    | PassFound
    | PassRemoved
    | PassUnreadable
    | BarcodeScanned
    | ScanUnreadable
    | ItemsChanged
    | KeyPressed
    | HeadphonesChanged
    | HealthChanged
)


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
    """One supervised device. Its methods, but `wake`, are called from the device's own thread only.

    One with a `beat_s` (seconds, no part of this Protocol) sends a signal at least so often when it is well; a longer
    silence degrades it, and then it is opened again.
    """

    @property
    def name(self) -> str:
        """The name in the configuration."""

    @property
    def kind(self) -> str:
        """`pass_reader`, `item_scanner`, `item_pad`, `receipt_printer`, `payment_terminal`, `signals`, `speech`,
        `keypad` or `headphones`."""

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

    def can_write(self, receipt: Receipt) -> bool:
        """Whether every letter of it can be printed, at worst without its accent; does no I/O."""


class ItemPad(Protocol):
    """A pad that items lie on, shared by all callers; what lies there is told by ItemsChanged."""

    def secure(self, uid: bytes, deadline_s: float) -> TagSecurity:
        """Makes the gate call for this tag and reads it back; blocks at most `deadline_s` seconds, raises nothing."""

    def unsecure(self, uid: bytes, deadline_s: float) -> TagSecurity:
        """Lets this tag through the gate and reads it back; the same."""


class PayOutcome(Enum):
    """What became of a payment, as far as the terminal said so."""

    APPROVED = "approved"
    DECLINED = "declined"
    ABORTED = "aborted"  # by the patron or by the kiosk, before any money moved
    UNKNOWN = "unknown"  # no answer, or none that can be believed: `recover` before anything else


@dataclass(frozen=True, slots=True)
class PayResult:
    """`cents` as authorised, 0 unless approved. `terminal_ref`: by which the terminal, or its host, knows the payment.

    `receipt`: the customer's lines as the terminal wants them printed, unaltered. `why`: a word for staff.
    """

    outcome: PayOutcome
    cents: int = 0
    terminal_ref: str = field(default="", repr=False)
    receipt: tuple[str, ...] = field(default=(), repr=False)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment as its caller wrote it down before asking for it: all that finds it again after a start.

    `at`: then, UTC. `mark`: what `PaymentTerminal.mark` gave then.
    """

    reference: str
    cents: int
    at: datetime
    mark: str = field(default="", repr=False)


class PayStep(Enum):
    """What the terminal waits for, for the screen beside it."""

    CARD = "card"
    PIN = "pin"
    HOST = "host"
    REMOVE_CARD = "remove_card"


class PaymentTerminal(Protocol):
    """A payment terminal, shared by all callers; one payment at a time.

    The caller writes a Begun down before it calls `pay`, and asks `recover` about one that has no outcome before it
    begins another. No payment is ever repeated by the driver. Nothing is raised for a broken terminal: that is
    UNKNOWN, or DECLINED where nothing can have left for it.
    """

    def mark(self, deadline_s: float) -> str:
        """What to write down beside a reference, to know its payment from those before it; empty where none is told."""

    def pay(self, cents: int, reference: str, tell: Callable[[PayStep], None], deadline_s: float) -> PayResult:
        """Asks for the amount; blocks at most `deadline_s` seconds. `tell` is called on the device's thread."""

    def settle(self, reference: str, *, booked: bool, deadline_s: float) -> PayResult:
        """Tells the terminal whether an approved payment was booked; one that was not is reversed (ABORTED)."""

    def abort(self) -> None:
        """Asks the terminal to stop the payment that runs; its outcome comes from `pay`. From any thread."""

    def recover(self, begun: Begun, terminal_ref: str, deadline_s: float) -> PayResult:
        """What became of it: ABORTED where the terminal never heard of it, UNKNOWN as long as nobody can tell.

        `terminal_ref`: as `pay` told it, empty where it did not.
        """

    def reverse(self, reference: str, terminal_ref: str, cents: int, deadline_s: float) -> PayResult:
        """Gives an approved payment back: ABORTED when it was, DECLINED where the terminal refuses, else UNKNOWN."""


class Light(Enum):
    """What a status light on the kiosk shows."""

    READY = "ready"
    BUSY = "busy"
    HELP = "help"
    OFF = "off"


class Signals(Protocol):
    """Sound and light, for those who do not look at the screen; nothing blocks and nothing is raised."""

    def success(self) -> None:
        """A soft tone."""

    def error(self) -> None:
        """The one tone for every "no"."""

    def light(self, shows: Light) -> None:
        """Shows that until told otherwise."""
