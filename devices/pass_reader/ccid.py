"""The link that nfcpy's ACR122U driver talks through: whole bulk messages of CCID (USB CCID 1.1, 6.1 and 6.2).

The shape of nfcpy's `transport.USB`, our deadlines and faults: OSError for a faulty answer, DeviceGone for no reader.
"""

from __future__ import annotations

import errno
import os
import time
from enum import Enum

from devices.links.link import Link

HEAD = 10
LONGEST = HEAD + 300  # nfcpy asks for no more
_WRITE_S = 1.0
_LEAST_S = 0.05


class Cut(Enum):
    """Why no message could be cut out."""

    MORE = "more bytes are needed"
    BROKEN = "a length that no message has"


def cut_message(buffer: bytearray) -> bytes | Cut:
    """Takes the first whole message out of `buffer`: type, length of what follows the ten bytes of the head, those."""
    if len(buffer) < HEAD:
        return Cut.MORE
    end = HEAD + int.from_bytes(buffer[1:5], "little")
    if end > LONGEST:
        return Cut.BROKEN
    if len(buffer) < end:
        return Cut.MORE
    message = bytes(buffer[:end])
    del buffer[:end]
    return message


class CcidTransport:
    """One reader behind a link."""

    TYPE = "USB"
    manufacturer_name = "ACS"
    product_name = "ACR122U"

    def __init__(self, link: Link) -> None:
        self.link = link
        self._input = bytearray()

    def read(self, timeout: int) -> bytearray:
        """The next whole message; waits `timeout` milliseconds. Raises OSError ETIMEDOUT or EIO, and DeviceGone."""
        deadline = time.monotonic() + max(timeout / 1000, _LEAST_S)
        while True:
            found = cut_message(self._input)
            if isinstance(found, bytes):
                return bytearray(found)
            left = deadline - time.monotonic()
            if found is Cut.BROKEN or left <= 0:
                self._input.clear()
                number = errno.EIO if found is Cut.BROKEN else errno.ETIMEDOUT
                raise OSError(number, os.strerror(number))
            self._input += self.link.read(LONGEST, left)

    def write(self, frame: bytes) -> None:
        """Sends one message; what was left of earlier answers is dropped. Raises DeviceGone or DeviceTimeout."""
        while self._input or self.link.read(LONGEST, 0.0):
            self._input.clear()
        self.link.write(bytes(frame), _WRITE_S)

    def close(self) -> None:
        """Lets go of the link; never raises."""
        self.link.close()
