"""Devices on USB without a port of their own (printers, ACR122U): two bulk endpoints, through libusb.

A device is named `vendor:product` in hexadecimal, of several alike with the socket that it is in: `04b8:0e15@1-1.4`.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from devices.ports import DeviceGone, DeviceTimeout, DeviceUnplugged

NAME = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})(?:@(\d{1,3}-\d{1,3}(?:\.\d{1,3}){0,6}))?", re.ASCII)
ACR122U = "072f:2200"
PRINTER, CARD_READER = 0x07, 0x0B  # classes of an interface
_SLICE_S = 0.1  # a read is not ended from outside: so late a `wake` is heard
_PIECE = 4096  # a whole number of packets of every speed, as libusb wants it
_BULK, _IN = 0x02, 0x80
_WORDS = {
    "Access": "this user may not open it (its udev rule is not installed)",
    "Busy": "another program has it; of a card reader mostly pcscd (systemctl mask --now pcscd.socket pcscd.service)",
}


class UsbLink:
    """One interface of one device, taken from the kernel's own driver while it is open."""

    def __init__(self, name: str, interface_class: int) -> None:
        """Raises DeviceUnplugged where there is no such device, DeviceGone where it cannot be had."""
        usb1 = _library()
        self.label = name
        self._usb = usb1
        self._woken = threading.Event()
        self._rest = b""
        self._handle: Any = None
        self._context = usb1.USBContext()
        try:
            with self._faults():
                self._context.open()
                self._take(self._found(name), interface_class)
        except BaseException:
            self.close()
            raise

    def read(self, size: int, timeout_s: float) -> bytes:
        """See Link."""
        self._must_be_open()
        until = time.monotonic() + max(0.0, timeout_s)
        while not self._rest:
            if self._woken.is_set():
                self._woken.clear()
                return b""
            left = until - time.monotonic()
            with self._faults():
                self._rest = self._some(max(0.001, min(_SLICE_S, left)))
            if not self._rest and left <= 0:
                return b""
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Link."""
        self._must_be_open()
        deadline, rest = time.monotonic() + timeout_s, data
        while rest:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeviceTimeout(f"{self.label}: does not take its bytes")
            with self._faults():
                rest = rest[self._sent(rest[:_PIECE], left) :]

    def wake(self) -> None:
        """See Link."""
        self._woken.set()

    def close(self) -> None:
        """See Link."""
        handle, self._handle = self._handle, None
        with contextlib.suppress(self._usb.USBError):
            if handle is not None:
                handle.close()
        with contextlib.suppress(self._usb.USBError):
            self._context.close()

    def _found(self, name: str) -> Any:
        parts = NAME.fullmatch(name)
        if parts is None:
            raise DeviceGone(f"{name}: no name of a USB device")
        wanted = int(parts[1], 16), int(parts[2], 16)
        there = [
            one
            for one in self._context.getDeviceIterator(skip_on_error=True)
            if (one.getVendorID(), one.getProductID()) == wanted and parts[3] in {None, _socket(one)}
        ]
        if not there:
            raise DeviceUnplugged(f"{name}: no such device on USB")
        if len(there) > 1:
            raise DeviceGone(f"{name}: several such devices; they are in {', '.join(map(_socket, there))}")
        return there[0]

    def _take(self, device: Any, interface_class: int) -> None:
        for setting in device.iterSettings():
            ends = {one.getAddress() & _IN: one for one in setting if one.getAttributes() & 3 == _BULK}
            if setting.getClass() == interface_class and len(ends) == 2:
                self._handle = device.open()
                with contextlib.suppress(self._usb.USBErrorNotSupported):
                    self._handle.setAutoDetachKernelDriver(True)
                self._handle.claimInterface(setting.getNumber())
                self._in, self._out = ends[_IN].getAddress(), ends[0].getAddress()
                return
        raise DeviceGone(f"{self.label}: no such interface in this device")

    def _some(self, timeout_s: float) -> bytes:
        try:
            return bytes(self._handle.bulkRead(self._in, _PIECE, max(1, round(timeout_s * 1000))))
        except self._usb.USBErrorTimeout as late:
            return bytes(late.received)

    def _sent(self, data: bytes, timeout_s: float) -> int:
        try:
            return int(self._handle.bulkWrite(self._out, data, max(1, round(timeout_s * 1000))))
        except self._usb.USBErrorTimeout as late:
            return int(late.transferred)

    def _must_be_open(self) -> None:
        if self._handle is None:
            raise DeviceGone(f"{self.label}: closed")

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except self._usb.USBError as error:
            kind = DeviceUnplugged if isinstance(error, self._usb.USBErrorNoDevice) else DeviceGone
            name = type(error).__name__.removeprefix("USBError")
            raise kind(f"{self.label}: USB: {_WORDS.get(name, name)}") from error


def _library() -> Any:
    try:
        import usb1  # late: most kiosks start without
    except OSError as error:
        raise DeviceGone("the system has no libusb (Debian: libusb-1.0-0)") from error
    return usb1


def _socket(device: Any) -> str:
    """Where it is plugged in, as the kernel names it in /sys/bus/usb/devices."""
    return f"{device.getBusNumber()}-" + ".".join(map(str, device.getPortNumberList()))
