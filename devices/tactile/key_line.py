"""Keys and a headphone socket on a serial line (9600 8N1), as any small board can send them, a line each. Pure.

`key previous|next|ok|repeat|louder|quieter`, and `headphones in|out` at every change and when asked by `state`.
"""

from __future__ import annotations

from collections.abc import Iterator

from devices.ports import Key
from devices.tactile.input_events import Told
from values import dataclass

ASK = b"state\n"
_LONGEST = 64
_KEYS = {f"key {one.value}".encode(): one for one in Key}
_SOCKET = {b"headphones in": True, b"headphones out": False}


@dataclass(slots=True)
class LineDecoder:
    """Bytes in pieces of any size; holds at most one line."""

    _rest: bytes = b""

    def feed(self, data: bytes) -> Iterator[Told]:
        """Take what was read; gives what it tells. What is no line of ours is nothing."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = self._rest[-_LONGEST:]
        for line in lines:
            if line in _KEYS:
                yield _KEYS[line]
            elif line in _SOCKET:
                yield _SOCKET[line]
