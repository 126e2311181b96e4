"""Barcode scanners on a serial port (USB CDC or RS-232), or typing as a keyboard: one driver, two ways in.

A typing scanner is grabbed and read by key code, whatever layout the kiosk itself has.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from devices.item_scanner.evdev_events import KeyDecoder
from devices.item_scanner.framing import Framed, Framer, Scan
from devices.links.descriptor import DescriptorLink
from devices.links.evdev import EvdevLink, open_grabbed
from devices.links.serial import SerialLink
from devices.ports import BarcodeScanned, Pulse, ScanUnreadable, Send

log = logging.getLogger(__name__)

_PIECE = 4096
_QUIET_S = 0.5  # within a scan characters follow each other; a longer silence ends it
_IDLE_S = 30.0  # nothing is asked of a scanner: the wait ends by a scan, by `wake`, or by the port's loss

Decode = Callable[[bytes], bytes]


class Scanner:
    """One scanner: bytes as they come, bounded, to BarcodeScanned and ScanUnreadable."""

    kind = "item_scanner"

    def __init__(
        self,
        name: str,
        connect: Callable[[], DescriptorLink],
        decoder: Callable[[], Decode] = lambda: bytes,
        prefix: str = "",
        suffix: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connect` opens the link, raising DeviceGone; `decoder` begins to make characters of what it carries."""
        self.name = name
        self._connect = connect
        self._decoder = decoder
        self._prefix = prefix
        self._suffix = suffix
        self._clock = clock
        self._link: DescriptorLink | None = None

    def open(self) -> None:
        """Open the port, or grab the input device; raises DeviceGone or DeviceUnplugged."""
        self._link = self._connect()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Read until told to stop; raises DeviceGone."""
        link, framer, decode = self._link, Framer(self._prefix, self._suffix), self._decoder()
        while link is not None and not stop.is_set():
            data = link.read(_PIECE, _QUIET_S if framer.unsettled else _IDLE_S)
            self._tell(framer.feed(decode(data)) if data else framer.quiet(), send)

    def wake(self) -> None:
        """End the wait for a scan."""
        link = self._link
        if link is not None:
            link.wake()

    def close(self) -> None:
        """Let go of the port."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _tell(self, framed: Iterable[Framed], send: Send) -> None:
        for one in framed:
            at = self._clock()
            if isinstance(one, Scan):
                send(BarcodeScanned(self.name, one.text, one.aim, at))
                send(Pulse())
            else:
                log.info("%s: unreadable scan (%s)", self.name, one.reason)
                send(ScanUnreadable(self.name, one.reason, at))


def serial_scanner(name: str, port: str, baud: int = 9600, prefix: str = "", suffix: str = "") -> Scanner:
    """A scanner that sends its characters on a serial line."""
    return Scanner(name, lambda: SerialLink(port, baud), prefix=prefix, suffix=suffix)


def typing_scanner(
    name: str,
    port: str,
    layout: str = "us",
    prefix: str = "",
    suffix: str = "",
    opened: Callable[[str], int] = open_grabbed,
) -> Scanner:
    """A scanner that types in `layout`; `opened` gives the descriptor that the kernel's events are read from."""
    return Scanner(name, lambda: EvdevLink(port, opened), lambda: KeyDecoder(layout).feed, prefix, suffix)
