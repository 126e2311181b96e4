"""What went over a simulator's line, on demand: each piece of bytes with its time, its direction and what it means.

Off until somebody records; the newest pieces only; in memory only, and never of a store on another machine.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from values import dataclass

MOST_PIECES = 2000
MOST_BYTES = 262_144
_A_LINE = 24  # bytes

Decode = Callable[[bool, bytes], str]


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one moment (seconds since 1970); `heard`: they came from the kiosk."""

    at: float
    heard: bool
    data: bytes
    note: str


def _nothing(heard: bool, data: bytes) -> str:
    return ""


class Transcript:
    """Of one line; `decode` says in a few words what a piece means, `refused` why nothing may be recorded."""

    def __init__(self, clock: Callable[[], float] = time.time, most_bytes: int = MOST_BYTES) -> None:
        self.recording = False
        self.decode: Decode = _nothing
        self.refused = ""
        self._clock = clock
        self._most = most_bytes
        self._pieces: deque[Piece] = deque()
        self._bytes = 0
        self._dropped = 0

    def record(self) -> None:
        """Begin anew."""
        self._pieces.clear()
        self._bytes = self._dropped = 0
        self.recording = True

    def stop(self) -> None:
        """Take nothing more; what is there stays to be read."""
        self.recording = False

    def heard(self, data: bytes, note: str = "") -> None:
        """Bytes came from the kiosk."""
        if self.recording:
            self._add(Piece(self._clock(), True, bytes(data), note))

    def said(self, data: bytes, note: str = "") -> None:
        """Bytes went to the kiosk."""
        if self.recording:
            self._add(Piece(self._clock(), False, bytes(data), note))

    def text(self) -> str:
        """All of it as lines of text."""
        day = datetime.fromtimestamp(self._clock(), UTC).date()
        lines = [f"# {day} UTC; -> from the kiosk, <- to the kiosk"]
        if self._dropped:
            lines.append(f"# {self._dropped} older pieces were dropped")
        for piece in self._pieces:
            lines += _written(piece, piece.note or self._meaning(piece))
        return "\n".join(lines) + "\n"

    def _meaning(self, piece: Piece) -> str:
        try:
            return self.decode(piece.heard, piece.data)
        except (ValueError, IndexError, KeyError):  # half a message: its bytes say enough
            return ""

    def _add(self, piece: Piece) -> None:
        if len(piece.data) > self._most:
            piece = Piece(piece.at, piece.heard, piece.data[: self._most], f"cut short, of {len(piece.data)} bytes")
        self._pieces.append(piece)
        self._bytes += len(piece.data)
        while len(self._pieces) > MOST_PIECES or self._bytes > self._most:
            self._bytes -= len(self._pieces.popleft().data)
            self._dropped += 1


def _written(piece: Piece, note: str) -> Iterator[str]:
    when = datetime.fromtimestamp(piece.at, UTC).strftime("%H:%M:%S.%f")
    arrow = "->" if piece.heard else "<-"
    head, indent = f"{when} {arrow} ", " " * 19
    for at in range(0, max(len(piece.data), 1), _A_LINE):
        yield (indent if at else head) + piece.data[at : at + _A_LINE].hex(" ")
    for line in note.splitlines():
        yield f"{indent}; {line}"
