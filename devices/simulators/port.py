"""A serial device as a pty under a lasting name: plugged in, pulled out, plugged in again."""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices.simulators.loop import Loop

_BAUDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()}

_MOST_WAITING = 1_000_000


class SimulatedPort:
    """The device's end of a serial line; `name` is a symlink to the pty that a driver opens."""

    def __init__(self, loop: Loop, name: Path, received: Callable[[bytes], None]) -> None:
        self._loop = loop
        self._name = name
        self._received = received
        self._master: int | None = None
        self._slave: int | None = None
        self._outgoing = bytearray()
        self._deaf = False
        loop.at_end(self.unplug)

    @property
    def plugged(self) -> bool:
        """Whether the device is there."""
        return self._master is not None

    @property
    def baud(self) -> int:
        """The speed that the other end has set; 0 when unplugged."""
        if self._slave is None:
            return 0
        return _BAUDS.get(termios.tcgetattr(self._slave)[5], 0)

    def plug(self) -> None:
        """Appear under the name, as a new pty; nothing when plugged already."""
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._attend()
        self._name.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._name.unlink()
        self._name.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Vanish: the name goes and whoever has the port open is hung up on."""
        if self._master is None or self._slave is None:
            return
        with suppress(FileNotFoundError):
            self._name.unlink()
        self._loop.watch(self._master, None)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = None
        self._outgoing.clear()

    def send(self, data: bytes) -> None:
        """Put bytes on the line; those that nobody reads wait, a megabyte at most."""
        if self.plugged and len(self._outgoing) < _MOST_WAITING:
            self._loop.transcript.said(data)
            self._outgoing += data
            self._write()

    def _write(self) -> None:
        with suppress(BlockingIOError):
            while self._outgoing and self._master is not None:
                del self._outgoing[: os.write(self._master, self._outgoing[:4096])]
        self._attend()

    def set_deaf(self, *, deaf: bool) -> None:
        """Stop reading, so that the line fills up, or begin again."""
        self._deaf = deaf
        self._attend()

    def _attend(self) -> None:
        if self._master is not None:
            read = None if self._deaf else self._read
            self._loop.watch(self._master, read, self._write if self._outgoing else None)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            if self._master is not None and (data := os.read(self._master, 4096)):
                self._loop.transcript.heard(data)
                self._received(data)
