"""The simulated pass reader: a PN532 on a pty, with a place for one pass and faults to switch on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.simulators import decoding
from devices.simulators.acr122 import Acr122
from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.loop import Loop
from devices.simulators.plugs import MODELS, READER_FAULTS
from devices.simulators.pn532_chip import ACK, NEWEST, OLDER, Pn532
from devices.simulators.port import SimulatedPort
from devices.simulators.tags import make_tag


class PassReaderSimulator:
    """A reader process: wire on the one side, control socket on the other."""

    def __init__(self, loop: Loop, tty: Path, control: Path, *, usb: bool = False) -> None:
        """`usb`: an ACR122U, whose bulk messages go over the line."""
        loop.transcript.decode = decoding.ccid if usb else decoding.pn532
        self._chip = Pn532(time.sleep)
        self._wire = Acr122(self._chip) if usb else self._chip
        self._port = SimulatedPort(loop, tty, self._received)
        self._model = MODELS["reader"][0]
        self._fault = "none"
        self._fault_count: int | None = None
        self._answers = 0
        self.plug()
        ControlServer(
            loop,
            control,
            {
                "place": self._place,
                "remove": plain(self._remove),
                "plug": plain(self.plug),
                "unplug": plain(self._port.unplug),
                "model": self._set_model,
                "fault": self._set_fault,
                "status": telling(self._status),
            },
        )

    def plug(self) -> None:
        """Plug the reader in: a chip that has just got its power."""
        if not self._port.plugged:
            self._chip.power_on()
            self._port.plug()

    def _set_model(self, arguments: Arguments) -> None:
        """Another reader in its place; the pass lies on it."""
        self._model = arguments.model("reader")
        self._chip.firmware = OLDER if self._model == "pn532-older" else NEWEST
        self._port.unplug()
        self.plug()

    def _received(self, data: bytes) -> None:
        if self._model == "other-make":  # it speaks, and nothing that anybody here understands
            self._port.send(b"?\r\n")
            return
        fault = "none"
        for frame in self._wire.receive(data, self._port.baud):
            if frame == ACK or self._wire is not self._chip:
                fault = self._next_fault()
            self._send(frame, fault)

    def _send(self, frame: bytes, fault: str) -> None:
        if fault == "silent":
            return
        if frame != ACK:
            self._answers += 1
            if fault == "truncate":
                frame = frame[: max(1, len(frame) * 2 // 3)]
            if fault == "corrupt":
                middle = len(frame) // 2
                frame = frame[:middle] + bytes([frame[middle] ^ 0xFF]) + frame[middle + 1 :]
        self._port.send(frame)

    def _next_fault(self) -> str:
        if self._fault_count is not None:
            if self._fault_count == 0:
                self._fault = "none"
            self._fault_count = max(0, self._fault_count - 1)
        return self._fault

    def _place(self, arguments: Arguments) -> None:
        kind = arguments.text("kind", "ntag213")
        uid, ndef = arguments.text("uid", ""), arguments.optional_text("ndef")
        arguments.done()
        try:
            self._chip.tag = make_tag(kind, bytes.fromhex(uid), ndef)
        except ValueError as error:
            sentence = "the UID is written in hexadecimal" if "fromhex" in str(error) else str(error)
            raise ControlError(sentence) from error

    def _remove(self) -> None:
        self._chip.tag = None

    def _set_fault(self, arguments: Arguments) -> None:
        kind, count = arguments.text("kind"), arguments.count("count")
        arguments.done()
        if kind not in READER_FAULTS:
            raise ControlError(f"there is no fault {kind!r}; choose from {', '.join(READER_FAULTS)}")
        self._fault, self._fault_count = kind, count

    def _status(self) -> Mapping[str, Any]:
        tag = self._chip.tag
        lying = {"kind": tag.kind, "uid": tag.uid.hex()} if tag is not None else None
        return {
            "plugged": self._port.plugged,
            "model": self._model,
            "pass": lying,
            "fault": self._fault,
            "fault_left": self._fault_count,
            "baud": self._chip.baud,
            "answers": self._answers,
        }
