"""The simulated sound card: the kiosk's own player finds it by PATH, and what would be heard is told."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ports import Health
from devices.settings import DeviceSettings
from devices.signals.tones import error_tone, success_tone
from devices.simulators.__main__ import main
from devices.simulators.sound import heard_in
from tests.devices.running import LIMIT_S, Workbench, eventually


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
    player = [str(workbench.run_dir / "bin" / "aplay"), "-q", "-"]
    assert subprocess.run(player, input=error_tone(100), check=False, timeout=LIMIT_S).returncode == 0
    with subprocess.Popen(player, stdin=subprocess.PIPE) as busy:
        assert busy.stdin is not None
        busy.stdin.write(half_a_minute())
        busy.stdin.close()
        eventually("it is heard", lambda: workbench.bench.status()["sound"]["played"] == 2)
        with pytest.raises(subprocess.TimeoutExpired):
            busy.wait(1.0)
        busy.terminate()
    workbench.bench.break_sound()
    assert subprocess.run(player, input=error_tone(100), check=False, timeout=LIMIT_S).returncode == 1


def half_a_minute() -> bytes:
    """Of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(2 * 8000 * 30))
    return file.getvalue()


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
