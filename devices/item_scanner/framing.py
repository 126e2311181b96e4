"""Scans out of a stream of characters: CR, LF, CRLF, HT or STX..ETX, AIM identifiers (ISO/IEC 15424). Pure.

Whatever else a line may carry, a scan is printable ASCII of at most 64 characters without SIP2's delimiter.
"""

from __future__ import annotations

import re
from dataclasses import field

from values import dataclass

LONGEST_SCAN = 64
LONGEST_FRAME = 128  # a scan with its AIM identifier and the installer's prefix and suffix
_STX, _ETX, _ENDS = 0x02, 0x03, b"\r\n\t"
_AIM = re.compile(r"^\]([A-Za-z][0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Scan:
    """One barcode; `aim` is the symbology with its modifier, such as `C0` for Code 128."""

    text: str
    aim: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something came that is no barcode; `reason` never holds what came."""

    reason: str


Framed = Scan | Unreadable


def interpret(frame: bytes, prefix: str = "", suffix: str = "") -> Framed:
    """What one frame, without its end, means; `prefix` and `suffix` are what the scanner adds to each scan."""
    if len(frame) > LONGEST_FRAME:
        return Unreadable("too long for a barcode")
    try:
        text = frame.decode("ascii")
    except UnicodeDecodeError:
        return Unreadable("characters that are not ASCII")
    if not text.isprintable():
        return Unreadable("control characters")
    first = _AIM.match(text) if not text.startswith(prefix) else None  # set up to stand before the prefix
    text = text[3:] if first else text
    if not (text.startswith(prefix) and text.endswith(suffix) and len(text) >= len(prefix) + len(suffix)):
        return Unreadable("the scanner's prefix or suffix is missing")
    text = text[len(prefix) : len(text) - len(suffix)].strip()
    aim = first or _AIM.match(text)
    text = text[3:].strip() if aim and not first else text
    if not text:
        return Unreadable("an empty barcode")
    if len(text) > LONGEST_SCAN:
        return Unreadable("too long for a barcode")
    if "|" in text:
        return Unreadable("the delimiter of SIP2")
    return Scan(text, aim.group(1) if aim else None)


@dataclass(slots=True)
class Framer:
    """Collects bytes into scans. Holds at most one frame; of noise in a row it tells once."""

    prefix: str = ""
    suffix: str = ""
    _frame: bytearray = field(default_factory=bytearray)
    _in_block: bool = False  # between STX and ETX
    _skipping: bool = False  # a frame grew too long: nothing counts until its end
    _told: bool = False  # the noise that is going on has been told of

    @property
    def unsettled(self) -> bool:
        """Whether the framer must be told when the line falls silent: in a frame, or in noise."""
        return self._incomplete or self._told

    @property
    def _incomplete(self) -> bool:
        return bool(self._frame) or self._in_block or self._skipping

    def feed(self, data: bytes) -> list[Framed]:
        """Take what arrived, in pieces of any size; returns the scans that it completed."""
        found: list[Framed] = []
        for byte in data:
            framed = self._take(byte)
            if framed is not None:
                self._add(framed, found)
        return found

    def quiet(self) -> list[Framed]:
        """The line fell silent: a frame without an end is dropped, and noise is over."""
        found: list[Framed] = []
        if self._incomplete:
            self._add(Unreadable("no end of line"), found)
        self._start(in_block=False)
        self._told = False
        return found

    def _take(self, byte: int) -> Framed | None:
        ends = bytes([_ETX]) if self._in_block else _ENDS
        if byte == _STX and (self._in_block or not (self._frame or self._skipping)):  # within a line it is noise
            broken = self._in_block
            self._start(in_block=True)
            return Unreadable("a block that did not end") if broken else None
        if byte in ends:
            frame, skipped, block = bytes(self._frame), self._skipping, self._in_block
            self._start(in_block=False)
            if skipped or not (frame or block):
                return None
            return interpret(frame, self.prefix, self.suffix)
        if self._skipping:
            return None
        if len(self._frame) >= LONGEST_FRAME:
            self._frame.clear()
            self._skipping = True
            return Unreadable("too long for a barcode")
        self._frame.append(byte)
        return None

    def _start(self, *, in_block: bool) -> None:
        self._frame.clear()
        self._in_block, self._skipping = in_block, False

    def _add(self, framed: Framed, found: list[Framed]) -> None:
        if isinstance(framed, Scan):
            self._told = False
        elif self._told:
            return
        else:
            self._told = True
        found.append(framed)
