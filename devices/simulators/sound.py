"""The simulated sound card: stands in for ALSA's `aplay` and for `espeak-ng`, and says what would have been heard.

The kiosk starts both as always; programs of these names, first on its PATH, hand over to this process.
"""

from __future__ import annotations

import io
import shlex
import socket
import struct
import sys
import wave
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.simulators.control import ControlServer, plain, telling
from devices.simulators.loop import Loop
from devices.simulators.voice import SimulatedVoice, card_of, words_of

_MOST_BYTES = 1_000_000
_MOST_SOUNDS = 20
_HANDS_OVER = """\
import json, socket, sys
card = socket.socket(socket.AF_UNIX)
card.connect(sys.argv[1])
card.sendall(json.dumps(sys.argv[2:]).encode() + b"\\n" + sys.stdin.buffer.read())
card.shutdown(socket.SHUT_WR)
answer = b""
while piece := card.recv(65536):
    answer += piece
sys.stdout.buffer.write(answer[1:])
sys.stdout.flush()
sys.exit(answer[0] if answer else 1)
"""


class SoundSimulator:
    """A sound card's process; `folder` gets the program `aplay` and its way in here."""

    def __init__(self, loop: Loop, folder: Path, control: Path) -> None:
        self._loop = loop
        self._sounds: deque[Mapping[str, Any]] = deque(maxlen=_MOST_SOUNDS)
        self._count = 0
        self._broken = False
        folder.mkdir(parents=True, exist_ok=True)
        wire = folder / "wire"
        wire.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(wire))
        self._listener.listen(8)
        self._listener.setblocking(False)
        loop.watch(self._listener, self._accept)
        loop.at_end(lambda: wire.unlink(missing_ok=True))
        for name in ("aplay", "espeak-ng"):
            words = (sys.executable, "-IS", "-c", _HANDS_OVER, str(wire.absolute()), name)
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
            program.chmod(0o755)
        self._voice = SimulatedVoice()
        commands = {
            "break": plain(lambda: self._set_broken(broken=True)),
            "mend": plain(lambda: self._set_broken(broken=False)),
            "break-voice": plain(lambda: self._voice.set_broken(broken=True)),
            "mend-voice": plain(lambda: self._voice.set_broken(broken=False)),
            "status": telling(self._status),
        }
        ControlServer(loop, control, commands)

    def _accept(self) -> None:
        caller, _ = self._listener.accept()
        caller.setblocking(False)
        heard = bytearray()
        self._loop.watch(caller, lambda: self._read(caller, heard))

    def _read(self, caller: socket.socket, heard: bytearray) -> None:
        try:
            data = caller.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        heard += data
        if data and len(heard) < _MOST_BYTES:
            return
        self._loop.watch(caller, None)
        argv, handed = words_of(bytes(heard))
        if argv[:1] == ["espeak-ng"]:
            _end(caller, self._voice.makes(argv, handed))
            return
        sound = None if self._broken else heard_in(handed)
        if sound is None:
            _end(caller, b"\x01")
            return
        told = self._voice.plays(handed, card_of(argv))
        if told is None:
            self._count += 1
            self._sounds.append({"at": datetime.now(UTC).strftime("%H:%M:%S"), **sound})
        self._loop.later(sound["seconds"], lambda: self._is_over(caller, told))

    def _is_over(self, caller: socket.socket, told: dict[str, Any] | None) -> None:
        if not _end(caller, b"\0") and told is not None:
            told["cut"] = True

    def _set_broken(self, *, broken: bool) -> None:
        self._broken = broken

    def _status(self) -> Mapping[str, Any]:
        last = self._sounds[-1]["sound"] if self._sounds else "none"
        return {
            "broken": self._broken,
            "played": self._count,
            "last": last,
            "sounds": list(self._sounds),
            **self._voice.status(),
        }


def _end(caller: socket.socket, answer: bytes) -> bool:
    """Gives the program its exit status, and what it prints; False where it was killed."""
    caller.setblocking(True)
    caller.settimeout(1.0)
    try:
        caller.sendall(answer)
    except OSError:
        return False
    finally:
        caller.close()
    return True


def heard_in(wav: bytes) -> Mapping[str, Any] | None:
    """What a sound is to an ear: how long, how loud (1 is the loudest), its tones in hertz; None for what is no WAV."""
    try:
        with wave.open(io.BytesIO(wav)) as one:
            rate, width, channels = one.getframerate(), one.getsampwidth(), one.getnchannels()
            frames = one.readframes(min(one.getnframes(), _MOST_BYTES))
    except (wave.Error, EOFError, ValueError, RuntimeError, struct.error):
        return None
    if (width, channels) != (2, 1) or rate < 1 or len(frames) < 2:
        return None
    samples = struct.unpack(f"<{len(frames) // 2}h", frames[: len(frames) // 2 * 2])
    half = len(samples) // 2
    first, last = _hertz(samples[: half // 2], rate), _hertz(samples[half + half // 2 :], rate)
    loudness = round(max(abs(one) for one in samples) / 32767, 2)
    sound = _tones(first, last) if loudness else "silence"
    return {"sound": sound, "seconds": round(len(samples) / rate, 3), "loudness": loudness}


def _tones(first: int, last: int) -> str:
    if max(first, last) <= 1.1 * min(first, last):
        return f"one tone, {first} Hz"
    return f"{'falling' if first > last else 'rising'}, {first} to {last} Hz"


def _hertz(samples: tuple[int, ...], rate: int) -> int:
    """By how often the wave goes up through the middle."""
    ups = [at for at in range(1, len(samples)) if samples[at - 1] < 0 <= samples[at]]
    return round((len(ups) - 1) * rate / (ups[-1] - ups[0])) if len(ups) > 1 else 0
