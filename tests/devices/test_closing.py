"""Every driver can be closed and woken at any time: before it was opened, twice, and after its port vanished."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from devices.open_devices import _MODELS, DeviceSettings, check_settings
from devices.ports import Device, DeviceFault
from tests.devices.running import LIMIT_S

OPTIONS: dict[tuple[str, str], dict[str, object]] = {
    ("pass_reader", "pn532"): {},
    ("item_scanner", "serial"): {},
    ("item_scanner", "evdev"): {"layout": "be"},
    ("item_pad", "feig"): {},
    ("payment_terminal", "zvt-serial"): {},
    ("receipt_printer", "serial"): {},
    ("signals", "aplay"): {"volume": 0},
}
AID = {("speech", "espeak-ng"), ("keypad", "evdev"), ("keypad", "serial"), ("headphones", "evdev")}
NETWORK = [("receipt_printer", "network"), ("payment_terminal", "zvt-network"), ("payment_terminal", "nexo")]


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


@pytest.fixture
def terminal_keys(tmp_path: Path) -> dict[str, object]:
    """What a nexo terminal needs besides its address."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", "/CN=terminal", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "ca.pem"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    (tmp_path / "passphrase").write_text("open sesame\n")
    names = {"poi_id": "P400-1", "sale_id": "kiosk", "certificate_name": "terminal", "key_identifier": "kiosk"}
    return {**names, "ca_file": str(tmp_path / "ca.pem"), "passphrase_file": str(tmp_path / "passphrase")}


@pytest.mark.parametrize(("kind", "driver"), NETWORK)
def test_every_driver_on_the_network_can_be_closed_and_woken_whatever_became_of_the_other_end(
    kind: str, driver: str, terminal_keys: dict[str, object]
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(LIMIT_S)
    options = {"host": "127.0.0.1", "port": listener.getsockname()[1], **(terminal_keys if driver == "nexo" else {})}
    assert check_settings([DeviceSettings("one", kind, driver, options)]) == []
    device: Device = _MODELS[kind, driver]("one", **options)
    device.wake()
    device.close()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not read
    hangs_up = threading.Thread(target=_hang_up_on_one, args=(listener,))
    hangs_up.start()
    try:
        device.open()
        device.run(lambda _: None, _Soon(0.5))
    except DeviceFault:
        pass
    finally:
        hangs_up.join()
        device.close()
        device.close()
        device.wake()
        listener.close()
    assert len(os.listdir("/proc/self/fd")) < before  # noqa: PTH208 - the listener is closed, and nothing else is open


def _hang_up_on_one(listener: socket.socket) -> None:
    caller, _ = listener.accept()
    caller.close()


def test_no_driver_is_forgotten_here() -> None:
    """The other three have no port of their own; theirs is tried by tests/fuzz, and on stands in this folder. What aids
    those who do not see is tried in tests of its own (test_keypad.py, test_speech.py)."""
    left = set(_MODELS) - set(OPTIONS) - set(NETWORK)
    assert left == {("receipt_printer", "usb"), ("pass_reader", "acr122u"), ("pass_reader", "pcsc"), *AID}
