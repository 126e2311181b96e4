"""HTTPS as a terminal serves it: one request a connection, answered now, later, wrongly or never."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from devices.simulators.loop import Loop

_PIECE = 65536
_MOST_DIGITS = 9  # of a length; Python itself refuses to read thousands of them
_MOST_BYTES = 1_000_000


class Caller:
    """One connection to the terminal."""

    def __init__(self, loop: Loop, tls: ssl.SSLSocket, received: Callable[[Caller, bytes], None]) -> None:
        self._loop = loop
        self._tls = tls
        self._received = received
        self._greeted = False
        self._heard = bytearray()
        self._asked = False
        self._saying = bytearray()
        self.connected = True
        loop.watch(tls, self._step)

    def answer(self, body: bytes, note: str = "") -> None:
        """An HTTP answer with `body`; `note` is what is sealed in it, for a transcript."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.say(head.encode() + body, note)

    def say(self, data: bytes, note: str = "") -> None:
        """Any bytes at all, and then no more."""
        if self.connected:
            self._loop.transcript.said(data, note)
            self._saying += data
            self._step()

    def hang_up(self) -> None:
        """Break the connection, whatever was or was not said."""
        if self.connected:
            self.connected = False
            self._loop.watch(self._tls, None)
            self._tls.close()

    def _step(self) -> None:
        writing = False
        try:
            if not self._greeted:
                self._tls.do_handshake()
                self._greeted = True
            while self._saying:
                del self._saying[: self._tls.send(self._saying)]
                if not self._saying:
                    self.hang_up()
                    return
            self._read()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            writing = True
        except OSError:
            self.hang_up()
        if self.connected:
            self._loop.watch(self._tls, self._step, self._step if writing else None)

    def _read(self) -> None:
        while self.connected:
            data = self._tls.recv(_PIECE)
            if not data or len(self._heard) > _MOST_BYTES:
                self.hang_up()
                return
            self._heard += data
            body = None if self._asked else _body(bytes(self._heard))
            if body is not None:
                self._asked = True
                self._received(self, body)


class NexoWire:
    """The terminal's port on the network."""

    def __init__(
        self, loop: Loop, address: tuple[str, int], context: ssl.SSLContext, received: Callable[[Caller, bytes], None]
    ) -> None:
        self._loop = loop
        self._address = address
        self._context = context
        self._received = received
        self._listener: socket.socket | None = None
        self._callers: list[Caller] = []

    @property
    def plugged(self) -> bool:
        """Whether anybody can call."""
        return self._listener is not None

    def plug(self) -> None:
        """Take calls; raises OSError when the port is in use."""
        if self._listener is None:
            listener = socket.create_server(self._address, backlog=16)
            listener.setblocking(False)
            self._listener = listener
            self._loop.watch(listener, self._accept)

    def unplug(self) -> None:
        """Pull the cable: all that is being said ends, and nobody gets through."""
        if self._listener is not None:
            self._loop.watch(self._listener, None)
            self._listener.close()
            self._listener = None
        for caller in self._callers:
            caller.hang_up()
        self._callers.clear()

    def _accept(self) -> None:
        if self._listener is None:
            return
        with suppress(OSError):
            plain, _ = self._listener.accept()
            plain.setblocking(False)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tls = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            self._callers = [one for one in self._callers if one.connected]
            self._callers.append(Caller(self._loop, tls, self._received))


def _body(heard: bytes) -> bytes | None:
    """The body of a POST, None until all of it is there."""
    head, found, body = heard.partition(b"\r\n\r\n")
    if not found:
        return None
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return body if len(value.strip()) <= _MOST_DIGITS and len(body) >= int(value) else None
    return body
