"""Who is taken for a PN532 when a port is opened, and how long its first answer may take."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from devices.pass_reader.start_up import start_chip
from devices.pass_reader.transport import HsuTransport
from devices.simulators.pn532_chip import Pn532
from tests.devices.running import LIMIT_S

LATE_S = 0.4
Start = Callable[[Pn532, float], HsuTransport]


@pytest.fixture
def line() -> Iterator[Start]:
    """Puts a chip on a line, that falls silent for so long before its first answer."""
    far, near = os.openpty()
    tty.setraw(far)
    transport = HsuTransport(os.ttyname(near))

    def live(chip: Pn532, late_s: float) -> None:
        with contextlib.suppress(OSError):  # until the near end is closed
            while True:
                data = os.read(far, 4096)
                time.sleep(late_s)
                late_s = 0.0
                os.write(far, b"".join(chip.receive(data, chip.baud)))

    lives: list[threading.Thread] = []

    def start(chip: Pn532, late_s: float) -> HsuTransport:
        lives.append(threading.Thread(target=live, args=(chip, late_s)))
        lives[0].start()
        return transport

    yield start
    transport.close()
    os.close(near)
    lives[0].join(LIMIT_S)
    os.close(far)


class AnswersAnother(Pn532):
    """A chip that is a command behind."""

    def obey(self, body: bytes) -> bytes | None:
        answer = super().obey(body)
        return answer and answer[:1] + b"\x05" + answer[2:]


@pytest.mark.parametrize(
    "chip", [Pn532(time.sleep, firmware=b"\x33\x01\x06\x07"), AnswersAnother(time.sleep)], ids=["pn533", "behind"]
)
def test_what_answers_as_no_pn532_does_is_none(line: Start, chip: Pn532) -> None:
    with pytest.raises(OSError) as caught:
        start_chip(line(chip, 0.0))
    assert caught.value.errno == errno.ENODEV


@pytest.mark.parametrize(
    ("model", "port", "starts"),
    [
        ("Raspberry Pi 4 Model B\0", "/dev/ttyUSB0", True),
        ("Raspberry Pi 4 Model B\0", "/dev/ttyAMA0", False),
        ("Other\0", "/dev/ttyUSB0", False),
    ],
)
def test_over_usb_of_a_raspberry_pi_the_first_answer_may_take_a_second(
    line: Start, tmp_path: Path, mocker: MockerFixture, model: str, port: str, starts: bool
) -> None:
    board = tmp_path / "model"
    board.write_text(model, "ascii")
    transport = line(Pn532(time.sleep), LATE_S)
    mocker.patch("devices.pass_reader.start_up.os.path.realpath", return_value=port)
    if starts:
        start_chip(transport, board)
        assert transport.baudrate == 921600
        return
    with pytest.raises(OSError):
        start_chip(transport, board)
    assert transport.baudrate == 115200
