"""ZVT's application layer (PA00P015): APDU, BCD, BMP fields, TLV; pure, and whatever comes in raises ZvtMalformed only.

Nothing in here is told in an exception: its text names what is wrong with bytes, never the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from values import dataclass

LONGEST_DATA = 0xFFFF
_LONG = 0xFF  # in place of a length: two bytes follow, the low one first

AMOUNT, TRACE, TIME, DATE, RESULT, TERMINAL_ID, ORIGINAL_TRACE, CURRENCY, RECEIPT = (
    0x04, 0x0B, 0x0C, 0x0D, 0x27, 0x29, 0x37, 0x49, 0x87,
)  # fmt: skip
CONTAINER = 0x06  # its length is written as in TLV
_FIXED = {
    0x01: 1, 0x02: 1, 0x03: 1, AMOUNT: 6, 0x05: 1, TRACE: 3, TIME: 3, DATE: 2, 0x0E: 2, 0x17: 2, 0x19: 1, RESULT: 1,
    TERMINAL_ID: 4, 0x2A: 15, ORIGINAL_TRACE: 3, 0x3A: 2, 0x3B: 8, 0x3D: 3, CURRENCY: 2, RECEIPT: 2, 0x88: 3, 0x8A: 1,
    0x8C: 1, 0xA0: 1, 0xAA: 3, 0xBA: 5, 0xD0: 1, 0xD2: 1, 0xD3: 1, 0xE0: 1, 0xE9: 1, 0xEA: 1, 0xEB: 8, 0xF9: 1,
    0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFD: 1,
}  # fmt: skip
_LL = frozenset({0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1, *range(0xE1, 0xE9), *range(0xF1, 0xF9)})
_LLL = frozenset({0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF})


class ZvtMalformed(Exception):
    """Bytes that are not what the protocol has there."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """One message: `control` is class and instruction, such as 0x0601; in an answer the instruction is a code."""

    control: int
    data: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """The bytes on the wire, with a length of one or of three bytes."""
        size = len(self.data)
        if size > LONGEST_DATA or not 0 <= self.control <= 0xFFFF:
            raise ZvtMalformed("too much for one message")
        length = bytes([size]) if size < _LONG else bytes([_LONG]) + size.to_bytes(2, "little")
        return self.control.to_bytes(2, "big") + length + self.data


def decode(message: bytes) -> Apdu:
    """Exactly one message; raises ZvtMalformed."""
    found = _first(message)
    if found is None or found[1] != len(message):
        raise ZvtMalformed("the length of a message is not what it says")
    return found[0]


def _first(data: bytes | bytearray) -> tuple[Apdu, int] | None:
    """The message that `data` begins with, and its end; None while it is not all there."""
    if len(data) < 3:
        return None
    start, size = 3, data[2]
    if size == _LONG:
        if len(data) < 5:
            return None
        start, size = 5, int.from_bytes(data[3:5], "little")
    if len(data) < start + size:
        return None
    return Apdu(int.from_bytes(data[:2], "big"), bytes(data[start : start + size])), start + size


class ApduReader:
    """Messages out of a stream that has no other frame than their lengths; holds one message at most."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[Apdu]:
        """What is complete now."""
        self._waiting += data
        found: list[Apdu] = []
        while (one := _first(self._waiting)) is not None:
            found.append(one[0])
            del self._waiting[: one[1]]
        return found


def bcd(number: int, size: int) -> bytes:
    """`size` bytes of two decimal digits each; raises ZvtMalformed where the number has more."""
    if not 0 <= number < 10 ** (2 * size):
        raise ZvtMalformed("a number with too many digits")
    return bytes.fromhex(f"{number:0{2 * size}}")


def number(data: bytes) -> int:
    """The number that BCD tells; raises ZvtMalformed where a digit is none."""
    digits = data.hex()
    if not digits.isdecimal():
        raise ZvtMalformed("a digit that is none")
    return int(digits)


def encode_field(bmp: int, value: bytes) -> bytes:
    """One BMP field; raises ZvtMalformed where the value has no length that the field can have."""
    if bmp == CONTAINER:
        return bytes([bmp]) + _tlv_length(len(value)) + value
    if _FIXED.get(bmp) == len(value):
        return bytes([bmp]) + value
    digits = 2 if bmp in _LL else 3 if bmp in _LLL else 0
    if not digits or len(value) >= 10**digits:
        raise ZvtMalformed("a field without such a length")
    return bytes([bmp, *(0xF0 | int(one) for one in f"{len(value):0{digits}}")]) + value


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The BMP fields in their order; raises ZvtMalformed at the first that is unknown or cut off."""
    at = 0
    while at < len(data):
        bmp = data[at]
        size, at = _size_of(bmp, data, at + 1)
        if at + size > len(data):
            raise ZvtMalformed("a field is cut off")
        yield bmp, data[at : at + size]
        at += size


def _size_of(bmp: int, data: bytes, at: int) -> tuple[int, int]:
    if bmp in _FIXED:
        return _FIXED[bmp], at
    if bmp == CONTAINER:
        return _read_tlv_length(data, at)
    digits = 2 if bmp in _LL else 3 if bmp in _LLL else 0
    if not digits:
        raise ZvtMalformed("a field that is not known")
    return digits_of_length(data, at, digits), at + digits


def digits_of_length(data: bytes, at: int, digits: int) -> int:
    """The length that LL or LLL tells at `at`: one digit a byte, its high half being F; raises ZvtMalformed."""
    size = 0
    written = data[at : at + digits]
    for one in written:
        if one >> 4 != 0xF or one & 0xF > 9:
            raise ZvtMalformed("a length that is none")
        size = size * 10 + (one & 0xF)
    if len(written) < digits:
        raise ZvtMalformed("a length is cut off")
    return size


def encode_tlv(objects: Sequence[tuple[int, bytes]]) -> bytes:
    """Data objects one after the other; a tag is the number that its bytes make, such as 0x1F07."""
    found = bytearray()
    for tag, value in objects:
        found += tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big") + _tlv_length(len(value)) + value
    return bytes(found)


def tlv(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The data objects of a container, not of those within; raises ZvtMalformed."""
    at = 0
    while at < len(data):
        start, at = at, at + 1
        if data[start] & 0x1F == 0x1F:
            while at < len(data) and data[at] & 0x80:
                at += 1
            at += 1
        if at > len(data) or at - start > 4:
            raise ZvtMalformed("a tag without an end")
        tag = int.from_bytes(data[start:at], "big")
        size, at = _read_tlv_length(data, at)
        if at + size > len(data):
            raise ZvtMalformed("a data object is cut off")
        yield tag, data[at : at + size]
        at += size


def _tlv_length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    if size > LONGEST_DATA:
        raise ZvtMalformed("too much for one data object")
    return bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")


def _read_tlv_length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise ZvtMalformed("a length is cut off")
    if data[at] < 0x80:
        return data[at], at + 1
    count = data[at] - 0x80
    if count not in {1, 2} or at + 1 + count > len(data):
        raise ZvtMalformed("a length that is none")
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count
