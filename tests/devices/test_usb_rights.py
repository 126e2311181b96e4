"""A device on USB that cannot be had says why; the kernel's own driver is moved aside before it is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
import usb1
from pytest_mock import MockerFixture

from devices.__main__ import main
from devices.links.usb import CARD_READER, UsbLink
from devices.ports import DeviceGone
from tests.devices.running import Workbench
from tests.devices.usb_stand import Bus, Handle, UsbDevice

READER = "072f:2200"


@pytest.fixture
def reader(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> UsbDevice:
    workbench.serve("pass-reader", "--tty", workbench.tty("nfc"), "--usb")
    one = UsbDevice(workbench.tty("nfc"), 0x072F, 0x2200, CARD_READER)
    monkeypatch.setattr("usb1.USBContext", Bus(one))
    return one


@pytest.mark.parametrize(
    ("call", "fault", "words"),
    [
        ("claimInterface", usb1.USBErrorBusy, "another program has it; of a card reader mostly pcscd"),
        ("__init__", usb1.USBErrorAccess, "this user may not open it"),
        ("claimInterface", usb1.USBErrorPipe, "USB: Pipe"),
    ],
)
def test_why_it_cannot_be_had_is_said_where_devices_are_tried(
    reader: UsbDevice, mocker: MockerFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    call: str, fault: type[usb1.USBError], words: str,
) -> None:  # fmt: skip
    mocker.patch.object(Handle, call, side_effect=fault)
    with pytest.raises(DeviceGone, match=words):
        UsbLink(READER, CARD_READER)
    config = tmp_path / "kiosk.toml"
    config.write_text('[pass_reader]\ndriver = "acr122u"\n')
    assert main(["try", str(config), "--within", "0.5"]) == 1
    assert words in capsys.readouterr().out


def test_the_kernels_driver_is_moved_aside_first(reader: UsbDevice, mocker: MockerFixture) -> None:
    aside = mocker.patch.object(Handle, "setAutoDetachKernelDriver")
    claimed = mocker.patch.object(Handle, "claimInterface", side_effect=lambda _: aside.assert_called_once_with(True))
    UsbLink(READER, CARD_READER).close()
    claimed.assert_called_once()
