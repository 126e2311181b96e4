"""The simulated barcode scanner: characters on a pty, or typed as a keyboard would."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.simulators import decoding
from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.keyboard import SimulatedKeyboard
from devices.simulators.loop import Loop
from devices.simulators.plugs import MODELS
from devices.simulators.port import SimulatedPort


class ScannerSimulator:
    """A scanner process: wire on the one side, control socket on the other."""

    def __init__(self, loop: Loop, port: Path, control: Path, *, types: bool = False) -> None:
        self._port = SimulatedKeyboard(loop, port) if types else SimulatedPort(loop, port, lambda _: None)
        loop.transcript.decode = decoding.text
        self._scans = 0
        self._model = MODELS["scanner"][0]
        self._port.plug()
        ControlServer(
            loop,
            control,
            {
                "scan": self._scan,
                "raw": self._raw,
                "noise": plain(self._noise),
                "model": self._set_model,
                "plug": plain(self._port.plug),
                "unplug": plain(self._port.unplug),
                "status": telling(self._status),
            },
        )

    def _scan(self, arguments: Arguments) -> None:
        text, terminator = arguments.text("text"), arguments.text("terminator", "\r")
        arguments.done()
        if self._model == "aim-crlf" and terminator == "\r":
            text, terminator = f"]C0{text}", "\r\n"
        elif self._model == "stx-etx" and terminator == "\r":
            text, terminator = f"\x02{text}", "\x03"
        self._send((text + terminator).encode())

    def _set_model(self, arguments: Arguments) -> None:
        """Another scanner in its place, set up as its maker does."""
        self._model = arguments.model("scanner")
        self._port.unplug()
        self._port.plug()

    def _raw(self, arguments: Arguments) -> None:
        written = arguments.text("hex")
        arguments.done()
        try:
            data = bytes.fromhex(written)
        except ValueError as error:
            raise ControlError("the bytes are written in hexadecimal") from error
        self._send(data)

    def _noise(self) -> None:
        """What a worn cable gives: bytes of all kinds, no scan among them, and at last an end of line."""
        noise = bytes(byte for byte in secrets.token_bytes(200) if byte not in b"\r\n\t\x02\x03")
        self._send(b"\xff\x00" + noise + b"\r")

    def _send(self, data: bytes) -> None:
        if not self._port.plugged:
            raise ControlError("the scanner is unplugged")
        self._scans += 1
        self._port.send(data)

    def _status(self) -> Mapping[str, Any]:
        return {"plugged": self._port.plugged, "model": self._model, "scans": self._scans}
