"""The simulated sound card: stands in for ALSA's `aplay` and says what would have been heard.

The kiosk starts `aplay` as always; a program of that name, first on its PATH, hands the sound to this process.
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
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.simulators.control import ControlServer, plain, telling
from devices.simulators.loop import Loop

_MOST_BYTES = 1_000_000
_MOST_SOUNDS = 20
_HANDS_OVER = """\
import socket, sys
card = socket.socket(socket.AF_UNIX)
card.connect(sys.argv[1])
card.sendall(sys.stdin.buffer.read())
card.shutdown(socket.SHUT_WR)
sys.exit(int.from_bytes(card.recv(1) or b"\\x01", "big"))
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
        program = folder / "aplay"
        words = (sys.executable, "-IS", "-c", _HANDS_OVER, str(wire.absolute()))
        program.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n", "utf-8")
        program.chmod(0o755)
        commands = {
            "break": plain(lambda: self._set_broken(broken=True)),
            "mend": plain(lambda: self._set_broken(broken=False)),
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
        sound = None if self._broken else heard_in(bytes(heard))
        if sound is None:
            _end(caller, 1)
            return
        self._count += 1
        self._sounds.append({"at": datetime.now(UTC).strftime("%H:%M:%S"), **sound})
        self._loop.later(sound["seconds"], lambda: _end(caller, 0))

    def _set_broken(self, *, broken: bool) -> None:
        self._broken = broken

    def _status(self) -> Mapping[str, Any]:
        last = self._sounds[-1]["sound"] if self._sounds else "none"
        return {"broken": self._broken, "played": self._count, "last": last, "sounds": list(self._sounds)}


def _end(caller: socket.socket, status: int) -> None:
    with suppress(OSError):
        caller.send(bytes([status]))
    caller.close()


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
