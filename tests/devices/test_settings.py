"""What a configuration says of devices is checked without opening any, in sentences for the installer."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.open_devices import DeviceConfigError, DeviceSettings, check_settings, open_devices
from devices.settings import absent_ports

GOOD = [
    DeviceSettings("reader", "pass_reader", "pn532", {"port": "/dev/serial/by-id/usb-FTDI_x-if00", "poll_ms": 100}),
    DeviceSettings("scanner", "item_scanner", "serial", {"port": "dev/scanner", "baud": 9600, "prefix": "#"}),
    DeviceSettings("printer", "receipt_printer", "network", {"host": "127.0.0.1", "port": 9100, "profile": "TM-T88V"}),
]


def fault(one: DeviceSettings) -> str:
    (error,) = check_settings([one])
    assert error.name == one.name
    return error.message


def test_good_settings_have_no_faults() -> None:
    assert check_settings(GOOD) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (DeviceSettings("x", "toaster", "usb"), "there is no kind of device 'toaster'"),
        (DeviceSettings("x", "pass_reader", "acr122"), "there is no driver 'acr122'; choose from acr122u, pcsc, pn532"),
        (
            DeviceSettings("x", "receipt_printer", "parallel"),
            "there is no driver 'parallel'; choose from network, serial, usb",
        ),
        (DeviceSettings("x", "pass_reader", "pn532"), "port is missing"),
        (DeviceSettings("x", "pass_reader", "pn532", {"port": "d", "prot": 1}), "there is no option 'prot'"),
        (
            DeviceSettings("x", "pass_reader", "pn532", {"port": "d", "poll_ms": True}),
            "poll_ms must be a whole number from 20 to 1000",
        ),
        (
            DeviceSettings("x", "receipt_printer", "network", {"host": "h", "port": 70000}),
            "port must be a whole number from 1 to 65535",
        ),
    ],
)
def test_each_fault_is_a_sentence(settings: DeviceSettings, message: str) -> None:
    assert fault(settings) == message


@pytest.mark.parametrize("path", ["", "/dev/nfc; reboot", "/dev/$(id)", "/dev/a b", 7, None])
def test_a_path_that_a_shell_could_take_for_more_is_refused(path: object) -> None:
    assert "the path of a device" in fault(DeviceSettings("x", "pass_reader", "pn532", {"port": path}))


@pytest.mark.parametrize(
    ("kind", "driver", "options"),
    [
        ("pass_reader", "pn532", {"port": "/dev/nfc\n"}),
        ("pass_reader", "acr122u", {"usb": "072f:2200\n"}),
        ("item_scanner", "serial", {"port": "/dev/x", "prefix": "P\n"}),
        ("item_scanner", "serial", {"port": "/dev/x", "baud": 9600.0}),
        ("receipt_printer", "network", {"host": "printer\n"}),
        ("signals", "aplay", {"card": "plughw:1\n"}),
    ],
)
def test_a_value_that_is_nearly_right_is_refused(kind: str, driver: str, options: dict[str, object]) -> None:
    assert "must be" in fault(DeviceSettings("x", kind, driver, options))


@pytest.mark.parametrize("profile", ["simple", "TM-U220", "", None, 1])
def test_a_printer_without_the_euro_sign_or_a_cutter_is_refused(profile: object) -> None:
    settings = DeviceSettings("x", "receipt_printer", "network", {"host": "h", "profile": profile})
    assert "TM-T20II" in fault(settings)


def test_two_devices_of_one_name_and_two_printers_are_refused() -> None:
    errors = check_settings([*GOOD, GOOD[2]])
    assert [error.message for error in errors] == ["two devices have this name", "a kiosk has one receipt printer"]


@given(
    st.text(max_size=10),
    st.sampled_from(["pass_reader", "item_scanner", "receipt_printer"]) | st.text(max_size=5),
    st.sampled_from(["pn532", "serial", "network"]) | st.text(max_size=5),
    st.dictionaries(
        st.sampled_from(["port", "baud", "host", "profile", "poll_ms", "prefix"]) | st.text(max_size=4),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers()),
    ),
)
def test_no_setting_whatever_can_crash_the_check(name: str, kind: str, driver: str, options: dict[str, object]) -> None:
    for error in check_settings([DeviceSettings(name, kind, driver, options)]):
        assert error.message


def test_devices_with_faulty_settings_are_not_opened() -> None:
    with pytest.raises(DeviceConfigError, match="port is missing"):
        open_devices([DeviceSettings("reader", "pass_reader", "pn532")], lambda _: None)


def test_devices_that_were_never_started_can_be_stopped() -> None:
    devices = open_devices(GOOD, lambda _: None)
    devices.stop()
    assert {one.reason for one in devices.health().values()} == {"not started"}
    assert devices.printer is not None


def test_two_devices_on_one_port_are_refused_whatever_they_call_it(tmp_path: Path) -> None:
    (tmp_path / "ttyACM0").touch()
    (tmp_path / "by-id").symlink_to("ttyACM0")
    settings = [
        DeviceSettings("reader", "pass_reader", "pn532", {"port": str(tmp_path / "ttyACM0")}),
        DeviceSettings("scanner", "item_scanner", "serial", {"port": str(tmp_path / "by-id")}),
    ]
    (error,) = check_settings(settings)
    assert (error.name, error.message) == ("scanner", "port is also that of reader")


def test_two_devices_at_one_place_on_the_network_or_on_usb_are_refused() -> None:
    printer = DeviceSettings("printer", "receipt_printer", "network", {"host": "Counter", "port": 20007})
    terminal = DeviceSettings("terminal", "payment_terminal", "zvt-network", {"host": "counter"})
    (error,) = check_settings([printer, terminal])
    assert (error.name, error.message) == ("terminal", "host is also that of printer")
    assert check_settings([replace(printer, options={"host": "counter"}), terminal]) == []
    ids = {"usb": "072f:2200"}
    both = [DeviceSettings("reader", "pass_reader", "acr122u", ids), DeviceSettings("b", "receipt_printer", "usb", ids)]
    assert [one.message for one in check_settings(both)] == ["usb is also that of reader"]


def test_the_speed_of_a_light_that_is_not_there_is_refused() -> None:
    assert (
        fault(DeviceSettings("x", "signals", "aplay", {"baud": 9600})) == "baud is that of a light, which needs a port"
    )


def test_a_path_that_no_file_can_have_is_told_and_not_looked_for() -> None:
    settings = DeviceSettings("x", "pass_reader", "pn532", {"port": "\ud800"})
    assert "the path of a device" in fault(settings)
    assert absent_ports([settings]) == []


def test_a_port_that_is_not_there_or_is_none_is_told_apart_from_what_can_never_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "keys")
    ports = {"absent": "ttyACM9", "file": "file", "folder": ".", "keys": "keys"}
    settings = [
        DeviceSettings(name, "item_scanner", "evdev", {"port": f"{tmp_path}/{at}"}) for name, at in ports.items()
    ]
    assert check_settings(settings) == []
    assert {error.name: error.message for error in absent_ports([*settings, GOOD[2]])} == {
        "absent": "port is not there; see: python -m devices list",
        "file": "port is a file or a folder and no port",
        "folder": "port is a file or a folder and no port",
    }
