"""Keypads that are told apart by touch, and the socket for headphones: one driver, three ways in.

A keypad that types is grabbed, so that its keys reach nothing else; a headphone socket is only watched.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from devices.links.descriptor import DescriptorLink
from devices.links.evdev import EvdevLink, open_grabbed, open_shared
from devices.links.serial import SerialLink
from devices.ports import HeadphonesChanged, Key, KeyPressed, Pulse, Send
from devices.tactile.input_events import SW_HEADPHONE_INSERT, InputDecoder, Told
from devices.tactile.key_line import ASK, LineDecoder

DOUBLE_S = 0.1  # the same key again within this time is one strike (EN 301 549 5.8)
_PIECE = 4096
_IDLE_S = 30.0
_ASK_S = 1.0
_EVIOCGSW = 0x8008451B  # _IOR('E', 0x1b, 8 bytes), linux/input.h


class Decoder(Protocol):
    """Bytes to what they tell."""

    def feed(self, data: bytes) -> Iterator[Told]: ...


class Tactile:
    """One keypad, one socket, or both on one line: bytes to KeyPressed and HeadphonesChanged."""

    def __init__(
        self,
        name: str,
        kind: str,
        connect: Callable[[], tuple[DescriptorLink, bool | None]],
        decoder: Callable[[], Decoder],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connect` opens the link and tells whether headphones are in, None where it will say so itself; it raises
        DeviceGone or DeviceTimeout."""
        self.name, self.kind = name, kind
        self._connect, self._decoder, self._clock = connect, decoder, clock
        self._link: DescriptorLink | None = None
        self._plugged: bool | None = None
        self._last: tuple[Key, float] | None = None

    def open(self) -> None:
        """Open it; raises DeviceGone, DeviceUnplugged or DeviceTimeout."""
        self._link, self._plugged = self._connect()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Read until told to stop; raises DeviceGone."""
        link, decoder = self._link, self._decoder()
        if self._plugged is not None:
            send(HeadphonesChanged(self.name, self._plugged, self._clock()))
        while link is not None and not stop.is_set():
            for one in decoder.feed(link.read(_PIECE, _IDLE_S)):
                self._tell(one, send)

    def wake(self) -> None:
        """End the wait for a key."""
        link = self._link
        if link is not None:
            link.wake()

    def close(self) -> None:
        """Let go of it."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _tell(self, one: Told, send: Send) -> None:
        at = self._clock()
        if isinstance(one, bool):
            send(HeadphonesChanged(self.name, one, at))
        else:
            twice = self._last is not None and self._last[0] is one and at - self._last[1] < DOUBLE_S
            self._last = (one, at)
            if not twice:
                send(KeyPressed(self.name, one, at))
        send(Pulse())


def typing_keypad(name: str, port: str, opened: Callable[[str], int] = open_grabbed) -> Tactile:
    """A keypad that types plain keys; `opened` gives the descriptor that the kernel's events are read from."""
    return Tactile(name, "keypad", lambda: (EvdevLink(port, opened), None), InputDecoder)


def serial_keypad(name: str, port: str, baud: int = 9600) -> Tactile:
    """Keys, and perhaps a socket for headphones, on a serial line."""

    def connect() -> tuple[DescriptorLink, bool | None]:
        link = SerialLink(port, baud)
        link.write(ASK, _ASK_S)
        return link, None

    return Tactile(name, "keypad", connect, LineDecoder)


def headphone_socket(
    name: str,
    port: str,
    opened: Callable[[str], int] = open_shared,
    is_in: Callable[[int], bool | None] | None = None,
) -> Tactile:
    """The switch in a socket that the sound card tells of as an input device; `is_in` asks a descriptor for it."""

    def connect() -> tuple[DescriptorLink, bool | None]:
        found: list[bool | None] = []

        def open_and_ask(path: str) -> int:
            descriptor = opened(path)
            found.append((is_in or headphones_in)(descriptor))
            return descriptor

        return EvdevLink(port, open_and_ask), found[0]

    return Tactile(name, "headphones", connect, InputDecoder)


def headphones_in(descriptor: int) -> bool | None:
    """What the kernel says of the switch now; None of what is no input device."""
    switches = bytearray(8)
    try:
        fcntl.ioctl(descriptor, _EVIOCGSW, switches)
    except OSError:
        return None
    return bool(switches[0] >> SW_HEADPHONE_INSERT & 1)
