"""The link that nfcpy's ACR122U driver talks through: whole bulk messages of CCID (USB CCID 1.1, 6.1 and 6.2).

The shape of nfcpy's `transport.USB`, our deadlines and faults.
"""

from __future__ import annotations

from devices.links.link import Link
from devices.pass_reader.frames import Cut, next_frame

HEAD = 10
LONGEST = HEAD + 300  # nfcpy asks for no more
_WRITE_S = 1.0


def cut_message(buffer: bytearray) -> bytes | Cut:
    """Takes the first whole message out of `buffer`: type, length of what follows the ten bytes of the head, those.

    BROKEN: a length that no message has.
    """
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
        """The next whole message, waited for `timeout` milliseconds; raises what `next_frame` does."""
        return next_frame(self.link, self._input, cut_message, timeout)

    def write(self, frame: bytes) -> None:
        """Sends one message; what was left of earlier answers is dropped. Raises DeviceGone or DeviceTimeout."""
        while self._input or self.link.read(LONGEST, 0.0):
            self._input.clear()
        self.link.write(bytes(frame), _WRITE_S)

    def close(self) -> None:
        """Lets go of the link; never raises."""
        self.link.close()
