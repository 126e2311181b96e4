"""HTTPS to a terminal on the local network: one request a connection, and one deadline over all of it.

The terminal's certificate has its name in the CN alone; it must be the configured one, signed by the configured CA.
"""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from devices.links.tcp import TcpLink
from devices.ports import DeviceFault, DeviceGone, DeviceTimeout
from values import dataclass

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CONNECT_S = 3.0
_SLICE_S = 0.5  # how long a wait lasts at most before `idle` is called
_MOST_BYTES = 1_000_000
_PIECE = 16_384
Result = TypeVar("Result")


class Deadline:
    """A moment of the monotonic clock up to which something is worth waiting for; it may be brought forward."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, none of them negative."""
        return max(0.0, self._until - time.monotonic())

    def within(self, seconds: float) -> Deadline:
        """A deadline of its own, `seconds` from now and never later than this one."""
        return Deadline(min(seconds, self.left()))

    def shorten(self, seconds: float) -> None:
        """Leave at most `seconds` from now."""
        self._until = min(self._until, time.monotonic() + seconds)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a terminal is, the name in its certificate, and the file of certificates that may sign for it."""

    host: str
    port: int
    certificate_name: str
    ca_file: str

    def context(self) -> ssl.SSLContext:
        """TLS of at least 1.2 that trusts the CA file and nothing else; raises DeviceGone when it cannot be read."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = True
        try:
            context.load_verify_locations(cafile=self.ca_file)
        except (OSError, ValueError) as error:
            raise DeviceGone("the file of the terminal's CA cannot be read, or holds no certificate") from error
        return context


class Call:
    """One TLS connection for one request; `wake` may come from any thread, all else from one."""

    def __init__(self, address: Address, context: ssl.SSLContext, deadline: Deadline) -> None:
        """Connects and greets; raises DeviceGone or DeviceTimeout, and then nothing was said to the terminal."""
        short = deadline.within(_CONNECT_S)
        self._address = address
        self._from, self._to = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            self._tls = context.wrap_bio(self._from, self._to, server_hostname=address.certificate_name)
        except ValueError as error:
            raise DeviceGone(f"{address.certificate_name!r} is no name of a certificate") from error
        self._link = TcpLink(address.host, address.port, max(0.001, short.left()))
        try:
            self._carry(self._tls.do_handshake, short, lambda: None)
        except DeviceFault:
            self.close()
            raise

    def wake(self) -> None:
        """Make the wait for an answer call `idle` at once."""
        self._link.wake()

    def close(self) -> None:
        """Hang up; never raises."""
        self._link.close()

    def say(self, data: bytes, deadline: Deadline) -> None:
        """Hands over one request; when this raises, the terminal may have heard it."""
        head = f"POST /nexo HTTP/1.1\r\nHost: {self._address.certificate_name}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        self._carry(lambda: self._tls.write(head.encode() + data), deadline, lambda: None)

    def hear(self, deadline: Deadline, idle: Callable[[], None]) -> bytes:
        """The body of the answer; `idle` is called twice a second and when woken. Raises DeviceGone, DeviceTimeout."""

        def more() -> bytes:
            return self._carry(lambda: self._tls.read(_PIECE), deadline, idle)

        return read_answer(_Stream(more), self._link.label)

    def _carry(self, step: Callable[[], Result], deadline: Deadline, idle: Callable[[], None]) -> Result:
        """Takes one step of TLS, moving its bytes between it and the link until it is done."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush(deadline)
                self._await(deadline, idle)
            except ssl.SSLError as error:
                why = getattr(error, "verify_message", "") or error.reason or "broken"
                raise DeviceGone(f"{self._link.label}: TLS: {why}") from error
            else:
                self._flush(deadline)
                return done

    def _await(self, deadline: Deadline, idle: Callable[[], None]) -> None:
        data = self._link.read(_PIECE, min(_SLICE_S, deadline.left()))
        if data:
            self._from.write(data)
            return
        idle()
        if not deadline.left():
            raise DeviceTimeout(f"{self._link.label}: no answer in time")

    def _flush(self, deadline: Deadline) -> None:
        data = self._to.read()
        if data:
            self._link.write(data, deadline.left())


class _Stream(io.RawIOBase):
    """Bytes as they come, up to a bound."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._rest = memoryview(b"")
        self._taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._rest:
            self._rest = memoryview(self._more())
            self._taken += len(self._rest)
            if self._taken > _MOST_BYTES:
                raise DeviceGone("an answer without an end")
        into = memoryview(buffer)
        count = min(len(into), len(self._rest))
        into[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _Plug:
    """What http.client takes for a socket: it only ever makes a file of it."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(self._stream)


def read_answer(stream: io.RawIOBase, label: str) -> bytes:
    """The body of one HTTP answer; raises DeviceGone for anything else, or what `stream` raises."""
    import http.client  # no start of a kiosk need wait for it

    plug: Any = _Plug(stream)
    answer = http.client.HTTPResponse(plug, method="POST")
    try:
        answer.begin()
        if answer.status != http.HTTPStatus.OK:
            raise DeviceGone(f"{label}: HTTP status {answer.status}")
        return answer.read()
    except (http.client.HTTPException, ValueError, OverflowError) as error:
        raise DeviceGone(f"{label}: no answer in HTTP") from error
    finally:
        answer.close()
