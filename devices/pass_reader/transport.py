"""The link that nfcpy's PN532 driver talks through: the shape of its `transport.TTY`, our deadlines and faults.

nfcpy takes an OSError for a faulty answer; DeviceGone passes straight through it, so that both stay apart.
"""

from __future__ import annotations

import errno
import logging
import os
import time

from devices.links.serial import SerialLink
from devices.pass_reader.hsu import ACK, Cut, command_frame, cut_frame

log = logging.getLogger(__name__)

POWER_ON_BAUD = 115200
FASTEST_BAUD = 921600
_WAKE = b"\x55\x55" + bytes(14)  # a sleeping PN532 wakes on the edges of 55h and needs the time of the zeros
_GAP_S = 0.1  # within a frame bytes follow each other; a longer silence means that the rest is not coming
_WRITE_S = 1.0


class HsuTransport:
    """One PN532 on a serial port, at the speed that nfcpy asks for."""

    TYPE = "TTY"  # nfcpy looks at this to choose its start-up sequence

    def __init__(self, path: str) -> None:
        """Open `path`; raises DeviceGone."""
        self.port = path
        self.link = SerialLink(path, POWER_ON_BAUD)
        self._input = bytearray()

    @property
    def baudrate(self) -> int:
        """Bits a second."""
        return self.link.baud

    @baudrate.setter
    def baudrate(self, baud: int) -> None:
        self.link.set_baud(baud)

    def open(self, port: str, baud: int = POWER_ON_BAUD) -> None:
        """nfcpy reopens the port to change its speed; here only the speed changes. Raises DeviceGone."""
        if port != self.port:
            raise ValueError("one transport serves one port")
        if baud != self.link.baud:
            self.link.set_baud(baud)

    def read(self, timeout: int) -> bytearray:
        """The next whole frame; waits `timeout` milliseconds for it to begin.

        Raises OSError ETIMEDOUT when none came or its end is missing, EIO when it is faulty, and DeviceGone.
        """
        deadline = time.monotonic() + max(timeout / 1000, 0.05)
        while True:
            found = cut_frame(self._input)
            if isinstance(found, bytes):
                return bytearray(found)
            if found is Cut.BROKEN:
                self._input.clear()
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            left = deadline - time.monotonic()
            data = self.link.read(4096, min(left, _GAP_S) if self._input else left) if left > 0 else b""
            if not data and (self._input or time.monotonic() >= deadline):
                self._input.clear()
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            self._input += data

    def write(self, frame: bytes) -> None:
        """Send `frame`; what was left of earlier answers is dropped. Raises DeviceGone or DeviceTimeout."""
        self._input.clear()
        self.link.discard_input()
        self.link.write(bytes(frame), _WRITE_S)

    def close(self) -> None:
        """Close the port; never raises."""
        self.link.close()

    def slow_down(self) -> None:
        """Bring a chip back to 115200 that an earlier process left at 921600, without a word when it is not.

        Such a chip is deaf at the speed of power-on, and only a power cycle would help. Raises DeviceGone.
        """
        self.link.set_baud(FASTEST_BAUD)
        try:
            self.write(ACK)  # ends a command that may still be running
            self.write(_WAKE + command_frame(0x10, b"\x04"))  # SetSerialBaudRate: 4 is 115200
            if self.read(100) == ACK:
                self.read(100)
                self.write(ACK)
                log.info("%s: the chip was left at %d baud and has been slowed down", self.port, FASTEST_BAUD)
                time.sleep(0.005)  # the chip changes its speed after this ACK
        except OSError:
            log.debug("%s: no chip at %d baud either", self.port, FASTEST_BAUD)
        finally:
            self.link.set_baud(POWER_ON_BAUD)
