"""Keys that are felt, and the socket for headphones: the real drivers on a real line, and on the kernel's structs."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.item_scanner.evdev_events import EVENT_32, EVENT_64
from devices.links.evdev import open_shared
from devices.open_devices import DeviceSettings, check_settings
from devices.ports import DeviceGone, DeviceUnplugged, HeadphonesChanged, Health, Key, KeyPressed
from devices.supervisor import Supervisor
from devices.tactile.input_events import KEYS, InputDecoder
from devices.tactile.key_line import LineDecoder
from devices.tactile.keypad import Tactile, headphone_socket, headphones_in, serial_keypad, typing_keypad
from tests.devices.running import LIMIT_S, Events, Workbench, eventually
from tests.devices.test_evdev_scanner import open_pipe

KEY, SWITCH, REPORT = 1, 5, (0, 0, 0)


def events(*told: tuple[int, int, int], form: struct.Struct = EVENT_64) -> bytes:
    return b"".join(form.pack(0, 0, *one) for one in told)


def test_the_keys_are_told_when_they_go_down_and_once() -> None:
    left = [(KEY, 105, 1), REPORT, (KEY, 105, 2), (KEY, 105, 2), (KEY, 105, 0), REPORT]
    other = [(KEY, 30, 1), (KEY, 0x110, 1), (KEY, 28, 1)]
    for form in (EVENT_64, EVENT_32):
        assert [*InputDecoder(form).feed(events(*left, *other, form=form))] == [Key.PREVIOUS, Key.OK]


def test_the_switch_of_the_socket_is_told_and_others_are_not() -> None:
    told = events((SWITCH, 2, 1), (SWITCH, 4, 1), (SWITCH, 2, 0))  # 4: a microphone
    assert [*InputDecoder(EVENT_64).feed(told)] == [True, False]


def test_every_key_that_there_is_can_be_pressed() -> None:
    assert {*KEYS.values()} == {*Key}


@given(
    st.lists(st.sampled_from([b"key next\n", b"headphones in\r\n", b"headphones out\n", b"key x\n", b"\xff\n"])),
    st.data(),
)
def test_lines_are_told_in_whatever_pieces_they_come(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    decoder = LineDecoder()
    meant = {b"key next\n": Key.NEXT, b"headphones in\r\n": True, b"headphones out\n": False}
    assert [*decoder.feed(whole[:cut]), *decoder.feed(whole[cut:])] == [meant[one] for one in lines if one in meant]


@given(st.binary())
def test_noise_is_nothing_and_is_not_kept(noise: bytes) -> None:
    decoder, line = InputDecoder(EVENT_64), LineDecoder()
    for _ in range(3):
        [*decoder.feed(noise)]
        assert not [*line.feed(noise.replace(b"\n", b"").replace(b"\r", b""))]
    assert len(decoder._rest) < EVENT_64.size
    assert len(line._rest) <= 64


@pytest.fixture
def run() -> Iterator[Callable[[Tactile], tuple[Supervisor, Events]]]:
    running: list[Supervisor] = []

    def start(device: Tactile) -> tuple[Supervisor, Events]:
        heard = Events()
        running.append(Supervisor(device, heard, Random(1)))
        running[-1].start()
        return running[-1], heard

    yield start
    for one in running:
        one.ask_to_stop()
        assert one.join(LIMIT_S)


Run = Callable[[Tactile], tuple[Supervisor, Events]]


def test_a_board_on_a_serial_line_tells_keys_and_headphones_also_those_that_were_in_before(
    workbench: Workbench, run: Run
) -> None:
    workbench.serve("keypad", "--tty", workbench.tty("keypad"))
    workbench.bench.headphones_in()
    _, heard = run(serial_keypad("keypad", workbench.tty("keypad")))
    assert heard.wait(HeadphonesChanged)[0].plugged
    for key in Key:
        workbench.bench.press_key(key.value)
    assert [one.key for one in heard.wait(KeyPressed, len(Key))] == [*Key]
    workbench.bench.headphones_out()
    assert [one.plugged for one in heard.wait(HeadphonesChanged, 2)] == [True, False]


def test_a_keypad_that_was_unplugged_works_after_it_is_plugged_in(workbench: Workbench, run: Run) -> None:
    workbench.serve("keypad", "--tty", workbench.tty("keypad"))
    supervisor, heard = run(serial_keypad("keypad", workbench.tty("keypad")))
    heard.wait(HeadphonesChanged)
    workbench.bench.unplug("keypad")
    eventually("lost", lambda: supervisor.health.state is Health.LOST)
    workbench.bench.headphones_in()
    workbench.bench.plug("keypad")
    assert [one.plugged for one in heard.wait(HeadphonesChanged, 2)] == [False, True]
    workbench.bench.press_key("ok")
    assert heard.wait(KeyPressed)[0].key is Key.OK


def pipe(path: Path) -> int:
    """An input device, as far as a process can make one."""
    os.mkfifo(path)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def test_keys_that_are_typed_are_told_and_a_bounce_is_one_strike(tmp_path: Path, run: Run) -> None:
    now = [0.0]
    end = pipe(tmp_path / "event")
    keypad = typing_keypad("keypad", str(tmp_path / "event"), open_pipe)
    keypad._clock = lambda: now[0]
    _, heard = run(keypad)
    strike = events((KEY, 106, 1), REPORT, (KEY, 106, 0), REPORT, form=struct.Struct("@llHHi"))
    os.write(end, strike + strike + events((KEY, 28, 1), form=struct.Struct("@llHHi")))
    assert [one.key for one in heard.wait(KeyPressed, 2)] == [Key.NEXT, Key.OK]
    now[0] = 1.0
    os.write(end, strike)
    assert len(heard.wait(KeyPressed, 3)) == 3
    os.close(end)


def test_headphones_that_were_in_before_are_told_and_then_every_change(tmp_path: Path, run: Run) -> None:
    end = pipe(tmp_path / "event")
    _, heard = run(headphone_socket("headphones", str(tmp_path / "event"), open_pipe, lambda _: True))
    assert heard.wait(HeadphonesChanged)[0].plugged
    os.write(end, events((SWITCH, 2, 0), REPORT, form=struct.Struct("@llHHi")))
    assert not heard.wait(HeadphonesChanged, 2)[1].plugged
    os.close(end)


def test_what_is_no_input_device_has_no_switch(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    descriptor = open_shared(str(file))
    assert headphones_in(descriptor) is None
    os.close(descriptor)
    with pytest.raises(DeviceUnplugged):
        open_shared(str(tmp_path / "nothing"))
    with pytest.raises(DeviceGone):
        typing_keypad("keypad", str(file)).open()


def test_a_key_is_in_no_repr() -> None:
    assert "OK" not in repr(KeyPressed("keypad", Key.OK, 0.0))


def test_settings_of_keypads_are_checked() -> None:
    def faults(kind: str, driver: str, **options: object) -> list[str]:
        return [one.message for one in check_settings([DeviceSettings(kind, kind, driver, options)])]

    assert faults("keypad", "evdev", port="/dev/input/event3") == []
    assert faults("keypad", "serial", port="/dev/ttyACM3", baud=9600) == []
    assert faults("headphones", "evdev", port="/dev/input/event4") == []
    assert faults("headphones", "evdev") == ["port is missing"]
    assert faults("keypad", "evdev", port="/dev/input/event3", layout="us") == ["there is no option 'layout'"]
