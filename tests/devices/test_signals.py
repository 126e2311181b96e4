"""Sound through a real process and light over a real line: nothing blocks, nothing is raised, half of it is enough."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from devices.open_devices import DeviceSettings, check_settings
from devices.ports import Health, Light
from devices.signals.player import LONGEST_S, Player
from devices.signals.sound_and_light import SoundAndLight
from devices.signals.tones import error_tone, success_tone
from devices.supervisor import Supervisor
from tests.devices.running import LIMIT_S, Events, Workbench, eventually


class Loudspeaker:
    """A program in the place of aplay, which keeps what it was to play."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        self.does('cat > "$0.tmp.$$" && echo "$@" > "$0.words" && mv "$0.tmp.$$" "$0.$$.wav"')

    def does(self, script: str) -> None:
        program = self.folder / "aplay"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def played(self) -> list[bytes]:
        return [one.read_bytes() for one in sorted(self.folder.glob("*.wav"), key=lambda one: one.stat().st_mtime_ns)]


@pytest.fixture
def loudspeaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loudspeaker:
    return Loudspeaker(tmp_path, monkeypatch)


Run = Callable[[SoundAndLight], Supervisor]


@pytest.fixture
def run() -> Iterator[Run]:
    running: list[Supervisor] = []

    def start(device: SoundAndLight) -> Supervisor:
        running.append(Supervisor(device, Events(), Random(1)))
        running[-1].start()
        return running[-1]

    yield start
    for one in running:
        one.ask_to_stop()
        assert one.join(LIMIT_S)


def is_over(player: Player) -> bool:
    player.tend()
    return not player.playing


def is_ready(supervisor: Supervisor) -> Callable[[], bool]:
    return lambda: supervisor.health.state is Health.READY


def test_the_error_and_the_success_are_played_as_they_are_made(loudspeaker: Loudspeaker, run: Run) -> None:
    signals = SoundAndLight("signals", card="plughw:1", volume=60)
    supervisor = run(signals)
    signals.error()
    eventually("the error", lambda: loudspeaker.played() == [error_tone(60)])
    signals.success()
    eventually("the success", lambda: loudspeaker.played() == [error_tone(60), success_tone(60)])
    eventually("ready", is_ready(supervisor))
    assert (loudspeaker.folder / "aplay.words").read_text() == "-q -t wav -D plughw:1 -\n"


def test_nothing_sounds_in_quiet_hours_of_the_librarys_clock_and_it_does_after_them(
    loudspeaker: Loudspeaker, run: Run
) -> None:
    instants = [
        datetime(2026, 7, 1, 6, 59, tzinfo=UTC),
        datetime(2026, 7, 1, 7, 0, tzinfo=UTC),
    ]  # Amsterdam: 8:59, 9:00
    left = list(instants)
    signals = SoundAndLight("signals", quiet="20:00-09:00", now=lambda: left.pop(0))
    run(signals)
    signals.error()
    eventually("the clock was asked", lambda: left == instants[1:])
    signals.success()
    eventually("the success", lambda: loudspeaker.played() == [success_tone(60)])


def test_without_volume_no_program_is_started(loudspeaker: Loudspeaker, run: Run) -> None:
    signals = SoundAndLight("signals", volume=0)
    supervisor = run(signals)
    signals.error()
    eventually("taken", lambda: not signals._waiting and is_ready(supervisor)())
    assert not (loudspeaker.folder / "aplay.words").exists()


def test_a_machine_without_a_sound_card_is_degraded_until_a_sound_is_heard_again(
    loudspeaker: Loudspeaker, run: Run
) -> None:
    loudspeaker.does("exit 1")
    signals = SoundAndLight("signals")
    supervisor = run(signals)
    signals.error()
    eventually("degraded", lambda: supervisor.health.reason == "no sound: aplay failed (status 1)")
    assert supervisor.health.state is Health.DEGRADED
    loudspeaker.does("cat > /dev/null")
    signals.error()
    eventually("ready", is_ready(supervisor))


def test_a_machine_without_the_program_is_degraded_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    signals = SoundAndLight("signals")
    supervisor = run(signals)
    signals.success()
    eventually("degraded", lambda: "aplay cannot be started" in supervisor.health.reason)


def test_a_sound_driver_that_hangs_holds_up_nobody_and_is_ended(loudspeaker: Loudspeaker) -> None:
    loudspeaker.does("exec sleep 1000")
    now = [0.0]
    player = Player(clock=lambda: now[0])
    began = time.monotonic()
    player.play(error_tone(100))
    player.tend()
    assert player.playing
    assert time.monotonic() - began < LIMIT_S
    now[0] = LONGEST_S + 0.1
    player.tend()
    eventually("ended", lambda: is_over(player))
    assert player.trouble == "no sound: aplay failed (it hung)"


