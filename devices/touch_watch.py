"""Whether a touch screen is still heard: what it tells the kernel, beside what reaches the window (kivy issue 6141).

It reads the screen's own evdev node passively, without grabbing it; nothing of where somebody touched is kept.
"""

from __future__ import annotations

import logging
import os
import select
import struct
import threading
from dataclasses import field

from devices.item_scanner.evdev_events import NATIVE
from values import dataclass

log = logging.getLogger(__name__)
_EV_KEY, _BTN_TOUCH, _PRESSED = 1, 0x14A, 1  # linux/input-event-codes.h: the first finger upon the glass
UNHEARD = 5  # touches that in a row did not reach the window
AGAIN_S = 5.0
_LOOK_S = 0.5
_PIECE = 4096


@dataclass(slots=True)
class TouchCounter:
    """Counts touches in what an evdev node tells, in pieces of any size. Pure."""

    form: struct.Struct = NATIVE
    count: int = 0
    _rest: bytes = b""

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        data = self._rest + data
        whole = len(data) - len(data) % self.form.size
        self._rest = data[whole:]
        events = self.form.iter_unpack(data[:whole])
        self.count += sum(event[2:] == (_EV_KEY, _BTN_TOUCH, _PRESSED) for event in events)


@dataclass(slots=True)
class Hearing:
    """Judges, told now and then, whether the window has gone deaf. Pure.

    A touch that is on its way is not lost yet: only those count that were there a look ago. Nor is one of before the
    first look: the screen is felt before there is a window that could hear it.
    """

    unheard: int = UNHEARD
    _felt: int = 0  # touches of the screen when the window last heard one
    _heard: int = 0
    _before: int | None = None  # touches of the screen at the last look

    def is_deaf(self, felt: int, heard: int) -> bool:
        """`felt`: all touches of the screen so far, `heard`: those that reached the window."""
        if self._before is None or heard != self._heard:
            self._heard, self._felt = heard, felt
        before, self._before = self._before, felt
        return before is not None and before - self._felt >= self.unheard


@dataclass(slots=True)
class TouchWatch:
    """Reads `device` on a thread of its own, and again where it went away. `is_deaf` from any one thread."""

    device: str
    hearing: Hearing = field(default_factory=Hearing)
    again_s: float = AGAIN_S
    _counter: TouchCounter = field(default_factory=TouchCounter)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to read."""
        self._thread = threading.Thread(target=self._run, name="touch-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends reading."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def felt(self) -> int:
        """How many touches the screen has told of."""
        return self._counter.count

    def is_deaf(self, heard: int) -> bool:
        """Whether several touches in a row did not reach the window, which has heard so many in all."""
        return self.hearing.is_deaf(self.felt, heard)

    def _run(self) -> None:
        told = ""
        while not self._ended.is_set():
            try:
                self._read()
                gone = "it ended"
            except OSError as fault:
                gone = type(fault).__name__
            if gone != told and not self._ended.is_set():
                log.warning("the touch screen %s cannot be watched: %s", self.device, gone)
                told = gone
            self._ended.wait(self.again_s)

    def _read(self) -> None:
        node = os.open(self.device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            while not self._ended.is_set():
                ready, _, _ = select.select([node], [], [], _LOOK_S)
                data = os.read(node, _PIECE) if ready else None
                if data == b"":
                    return
                self._counter.feed(data or b"")
        finally:
            os.close(node)
