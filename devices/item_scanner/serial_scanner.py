"""Barcode scanner on a serial port (USB CDC or RS-232): what it sends is read as it comes, bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from devices.item_scanner.framing import Framer
from devices.item_scanner.reading import ScanReader
from devices.links.serial import SerialLink
from devices.ports import Send


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
        if link is not None:
            ScanReader(self.name, Framer(self._prefix, self._suffix), self._clock).read(link, send, stop)

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
