"""A simulated card in vsmartcard's virtual reader, for a real pcscd above it. It calls vpcd and answers its frames.

A frame is two bytes of length and a body: one byte is a control (off, on, reset, ATR), more are a command to the card.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.loop import Loop

_ASK_ATR = 0x04
_GET_DATA = b"\xff\xca\x00\x00"
_CALL_S = 5.0


def _contactless(told: bytes) -> bytes:
    """The ATR that PC/SC part 3 gives a contactless card which tells that of itself."""
    body = bytes([0x80 | len(told), 0x80, 0x01]) + told
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])


def _storage(standard: int) -> bytes:
    return _contactless(bytes.fromhex("804f0ca000000306") + bytes([standard, 0, 3, 0, 0, 0, 0]))


# ATR, and what GET DATA gives: nothing where the card has contacts.
CARDS: Mapping[str, tuple[bytes, bytes]] = {
    "ntag": (_storage(3), bytes.fromhex("04a1b2c3d4e5f6")),
    "desfire": (_contactless(b"\x80"), bytes.fromhex("0455667788aabb")),
    "phone": (_contactless(b"\x80"), bytes.fromhex("08123456")),
    "type-b": (_contactless(bytes.fromhex("0102030400f77001")), bytes.fromhex("01020304")),
    "icode": (_storage(0x0B), bytes.fromhex("e004015012345678")),
    "eid": (bytes.fromhex("3b9813400aa503010101ad1311"), b""),
    "bank": (bytes.fromhex("3b6500002063cb6800"), b""),
}


class SmartCardSimulator:
    """The card process: vpcd on the one side, control socket on the other."""

    def __init__(self, loop: Loop, vpcd: tuple[str, int], control: Path) -> None:
        self._loop, self._vpcd = loop, vpcd
        self._card, self._asked, self._came = "", 0, bytearray()
        self._line: socket.socket | None = None
        ControlServer(
            loop,
            control,
            {"insert": self._insert, "take-out": plain(self._take_out), "status": telling(self._status)},
        )
        loop.at_end(self._take_out)

    def _insert(self, arguments: Arguments) -> None:
        card = arguments.text("card")
        arguments.done()
        if card not in CARDS:
            raise ControlError(f"a card is one of {', '.join(CARDS)}")
        self._take_out()
        try:
            self._line = socket.create_connection(self._vpcd, _CALL_S)
        except OSError as error:
            raise ControlError("vpcd does not listen there") from error
        self._card = card
        self._loop.watch(self._line, self._readable)

    def _take_out(self) -> None:
        line, self._line = self._line, None
        self._card = ""
        self._came.clear()
        if line is not None:
            self._loop.watch(line, None)
            line.close()

    def _readable(self) -> None:
        line = self._line
        data = line.recv(4096) if line is not None else b""
        if line is None or not data:
            self._take_out()
            return
        self._came += data
        while len(self._came) >= 2 and len(self._came) >= (end := 2 + int.from_bytes(self._came[:2], "big")):
            body = bytes(self._came[2:end])
            del self._came[:end]
            answer = self._answer(body)
            if answer is not None:
                line.sendall(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, body: bytes) -> bytes | None:
        atr, uid = CARDS[self._card]
        if len(body) == 1:
            return atr if body[0] == _ASK_ATR else None
        self._asked += 1
        if body[:4] == _GET_DATA:
            return uid + b"\x90\x00" if uid else b"\x6a\x81"
        return b"\x6d\x00"

    def _status(self) -> Mapping[str, Any]:
        return {"card": self._card, "asked": self._asked}
