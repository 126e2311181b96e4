"""The simulated sound card: the kiosk's own player finds it by PATH, and what would be heard is told."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ports import Health
from devices.settings import DeviceSettings
from devices.signals.tones import error_tone, success_tone
from devices.simulators.__main__ import main
from devices.simulators.sound import heard_in
from tests.devices.running import Workbench, eventually


def test_the_two_sounds_of_a_kiosk_are_told_apart_by_ear() -> None:
    no, yes = heard_in(error_tone(100)), heard_in(success_tone(60))
    assert no is not None
    assert yes is not None
    assert no["sound"].startswith("falling, 52")
    assert (no["seconds"], no["loudness"]) == (0.36, 0.9)
    assert yes["sound"].startswith("one tone, 88")
    assert yes["loudness"] == 0.21


def test_a_sound_that_goes_up_is_told_as_such_and_silence_as_none() -> None:
    head, samples = error_tone(100)[:44], error_tone(100)[44:]
    backwards = struct.unpack(f"<{len(samples) // 2}h", samples)[::-1]
    up = heard_in(head + struct.pack(f"<{len(backwards)}h", *backwards))
    assert up is not None
    assert up["sound"].startswith("rising, ")
    assert up["sound"].endswith(" to 523 Hz")
    silent = heard_in(head + bytes(len(samples)))
    assert silent is not None
    assert silent["sound"] == "silence"


def test_the_player_is_busy_for_as_long_as_the_sound_and_fails_without_a_card(workbench: Workbench) -> None:
    workbench.serve("sound", "--bin", str(workbench.run_dir / "bin"))
    play = partial(subprocess.run, [workbench.run_dir / "bin" / "aplay", "-q", "-"], input=error_tone(100), timeout=30)
    began = time.monotonic()
    assert play().returncode == 0
    assert time.monotonic() - began >= 0.36
    workbench.bench.break_sound()
    assert play().returncode == 1


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda tail: success_tone(50)[:60] + tail)))
def test_what_is_no_sound_is_none(data: bytes) -> None:
    heard = heard_in(data)
    assert heard is None or heard["seconds"] < 1


def test_a_wav_of_another_form_is_none() -> None:
    stereo = bytearray(success_tone(50))
    stereo[22:24] = struct.pack("<H", 2)
    assert heard_in(bytes(stereo)) is None


def test_the_kiosks_sounds_are_told_and_a_missing_card_degrades_the_device(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = workbench.run_dir / "bin"
    workbench.serve("sound", "--bin", str(folder))
    workbench.serve("light", "--tty", workbench.tty("light"))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    options = {"port": workbench.tty("light"), "volume": 100}
    devices = workbench.open(DeviceSettings("signals", "signals", "aplay", options))
    assert devices.signals is not None
    devices.signals.error()
    eventually("the tone", lambda: "falling" in workbench.bench.status()["sound"]["last"])
    assert main(["--run-dir", str(workbench.run_dir), "break-sound"]) == 0
    devices.signals.success()
    workbench.wait_for("signals", Health.DEGRADED)
    assert "aplay failed" in workbench.health("signals").reason
    assert main(["--run-dir", str(workbench.run_dir), "mend-sound"]) == 0
    devices.signals.success()
    workbench.wait_for("signals", Health.READY)
    assert workbench.bench.status()["sound"]["played"] == 2
