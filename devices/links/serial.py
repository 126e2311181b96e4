"""Serial ports (USB CDC, USB-UART, on-board) through pyserial; also a pty, which is one to the kernel."""

from __future__ import annotations

import contextlib
import errno
import os
import termios
from typing import Literal

import serial

from devices.links.descriptor import DescriptorLink
from devices.ports import DeviceGone, DeviceUnplugged

_PARITY = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}


class SerialLink(DescriptorLink):
    """One serial port of eight data bits, opened for this process alone."""

    def __init__(
        self, path: str, baud: int, parity: Literal["N", "E", "O"] = "N", stop_bits: Literal[1, 2] = 1
    ) -> None:
        """Open `path` at `baud` bits a second; raises DeviceGone, also when another process holds it.

        Raises DeviceUnplugged where there is no such path.
        """
        try:
            self._port = serial.Serial(path, baud, stopbits=stop_bits, timeout=0, exclusive=True)
            self.parity = parity
            self._set_parity()
        except (OSError, ValueError, termios.error) as error:
            kind = DeviceUnplugged if _number(error) == errno.ENOENT else DeviceGone
            raise kind(f"{path}: cannot be opened ({_why(error)})") from error
        super().__init__(self._port.fileno(), path)

    @property
    def baud(self) -> int:
        """Bits a second."""
        return int(self._port.baudrate)

    def _set_parity(self) -> None:
        """Where the line knows no parity (a pty) go on without; a device that needs it will not answer.

        Not through pyserial, which could not open such a line at all.
        """
        attributes = termios.tcgetattr(self._port.fileno())
        attributes[2] |= _PARITY[self.parity]
        try:
            termios.tcsetattr(self._port.fileno(), termios.TCSADRAIN, attributes)
        except termios.error as error:
            if error.args[:1] != (errno.EINVAL,):
                raise

    def set_baud(self, baud: int) -> None:
        """Change the speed of the open port; raises DeviceGone."""
        try:
            self._port.baudrate = baud
            self._set_parity()
        except (OSError, ValueError, termios.error) as error:
            raise DeviceGone(f"{self.label}: cannot change speed ({_why(error)})") from error

    def takes(self, baud: int) -> bool:
        """Whether the port can do that speed: one that cannot takes another instead. Its own is kept.

        Raises DeviceGone.
        """
        before = self.baud
        try:
            self.set_baud(baud)
            return bool(termios.tcgetattr(self._port.fileno())[5] == getattr(termios, f"B{baud}"))
        except (DeviceGone, OSError, termios.error):
            return False
        finally:
            self.set_baud(before)

    def discard_input(self) -> None:
        """Throw away what has arrived and was not read; raises DeviceGone."""
        try:
            self._port.reset_input_buffer()
        except (OSError, termios.error) as error:
            raise DeviceGone(f"{self.label}: {_why(error)}") from error

    def close(self) -> None:
        """Close the port; never raises."""
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._port.fileno(), termios.TCIOFLUSH)
        with contextlib.suppress(OSError, termios.error):
            self._port.close()
        super().close()


def _why(error: BaseException) -> str:
    """Words of the system; termios.error is no OSError and keeps them in its arguments."""
    if isinstance(error, termios.error) and len(error.args) > 1:
        return str(error.args[1])
    number = _number(error)  # pyserial's words repeat the path and the number
    return os.strerror(number) if number else type(error).__name__


def _number(error: BaseException) -> int | None:
    found = getattr(error, "errno", None)
    return found if isinstance(found, int) else None
