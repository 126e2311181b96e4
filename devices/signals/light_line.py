"""The line of a status light: `light ready\\n` answered by `ok ready\\n`, 9600 8N1. Pure.

ready, busy, help or off. The kiosk repeats itself every two seconds; a light that hears nothing for ten goes dark.
"""

from __future__ import annotations

from devices.ports import Light
from values import dataclass

LONGEST = 32
REPEAT_S = 2.0


def command(shows: Light) -> bytes:
    """Show that."""
    return f"light {shows.value}\n".encode()


@dataclass(slots=True)
class Answers:
    """Collects what the light says, in pieces of any size; holds at most one line."""

    _line: bytes = b""

    def feed(self, data: bytes) -> list[Light]:
        """What the light confirmed; anything else that it says is nothing."""
        *lines, rest = (self._line + data).split(b"\n")
        self._line = rest[-LONGEST:]
        return [shows for line in lines for shows in Light if line.rstrip(b"\r") == b"ok " + shows.value.encode()]
