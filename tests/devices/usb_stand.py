"""What libusb1 shows of a device that is a process on a pty; above it stands our real link, and the errors are real."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import usb1

from devices.links.serial import SerialLink
from devices.ports import DeviceGone, DeviceTimeout

IN, OUT, BULK, INTERRUPT = 0x82, 0x01, 2, 3


@dataclass
class Endpoint:
    """One end of a pipe."""

    address: int
    attributes: int = BULK

    def getAddress(self) -> int:  # noqa: N802 - libusb1's name, as all below
        return self.address

    def getAttributes(self) -> int:  # noqa: N802
        return self.attributes


@dataclass
class Setting:
    """One interface."""

    kind: int
    endpoints: tuple[Endpoint, ...] = (Endpoint(0x83, INTERRUPT), Endpoint(IN), Endpoint(OUT))

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.endpoints)

    def getClass(self) -> int:  # noqa: N802
        return self.kind

    def getNumber(self) -> int:  # noqa: N802
        return 1


@dataclass
class UsbDevice:
    """A device on the bus whose bulk pipes are a pty."""

    tty: str
    vendor: int
    product: int
    kind: int
    socket: tuple[int, ...] = (1, 4)

    def getVendorID(self) -> int:  # noqa: N802
        return self.vendor

    def getProductID(self) -> int:  # noqa: N802
        return self.product

    def getBusNumber(self) -> int:  # noqa: N802
        return 1

    def getPortNumberList(self) -> list[int]:  # noqa: N802
        return list(self.socket)

    def iterSettings(self) -> Iterator[Setting]:  # noqa: N802
        yield Setting(0xFF)
        yield Setting(self.kind)

    def open(self) -> Handle:
        return Handle(self.tty)


class Handle:
    """An open device."""

    def __init__(self, tty: str) -> None:
        try:
            self._line = SerialLink(tty, 115200)
        except DeviceGone:
            raise usb1.USBErrorNoDevice from None

    def setAutoDetachKernelDriver(self, _: bool) -> None:  # noqa: N802
        raise usb1.USBErrorNotSupported

    def claimInterface(self, number: int) -> None:  # noqa: N802
        assert number == 1

    def bulkRead(self, endpoint: int, size: int, timeout: int) -> bytes:  # noqa: N802
        assert (endpoint, size % 512) == (IN, 0)
        try:
            data = self._line.read(size, timeout / 1000)
        except DeviceGone:
            raise usb1.USBErrorNoDevice from None
        if not data:
            late = usb1.USBErrorTimeout()
            late.received = b""
            raise late
        return data

    def bulkWrite(self, endpoint: int, data: bytes, timeout: int) -> int:  # noqa: N802
        assert endpoint == OUT
        try:
            self._line.write(data, timeout / 1000)
        except DeviceGone:
            raise usb1.USBErrorNoDevice from None
        except DeviceTimeout:
            late = usb1.USBErrorTimeout()
            late.transferred = 0
            raise late from None
        return len(data)

    def close(self) -> None:
        self._line.close()


class Bus:
    """What USBContext gives; `devices` are those that are plugged in, as long as their pty is there."""

    def __init__(self, *devices: UsbDevice) -> None:
        self._devices = devices

    def __call__(self) -> Bus:
        return self

    def open(self) -> None:
        """Nothing is to be opened."""

    def close(self) -> None:
        """And nothing closed."""

    def getDeviceIterator(self, **_: Any) -> Iterator[UsbDevice]:  # noqa: N802
        return (one for one in self._devices if os.path.lexists(one.tty))
