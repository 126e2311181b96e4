"""ZVT's blocks on a serial line (PA00P005): DLE STX … DLE ETX CRC, each answered by ACK or NAK.

Only what the other end refused by NAK is sent again: silence may mean that it was taken.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import field
from enum import Enum

from devices.links.descriptor import DescriptorLink
from devices.payment_terminal.zvt_apdu import LONGEST_DATA, Apdu, ZvtMalformed, decode
from devices.ports import DeviceTimeout
from values import dataclass

_DLE, _STX, _ETX, _ACK, _NAK = 0x10, 0x02, 0x03, 0x06, 0x15
_LONGEST_BLOCK = LONGEST_DATA + 5
_TRIES = 3
_ANSWER_S = 5.0
_STANDSTILL_S = 1.0  # a block that stands still for so long is asked for again
_PIECE = 4096


class Sign(Enum):
    """What comes on the line besides blocks."""

    ACK = "ack"
    NAK = "nak"
    DAMAGED = "damaged"  # a block whose checksum or frame is wrong


@dataclass(frozen=True, slots=True)
class Block:
    """The content of one block whose checksum is right."""

    content: bytes = field(repr=False)


def crc(data: bytes) -> int:
    """CRC-16 with polynomial 0x8408, from the low bit, begun with 0."""
    found = 0
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ 0x8408 if found & 1 else found >> 1
    return found


def encode_block(content: bytes) -> bytes:
    """The content with DLE doubled, between its marks, and the checksum over the content and ETX."""
    doubled = content.replace(bytes([_DLE]), bytes([_DLE, _DLE]))
    return b"\x10\x02" + doubled + b"\x10\x03" + crc(content + bytes([_ETX])).to_bytes(2, "little")


class BlockReader:
    """Blocks and signs out of a stream; holds one block at most, whatever comes."""

    def __init__(self) -> None:
        self._content = bytearray()
        self._checksum = bytearray()
        self._state = self._outside

    @property
    def within(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._state != self._outside

    def forget(self) -> None:
        """Begin outside a block again."""
        self._state = self._outside
        self._content.clear()
        self._checksum.clear()

    def feed(self, data: bytes) -> list[Block | Sign]:
        """What has come to its end."""
        return [one for byte in data if (one := self._state(byte)) is not None]

    def _outside(self, byte: int) -> Block | Sign | None:
        if byte == _DLE:
            self._state = self._begins
        return {_ACK: Sign.ACK, _NAK: Sign.NAK}.get(byte)

    def _begins(self, byte: int) -> Block | Sign | None:
        self.forget()
        if byte == _STX:
            self._state = self._inside
        elif byte == _DLE:
            self._state = self._begins
        return None

    def _inside(self, byte: int) -> Block | Sign | None:
        if byte == _DLE:
            self._state = self._escaped
            return None
        return self._keep(byte)

    def _escaped(self, byte: int) -> Block | Sign | None:
        if byte == _ETX:
            self._state = self._ends
            return None
        if byte == _DLE:
            self._state = self._inside
            return self._keep(byte)
        self.forget()
        if byte == _STX:  # another block begins where this one had not ended
            self._state = self._inside
        return Sign.DAMAGED

    def _ends(self, byte: int) -> Block | Sign | None:
        self._checksum.append(byte)
        if len(self._checksum) < 2:
            return None
        content, told = bytes(self._content), int.from_bytes(self._checksum, "little")
        self.forget()
        return Block(content) if crc(content + bytes([_ETX])) == told else Sign.DAMAGED

    def _keep(self, byte: int) -> Sign | None:
        if len(self._content) >= _LONGEST_BLOCK:
            self.forget()
            return Sign.DAMAGED
        self._content.append(byte)
        return None


class SerialWire:
    """Messages over a serial line; one thread uses it."""

    def __init__(self, link: DescriptorLink, clock: Callable[[], float] = time.monotonic) -> None:
        self.link = link
        self._clock = clock
        self._reader = BlockReader()
        self._came: deque[Apdu] = deque()
        self._signs: deque[Sign] = deque()
        self._moved = clock()

    def send(self, message: Apdu) -> None:
        """Sends it and waits for its ACK; raises DeviceGone, or DeviceTimeout where none came."""
        block = encode_block(message.encode())
        for _ in range(_TRIES):
            self._signs.clear()
            self.link.write(block, _ANSWER_S)
            if self._acknowledged():
                return
        raise DeviceTimeout(f"{self.link.label}: the terminal refuses what is sent")

    def _acknowledged(self) -> bool:
        until = self._clock() + _ANSWER_S
        while not self._signs:
            left = until - self._clock()
            if left <= 0:
                raise DeviceTimeout(f"{self.link.label}: the terminal does not take what is sent")
            self._take(self.link.read(_PIECE, left))
        return self._signs.popleft() is Sign.ACK

    def receive(self, timeout_s: float) -> Apdu | None:
        """The next message; None after `timeout_s`, when woken, and where what came was damaged."""
        if not self._came:
            self._take(self.link.read(_PIECE, timeout_s))
        return self._came.popleft() if self._came else None

    def _take(self, data: bytes) -> None:
        if data:
            self._moved = self._clock()
        elif self._reader.within and self._clock() - self._moved > _STANDSTILL_S:
            self._reader.forget()
            self.link.write(bytes([_NAK]), _ANSWER_S)
        for one in self._reader.feed(data):
            if isinstance(one, Sign) and one is not Sign.DAMAGED:
                self._signs.append(one)
            elif isinstance(one, Block) and (message := _message(one)) is not None:
                self._came.append(message)
                self.link.write(bytes([_ACK]), _ANSWER_S)
            else:
                self.link.write(bytes([_NAK]), _ANSWER_S)


def _message(block: Block) -> Apdu | None:
    try:
        return decode(block.content)
    except ZvtMalformed:
        return None
