"""What a configuration may say of a pad, and what its faults are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.open_devices import DeviceSettings, check_settings, open_devices
from kiosk.config import read_config

LAYOUT = {"length": 12, "mark_at": 0, "mark": "4e4c", "number_at": 4, "number_length": 7, "number_form": "bcd"}
EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "kiosk.example.toml"


def pad(**options: object) -> DeviceSettings:
    return DeviceSettings("item_pad", "item_pad", "feig", {"port": "/dev/pad", **options})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"security": "both", "afi_secured": 0xD7, "afi_unsecured": 0xDA, "baud": 38400, "poll_ms": 50},
        {"models": ["dutch", "iso28560-3"], "dutch": LAYOUT},
        {"models": ("iso28560-2",)},
    ],
)
def test_good_settings_of_a_pad_have_no_faults(options: dict[str, object]) -> None:
    assert check_settings([pad(**options)]) == []
    assert open_devices([pad(**options)], lambda _: None).item_pad is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"security": "rfid"}, "security must be one of afi, eas, both, none"),
        ({"afi_secured": 256}, "afi_secured must be a whole number from 0 to 255"),
        ({"afi_secured": 0xC2}, "afi_secured and afi_unsecured must differ"),
        ({"models": []}, "models must be a list of iso28560-3, iso28560-2, dutch"),
        ({"models": ["3m"]}, "models must be a list of iso28560-3, iso28560-2, dutch"),
        ({"models": "dutch"}, "models must be a list of iso28560-3, iso28560-2, dutch"),
        ({"models": ["dutch"]}, "dutch needs both its layout and its place among the models"),
        ({"dutch": LAYOUT}, "dutch needs both its layout and its place among the models"),
        ({"models": ["dutch"], "dutch": {**LAYOUT, "length": 5}}, "dutch has its number outside of the 5 bytes"),
        ({"port": "a b"}, "port must be the path of a device, of letters, digits and _ . / : @ + -"),
    ],
)
def test_each_fault_of_a_pad_is_a_sentence(options: dict[str, object], message: str) -> None:
    assert [one.message for one in check_settings([pad(**options)])] == [message]


def test_a_kiosk_has_one_pad() -> None:
    (error,) = check_settings([pad(), DeviceSettings("other", "item_pad", "feig", {"port": "/dev/other"})])
    assert (error.name, error.message) == ("other", "a kiosk has one item pad")


def test_a_pad_is_a_section_of_the_kiosks_configuration(tmp_path: Path) -> None:
    section = (
        '\n[item_pad]\ndriver = "feig"\nport = "dev/pad"\nafi_secured = 0x07\nmodels = ["dutch"]\n[item_pad.dutch]\n'
    )
    lines = [f"{key} = {value!r}" for key, value in LAYOUT.items()]
    text = EXAMPLE.read_text("utf-8")
    if "[item_pad]" in text:
        text = text[: text.index("[item_pad]")] + text[text.index("[receipt_printer]") :]
    (tmp_path / "kiosk.toml").write_text(text + section + "\n".join(lines) + "\n", "utf-8")
    found = next(one for one in read_config(tmp_path / "kiosk.toml", ("en", "nl")).devices if one.kind == "item_pad")
    assert found.options["port"] == str(tmp_path / "dev/pad")
    assert found.options["afi_secured"] == 7
    assert found.options["dutch"] == LAYOUT


def test_the_example_names_a_pad() -> None:
    assert "item_pad" in {one.kind for one in read_config(EXAMPLE, ("en", "nl")).devices}
