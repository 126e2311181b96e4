"""HTTPS to a terminal that is hostile, slow or another: one deadline over all, bounded memory, no foreign error."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.payment_terminal.nexo_line import Address, Call, Deadline, read_answer
from devices.ports import DeviceFault, DeviceGone, DeviceTimeout
from devices.simulators.nexo_certificate import server_context
from tests.devices.running import LIMIT_S

NAME = "P400Plus-1.test.terminal.adyen.com"
REQUEST = b"a sealed request"
Behave = Callable[[socket.socket], None]


@dataclass
class Server:
    """A TLS server on the loopback whose next callers are treated as the test says."""

    address: Address
    behave: Behave = lambda _: None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with a certificate of its own."""
    context = server_context(tmp_path, NAME)
    listener = socket.create_server(("127.0.0.1", 0))
    one = Server(Address("127.0.0.1", listener.getsockname()[1], NAME, str(tmp_path / "ca.pem")))

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as caller:
                    caller.settimeout(LIMIT_S)
                    one.behave(caller)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield one
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(LIMIT_S)


def asked(server: Server, seconds: float, idle: Callable[[], None] = lambda: None) -> bytes:
    """One request and its answer."""
    deadline = Deadline(seconds)
    call = Call(server.address, server.address.context(), deadline)
    try:
        call.say(REQUEST, deadline)
        return call.hear(deadline, idle)
    finally:
        call.close()


def test_a_request_is_one_post_and_its_answer_the_body(server: Server) -> None:
    heard: list[bytes] = []

    def behave(caller: socket.socket) -> None:
        heard.append(caller.recv(65536))
        caller.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    server.behave = behave
    assert asked(server, LIMIT_S) == b"abcde"
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /nexo HTTP/1.1\r\n")
    assert f"Host: {NAME}".encode() in head
    assert body == REQUEST


@pytest.mark.parametrize("piece", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: y\r\n"])
def test_a_server_that_drips_does_not_stretch_the_deadline(server: Server, piece: bytes) -> None:
    def behave(caller: socket.socket) -> None:
        with suppress(OSError):
            while True:
                caller.sendall(piece)
                time.sleep(0.05)

    server.behave = behave
    began = time.monotonic()
    with pytest.raises(DeviceFault):
        asked(server, 1.0)
    assert time.monotonic() - began < 2.0


def test_a_silent_server_is_a_timeout_and_meanwhile_the_caller_may_look_around(server: Server) -> None:
    looks: list[float] = []
    server.behave = lambda _: time.sleep(1.5)
    with pytest.raises(DeviceTimeout):
        asked(server, 1.2, lambda: looks.append(time.monotonic()))
    assert len(looks) >= 2


def test_a_server_that_takes_calls_and_never_greets_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1], NAME, "")
        began = time.monotonic()
        with pytest.raises(DeviceTimeout):
            Call(address, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Deadline(0.5))
        assert time.monotonic() - began < 1.5


def test_an_answer_without_an_end_is_cut_off(server: Server) -> None:
    def behave(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while True:
                caller.sendall(b"x" * 65536)

    server.behave = behave
    with pytest.raises(DeviceGone, match="without an end"):
        asked(server, LIMIT_S)


def test_a_wake_lets_the_caller_look_around_at_once(server: Server) -> None:
    answer, seen = threading.Event(), threading.Event()

    def behave(caller: socket.socket) -> None:
        caller.recv(65536)
        answer.wait(LIMIT_S)
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    server.behave = behave
    deadline = Deadline(LIMIT_S)
    call = Call(server.address, server.address.context(), deadline)
    call.say(REQUEST, deadline)
    began = time.monotonic()
    call.wake()

    def idle() -> None:
        if not seen.is_set():
            assert time.monotonic() - began < 0.4
        seen.set()
        answer.set()

    assert call.hear(deadline, idle) == b"ok"
    assert seen.is_set()
    call.close()


def test_a_name_that_no_certificate_can_have_is_a_fault_of_the_device(server: Server) -> None:
    for name in (".", "x" * 64, ""):
        address = Address("127.0.0.1", server.address.port, name, server.address.ca_file)
        with pytest.raises(DeviceGone, match="no name of a certificate"):
            Call(address, address.context(), Deadline(LIMIT_S))


def test_nothing_trusts_a_certificate_that_the_file_does_not_sign_or_that_names_another(
    server: Server, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    server_context(other, NAME)
    for address in (
        Address("127.0.0.1", server.address.port, NAME, str(other / "ca.pem")),
        Address("127.0.0.1", server.address.port, "P400Plus-2.test.terminal.adyen.com", server.address.ca_file),
        Address("127.0.0.1", server.address.port, "127.0.0.1", server.address.ca_file),
    ):
        with pytest.raises(DeviceGone, match="TLS"):
            Call(address, address.context(), Deadline(LIMIT_S))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: "]))
def test_no_bytes_whatever_raise_anything_but_a_fault_of_the_device(data: bytes, before: bytes) -> None:
    with suppress(DeviceGone):
        assert isinstance(read_answer(io.BytesIO(before + data), "terminal"), bytes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"garbage\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_none(answer: bytes) -> None:
    with pytest.raises(DeviceGone):
        read_answer(io.BytesIO(answer), "terminal")  # type: ignore[arg-type]
