"""The simulated line between kiosk and store: a TCP proxy that can be cut, slowed, or lose answers on their way."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from devices.simulators.control import Arguments, ControlServer, plain, telling
from devices.simulators.decoding import http, without_credentials
from devices.simulators.loop import Loop

_PIECE = 65536
_HEAD = 2048
Address = tuple[str, int]


class LineSimulator:
    """The line's process; `Connection` is one call through it."""

    def __init__(self, loop: Loop, listen: Address, to: Address, control: Path) -> None:
        self.loop = loop
        self.to = to
        self.delay_s = 0.0
        self.stalled = False
        self.lose_left: int | None = 0  # None: every one
        self.lose_match = ""
        self.lost = 0
        self.connections: set[Connection] = set()
        self._listen = listen
        self._listener: socket.socket | None = None
        loop.transcript.decode = http
        if not to[0].startswith("127.") and to[0] not in {"localhost", "::1"}:
            loop.transcript.refused = (
                "this line leads to another machine, whose patrons may be real: no transcript of it"
            )
        self.restore()
        ControlServer(
            loop,
            control,
            {
                "cut": plain(self.cut),
                "restore": plain(self.restore),
                "lose-answers": self._lose_answers,
                "delay": self._delay,
                "stall": plain(self._stall),
                "status": telling(self._status),
            },
        )

    def cut(self) -> None:
        """Nobody gets through any more, and calls that go on break off."""
        if self._listener is not None:
            self.loop.watch(self._listener, None)
            self._listener.close()
            self._listener = None
        self._drop_all()

    def restore(self) -> None:
        """A good line again, whatever was wrong with it."""
        self.delay_s, self.lose_left, self.lose_match = 0.0, 0, ""
        if self.stalled:
            self.stalled = False
            self._drop_all()
        if self._listener is None:
            self._listener = socket.create_server(self._listen, backlog=64)
            self._listener.setblocking(False)
            self.loop.watch(self._listener, self._accept)

    def loses(self, request_line: str) -> bool:
        """Whether the answer that is coming to a request is to be lost; counts it."""
        if self.lose_left == 0 or self.lose_match not in request_line:
            return False
        if self.lose_left is not None:
            self.lose_left -= 1
        self.lost += 1
        return True

    def _accept(self) -> None:
        if self._listener is not None:
            kiosk, _ = self._listener.accept()
            Connection(self, kiosk)

    def _drop_all(self) -> None:
        for connection in list(self.connections):
            connection.drop()

    def _lose_answers(self, arguments: Arguments) -> None:
        count, match = arguments.count("count"), arguments.text("match", "")
        arguments.done()
        self.lose_left, self.lose_match = count, match

    def _delay(self, arguments: Arguments) -> None:
        seconds = arguments.seconds("seconds")
        arguments.done()
        self.delay_s = seconds

    def _stall(self) -> None:
        self.stalled = True
        for connection in self.connections:
            connection.attend()

    def _status(self) -> Mapping[str, Any]:
        state = "cut" if self._listener is None else "stalled" if self.stalled else "up"
        return {
            "line": state,
            "delay": self.delay_s,
            "lose_left": self.lose_left,
            "lost": self.lost,
            "connections": len(self.connections),
        }


class Connection:
    """One call: what the kiosk sends goes to the store at once, what comes back is what the line is about."""

    def __init__(self, line: LineSimulator, kiosk: socket.socket) -> None:
        self._line = line
        self._kiosk = kiosk
        self._store: socket.socket | None = None
        self._to_store = bytearray()
        self._to_kiosk = bytearray()
        self._request = bytearray()  # the head of the request that has not been answered yet
        self._answered = True
        self._ends = False
        self._held = 0  # pieces of answers that the delay holds back
        self._due = 0.0
        kiosk.setblocking(False)
        kiosk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.connections.add(self)
        self.attend()

    def attend(self) -> None:
        """Listen and write as the line's state allows."""
        watch, stalled = self._line.loop.watch, self._line.stalled
        with suppress(ValueError):
            if stalled:
                watch(self._kiosk, None)
            else:
                watch(self._kiosk, self._from_kiosk, self._flush if self._to_kiosk else None)
            if self._store is not None:
                hears = None if stalled or self._ends else self._from_store
                watch(self._store, hears, self._flush if self._to_store and not stalled else None)

    def drop(self) -> None:
        """Break off, with a reset to both ends."""
        self._line.connections.discard(self)
        for end in (self._kiosk, self._store):
            if end is not None:
                self._line.loop.watch(end.fileno(), None)
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.close()

    def _call_store(self) -> socket.socket | None:
        with suppress(OSError):
            store = socket.create_connection(self._line.to, 2.0)
            store.setblocking(False)
            store.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return store
        return None

    def _from_kiosk(self) -> None:
        data = _receive(self._kiosk)
        if data is None:
            return
        self._store = self._store or self._call_store()
        if not data or self._store is None:
            self.drop()
            return
        self._line.loop.transcript.heard(without_credentials(data))
        if self._answered:
            self._answered = False
            self._request.clear()
        self._request += data[: _HEAD - len(self._request)]
        self._to_store += data
        self._flush()

    def _from_store(self) -> None:
        data = _receive(self._store) if self._store is not None else b""
        if data is None:
            return
        if not data:
            self._ends = True
            self._flush()
            return
        first, self._answered = not self._answered, True
        if first and self._line.loses(self._request.split(b"\r\n", 1)[0].decode("latin-1")):
            self.drop()
        elif self._line.delay_s or self._held:
            now = time.monotonic()
            self._due = max(self._due, now + self._line.delay_s)  # what came first goes first
            self._held += 1
            self._line.loop.later(self._due - now, lambda: self._hand_on_late(data))
        else:
            self._hand_on(data)

    def _hand_on_late(self, data: bytes) -> None:
        self._held -= 1
        if self in self._line.connections:
            self._hand_on(data)

    def _hand_on(self, data: bytes) -> None:
        self._line.loop.transcript.said(data)
        self._to_kiosk += data
        self._flush()

    def _hang_up(self) -> None:
        """Close both ends in order: the store hung up and all that it said has been handed on."""
        self._line.connections.discard(self)
        for end in (self._kiosk, self._store):
            if end is not None:
                self._line.loop.watch(end.fileno(), None)
                end.close()

    def _flush(self) -> None:
        try:
            for end, waiting in ((self._store, self._to_store), (self._kiosk, self._to_kiosk)):
                if end is not None and waiting and not self._line.stalled:
                    with suppress(BlockingIOError):
                        del waiting[: end.send(waiting)]
        except OSError:
            self.drop()
            return
        if self._ends and not self._to_kiosk and not self._held:
            self._hang_up()
        else:
            self.attend()


def _receive(end: socket.socket) -> bytes | None:
    """What has come; empty when the other side hung up, None when there is nothing yet."""
    try:
        return end.recv(_PIECE)
    except BlockingIOError:
        return None
    except OSError:
        return b""
