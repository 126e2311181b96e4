"""Speech through two real processes: in order, cut off at once, never in a command line, and again after a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from devices.open_devices import DeviceSettings, check_settings
from devices.ports import DeviceGone, Health
from devices.speaker import Hearers
from devices.speech import utterance
from devices.speech.synthesizer import DEAD_AFTER, Synthesizer
from devices.speech.utterance import LONGEST_TEXT, Uttering
from devices.supervisor import Supervisor
from tests.devices.running import LIMIT_S, Events, Workbench, eventually

LONG = "Een zin die nog een hele tijd duurt. " * 3


class Stand:
    """A synthesizer on the simulated programs, first on the PATH."""

    def __init__(self, workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = workbench.run_dir / "bin"
        workbench.serve("sound", "--bin", str(folder))
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        self.bench = workbench.bench
        self.speech = Synthesizer("speech", headphones="jack", loudspeaker="box")
        self.supervisor = Supervisor(self.speech, Events(), Random(1))
        self.supervisor.start()
        eventually("ready", lambda: self.supervisor.health.state is Health.READY)

    def heard(self) -> list[str]:
        return [one["text"] for one in self.bench.speech()]

    def until_heard(self, *texts: str) -> None:
        eventually(f"{texts} heard", lambda: self.heard() == [*texts])


@pytest.fixture
def stand(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    one = Stand(workbench, monkeypatch)
    yield one
    one.supervisor.ask_to_stop()
    assert one.supervisor.join(LIMIT_S)


def test_what_is_asked_is_said_in_order_by_the_voice_of_its_language_where_it_should_be_heard(stand: Stand) -> None:
    stand.speech.say(["Een.", "Twee."], "nl", 50, Hearers.ONE)
    stand.speech.say(["Three."], "en", 100, Hearers.ALL)
    stand.speech.say(["Fjouwer."], "fy", 20, Hearers.ONE)
    stand.until_heard("Een.", "Twee.", "Three.", "Fjouwer.")
    told = [(one["voice"], one["loudness"], one["card"]) for one in stand.bench.speech()]
    assert told == [("nl", 50, "jack"), ("nl", 50, "jack"), ("en-gb", 100, "box"), ("nl", 20, "jack")]


def test_silence_cuts_off_what_is_said_and_what_waits_and_the_next_is_said_at_once(stand: Stand) -> None:
    stand.speech.say([LONG, "Niet meer."], "nl", 50, Hearers.ONE)
    stand.until_heard(LONG.strip())
    began = time.monotonic()
    stand.speech.stop()
    stand.speech.say(["Wel."], "nl", 50, Hearers.ONE)
    assert time.monotonic() - began < 0.1, "who asks waited"
    stand.until_heard(LONG.strip(), "Wel.")
    eventually("told as cut", lambda: stand.bench.speech()[0]["cut"])
    assert not stand.bench.speech()[1]["cut"]


def test_silence_alone_ends_the_processes(stand: Stand) -> None:
    stand.speech.say([LONG], "nl", 50, Hearers.ONE)
    stand.until_heard(LONG.strip())
    assert stand.speech._uttering.busy
    stand.speech.stop()
    eventually("silence", lambda: not stand.speech._uttering.busy)


def test_a_synthesizer_that_fails_degrades_is_opened_again_and_speaks_when_it_works(stand: Stand) -> None:
    stand.bench.break_voice()
    stand.speech.say(["Een."], "nl", 50, Hearers.ONE)
    eventually("degraded", lambda: stand.supervisor.health.state is Health.DEGRADED)
    assert "espeak-ng" in stand.supervisor.health.reason
    stand.speech.say(["Twee."] * DEAD_AFTER, "nl", 50, Hearers.ONE)
    eventually("lost", lambda: stand.supervisor.health.tries > 0)
    stand.bench.mend_voice()
    eventually("ready", lambda: stand.supervisor.health.state is Health.READY)
    stand.speech.say(["Drie."], "nl", 50, Hearers.ONE)
    stand.until_heard("Drie.")


def test_a_card_that_is_gone_is_told_as_the_players_fault(stand: Stand) -> None:
    stand.bench.break_sound()
    stand.speech.say(["Een."], "nl", 50, Hearers.ONE)
    eventually("degraded", lambda: stand.supervisor.health.state is Health.DEGRADED)
    assert stand.supervisor.health.reason == "no speech: aplay failed"


def test_what_failed_at_once_is_said_once_more_before_what_waits(
    programs: Callable[[str, str], Path], tmp_path: Path
) -> None:
    programs(f'read -r said; echo "$said" >> {tmp_path}/tried; [ $(wc -l < {tmp_path}/tried) != 1 ]', "exec cat")
    supervisor = Supervisor(speech := Synthesizer("speech"), Events(), Random(1))
    supervisor.start()
    speech.say(["Een.", "Twee."], "nl", 50, Hearers.ONE)
    eventually("tried", lambda: (tmp_path / "tried").exists() and (tmp_path / "tried").read_text().count("\n") == 3)
    assert (tmp_path / "tried").read_text().split() == ["Een.", "Een.", "Twee."]
    supervisor.ask_to_stop()
    assert supervisor.join(LIMIT_S)


def test_what_cannot_be_begun_counts_and_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", no_more)
    speech = Synthesizer("speech")
    speech.say(["Een.", "Twee."], "nl", 50, Hearers.ONE)
    with pytest.raises(DeviceGone, match="cannot both be started"):
        speech.run(lambda _: None, threading.Event())
    assert not speech._waiting or speech._waiting[0].text == "Twee."


def test_without_the_programs_it_is_gone_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    supervisor = Supervisor(Synthesizer("speech"), Events(), Random(1))
    supervisor.start()
    eventually("told", lambda: "install espeak-ng" in supervisor.health.reason)
    supervisor.ask_to_stop()
    assert supervisor.join(LIMIT_S)


def test_nothing_is_said_to_all_where_no_loudspeaker_is_configured() -> None:
    speech = Synthesizer("speech", headphones="jack")
    speech.say(["Hallo."], "nl", 50, Hearers.ALL)
    assert not speech._waiting


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Programs in the place of the two."""

    def are(synthesizer: str, player: str) -> Path:
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        for name, script in (("espeak-ng", synthesizer), ("aplay", player)):
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        return tmp_path

    return are


