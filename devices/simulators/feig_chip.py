"""What a FEIG pad of the OBID ISO-host kind does with the frames that it gets, by the maker's manuals."""

from __future__ import annotations

import time
from collections.abc import Iterator

from devices.simulators.feig_tag import BLOCK, SimulatedTag

OK, NO_TAG, WRITE_ERROR, ADDRESS_ERROR, WRONG_TYPE = 0x00, 0x01, 0x03, 0x04, 0x05
UNKNOWN_COMMAND, LENGTH_ERROR, MORE_DATA, TAG_ERROR = 0x80, 0x81, 0x94, 0x95
_BLOCK_LOCKED = 0x12  # an error of ISO 15693's own
_TAGS_A_FRAME = 24
_TORN_S = 0.1  # bytes of a frame that is not completed are forgotten
_KINDS = {0x01: "inventory", 0x23: "read", 0x24: "write", 0x27: "write", 0x2B: "system", 0xA5: "eas"}
_KINDS |= {0xA2: "write", 0xA3: "write"}


def checksum(data: bytes) -> bytes:
    """CRC-16 of the maker's manual: x^16 + x^12 + x^5 + 1 reflected, preset FFFFh, low byte first."""
    register = 0xFFFF
    for byte in data:
        mixed = (byte ^ register) & 0xFF
        mixed ^= mixed << 4 & 0xFF
        register = register >> 8 ^ mixed << 8 ^ mixed << 3 ^ mixed >> 4
    return (register & 0xFFFF).to_bytes(2, "little")


def kind_of(command: bytes) -> str:
    """`inventory`, `read`, `system`, `write`, `eas`, or `other`."""
    at = {0xB0: 1, 0xB1: 2}.get(command[0])
    return "other" if at is None or len(command) <= at else _KINDS.get(command[at], "other")


class FeigChip:
    """The pad behind the line, and the tags on it."""

    def __init__(self) -> None:
        self.tags: dict[bytes, SimulatedTag] = {}
        self.only_new = False  # the pad's own setting: an inventory tells those tags only that it has not yet told
        self._received = bytearray()
        self._since = 0.0
        self._waiting: list[bytes] = []

    def receive(self, data: bytes) -> Iterator[bytes]:
        """The commands, without frame, of the bytes that came; broken ones are passed over in silence."""
        now = time.monotonic()
        if self._received and now - self._since > _TORN_S:
            self._received.clear()
        self._since = now
        self._received += data
        while self._received:
            length = self._received[0]
            if length < 5:
                self._received.clear()
            if len(self._received) < max(length, 5):
                return
            frame = bytes(self._received[:length])
            del self._received[:length]
            if checksum(frame[:-2]) == frame[-2:] and frame[1] in (0x00, 0xFF):
                yield frame[2:-2]

    def answer(self, command: bytes) -> bytes:
        """The frame that answers a command."""
        for tag in self.tags.values():
            tag.command_passed()
        body = bytes([0x00, command[0]]) + self._carry_out(command)
        frame = bytes([len(body) + 3]) + body
        return frame + checksum(frame)

    def _carry_out(self, command: bytes) -> bytes:
        match command[0]:
            case 0x65:
                return bytes([OK, 1, 4, 0, 0x21, 0x00, 0x08, 84, 0, 0])
            case 0x52:
                return bytes([OK])
            case 0x69:
                for tag in self.tags.values():
                    tag.quiet = False
                return bytes([OK])
            case 0xB0 if command[1:2] == b"\x01":
                return self._inventory(command[2:])
            case 0xB0:
                return self._on_tag(command[1:], custom=False)
            case 0xB1 if command[1:2] == b"\x04":
                return self._on_tag(command[2:], custom=True)
        return bytes([UNKNOWN_COMMAND])

    def _inventory(self, mode: bytes) -> bytes:
        if mode[:1] != b"\x80":
            there = [one for one in self.tags.values() if one.there and not (self.only_new and one.quiet)]
            self._waiting = [bytes([0x03, one.dsfid]) + one.uid for one in there]
            for one in there:
                one.quiet = True
        now, self._waiting = self._waiting[:_TAGS_A_FRAME], self._waiting[_TAGS_A_FRAME:]
        if not now:
            return bytes([NO_TAG])
        return bytes([MORE_DATA if self._waiting else OK, len(now)]) + b"".join(now)

    def _on_tag(self, command: bytes, *, custom: bool) -> bytes:
        if len(command) < 10 or command[1] != 0x01:
            return bytes([LENGTH_ERROR])
        tag, rest = self.tags.get(command[2:10]), command[10:]
        if tag is None or not tag.there or tag.moves == ("read" if command[0] == 0x23 else "-"):
            if tag is not None and tag.there:
                tag.leave()
            return bytes([NO_TAG])
        match command[0], custom:
            case 0x23, False if len(rest) == 2:
                return self._read(tag, rest[0], rest[1])
            case 0x2B, False:
                blocks = len(tag.memory) // BLOCK
                return bytes([OK, tag.dsfid]) + tag.uid + bytes([tag.afi, BLOCK - 1, blocks - 1, 0x01])
            case (0x27, False) | (0xA2, True) | (0xA3, True):
                return self._write(tag, command[0], rest)
            case 0xA5, True:
                return bytes([OK if tag.eas else NO_TAG])
        return bytes([UNKNOWN_COMMAND])

    @staticmethod
    def _read(tag: SimulatedTag, first: int, count: int) -> bytes:
        blocks = tag.blocks(first, count)
        if blocks is None:
            return bytes([ADDRESS_ERROR])
        return bytes([OK, count, BLOCK]) + b"".join(b"\x00" + one for one in blocks)

    @staticmethod
    def _write(tag: SimulatedTag, code: int, rest: bytes) -> bytes:
        if tag.uid[1] != 0x04 and code != 0x27:
            return bytes([WRONG_TYPE])
        if tag.moves == "write":
            tag.leave()
            return bytes([NO_TAG])
        if tag.locked:
            return bytes([TAG_ERROR, _BLOCK_LOCKED])
        if code == 0x27:
            if len(rest) != 1:
                return bytes([LENGTH_ERROR])
            tag.afi = rest[0]
        else:
            tag.eas = code == 0xA2
        if tag.moves == "after-write":
            tag.leave()
            return bytes([WRITE_ERROR])
        return bytes([OK])
