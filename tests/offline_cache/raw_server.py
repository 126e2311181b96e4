"""Small servers that misbehave on a real socket: each connection is handed to a script that does as it likes."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from types import TracebackType
from typing import Self

LONG_S = 30.0  # generous: nothing waits so long unless something is broken


class Call:
    """One connection, seen from the server."""

    def __init__(self, sock: socket.socket, ended: threading.Event) -> None:
        self.sock, self.ended = sock, ended

    def request(self) -> bytes:
        """One whole request, head and body; empty at the end of the connection. Nothing is sent meanwhile."""
        found = b""
        while b"\r\n\r\n" not in found:
            piece = self.sock.recv(65536)
            if not piece:
                return found
            found += piece
        head, _, body = found.partition(b"\r\n\r\n")
        length = _length(head)
        while len(body) < length:
            piece = self.sock.recv(65536)
            if not piece:
                break
            body += piece
        return head + b"\r\n\r\n" + body

    def say(self, data: bytes) -> None:
        """These bytes, as they are."""
        self.sock.sendall(data)

    def answer(self, body: bytes = b"{}", status: str = "200 OK", head: bytes = b"") -> None:
        """A whole and proper answer."""
        self.say(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode() + head + b"\r\n" + body)

    def drip(self, piece: bytes, pause_s: float = 0.02) -> None:
        """The same bytes again and again, for as long as anybody listens."""
        while not self.ended.wait(pause_s):
            self.say(piece)

    def silence(self) -> None:
        """Nothing, until the test is over."""
        self.ended.wait(LONG_S)

    def reset(self) -> None:
        """Breaks the connection off with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Script = Callable[[Call], None]


class RawServer:
    """Listens on a free port of this machine; `script` serves each connection on a thread of its own."""

    def __init__(self, script: Script) -> None:
        self._script, self._ended = script, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self.calls = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.stop_listening()
        for sock in self._socks:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONG_S)

    def stop_listening(self) -> None:
        """Whoever connects from now on is refused; connections that stand go on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _begin(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.calls += 1
                self._socks.append(sock)
                self._begin(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            self._script(Call(sock, self._ended))


def answering(
    body: bytes = b"{}", status: str = "200 OK", head: bytes = b"", seen: Queue[bytes] | None = None
) -> Script:
    """A server that answers every request alike, and puts what it saw into `seen`."""

    def script(call: Call) -> None:
        while request := call.request():
            if seen is not None:
                seen.put(request)
            call.answer(body, status, head)

    return script


def head_and_body(request: bytes) -> tuple[bytes, bytes]:
    """The two parts of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    return head, body


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
