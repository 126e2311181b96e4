"""The simulated keypad with a headphone socket: a line of words on a pty, see devices/tactile/key_line.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.simulators import decoding
from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.loop import Loop
from devices.simulators.plugs import TACTILE_KEYS
from devices.simulators.port import SimulatedPort


class KeypadSimulator:
    """A keypad's process: wire on the one side, control socket on the other."""

    def __init__(self, loop: Loop, port: Path, control: Path) -> None:
        self._port = SimulatedPort(loop, port, self._asked)
        loop.transcript.decode = decoding.text
        self._headphones = False
        self._pressed = 0
        self._port.plug()
        commands = {
            "press": self._press,
            "headphones-in": plain(lambda: self._put(is_in=True)),
            "headphones-out": plain(lambda: self._put(is_in=False)),
            "plug": plain(self._port.plug),
            "unplug": plain(self._port.unplug),
            "status": telling(self._status),
        }
        ControlServer(loop, control, commands)

    def _asked(self, data: bytes) -> None:
        if b"state" in data:
            self._tell_headphones()

    def _press(self, arguments: Arguments) -> None:
        key = arguments.text("key")
        arguments.done()
        if key not in TACTILE_KEYS:
            raise ControlError(f"the keys are {', '.join(TACTILE_KEYS)}")
        if not self._port.plugged:
            raise ControlError("the keypad is unplugged")
        self._pressed += 1
        self._port.send(f"key {key}\n".encode())

    def _put(self, *, is_in: bool) -> None:
        self._headphones = is_in
        if self._port.plugged:
            self._tell_headphones()

    def _tell_headphones(self) -> None:
        self._port.send(b"headphones in\n" if self._headphones else b"headphones out\n")

    def _status(self) -> Mapping[str, Any]:
        return {"plugged": self._port.plugged, "headphones": self._headphones, "pressed": self._pressed}
