"""The simulated synthesizer: makes silence of the length of a text, and knows the text again when it is played.

So a transcript tells what was heard, through which card, how loud, and what was cut off.
"""

from __future__ import annotations

import io
import json
import wave
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

_MOST = 200
_LAST = 8
_RATE = 8000
_LETTERS_A_SECOND = 25


class SimulatedVoice:
    """What espeak-ng would have said."""

    def __init__(self) -> None:
        self._made: dict[bytes, dict[str, Any]] = {}
        self._said: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._number = self._played = 0
        self._broken = False

    def set_broken(self, *, broken: bool) -> None:
        """Whether it fails from now on."""
        self._broken = broken

    def makes(self, argv: Sequence[str], handed: bytes) -> bytes:
        """The exit status, and the sound that is printed: a WAV like no other."""
        given = dict(pairwise(argv))
        text = handed.decode("utf-8", "replace").strip()
        if self._broken or not text:
            return b"\x01"
        self._number += 1
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(_RATE)
            number = self._number % 30000 + 1
            sound.writeframes(number.to_bytes(2, "little") + bytes(2 * (len(text) * _RATE // _LETTERS_A_SECOND + 9)))
        made = file.getvalue()
        self._made[made] = {"text": text, "voice": given.get("-v", ""), "loudness": int(given.get("-a", 100)) // 2}
        return b"\0" + made

    def plays(self, sound: bytes, card: str) -> dict[str, Any] | None:
        """The line of the transcript that begins now; None of a sound that is no speech."""
        made = self._made.pop(sound, None)
        if made is None:
            return None
        self._played += 1
        at = datetime.now(UTC).strftime("%H:%M:%S")
        told = {"number": self._played, "at": at, **made, "card": card, "cut": False}
        self._said.append(told)
        return told

    def status(self) -> Mapping[str, Any]:
        """The transcript, oldest first, and its last lines as text."""
        last = [f"{one['card'] or 'sound'}: {one['text']}" for one in [*self._said][-_LAST:]]
        return {"mute": self._broken, "speech": list(self._said), "heard": "\n".join(last)}


def words_of(handed: bytes) -> tuple[list[str], bytes]:
    """The words of the command line, and what came by its input."""
    line, _, rest = handed.partition(b"\n")
    try:
        return [str(one) for one in json.loads(line)], rest
    except ValueError:
        return [], handed


def card_of(argv: Sequence[str]) -> str:
    """The card that aplay was told to use; empty is the system's own."""
    return argv[argv.index("-D") + 1] if "-D" in argv[:-1] else ""