def until_over(uttering: Uttering) -> None:
    eventually("over", uttering.tend)


def test_the_text_is_never_in_a_command_line_and_begins_no_phonemes(programs: Callable[[str, str], Path]) -> None:
    folder = programs('echo "$@" > "$0.words"; cat > "$0.text"', "cat > /dev/null")
    uttering = Uttering(160)
    uttering.begin("Geheim [[h@l'oU]]", "nl", 60, "")
    until_over(uttering)
    assert uttering.trouble == ""
    assert (folder / "espeak-ng.words").read_text() == "--stdin --stdout -b 1 -v nl -s 160 -a 120\n"
    assert (folder / "espeak-ng.text").read_text() == "Geheim [ [h@l'oU]]"


def test_a_text_longer_than_anybody_listens_to_is_cut(programs: Callable[[str, str], Path]) -> None:
    folder = programs('cat > "$0.text"', "cat > /dev/null")
    uttering = Uttering(160)
    uttering.begin("é" * 100_000, "nl", 60, "")
    until_over(uttering)
    assert (folder / "espeak-ng.text").read_text() == "é" * LONGEST_TEXT


def test_a_program_that_hangs_is_killed(programs: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    programs("exec sleep 60", "exec sleep 60")
    monkeypatch.setattr(utterance, "_START_S", 0.2)
    uttering = Uttering(160)
    uttering.begin("?", "nl", 60, "")
    children = list(uttering._children)
    until_over(uttering)
    assert uttering.trouble == "no speech: it hung"
    assert all(one.poll() is not None for one in children)


def test_a_repr_of_what_waits_tells_nothing() -> None:
    speech = Synthesizer("speech")
    speech.say(["Oeroeg."], "nl", 50, Hearers.ONE)
    assert "Oeroeg" not in repr(speech._waiting)


def test_many_threads_may_ask_and_silence(stand: Stand) -> None:
    def chatter() -> None:
        for _ in range(50):
            stand.speech.say(["Hallo."], "nl", 50, Hearers.ONE)
            stand.speech.stop()

    threads = [threading.Thread(target=chatter) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(LIMIT_S)
    stand.speech.stop()
    stand.speech.say(["Klaar."], "nl", 50, Hearers.ONE)
    eventually("the last word", lambda: stand.heard()[-1:] == ["Klaar."])


def test_settings_of_speech_are_checked() -> None:
    def faults(**options: object) -> list[str]:
        return [one.message for one in check_settings([DeviceSettings("speech", "speech", "espeak-ng", options)])]

    assert faults(headphones="plughw:CARD=Device", loudspeaker="default", rate=160) == []
    assert faults(rate=1000, headphones="a b") == [
        "headphones must be the name of a sound device (aplay -L)",
        "rate must be a whole number from 80 to 450",
    ]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("language", ["nl", "en", "fr", "de", "fy", "tr", "uk", "ar"])
def test_the_real_synthesizer_has_a_voice_for_each_language(language: str) -> None:
    voice = utterance.VOICES.get(language, language)
    command = ["espeak-ng", "--stdin", "--stdout", "-b", "1", "-v", voice]
    made = subprocess.run(command, input=b"12 augustus", capture_output=True, check=True, timeout=LIMIT_S)
    assert made.stdout.startswith(b"RIFF")
