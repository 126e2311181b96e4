"""Every driver can be closed and woken at any time: before it was opened, twice, and after its port vanished."""

from __future__ import annotations

import os
import threading

import pytest

from devices.open_devices import _MODELS, DeviceSettings, check_settings
from devices.ports import Device, DeviceFault

OPTIONS: dict[tuple[str, str], dict[str, object]] = {
    ("pass_reader", "pn532"): {},
    ("item_scanner", "serial"): {},
    ("item_scanner", "evdev"): {"layout": "be"},
    ("item_pad", "feig"): {},
    ("receipt_printer", "serial"): {},
    ("signals", "aplay"): {"volume": 0},
}


@pytest.mark.parametrize(("kind", "driver"), sorted(OPTIONS))
def test_every_driver_on_a_port_can_be_closed_and_woken_whatever_became_of_the_port(kind: str, driver: str) -> None:
    far, near = os.openpty()  # a line that answers nothing
    path = os.ttyname(near)
    os.close(near)
    options = {"port": path, **OPTIONS[kind, driver]}
    assert check_settings([DeviceSettings("one", kind, driver, options)]) == []
    device: Device = _MODELS[kind, driver]("one", **options)
    device.wake()
    device.close()
    vanishes = threading.Timer(0.2, os.close, [far])
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not read
    vanishes.start()
    try:
        device.open()
        device.run(lambda _: None, _Soon(0.5))
    except DeviceFault:
        pass
    finally:
        vanishes.join()
        device.close()
        device.close()
        device.wake()
    assert len(os.listdir("/proc/self/fd")) < before  # noqa: PTH208 - the far end is closed, and nothing else is open


class _Soon(threading.Event):
    """A stop that is given by itself."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        threading.Timer(seconds, self.set).start()


def test_no_driver_on_a_port_is_forgotten_here() -> None:
    assert set(_MODELS) - set(OPTIONS) == {
        ("receipt_printer", "network"),
        ("receipt_printer", "usb"),
        ("pass_reader", "acr122u"),
        ("pass_reader", "pcsc"),
        *(one for one in _MODELS if one[0] == "payment_terminal"),
    }
