"""FEIG's OBID ISO-host frames, standard protocol: length, address, control byte, data, CRC-16 (8408h, preset FFFFh).

An answer has a status before its data. Source: FEIG's system manuals, on the protocol and on status bytes.
"""

from __future__ import annotations

from dataclasses import field

from values import dataclass

ANY_ADDRESS = 0xFF
_SHORTEST_ANSWER = 6  # length, address, control byte, status, two of CRC
_LONGEST = 255

OK = 0x00
NO_TAG = 0x01
ADDRESS_ERROR = 0x04  # beyond the tag's memory
RF_WARNING = 0x84
MORE_DATA = 0x94
TAG_ERROR = 0x95  # the tag answered with an error of ISO 15693's own, in the first byte of the data


class FrameError(Exception):
    """Bytes that are no answer of a pad, or not to what was asked; the text never holds any of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the control byte of the request that it belongs to, its status, its data."""

    control: int
    status: int
    data: bytes = field(repr=False)


def crc(data: bytes) -> int:
    """The CRC of a frame; it is sent low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value


def request(command: bytes, address: int = ANY_ADDRESS) -> bytes:
    """The frame of a command, which is a control byte and its data; raises FrameError when it is too long."""
    if not 1 <= len(command) <= _LONGEST - 4:
        raise FrameError("a command of that length has no frame")
    body = bytes([len(command) + 4, address]) + command
    return body + crc(body).to_bytes(2, "little")


class Framer:
    """Answers out of a stream of bytes in any pieces; once all are taken out, less than a frame's length is kept."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes; `take` is then called until it gives none."""
        self._kept += data

    def take(self) -> Answer | None:
        """The next whole answer, None as long as there is none; raises FrameError and forgets all on a broken one."""
        if not self._kept:
            return None
        length = self._kept[0]
        if length < _SHORTEST_ANSWER:
            self.forget()
            raise FrameError("a length that no answer has")
        if len(self._kept) < length:
            return None
        frame = bytes(self._kept[:length])
        del self._kept[:length]
        if crc(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
            self.forget()
            raise FrameError("a wrong checksum")
        return Answer(frame[2], frame[3], frame[4:-2])

    def forget(self) -> None:
        """Begin anew."""
        self._kept.clear()
