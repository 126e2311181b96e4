"""The loop of every scanner: bytes as they come, bounded, to one event a scan."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from devices.item_scanner.framing import Framed, Framer, Scan
from devices.links.descriptor import DescriptorLink
from devices.ports import BarcodeScanned, Pulse, ScanUnreadable, Send

log = logging.getLogger(__name__)

_PIECE = 4096
_QUIET_S = 0.5  # within a scan characters follow each other; a longer silence ends it
_IDLE_S = 30.0  # nothing is asked of a scanner: the wait ends by a scan, by `wake`, or by the port's loss


class ScanReader:
    """Reads one scanner's link; `decode` makes characters of what the link carries."""

    def __init__(
        self, name: str, framer: Framer, clock: Callable[[], float], decode: Callable[[bytes], bytes] = bytes
    ) -> None:
        self._name = name
        self._framer = framer
        self._clock = clock
        self._decode = decode

    def read(self, link: DescriptorLink, send: Send, stop: threading.Event) -> None:
        """Read until told to stop; raises DeviceGone."""
        framer = self._framer
        while not stop.is_set():
            data = link.read(_PIECE, _QUIET_S if framer.unsettled else _IDLE_S)
            self._tell(framer.feed(self._decode(data)) if data else framer.quiet(), send)

    def _tell(self, framed: Iterable[Framed], send: Send) -> None:
        for one in framed:
            at = self._clock()
            if isinstance(one, Scan):
                send(BarcodeScanned(self._name, one.text, one.aim, at))
                send(Pulse())
            else:
                log.info("%s: unreadable scan (%s)", self._name, one.reason)
                send(ScanUnreadable(self._name, one.reason, at))
