"""A scanner that types, as far as a process without the kernel's help can be one: its events in a named pipe.

Each key is what a USB keyboard gives: its scan code, its press, a report, its release, a report (US layout).
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from pathlib import Path

from devices.simulators.loop import Loop

_EVENT = struct.Struct("@llHHi")
_SYN, _KEY, _MSC, _MSC_SCAN = 0, 1, 4, 4
_LEFT_SHIFT, _LEFT_CTRL, _ENTER, _TAB, _NO_CHARACTER = 42, 29, 28, 15, 59
_KEYS = {
    **{str(digit): 2 + (digit - 1) % 10 for digit in range(10)},
    **dict(zip("qwertyuiop", range(16, 26), strict=True)),
    **dict(zip("asdfghjkl", range(30, 39), strict=True)),
    **dict(zip("zxcvbnm", range(44, 51), strict=True)),
    **dict(zip("-=[];'`\\,./ ", (12, 13, 26, 27, 39, 40, 41, 43, 51, 52, 53, 57), strict=True)),
    "\r": _ENTER,
    "\n": _ENTER,
    "\t": _TAB,
}
_SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))


class SimulatedKeyboard:
    """The device's end of a pipe; `name` is what a driver opens."""

    def __init__(self, loop: Loop, name: Path) -> None:
        self._loop = loop
        self._name = name
        self._pipe: int | None = None
        loop.at_end(self.unplug)

    @property
    def plugged(self) -> bool:
        """Whether the device is there."""
        return self._pipe is not None

    def plug(self) -> None:
        """Appear under the name, as a new pipe; nothing when plugged already."""
        if self.plugged:
            return
        self._name.parent.mkdir(parents=True, exist_ok=True)
        self._name.unlink(missing_ok=True)
        os.mkfifo(self._name)
        self._pipe = os.open(self._name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def unplug(self) -> None:
        """Vanish: the name goes and whoever has the pipe open reads its end."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            self._name.unlink(missing_ok=True)
            os.close(pipe)

    def send(self, data: bytes) -> None:
        """Type these characters; what no key stands for becomes one without a character (F1)."""
        if self._pipe is not None:
            self._loop.transcript.said(data)
            with suppress(BlockingIOError):  # nobody reads: the kernel would have dropped them, too
                for one in data.decode("latin-1"):
                    os.write(self._pipe, _typed(one))


def _typed(one: str) -> bytes:
    if one in _KEYS:
        return _tap(_KEYS[one])
    if one in _SHIFTED or one.lower() in _KEYS:
        return _held(_LEFT_SHIFT, _KEYS[_SHIFTED.get(one, one.lower())])
    if one < " ":
        return _held(_LEFT_CTRL, _KEYS.get(chr(ord(one) | 0x60), _NO_CHARACTER))
    return _tap(_NO_CHARACTER)


def _held(modifier: int, key: int) -> bytes:
    return _event(_KEY, modifier, 1) + _event(_SYN, 0, 0) + _tap(key) + _event(_KEY, modifier, 0) + _event(_SYN, 0, 0)


def _tap(key: int) -> bytes:
    down = _event(_MSC, _MSC_SCAN, 0x70000 + key) + _event(_KEY, key, 1) + _event(_SYN, 0, 0)
    return down + _event(_KEY, key, 0) + _event(_SYN, 0, 0)


def _event(kind: int, code: int, value: int) -> bytes:
    now = time.time_ns()
    return _EVENT.pack(now // 10**9, now % 10**9 // 1000, kind, code, value)
