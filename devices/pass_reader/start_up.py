"""Finds a PN532 on its serial line and makes both as fast as the port can be (NXP UM0701-02, 7.2.2, 7.2.8, 7.2.10).

nfcpy's own start asks a shell for the speeds: no program is started here, beside a window that changes the environment.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

from devices.pass_reader.hsu import ACK, command_frame
from devices.pass_reader.transport import FASTER_BAUDS, POWER_ON_BAUD, HsuTransport

_WAKE = bytes(10)  # the time that a chip needs to wake up
_ANSWER_MS = 100  # the chip needs 15
_BOARD = Path("/proc/device-tree/model")
_PI = b"Raspberry Pi"
_FIRST_ANSWER_OF_PI_MS = 1500  # over USB the first bytes after opening come up to a second late there
_PI_IS_SLOW = "/dev/ttyS0"  # its "mini UART"


def start_chip(transport: HsuTransport, board: Path = _BOARD) -> None:
    """Raises OSError when no PN532 answers at the speed of power-on, and DeviceGone.

    `board`: the file in which Linux names the board that this runs on.
    """
    is_pi, port = _is_pi(board), os.path.realpath(transport.port)
    first_ms = _FIRST_ANSWER_OF_PI_MS if is_pi and port.startswith("/dev/ttyUSB") else _ANSWER_MS
    if not _ask(transport, 0x02, b"", first_ms).startswith(b"\x32"):  # GetFirmwareVersion: IC 32h is the PN532
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    _ask(transport, 0x14, b"\x01\x00\x00")  # SAMConfiguration: normal mode, no SAM
    if is_pi and port == _PI_IS_SLOW:
        return
    fastest = next((baud for baud in FASTER_BAUDS if transport.takes(baud)), POWER_ON_BAUD)
    if fastest != POWER_ON_BAUD:
        _ask(transport, 0x10, bytes([FASTER_BAUDS[fastest]]))  # SetSerialBaudRate
        transport.write(ACK)  # the chip changes its speed after it
        transport.baudrate = fastest
        time.sleep(0.001)


def _ask(transport: HsuTransport, code: int, data: bytes, first_ms: int = _ANSWER_MS) -> bytes:
    """What the chip answers to a command, without its frame. Raises OSError where that is nothing or something else."""
    transport.write(_WAKE + command_frame(code, data))
    acknowledged = transport.read(first_ms) == ACK
    answer = transport.read(_ANSWER_MS) if acknowledged else b""
    if bytes(answer[5:7]) != bytes([0xD5, code + 1]):
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    return bytes(answer[7:-2])


def _is_pi(board: Path) -> bool:
    try:
        return board.read_bytes().startswith(_PI)
    except OSError:
        return False
