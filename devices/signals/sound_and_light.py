"""Sound and a status light as one device: what is missing of the two degrades it and leaves the other."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from devices.links.serial import SerialLink
from devices.ports import DeviceFault, Light, Pulse, Send
from devices.signals.light_line import LONGEST, REPEAT_S, Answers, command
from devices.signals.player import Player
from devices.signals.quiet_hours import QuietHours
from devices.signals.tones import error_tone, success_tone

_ANSWER_S = 0.5
_TURN_S = 0.5
_TEND_S = 0.05
_AGAIN_S = 1.0  # between two tries to open a light


class SoundAndLight:
    """A supervised device and `devices.ports.Signals` in one; all work is on the device's own thread."""

    kind = "signals"
    beat_s = 3.0

    def __init__(
        self,
        name: str,
        port: str = "",
        baud: int = 9600,
        card: str = "",
        volume: int = 60,
        quiet: str = "",
        zone: str = "Europe/Amsterdam",
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`port`: of the light, empty where there is none; `volume` from 0 (no sound) to 100; `now`: an instant."""
        self.name = name
        self._light = _LightOnALine(port, baud, clock) if port else None
        self._player = Player(card, clock)
        self._volume = volume
        self._sounds: dict[str, bytes] = {}
        self._quiet, self._zone_name, self._now = QuietHours.read(quiet), zone, now
        self._zone: tzinfo = UTC
        self._waiting: deque[str] = deque(maxlen=1)  # the newest sound that was asked for
        self._shows = Light.OFF
        self._asked = threading.Event()

    # -- for those who signal, from any thread

    def success(self) -> None:
        """See `devices.ports.Signals`."""
        self._waiting.append("success")
        self._asked.set()

    def error(self) -> None:
        """See `devices.ports.Signals`."""
        self._waiting.append("error")
        self._asked.set()

    def light(self, shows: Light) -> None:
        """See `devices.ports.Signals`."""
        self._shows = shows
        self._asked.set()

    # -- for the supervisor, on the device's thread

    def open(self) -> None:
        """Make the sounds. Nothing is opened: neither a missing card nor a missing light may take the other away."""
        from zoneinfo import ZoneInfo  # late: a first picture does not wait for the clocks of the world

        self._zone = ZoneInfo(self._zone_name)
        if self._volume:
            self._sounds = {"success": success_tone(self._volume), "error": error_tone(self._volume)}

    def run(self, send: Send, stop: threading.Event) -> None:
        """Sound and show what is asked until told to stop; raises nothing."""
        while not stop.is_set():
            self._asked.wait(_TEND_S if self._player.playing else _TURN_S)
            self._asked.clear()
            self._make_sound()
            self._player.tend()
            lit = self._light.show(self._shows) if self._light is not None else ""
            send(Pulse(trouble="; ".join(filter(None, (self._player.trouble, lit)))))

    def wake(self) -> None:
        """End the wait for something to do."""
        self._asked.set()

    def close(self) -> None:
        """Cut off the sound and let go of the light, which is put out."""
        self._player.stop()
        if self._light is not None:
            self._light.close()

    def _make_sound(self) -> None:
        wav = self._sounds.get(self._waiting.pop()) if self._waiting else None
        if wav is not None and not self._quiet.covers(self._now().astimezone(self._zone).time()):
            self._player.play(wav)


class _LightOnALine:
    """The light's serial line, opened when it is there; for one thread."""

    def __init__(self, port: str, baud: int, clock: Callable[[], float]) -> None:
        self._port = port
        self._baud = baud
        self._clock = clock
        self._link: SerialLink | None = None
        self._shown: Light | None = None
        self._next = clock()
        self._trouble = ""

    def show(self, shows: Light) -> str:
        """Tell the light where it is not told already; what is wrong with it, or nothing."""
        if self._clock() < self._next and (self._link is None or self._shown is shows):
            return self._trouble
        try:
            if self._link is None:
                self._link = SerialLink(self._port, self._baud)
            self._link.write(command(shows), _ANSWER_S)
            answered = self._confirms(self._link, shows)
        except DeviceFault as fault:
            self._let_go()
            self._trouble = f"no light: {fault}"
            self._next = self._clock() + _AGAIN_S
            return self._trouble
        self._shown, self._next = shows, self._clock() + REPEAT_S
        self._trouble = "" if answered else f"no light: {self._port}: does not answer"
        return self._trouble

    def close(self) -> None:
        """Put it out, as far as it hears, and let go of it; never raises."""
        if self._link is not None:
            try:
                self._link.write(command(Light.OFF), _ANSWER_S)
                self._confirms(self._link, Light.OFF)  # closing throws away what has not left yet
            except DeviceFault:
                pass
        self._let_go()

    def _confirms(self, link: SerialLink, shows: Light) -> bool:
        answers, until = Answers(), self._clock() + _ANSWER_S
        while (left := until - self._clock()) > 0:
            if shows in answers.feed(link.read(LONGEST, left)):
                return True
        return False

    def _let_go(self) -> None:
        link, self._link = self._link, None
        self._shown = None
        if link is not None:
            link.close()
