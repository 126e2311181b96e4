"""The two sounds of a kiosk, made here as WAV (RIFF, PCM 16 bit, one channel). Pure.

"No" is one falling pair of tones in the middle of what old ears hear; success is short, high and soft.
"""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Iterator

RATE = 16_000  # samples a second
_FADE_S = 0.012  # at both ends of a tone, so that no loudspeaker clicks
_ERROR = ((523.25, 0.14, 0.9), (392.0, 0.22, 0.9))  # hertz, seconds, strength of 1
_SUCCESS = ((880.0, 0.09, 0.35),)


def error_tone(volume: int) -> bytes:
    """The one tone for every "no"; `volume` in hundredths of the loudest."""
    return _wav(_ERROR, volume)


def success_tone(volume: int) -> bytes:
    """A soft tone."""
    return _wav(_SUCCESS, volume)


def _wav(tones: tuple[tuple[float, float, float], ...], volume: int) -> bytes:
    samples = [sample for tone in tones for sample in _samples(*tone, volume)]
    written = io.BytesIO()
    with wave.open(written, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return written.getvalue()


def _samples(hertz: float, seconds: float, strength: float, volume: int) -> Iterator[int]:
    count = int(seconds * RATE)
    loudest = 32767 * strength * volume / 100
    for at in range(count):
        fade = min(1.0, at / (_FADE_S * RATE), (count - 1 - at) / (_FADE_S * RATE))
        yield round(loudest * fade * math.sin(2 * math.pi * hertz * at / RATE))
