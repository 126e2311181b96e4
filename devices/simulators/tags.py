"""Chips that lie on the simulated reader: what they answer to ISO/IEC 14443 type A frames. None is silence."""

from __future__ import annotations

import secrets
from typing import Protocol

NAK = b"\x00"


class Tag(Protocol):
    """One chip in the field."""

    kind: str
    atqa: bytes  # two bytes, high one first, as the PN532 reports them
    sak: int

    @property
    def uid(self) -> bytes:
        """4 or 7 bytes."""

    def power_off(self) -> None:
        """The field went; the chip forgets all."""

    def answer(self, frame: bytes) -> bytes | None:
        """The chip's answer to a frame, without checksums."""


class Ntag213:
    """NXP NTAG213: Type 2 Tag with 45 pages, an NDEF text in it when given."""

    kind = "ntag213"
    atqa = b"\x00\x44"
    sak = 0x00

    def __init__(self, uid: bytes, ndef: str | None) -> None:
        self.uid = uid
        self._mute = False
        memory = bytearray(45 * 4)
        memory[0:3], memory[3], memory[4:8] = uid[:3], 0x88 ^ uid[0] ^ uid[1] ^ uid[2], uid[3:7]
        memory[12:16] = b"\xe1\x10\x12\x00"
        message = _text_message(ndef) if ndef is not None else b""
        memory[16 : 16 + len(message) + 3] = b"\x03" + bytes([len(message)]) + message + b"\xfe"
        self._memory = bytes(memory[: 45 * 4])

    def power_off(self) -> None:
        """Woken anew by the next field."""
        self._mute = False

    def answer(self, frame: bytes) -> bytes | None:
        """READ, FAST_READ, GET_VERSION; anything else is refused, after which the chip is mute."""
        if self._mute or not frame:
            return None
        if frame[0] == 0x30 and len(frame) == 2 and frame[1] < 45:
            return (self._memory + self._memory)[frame[1] * 4 : frame[1] * 4 + 16]
        if frame[0] == 0x3A and len(frame) == 3 and frame[1] <= frame[2] < 45:
            return self._memory[frame[1] * 4 : frame[2] * 4 + 4]
        if frame == b"\x60":
            return bytes.fromhex("0004040201000f03")
        self._mute = True
        return NAK


class MifareClassic:
    """NXP MIFARE Classic: answers nothing without the keys of its sectors."""

    kind = "mifare-classic"
    atqa = b"\x00\x04"
    sak = 0x08

    def __init__(self, uid: bytes) -> None:
        self.uid = uid

    def power_off(self) -> None:
        """Nothing is remembered."""

    def answer(self, frame: bytes) -> bytes | None:
        """Silence."""
        return None


class Desfire:
    """NXP DESFire: ISO/IEC 14443-4; without an application that a reader without keys could select."""

    kind = "desfire"
    atqa = b"\x03\x44"
    sak = 0x20

    def __init__(self, uid: bytes) -> None:
        self.uid = uid
        self._active = False

    def power_off(self) -> None:
        """Back to before its activation."""
        self._active = False

    def answer(self, frame: bytes) -> bytes | None:
        """RATS, DESELECT, and "not found" to every command."""
        if frame[:1] == b"\xe0" and not self._active:
            self._active = True
            return bytes.fromhex("067577810280")
        if not self._active or not frame:
            return None
        if frame[0] & 0xF7 == 0xC2:
            self._active = False
            return frame[:1]
        if frame[0] & 0xE2 == 0x02:
            return frame[:1] + b"\x6a\x82"
        return frame[:1] if frame[0] & 0xF6 == 0xB2 else None


class Phone(Desfire):
    """A telephone: another random UID each time that the field comes on."""

    kind = "phone"
    atqa = b"\x00\x04"

    def __init__(self) -> None:
        super().__init__(self._new_uid())

    @staticmethod
    def _new_uid() -> bytes:
        return b"\x08" + secrets.token_bytes(3)

    def power_off(self) -> None:
        """Another UID."""
        super().power_off()
        self.uid = self._new_uid()


class IdentityCard(Phone):
    """An identity card with a contactless chip: another random UID each time, and nothing to read without its keys."""

    kind = "eid"
    atqa = b"\x00\x08"

    def answer(self, frame: bytes) -> bytes | None:
        """As any such chip, but its one application can be selected and then refuses all (ICAO 9303: 6982)."""
        said = super().answer(frame)
        if said is not None and said[1:] == b"\x6a\x82":
            return said[:1] + (b"\x90\x00" if frame[2:3] == b"\xa4" else b"\x69\x82")
        return said


def _text_message(text: str) -> bytes:
    payload = b"\x02nl" + text.encode()
    return bytes([0xD1, 1, len(payload)]) + b"T" + payload


KINDS = ("ntag213", "mifare-classic", "desfire", "phone", "eid")
LONGEST_NDEF = 120


def make_tag(kind: str, uid: bytes, ndef: str | None) -> Tag:
    """A chip of one of KINDS; raises ValueError with a sentence when there is no such chip."""
    if kind in ("phone", "eid"):
        return Phone() if kind == "phone" else IdentityCard()
    sizes = {"ntag213": (7,), "mifare-classic": (4, 7), "desfire": (7,)}
    if kind not in sizes:
        raise ValueError(f"there is no chip {kind!r}; choose from {', '.join(KINDS)}")
    if len(uid) not in sizes[kind]:
        raise ValueError(f"the UID of a chip {kind} has {' or '.join(map(str, sizes[kind]))} bytes")
    if ndef is not None and (kind != "ntag213" or len(ndef.encode()) > LONGEST_NDEF):
        raise ValueError(f"an NDEF text of at most {LONGEST_NDEF} bytes fits on an ntag213 only")
    if kind == "ntag213":
        return Ntag213(uid, ndef)
    return MifareClassic(uid) if kind == "mifare-classic" else Desfire(uid)
