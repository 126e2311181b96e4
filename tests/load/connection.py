"""One keep-alive HTTP/1.1 connection: just enough of RFC 9112 for the store's answers, and cheap."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes


class Connection:
    """Connects when first asked, and again after a break."""

    def __init__(self, host: str, port: int, token: str = "") -> None:
        self._host, self._port = host, port
        self.as_kiosk(token)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def as_kiosk(self, token: str) -> None:
        """Asks with that credential from now on."""
        self._same = f"Host: {self._host}:{self._port}\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "")

    async def get(self, path: str) -> Answer:
        """The answer to a GET. Raises OSError, asyncio.IncompleteReadError."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._same}\r\n".encode())

    async def post(self, path: str, body: bytes) -> Answer:
        """The answer to a POST of JSON. Raises OSError, asyncio.IncompleteReadError."""
        head = (
            f"POST {path} HTTP/1.1\r\n{self._same}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return await self._ask(head.encode() + body)

    def close(self) -> None:
        """Hangs up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length, closing = 0, False
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                closing = closing or (name.lower() == b"connection" and value.strip().lower() == b"close")
            body = await reader.readexactly(length)
        except BaseException:
            self.close()
            raise
        if closing:
            self.close()
        return Answer(int(head[9:12]), body)
