"""A reader's frames come whole out of its link: late looks, silence in the middle, and noise without an end."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator

import pytest

from devices.links.serial import SerialLink
from devices.pass_reader.ccid import cut_message
from devices.pass_reader.frames import Cut, next_frame
from devices.pass_reader.hsu import command_frame, cut_frame

Cutter = Callable[[bytearray], bytes | Cut]

BUSY_S, GAP_S = 0.2, 0.05
FRAME = command_frame(0x02)
MESSAGE = b"\x80" + (2).to_bytes(4, "little") + bytes(5) + b"\x90\x00"
KINDS = pytest.mark.parametrize(("cut", "frame"), [(cut_frame, FRAME), (cut_message, MESSAGE)], ids=["hsu", "ccid"])


class BusyMachine(SerialLink):
    """A line whose reader gets its turn again only a while after the rest of the frame has arrived."""

    def __init__(self, path: str, far: int, rest: bytes) -> None:
        super().__init__(path, 115200)
        self._far, self._later = far, rest

    def read(self, size: int, timeout_s: float) -> bytes:
        data = super().read(size, timeout_s)
        if self._later:
            os.write(self._far, self._later)
            self._later = b""
            time.sleep(BUSY_S)
        return data


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """The far end of a line, and the path of the near one."""
    far, near = os.openpty()
    path = os.ttyname(near)
    yield far, path
    os.close(near)
    os.close(far)


@KINDS
def test_a_frame_that_came_in_time_counts_however_late_it_is_looked_at(
    pty: tuple[int, str], cut: Cutter, frame: bytes
) -> None:
    link = BusyMachine(pty[1], pty[0], frame[4:])
    os.write(pty[0], frame[:4])
    assert next_frame(link, bytearray(), cut, 100, GAP_S) == frame
    link.close()


@KINDS
def test_silence_within_a_frame_ends_the_wait_and_nothing_of_it_is_left(
    pty: tuple[int, str], cut: Cutter, frame: bytes
) -> None:
    link, buffer = SerialLink(pty[1], 115200), bytearray()
    os.write(pty[0], frame[:-1])
    began = time.monotonic()
    with pytest.raises(OSError) as caught:
        next_frame(link, buffer, cut, 20_000, GAP_S)
    assert (caught.value.errno, bytes(buffer)) == (errno.ETIMEDOUT, b"")
    assert GAP_S <= time.monotonic() - began < 10
    link.close()


class Noise:
    """A line that never falls silent."""

    label = "noise"

    def read(self, size: int, timeout_s: float) -> bytes:
        return bytes(8)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Nobody listens."""

    def wake(self) -> None:
        """It never waits."""

    def close(self) -> None:
        """It was never open."""


def test_noise_without_an_end_is_listened_to_no_longer_than_asked() -> None:
    with pytest.raises(OSError) as caught:
        next_frame(Noise(), bytearray(), cut_frame, 50)
    assert caught.value.errno == errno.ETIMEDOUT
