"""Barcode scanner on a serial port (USB CDC or RS-232): what it sends is read as it comes, bounded."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from devices.item_scanner.framing import Framed, Framer, Scan
from devices.links.serial import SerialLink
from devices.ports import BarcodeScanned, Pulse, ScanUnreadable, Send

log = logging.getLogger(__name__)

_PIECE = 4096
_QUIET_S = 0.5  # within a scan characters follow each other; a longer silence ends it
_IDLE_S = 30.0  # nothing is asked of a scanner: the wait ends by a scan, by `wake`, or by the port's loss


class SerialScanner:
    """One scanner; emits BarcodeScanned and ScanUnreadable."""

    kind = "item_scanner"

    def __init__(
        self,
        name: str,
        port: str,
        baud: int = 9600,
        prefix: str = "",
        suffix: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._port = port
        self._baud = baud
        self._prefix = prefix
        self._suffix = suffix
        self._clock = clock
        self._link: SerialLink | None = None

    def open(self) -> None:
        """Open the port; raises DeviceGone."""
        self._link = SerialLink(self._port, self._baud)

    def run(self, send: Send, stop: threading.Event) -> None:
        """Read until told to stop; raises DeviceGone."""
        link = self._link
        framer = Framer(self._prefix, self._suffix)
        while link is not None and not stop.is_set():
            data = link.read(_PIECE, _QUIET_S if framer.unsettled else _IDLE_S)
            self._tell(framer.feed(data) if data else framer.quiet(), send)

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