def test_a_new_sound_cuts_off_the_one_before_it_and_no_process_is_left(loudspeaker: Loudspeaker) -> None:
    loudspeaker.does("exec sleep 1000")
    player = Player()
    player.play(success_tone(50))
    first = player._child
    player.play(error_tone(50))
    assert first is not None
    assert first.returncode == -9
    player.stop()
    player.stop()
    assert not player.playing


def test_whoever_signals_never_waits_even_when_nobody_serves(loudspeaker: Loudspeaker) -> None:
    signals = SoundAndLight("signals", port="/dev/none")
    began = time.monotonic()
    for _ in range(1000):
        signals.success()
        signals.error()
        signals.light(Light.HELP)
    assert time.monotonic() - began < 1
    assert len(signals._waiting) == 1


@pytest.mark.skipif(shutil.which("aplay") is None, reason="alsa-utils is not installed")
def test_the_real_program_takes_what_is_made() -> None:
    player = Player(card="null")
    for wav in (error_tone(60), success_tone(60)):
        player.play(wav)
        eventually("played", lambda: is_over(player))
        assert player.trouble == ""


# -- light


def shows(workbench: Workbench) -> str:
    return str(workbench.bench.status()["light"]["shows"])


@pytest.fixture
def lit(workbench: Workbench, loudspeaker: Loudspeaker, run: Run) -> tuple[Workbench, SoundAndLight, Supervisor]:
    workbench.serve("light", "--tty", workbench.tty("light"))
    signals = SoundAndLight("signals", port=workbench.tty("light"))
    supervisor = run(signals)
    signals.light(Light.READY)
    eventually("lit", lambda: shows(workbench) == "ready" and is_ready(supervisor)())
    return workbench, signals, supervisor


Lit = tuple[Workbench, SoundAndLight, Supervisor]


def test_the_light_shows_what_it_is_told_and_goes_out_with_the_kiosk(lit: Lit) -> None:
    workbench, signals, supervisor = lit
    signals.light(Light.HELP)
    eventually("help", lambda: shows(workbench) == "help")
    supervisor.ask_to_stop()
    assert supervisor.join(LIMIT_S)
    eventually("out", lambda: shows(workbench) == "off")


def test_a_light_that_is_unplugged_leaves_the_sound_and_shows_the_same_when_it_is_back(
    lit: Lit, loudspeaker: Loudspeaker
) -> None:
    workbench, signals, supervisor = lit
    workbench.bench.unplug("light")
    eventually("degraded", lambda: supervisor.health.reason.startswith("no light:"))
    assert supervisor.health.state is Health.DEGRADED
    signals.error()
    eventually("the error", lambda: loudspeaker.played() == [error_tone(60)])
    workbench.bench.plug("light")
    eventually("ready", is_ready(supervisor))
    assert shows(workbench) == "ready"


def test_a_light_that_does_not_answer_is_told_of_and_told_on(lit: Lit) -> None:
    workbench, signals, supervisor = lit
    workbench.bench.mute_light()
    signals.light(Light.BUSY)
    eventually("degraded", lambda: supervisor.health.reason.endswith("does not answer"))
    assert shows(workbench) == "busy"
    workbench.bench.unmute_light()
    eventually("ready", is_ready(supervisor))


def test_the_settings_open_it_and_a_kiosk_reaches_it(workbench: Workbench, loudspeaker: Loudspeaker) -> None:
    settings = DeviceSettings("signals", "signals", "aplay", {"volume": 40, "quiet": "20:00-09:00", "zone": "UTC"})
    devices = workbench.open(settings)
    assert devices.signals is not None
    devices.signals.light(Light.BUSY)
    devices.stop()
    assert not any(one.name == "device-signals" for one in threading.enumerate())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"quiet": "8-9"}, "quiet must be times such as 20:00-09:00, 12:30-13:30"),
        ({"quiet": 8}, "quiet must be times such as 20:00-09:00, 12:30-13:30"),
        ({"zone": "Mars"}, "zone must be a time zone such as Europe/Amsterdam or Europe/Brussels"),
        ({"zone": "../../etc/passwd"}, "zone must be a time zone such as Europe/Amsterdam or Europe/Brussels"),
        ({"volume": 101}, "volume must be a whole number from 0 to 100"),
        ({"card": "-h"}, "card must be the name of a sound device (aplay -L)"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(options: dict[str, object], said: str) -> None:
    (error,) = check_settings([DeviceSettings("signals", "signals", "aplay", options)])
    assert error.message == said
