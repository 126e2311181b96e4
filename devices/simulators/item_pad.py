"""The simulated item pad: a FEIG reader on a pty; tags are laid on it, moved and taken away, faults switched on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from devices.item_pad.tag_data import TagData
from devices.simulators import decoding
from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.feig_chip import FeigChip, kind_of
from devices.simulators.feig_tag import SimulatedTag, make_tag
from devices.simulators.loop import Loop
from devices.simulators.plugs import MOMENTS, PAD_FAULTS
from devices.simulators.port import SimulatedPort

KINDS = ("any", "inventory", "read", "system", "write", "eas", "other")
_LATE_S = 0.8
_BITS = 11  # a byte on the line: start, eight, parity, stop
_BAUD = 38400


class ItemPadSimulator:
    """A pad process: wire on the one side, control socket on the other."""

    def __init__(self, loop: Loop, tty: Path, control: Path) -> None:
        self._loop = loop
        loop.transcript.decode = decoding.feig
        self._chip = FeigChip()
        self._port = SimulatedPort(loop, tty, self._received)
        self._fault, self._fault_on, self._fault_count = "none", "any", 0
        self._answers = 0
        self._wire_s = 0.0
        self._rf_s: float | None = None
        self._plugs = 0
        self._free_at = 0.0
        self.plug()
        ControlServer(
            loop,
            control,
            {
                "place": self._place,
                "remove": self._remove,
                "clear": self._clear,
                "move": self._move,
                "spoil": self._spoil,
                "lock": self._lock,
                "fault": self._set_fault,
                "pace": self._pace,
                "only-new": self._only_new,
                "plug": plain(self.plug),
                "unplug": plain(self._port.unplug),
                "status": telling(self._status),
            },
        )

    def plug(self) -> None:
        """Plug the pad in: its field comes on anew."""
        if not self._port.plugged:
            self._plugs, self._free_at = self._plugs + 1, 0.0
            for tag in self._chip.tags.values():
                tag.quiet = False
            self._port.plug()

    # -- the wire

    def _received(self, data: bytes) -> None:
        for command in self._chip.receive(data):
            frame = self._chip.answer(command)
            fault = self._next_fault(kind_of(command))
            length = len(command) + 4 + len(frame)
            took = length * _BITS / _BAUD + (self._rf_s or 0.0) * (command[0] in (0xB0, 0xB1))
            self._wire_s += took
            self._answer(frame, fault, took if self._rf_s is not None else 0.0)

    def _answer(self, frame: bytes, fault: str, after_s: float) -> None:
        self._answers += 1
        if fault == "silent":
            return
        if fault == "truncate":
            frame = frame[: max(1, len(frame) * 2 // 3)]
        if fault == "corrupt":
            middle = len(frame) // 2
            frame = frame[:middle] + bytes([frame[middle] ^ 0xFF]) + frame[middle + 1 :]
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + after_s + (_LATE_S if fault == "late" else 0.0)
        if self._free_at > now:  # a pad does one thing after the other: nothing overtakes a late answer
            self._loop.later(self._free_at - now, partial(self._send, frame, self._plugs))
        else:
            self._port.send(frame)

    def _send(self, frame: bytes, plugs: int) -> None:
        if plugs == self._plugs:
            self._port.send(frame)

    def _next_fault(self, kind: str) -> str:
        if self._fault_on not in ("any", kind) or self._fault_count == 0:
            return "none"
        self._fault_count -= 1 if self._fault_count > 0 else 0
        return self._fault

    # -- the control socket

    def _place(self, arguments: Arguments) -> None:
        number, model = arguments.text("number", "-"), arguments.text("model", "iso28560-3")
        part, parts = arguments.count("part", 1), arguments.count("parts", 1)
        data = TagData(number, part or 0, parts or 0, arguments.count("usage", 1))
        uid, memory = _bytes(arguments.text("uid", "")), arguments.optional_text("memory")
        turn = arguments.text("order", "turned") == "turned"
        security = arguments.text("security", "secured")
        afi = arguments.count("afi", 0x07 if security == "secured" else 0xC2)
        arguments.done()
        if security not in ("secured", "unsecured") or not 0 <= (afi or 0) <= 255:
            raise ControlError("a tag is secured or unsecured, its AFI a byte")
        try:
            tag = make_tag(data, model, uid, None if memory is None else _bytes(memory), turn=turn)
        except ValueError as error:
            raise ControlError(str(error)) from error
        tag.afi, tag.eas = afi or 0, security == "secured"
        self._chip.tags[tag.uid] = tag

    def _remove(self, arguments: Arguments) -> Mapping[str, Any]:
        """Answers with the tags as they were when they were taken away."""
        return {"taken": [_shown(self._chip.tags.pop(tag.uid)) for tag in self._which(arguments)]}

    def _clear(self, arguments: Arguments) -> Mapping[str, Any]:
        arguments.done()
        taken = [_shown(tag) for tag in self._chip.tags.values()]
        self._chip.tags.clear()
        return {"taken": taken}

    def _move(self, arguments: Arguments) -> None:
        during, back_after = arguments.text("during", "read"), arguments.count("back_after")
        if during not in MOMENTS:
            raise ControlError(f"a tag is moved at one of {', '.join(MOMENTS)}")
        for tag in self._which(arguments):
            tag.moves, tag.back_after = during, back_after

    def _spoil(self, arguments: Arguments) -> None:
        """One bit of what is written falls over."""
        for tag in self._which(arguments):
            tag.memory[5] ^= 0x01

    def _lock(self, arguments: Arguments) -> None:
        for tag in self._which(arguments):
            tag.locked = True

    def _which(self, arguments: Arguments) -> list[SimulatedTag]:
        which = arguments.text("which")
        arguments.done()
        found = [one for one in self._chip.tags.values() if which in (one.uid.hex(), one.number)]
        if not found:
            raise ControlError("no such tag lies on the pad: give its UID in hexadecimal, or its number")
        return found

    def _set_fault(self, arguments: Arguments) -> None:
        kind, on, count = arguments.text("kind"), arguments.text("on", "any"), arguments.count("count")
        arguments.done()
        for value, among in ((kind, PAD_FAULTS), (on, KINDS)):
            if value not in among:
                raise ControlError(f"there is no {value!r}; choose from {', '.join(among)}")
        self._fault, self._fault_on, self._fault_count = kind, on, -1 if count is None else count

    def _pace(self, arguments: Arguments) -> None:
        """Take the time that a line of 38,400 baud takes, and so long for each command to a tag; 0 ends it."""
        seconds = arguments.seconds("rf")
        arguments.done()
        self._rf_s = seconds or None

    def _only_new(self, arguments: Arguments) -> None:
        self._chip.only_new = arguments.text("on", "yes") == "yes"
        arguments.done()

    def _status(self) -> Mapping[str, Any]:
        return {
            "plugged": self._port.plugged,
            "tags": [_shown(tag) for tag in self._chip.tags.values()],
            "fault": self._fault,
            "fault_left": None if self._fault_count < 0 else self._fault_count,
            "answers": self._answers,
            "wire_s": round(self._wire_s, 6),
        }


def _shown(tag: SimulatedTag) -> Mapping[str, Any]:
    facts = {"uid": tag.uid.hex(), "number": tag.number, "part": tag.part, "parts": tag.parts, "model": tag.model}
    return facts | {"afi": tag.afi, "eas": tag.eas, "there": tag.there}


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ControlError("bytes are written in hexadecimal") from error
