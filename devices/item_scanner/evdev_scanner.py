"""Barcode scanner that types (HID keyboard), grabbed and read by key code, whatever layout the kiosk itself has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from devices.item_scanner.evdev_events import KeyDecoder
from devices.item_scanner.framing import Framer
from devices.item_scanner.reading import ScanReader
from devices.links.evdev import EvdevLink, open_grabbed
from devices.ports import Send


class EvdevScanner:
    """One scanner; emits BarcodeScanned and ScanUnreadable, just as one on a serial port."""

    kind = "item_scanner"

    def __init__(
        self,
        name: str,
        port: str,
        layout: str = "us",
        prefix: str = "",
        suffix: str = "",
        clock: Callable[[], float] = time.monotonic,
        opened: Callable[[str], int] = open_grabbed,
    ) -> None:
        """`layout`: in which the scanner is set to type; `opened`: gives the descriptor that events are read from."""
        self.name = name
        self._port = port
        self._layout = layout
        self._prefix = prefix
        self._suffix = suffix
        self._clock = clock
        self._opened = opened
        self._link: EvdevLink | None = None

    def open(self) -> None:
        """Open and grab the input device; raises DeviceUnplugged or DeviceGone."""
        self._link = EvdevLink(self._port, self._opened)

    def run(self, send: Send, stop: threading.Event) -> None:
        """Read until told to stop; raises DeviceGone."""
        link = self._link
        if link is not None:
            framer, keys = Framer(self._prefix, self._suffix), KeyDecoder(self._layout)
            ScanReader(self.name, framer, self._clock, keys.feed).read(link, send, stop)

    def wake(self) -> None:
        """End the wait for a scan."""
        link = self._link
        if link is not None:
            link.wake()

    def close(self) -> None:
        """Let go of the input device."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
