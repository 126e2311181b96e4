"""Each mistake in each device's section is told with the line that it stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.settings import OPTIONS
from kiosk.config import ConfigError, read_config
from kiosk.config_check import checked

WHOLE = """[kiosk]
id = "annen-1"
[branch]
name = "Bibliotheek Annen"
[store]
url = "https://store.example.org"
token_file = "token"
[journal]
path = "journal.db"
key_file = "key"
[pad]
passes = true
"""
_GOOD = {
    "port": "/dev/x", "host": "h", "usb": "04b8:0e15", "poi_id": "p", "sale_id": "s", "certificate_name": "c",
    "ca_file": "f", "passphrase_file": "f", "key_identifier": "k",
}  # fmt: skip
DRIVERS = pytest.mark.parametrize(("kind", "driver"), OPTIONS)


def section(kind: str, driver: str, without: str = "") -> str:
    """With all that the driver must have, but one; its driver last."""
    needed = [name for name, option in OPTIONS[kind, driver].items() if option.required and name != without]
    return "\n".join([f"[{kind}]", *(f'{name} = "{_GOOD[name]}"' for name in needed), f'driver = "{driver}"', ""])


def told(folder: Path, text: str) -> list[tuple[int, str]]:
    """The lines, counted from the last section's first, and what is said of them."""
    file = folder / "kiosk.toml"
    pad = "" if "[item_pad]" in text else section("item_pad", "feig").replace("/dev/x", "/dev/pad")
    file.write_text(WHOLE + pad + text)
    with pytest.raises(ConfigError) as error:
        read_config(file)
    return [(one.line - (WHOLE + pad).count("\n"), one.text) for one in error.value.problems]


@DRIVERS
def test_an_unknown_option_of_any_device_is_told_with_its_line(tmp_path: Path, kind: str, driver: str) -> None:
    text = section(kind, driver)
    assert told(tmp_path, f"{text}bogus = 1\n") == [(text.count("\n") + 1, f"[{kind}] there is no option 'bogus'")]


@DRIVERS
def test_an_unknown_driver_of_any_device_is_told_with_its_line(tmp_path: Path, kind: str, driver: str) -> None:
    text = section(kind, driver).replace(f'"{driver}"', f'"{driver}x"')
    ((line, words),) = told(tmp_path, text)
    assert (line, words.split(";")[0]) == (text.count("\n"), f"[{kind}] there is no driver '{driver}x'")


@DRIVERS
def test_each_value_that_will_not_do_is_told_with_its_line(tmp_path: Path, kind: str, driver: str) -> None:
    for name in OPTIONS[kind, driver]:
        text = section(kind, driver, without=name)
        ((line, words),) = told(tmp_path, f"{text}{name} = []\n")
        assert line == text.count("\n") + 1, name
        assert words.startswith(f"[{kind}] {name} must be ")


@DRIVERS
def test_what_a_device_must_have_and_has_not_is_told_with_its_section(tmp_path: Path, kind: str, driver: str) -> None:
    for name, option in OPTIONS[kind, driver].items():
        if option.required:
            assert told(tmp_path, section(kind, driver, without=name)) == [(1, f"[{kind}] {name} is missing")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            '[item_pad]\ndriver = "feig"\nport = "/dev/x"\nmodels = ["dutch"]\n[item_pad.dutch]\nlenght = 3\n',
            6,
            "lenght",
        ),
        ('[item_pad]\ndriver = "feig"\nport = "/dev/x"\nafi_unsecured = 7\n', 4, "must differ"),
        ('[signals]\ndriver = "aplay"\nbaud = 9600\n', 3, "needs a port"),
        ('[receipt_printer]\ndriver = "serial"\nport = "/dev/../dev/pad"\n', 3, "also that of item_pad"),
        ('[receipt_printer]\ndriver = "network"\nprofile = "simple"\nhost = "h"\n', 3, "TM-T20II"),
    ],
)
def test_what_is_impossible_together_or_deep_within_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    ((where, said),) = told(tmp_path, text)
    assert where == line, said
    assert words in said


@pytest.mark.parametrize(
    ("usb", "said"),
    [("072f:90cc@1-1.4", "usb is no 072f:2200"), ("072f:2200@1-1.4", ""), ("072f:2200", "")],
)
def test_a_reader_that_the_system_gives_the_kiosk_by_no_rule_is_a_warning_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], usb: str, said: str
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f'{WHOLE}[pass_reader]\ndriver = "acr122u"\nusb = "{usb}"\n'.replace("[pad]\npasses = true\n", ""))
    line = file.read_text().count("\n")
    assert checked(read_config(file), file, ports=True) == 0
    shown = [one for one in capsys.readouterr().err.splitlines() if "[pass_reader]" in one]
    assert [one.startswith(f"{file}:{line}: warning: [pass_reader] {said}") for one in shown] == [True] * bool(said)


@pytest.mark.parametrize(
    ("more", "heard"),
    [
        ("", False),
        ('[keypad]\ndriver = "evdev"\nport = "/dev/k"\n', False),
        ('[keypad]\ndriver = "serial"\nport = "/dev/k"\n', True),
        ('[headphones]\ndriver = "evdev"\nport = "/dev/h"\n', True),
        ('loudspeaker = "default"\n', True),
    ],
)
def test_speech_that_nobody_could_hear_is_told(tmp_path: Path, more: str, heard: bool) -> None:
    text = section("speech", "espeak-ng") + more
    if heard:
        file = tmp_path / "kiosk.toml"
        file.write_text(WHOLE.replace("[pad]\npasses = true\n", "") + text)
        assert "speech" in [one.kind for one in read_config(file).devices]
    else:
        assert told(tmp_path, text) == [(1, "[speech] is heard by nobody: it needs [headphones], or a loudspeaker")]
