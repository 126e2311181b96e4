"""The simulated status light: one line of text a command, on a pty; dark after ten seconds without one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.simulators import decoding
from devices.simulators.control import ControlServer, plain, telling
from devices.simulators.loop import Loop
from devices.simulators.port import SimulatedPort

_SHOWS = ("ready", "busy", "help", "off")
_DARK_AFTER_S = 10.0


class LightSimulator:
    """A light process: wire on the one side, control socket on the other."""

    def __init__(self, loop: Loop, tty: Path, control: Path) -> None:
        self._port = SimulatedPort(loop, tty, self._received)
        loop.transcript.decode = decoding.text
        self._line = bytearray()
        self._shows, self._told, self._commands, self._mute = "off", time.monotonic(), 0, False
        self._port.plug()
        ControlServer(
            loop,
            control,
            {
                "mute": plain(lambda: self._set_mute(mute=True)),
                "speak": plain(lambda: self._set_mute(mute=False)),
                "plug": plain(self._port.plug),
                "unplug": plain(self._unplug),
                "status": telling(self._status),
            },
        )

    def _received(self, data: bytes) -> None:
        self._line += data
        while (end := self._line.find(b"\n")) >= 0:
            words = bytes(self._line[:end]).decode("ascii", "replace").split()
            del self._line[: end + 1]
            if len(words) == 2 and words[0] == "light" and words[1] in _SHOWS:
                self._shows, self._told = words[1], time.monotonic()
                self._commands += 1
                self._answer(f"ok {words[1]}\n")
            else:
                self._answer("what\n")
        del self._line[:-64]

    def _answer(self, text: str) -> None:
        if not self._mute:
            self._port.send(text.encode())

    def _set_mute(self, *, mute: bool) -> None:
        self._mute = mute

    def _unplug(self) -> None:
        self._shows = "off"
        self._port.unplug()

    def _status(self) -> Mapping[str, Any]:
        heard = time.monotonic() - self._told < _DARK_AFTER_S
        return {
            "plugged": self._port.plugged,
            "mute": self._mute,
            "shows": self._shows if heard else "off",
            "commands": self._commands,
        }
