"""The link that nfcpy's PN532 driver talks through: the shape of its `transport.TTY`, our deadlines and faults."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from devices.links.serial import SerialLink
from devices.pass_reader.frames import next_frame
from devices.pass_reader.hsu import ACK, command_frame, cut_frame

log = logging.getLogger(__name__)

POWER_ON_BAUD = 115200
# What a port may be able to do, fastest first, and the chip's numbers for it (UM0701-02, 7.2.8).
FASTER_BAUDS: Mapping[int, int] = {921600: 7, 460800: 6, 230400: 5}
_POWER_ON = b"\x04"
_WAKE = b"\x55\x55" + bytes(14)  # a sleeping PN532 wakes on the edges of 55h and needs the time of the zeros
_GAP_S = 0.1  # within a frame bytes follow each other; a longer silence means that the rest is not coming
_WRITE_S = 1.0


class HsuTransport:
    """One PN532 on a serial port."""

    TYPE = "TTY"  # nfcpy slows a chip of this type down before it lets go of it

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

    def takes(self, baud: int) -> bool:
        """Whether the port can do that speed; it keeps the one it has. Raises DeviceGone."""
        return self.link.takes(baud)

    def read(self, timeout: int) -> bytearray:
        """The next whole frame, waited for `timeout` milliseconds; raises what `next_frame` does."""
        return next_frame(self.link, self._input, cut_frame, timeout, _GAP_S)

    def write(self, frame: bytes) -> None:
        """Send `frame`; what was left of earlier answers is dropped. Raises DeviceGone or DeviceTimeout."""
        self._input.clear()
        self.link.discard_input()
        self.link.write(bytes(frame), _WRITE_S)

    def close(self) -> None:
        """Close the port; never raises."""
        self.link.close()

    def slow_down(self) -> None:
        """Bring a chip back to 115200 that an earlier process left at a higher speed, without a word when it is not.

        Such a chip is deaf at the speed of power-on, and only a power cycle would help. Raises DeviceGone.
        """
        try:
            for baud in FASTER_BAUDS:
                if self._slow_down_from(baud):
                    log.info("%s: the chip was left at %d baud and has been slowed down", self.port, baud)
                    return
        finally:
            self.link.set_baud(POWER_ON_BAUD)

    def _slow_down_from(self, baud: int) -> bool:
        self.link.set_baud(baud)
        try:
            self.write(ACK)  # ends a command that may still be running
            self.write(_WAKE + command_frame(0x10, _POWER_ON))  # SetSerialBaudRate
            if self.read(100) != ACK:
                return False
            self.read(100)
            self.write(ACK)
        except OSError:
            return False
        time.sleep(0.005)  # the chip changes its speed after this ACK
        return True
