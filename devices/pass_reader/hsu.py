"""Frames of the PN532 on its serial line (NXP UM0701-02, 6.2.1), cut out of a stream of bytes."""

from __future__ import annotations

from devices.pass_reader.frames import Cut

START = b"\x00\x00\xff"
ACK = b"\x00\x00\xff\x00\xff\x00"
NACK = b"\x00\x00\xff\xff\x00\x00"
LONGEST = 275  # an extended frame with 264 bytes of data, start to postamble


def cut_frame(buffer: bytearray) -> bytes | Cut:
    """Take the first whole frame, start code to postamble, out of `buffer`; noise before it is dropped.

    On BROKEN the start code of the faulty frame has been dropped, so that the next call goes on behind it.
    """
    start = buffer.find(START)
    if start < 0:
        del buffer[: max(0, len(buffer) - 2)]
        return Cut.MORE
    del buffer[:start]
    if len(buffer) < 6:
        return Cut.MORE
    if buffer.startswith((ACK, NACK)):
        return _take(buffer, 6)
    head, length = 5, buffer[3]
    if buffer[3:5] == b"\xff\xff":
        if len(buffer) < 8:
            return Cut.MORE
        head, length = 8, buffer[5] << 8 | buffer[6]
    end = head + length + 2
    if sum(buffer[3 if head == 5 else 5 : head]) & 0xFF or end > LONGEST or not length:
        return _broken(buffer)
    if len(buffer) < end:
        return Cut.MORE
    if sum(buffer[head : end - 1]) & 0xFF or buffer[end - 1]:
        return _broken(buffer)
    return _take(buffer, end)


def _take(buffer: bytearray, size: int) -> bytes:
    frame = bytes(buffer[:size])
    del buffer[:size]
    return frame


def _broken(buffer: bytearray) -> Cut:
    del buffer[: len(START)]
    return Cut.BROKEN


def command_frame(code: int, data: bytes = b"") -> bytes:
    """A host command as a normal frame; `data` of at most 253 bytes."""
    body = bytes([0xD4, code]) + data
    return START + bytes([len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])
