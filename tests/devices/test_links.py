"""Links to hardware: every fault of the system is DeviceGone or DeviceTimeout, and nothing waits for ever."""

from __future__ import annotations

import os
import socket
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from pytest_mock import MockerFixture

from devices.links.descriptor import DescriptorLink
from devices.links.serial import SerialLink
from devices.links.tcp import TcpLink
from devices.ports import DeviceGone, DeviceTimeout, DeviceUnplugged
from tests.devices.running import LIMIT_S, free_port


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """The far end of a serial line and the path of the near one."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    with suppress(OSError):
        os.close(master)


@pytest.fixture
def call() -> Iterator[tuple[TcpLink, socket.socket]]:
    """A connected TCP link and its far end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = TcpLink("127.0.0.1", server.getsockname()[1], LIMIT_S)
        far, _ = server.accept()
        with far:
            yield link, far
        link.close()


def test_a_port_that_is_not_there_is_gone_for_a_reason(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnplugged, match=r"cannot be opened \(No such file or directory\)$"):
        SerialLink(str(tmp_path / "no"), 9600)


def test_a_file_that_is_no_port_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(DeviceGone) as caught:
        SerialLink(str(path), 9600)
    assert not isinstance(caught.value, DeviceUnplugged)


@pytest.mark.parametrize(("parity", "bits"), [("N", 0), ("E", termios.PARENB), ("O", termios.PARENB | termios.PARODD)])
def test_a_port_is_asked_for_parity_and_goes_on_without_where_it_has_none(
    pty: tuple[int, str], mocker: MockerFixture, parity: Literal["N", "E", "O"], bits: int
) -> None:
    asked = mocker.spy(termios, "tcsetattr")
    link = SerialLink(pty[1], 9600, parity)
    link.set_baud(38400)
    assert asked.call_args.args[2][2] & (termios.PARENB | termios.PARODD) == bits
    link.write(b"\xff\x00\x7f", LIMIT_S)
    assert os.read(pty[0], 10) == b"\xff\x00\x7f"
    assert link.baud == 38400
    link.close()


def test_a_port_keeps_its_two_stop_bits_at_another_speed(pty: tuple[int, str]) -> None:
    with_one = SerialLink(pty[1], 9600)
    assert not termios.tcgetattr(pty[0])[2] & termios.CSTOPB
    with_one.close()
    with_two = SerialLink(pty[1], 9600, stop_bits=2)
    with_two.set_baud(115200)
    assert termios.tcgetattr(pty[0])[2] & termios.CSTOPB
    with_two.close()


def test_a_port_tells_what_speed_it_can_do_and_keeps_its_own(pty: tuple[int, str], mocker: MockerFixture) -> None:
    link = SerialLink(pty[1], 115200)
    assert link.takes(921600)
    assert (link.baud, termios.tcgetattr(pty[0])[5]) == (115200, termios.B115200)
    slower = termios.tcgetattr(pty[0])
    mocker.patch.object(termios, "tcgetattr", return_value=slower)  # no pty is slower than it is asked to be
    assert not link.takes(921600)
    link.close()


def test_a_port_is_opened_by_one_process_only(pty: tuple[int, str]) -> None:
    link = SerialLink(pty[1], 9600)
    with pytest.raises(DeviceGone) as caught:
        SerialLink(pty[1], 9600)
    assert not isinstance(caught.value, DeviceUnplugged)
    link.close()


def test_what_is_read_is_what_came_and_silence_is_empty(pty: tuple[int, str]) -> None:
    link = SerialLink(pty[1], 115200)
    assert link.read(10, 0) == b""
    os.write(pty[0], b"0123456789abc")
    assert link.read(10, LIMIT_S) == b"0123456789"
    assert link.read(10, LIMIT_S) == b"abc"
    link.close()


def test_a_serial_line_that_is_pulled_out_is_gone_in_every_way_to_use_it(pty: tuple[int, str]) -> None:
    link = SerialLink(pty[1], 115200)
    os.close(pty[0])
    with pytest.raises(DeviceGone):
        link.read(1, LIMIT_S)
    with pytest.raises(DeviceGone):
        link.write(b"x", LIMIT_S)
    with pytest.raises(DeviceGone):
        link.discard_input()
    with pytest.raises(DeviceGone):
        link.set_baud(9600)
    link.close()
    link.close()


def test_a_line_that_takes_nothing_is_a_timeout(pty: tuple[int, str]) -> None:
    link = SerialLink(pty[1], 115200)
    with pytest.raises(DeviceTimeout, match="does not take its bytes"):
        link.write(b"x" * 1_000_000, 0.2)
    link.close()


def test_another_thread_can_end_the_wait_before_and_while_it_lasts(call: tuple[TcpLink, socket.socket]) -> None:
    link, far = call
    link.wake()
    assert link.read(1, LIMIT_S) == b""
    later = threading.Timer(0.05, far.sendall, (b"x",))
    later.start()
    assert link.read(1, LIMIT_S) == b"x"  # one wake ends one wait
    read: list[bytes] = []
    waiting = threading.Thread(target=lambda: read.append(link.read(1, 10 * LIMIT_S)))
    waiting.start()
    link.wake()
    waiting.join(LIMIT_S)
    assert read == [b""]


def test_a_closed_link_is_gone_and_may_be_woken_and_closed_again(call: tuple[TcpLink, socket.socket]) -> None:
    link, _ = call
    link.close()
    link.wake()
    link.close()
    with pytest.raises(DeviceGone):
        link.read(1, 0)


def test_a_caller_that_hangs_up_is_gone(call: tuple[TcpLink, socket.socket]) -> None:
    link, far = call
    far.close()
    with pytest.raises(DeviceGone, match="hung up"):
        link.read(1, LIMIT_S)


def test_a_refused_call_is_gone() -> None:
    with pytest.raises(DeviceGone, match="Connection refused"):
        TcpLink("127.0.0.1", free_port(), LIMIT_S)


def test_a_host_without_a_name_is_gone() -> None:
    with pytest.raises(DeviceGone):
        TcpLink("no-such-host.invalid", 9100, LIMIT_S)


def test_large_writes_arrive_whole(call: tuple[TcpLink, socket.socket]) -> None:
    link, far = call
    data = os.urandom(2_000_000)
    got = bytearray()

    def receive() -> None:
        while len(got) < len(data) and (piece := far.recv(65536)):
            got.extend(piece)

    receiving = threading.Thread(target=receive)
    receiving.start()
    link.write(data, LIMIT_S)
    receiving.join(LIMIT_S)
    assert bytes(got) == data
    assert isinstance(link, DescriptorLink)
