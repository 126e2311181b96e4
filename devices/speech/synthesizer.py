"""Speech as a supervised device: what is asked is said in order, on its own thread; who asks never waits."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from devices.ports import DeviceGone, Pulse, Send
from devices.speaker import Hearers
from devices.speech.utterance import PROGRAMS, Uttering
from values import dataclass

MOST_WAITING = 64
AGAIN_WITHIN_S = 2.0  # what failed sooner was hardly heard, and is tried once more
DEAD_AFTER = 3  # utterances in a row that could not be said: all is opened again
_TURN_S = 0.5
_TEND_S = 0.02


@dataclass(frozen=True, slots=True)
class _Asked:
    """`turn`: of which silence it is the answer; after the next `stop` it is not said any more. `again`: it failed."""

    text: str = field(repr=False)
    language: str
    loudness: int
    card: str
    turn: int
    again: bool = False


class Synthesizer:
    """A device and `devices.speaker.Speaker` in one."""

    kind = "speech"
    beat_s = 3.0

    def __init__(
        self,
        name: str,
        headphones: str = "",
        loudspeaker: str = "",
        rate: int = 160,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`headphones`, `loudspeaker`: ALSA devices (aplay -L); empty are the system's own, and none. `rate`: words a
        minute."""
        self.name = name
        self._cards = {Hearers.ONE: headphones, Hearers.ALL: loudspeaker}
        self._uttering, self._clock = Uttering(rate, clock), clock
        self._failures = 0  # in a row
        self._saying: _Asked | None = None
        self._began = 0.0
        self._lock = threading.Lock()
        self._waiting: deque[_Asked] = deque(maxlen=MOST_WAITING)
        self._turn = self._said_turn = 0
        self._asked = threading.Event()

    # -- for those who want something said, from any thread

    def say(self, texts: Sequence[str], language: str, loudness: int, hearers: Hearers) -> None:
        """See `devices.speaker.Speaker`."""
        card = self._cards[hearers]
        if hearers is Hearers.ALL and not card:
            return
        with self._lock:
            self._waiting.extend(_Asked(one, language, loudness, card, self._turn) for one in texts)
        self._asked.set()

    def stop(self) -> None:
        """See `devices.speaker.Speaker`."""
        with self._lock:
            self._waiting.clear()
            self._turn += 1
        self._asked.set()

    # -- for the supervisor, on the device's thread

    def open(self) -> None:
        """Raises DeviceGone where one of the two programs is not installed."""
        missing = [one for one in PROGRAMS if shutil.which(one) is None]
        if missing:
            raise DeviceGone(f"{' and '.join(missing)} cannot be found; install espeak-ng and alsa-utils")
        self._uttering.trouble = ""  # of an earlier life; the next utterance tells

    def run(self, send: Send, stop: threading.Event) -> None:
        """Say what is asked until told to stop; raises DeviceGone where nothing can be said any more."""
        self._failures = 0
        while not stop.is_set():
            self._asked.wait(_TEND_S if self._uttering.busy else _TURN_S)
            self._asked.clear()
            if self._uttering.tend():
                self._is_over()
            self._go_on()
            if self._failures >= DEAD_AFTER:
                raise DeviceGone(self._uttering.trouble)
            send(Pulse(trouble=self._uttering.trouble))

    def wake(self) -> None:
        """End the wait for something to do."""
        self._asked.set()

    def close(self) -> None:
        """Cut off what is being said; what waited is too old to be said later."""
        self._uttering.stop()
        with self._lock:
            self._waiting.clear()

    def _is_over(self) -> None:
        """What failed at once is tried once more before all else, unless it is to be silent by now: a card may be busy
        for a moment, and whoever listens has nothing else."""
        one, self._saying = self._saying, None
        self._failures = self._failures + 1 if self._uttering.trouble else 0
        at_once = self._clock() - self._began < AGAIN_WITHIN_S
        with self._lock:
            if self._uttering.trouble and at_once and one is not None and not one.again and one.turn == self._turn:
                self._waiting.appendleft(replace(one, again=True))
                self._asked.set()

    def _go_on(self) -> None:
        """Silence where that was asked; else the next of what waits, where nothing is being said."""
        with self._lock:
            turn = self._turn
            cut = self._uttering.busy and self._said_turn != turn
            asked = self._waiting.popleft() if self._waiting and (cut or not self._uttering.busy) else None
        if asked is not None:
            self._said_turn = asked.turn
            self._saying, self._began = asked, self._clock()
            self._uttering.begin(asked.text, asked.language, asked.loudness, asked.card)
            if not self._uttering.busy:  # it could not even be begun
                self._is_over()
        elif cut:
            self._uttering.stop()
