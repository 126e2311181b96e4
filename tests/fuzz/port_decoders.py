"""Every decoder of what is plugged in, of what it says of itself to the system, and of what is configured of it."""

from __future__ import annotations

import json
import tomllib
from types import SimpleNamespace
from typing import Any

from devices import discovery, plug_watch
from devices.settings import OPTIONS, DeviceSettings, absent_ports, check_settings
from tests.fuzz.fuzzing import Decoder, chance_of, json_mended


def _plugs_read(data: bytes) -> None:
    for watch, happened, name in plug_watch._events(data):
        assert isinstance(watch, int)
        assert isinstance(happened, int)
        assert len(name) <= len(data)


def _sysfs_read(data: bytes) -> None:
    """What a USB device says of itself, by way of sysfs."""
    file: Any = SimpleNamespace(read_text=data.decode)
    said = discovery._text(file)
    assert len(said) <= 100
    assert said.isprintable()
    for word in said.split():
        discovery._is_keyboard(word)


_SETTINGS: tuple[dict[str, Any], ...] = tuple(
    {"kind": kind, "driver": driver, **{name: 1 if name in {"baud", "poll_ms"} else "x" for name in options}}
    for (kind, driver), options in OPTIONS.items()
)


def _settings_checked(data: bytes) -> None:
    try:
        table = tomllib.loads(data.decode()) if chance_of(data) & 8 else json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(table, dict):
        options = {key: value for key, value in table.items() if key not in {"kind", "driver"}}
        kind, driver = str(table.get("kind")), str(table.get("driver"))
        settings = [DeviceSettings("one", kind, driver, options), DeviceSettings("two", kind, driver, options)]
        for error in (*check_settings(settings), *absent_ports(settings)):
            assert error.message


DECODERS = (
    Decoder(
        "plugs (plug_watch)",
        (
            plug_watch._HEAD.pack(1, 0x100, 0, 16)
            + b"ttyUSB0".ljust(16, b"\0")
            + plug_watch._HEAD.pack(-1, 0x4000, 0, 0),
        ),
        _plugs_read,
    ),
    Decoder(
        "what a USB device says of itself (discovery)",
        ("Datalogic® ADC\n".encode(), b"1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n"),
        _sysfs_read,
        words=("\u202e".encode(), b"\x1b[2J", b"\0", b"f" * 90),
        largest=600,
    ),
    Decoder(
        "options of a device (check_settings)",
        tuple(json.dumps(one).encode() for one in _SETTINGS),
        _settings_checked,
        mend=json_mended(*_SETTINGS),
        words=(b'"\\u0000"', b'"/dev/x\\n"', b"9600.0", b"true", b"[]", b"{}", b'"04b8:0e15"'),
    ),
)
