"""For whoever does not see the screen or cannot touch it: speech, headphones, and keys that are felt (docs/adr/0028).

What somebody does silences what is being said (EN 301 549 5.1.3.5), yet nothing is lost that nobody can have heard; for
the next one all is as before (5.1.3.13).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Protocol

from devices.ports import (
    BarcodeScanned,
    HeadphonesChanged,
    Health,
    HealthChanged,
    Key,
    KeyPressed,
    PassPresented,
    PassUnreadable,
    ScanUnreadable,
)
from devices.speaker import Hearers, Speaker
from kiosk.bus import Focused, Happening, Touched, Untouched
from kiosk.spoken import choice, everything, news, opening
from kiosk.texts import name_of
from kiosk.texts.aloud import AloudTexts
from kiosk.ui import Reading, Shown
from kiosk.utterance import Utterance

log = logging.getLogger(__name__)

LOUDNESS = (15, 30, 50, 70, 100)
USUAL = 2  # of them
UNANSWERED_S = 1.5  # a key that changed nothing is answered all the same
LETTERS_A_SECOND, PAUSE_S = 12, 0.5  # a slow guess at 160 words a minute, and a breath after each thing that is said
UNHEARD_S = 0.8  # who acts sooner than this does not answer what was begun to be said, and has not heard what it is
_SILENCES = Touched | KeyPressed | BarcodeScanned | ScanUnreadable | PassPresented | PassUnreadable
_WORKING = (Health.READY, Health.DEGRADED)


class _What(Enum):
    """What is said. Cut off before it can have been heard, it is said all the same, but for what need not be."""

    ASKED = 0  # it is said again whenever that is asked
    PAGE = 1  # not to whoever scans or touches, and goes on without it; who presses a key has only that to go by
    BUTTON = 2  # not to whoever is at another one by now
    NEWS = 3  # told once


class Ring(Protocol):
    """The ring on the screen that keys move. Called on the flow's thread, never blocks."""

    def press(self, key: Key) -> None:
        """PREVIOUS and NEXT move it, OK touches what it stands around."""

    def take_away(self) -> None:
        """Nobody is there any more who presses keys."""


class Aid:
    """Hears what happens, says what is drawn; for the flow's thread. Nothing blocks and nothing is raised."""

    def __init__(
        self,
        speaker: Speaker | None,
        ring: Ring,
        languages: Iterable[str],
        today: Callable[[], date],
        *,
        loudspeaker: bool = False,
        clock: Callable[[], float] = time.monotonic,
        welcome: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`speaker`: None where nothing speaks. `loudspeaker`: it may be read aloud for everybody to hear. `welcome`:
        the library's own first words at rest, by language."""
        self._clock = clock
        self._speaker, self._ring, self._today = speaker, ring, today
        self._names = [name_of(one) for one in languages]
        self._texts = cache(lambda language: AloudTexts(language, welcome.get(language, "")))
        self._loudspeaker = loudspeaker and speaker is not None
        self._headphones: set[str] = set()  # the devices that say that some are in
        self._speaks = True  # until the device says otherwise
        self._aloud = False
        self._level = USUAL
        self._shown: Shown | None = None
        self._said: tuple[Utterance, ...] = ()
        self._since: list[tuple[float, Utterance, _What]] = []  # said since the last silence, and when
        self._cut_at = self._silent_at = 0.0
        self._unheard: tuple[Utterance, ...] = ()  # news that was cut off before anybody could know what it is

    @property
    def reading(self) -> Reading:
        """Whether a button to read aloud makes sense, and what it does."""
        if not self._loudspeaker or self._headphones or not self._speaks:
            return Reading.NONE
        return Reading.ON if self._aloud else Reading.OFF

    @property
    def is_changed(self) -> bool:
        """Whether somebody made it louder, or softer, or has it read aloud."""
        return self._aloud or self._level != USUAL

    @property
    def silent_s(self) -> float | None:
        """For about how many seconds all has been said; below 0 while something is. None where nobody listens."""
        return None if self._hearers is None else self._clock() - self._silent_at

    @property
    def _hearers(self) -> Hearers | None:
        if self._speaker is None:
            return None
        return Hearers.ONE if self._headphones else Hearers.ALL if self._aloud else None

    # ---- what the stage tells

    def show(self, shown: Shown) -> None:
        """Says what is new in the picture. What cannot be said is not: a visit never fails for that."""
        before, self._shown = self._shown, shown
        if self._hearers is None:
            return
        try:
            utterances = news(before, shown, self._texts(shown.language), self._today())
        except Exception as fault:  # noqa: BLE001  silence is bad for one patron, a visit that fails is worse
            log.critical("a picture cannot be said: %s", type(fault).__name__)
            return
        is_page = before is None or before.kind != shown.kind
        if before is not None and is_page:
            self._silence()
            self._unheard = ()  # it was of another picture
        elif utterances and self._only_bridges:  # a veil says nothing, and cuts nothing off
            self._silence()
        self._say(utterances, _What.PAGE if is_page else _What.NEWS)

    def hear(self, happening: Happening) -> None:
        """Takes what happened, once, when it arrives."""
        if isinstance(happening, _SILENCES):
            self._interrupt(happening)
        match happening:
            case KeyPressed(key=key):
                self._press(key)
            case Focused(kind=kind):
                if kind is None or self._shown is None or kind == self._shown.kind:  # else it is gone by now
                    button = choice(self._now(), happening.name, happening.number, happening.maximum, self._names)
                    if self._only_bridges:
                        self._silence()
                    self._say([button], _What.BUTTON)
            case Untouched():
                self._silence()
                self._say(self._all())
            case HeadphonesChanged(device=device, plugged=plugged):
                self._plug(device, plugged=plugged)
            case HealthChanged(kind="speech", health=health):
                was_silent, self._speaks = not self._speaks, health.state in _WORKING
                if was_silent and self._speaks:
                    self._begin()  # what was said meanwhile nobody heard
            case HealthChanged(device=device, health=health) if health.state not in _WORKING:
                self._plug(device, plugged=False)

    def read_aloud(self) -> None:
        """Begins to read to everybody, or ends it."""
        self._aloud = self.reading is Reading.OFF
        self._begin()

    def forget(self) -> None:
        """Somebody left: loudness and speech are as before, the ring is gone. What was said of their screen `show` cuts
        off with it; where the screen stays, somebody may have put headphones in just now, and hears it to its end."""
        if self._aloud:
            self._silence()
        self._level, self._aloud = USUAL, False
        self._ring.take_away()
        self._unheard = ()

    # ---- within

    def _now(self) -> AloudTexts:
        return self._texts(self._shown.language if self._shown is not None else "nl")

    def _plug(self, device: str, *, plugged: bool) -> None:
        before = bool(self._headphones)
        (self._headphones.add if plugged else self._headphones.discard)(device)
        if bool(self._headphones) is not before:
            self._aloud = False  # who pulls them out is not read aloud to everybody
            self._begin()

    def _begin(self) -> None:
        """Silence; and then, where somebody listens from now on, all that is drawn."""
        self._silence()
        self._unheard = ()
        if self._hearers is not None:
            self._say([opening(self._now(), for_everybody=self._hearers is Hearers.ALL), *self._all()])

    def _press(self, key: Key) -> None:
        if key in (Key.LOUDER, Key.QUIETER):
            self._level = _next_level(self._level, key)
            self._say(self._said)
        elif key is not Key.REPEAT:
            self._ring.press(key)
        elif self.reading is Reading.OFF:
            self.read_aloud()
        else:
            self._say(self._all())

    def _all(self) -> tuple[Utterance, ...]:
        if self._shown is None:
            return ()
        try:
            return everything(self._shown, self._now(), self._today())
        except Exception as fault:  # noqa: BLE001  as above
            log.critical("a picture cannot be said: %s", type(fault).__name__)
            return ()

    def _say(self, utterances: Iterable[Utterance], what: _What = _What.ASKED) -> None:
        """Says them after what is being said, and then what was cut off too early."""
        hearers = self._hearers
        if hearers is None or self._speaker is None:
            return
        said = [(one, what) for one in utterances if not (one.passing and self._unheard)]
        known = {one for one, _ in said}
        said += [(one, _What.NEWS) for one in self._unheard if one not in known]
        if not said:
            return
        now, self._unheard = self._clock(), ()
        self._since += [(now, one, how) for one, how in said]
        self._said = tuple(one for one, _ in said)
        texts = [one.text if hearers is Hearers.ONE else one.aloud for one in self._said]
        self._silent_at = max(self._silent_at, now) + sum(PAUSE_S + len(one) / LETTERS_A_SECOND for one in texts if one)
        self._speaker.say([one for one in texts if one], self._now().language, LOUDNESS[self._level], hearers)

    @property
    def _only_bridges(self) -> bool:
        """Whether what is being said only bridges the time, and nothing else waits behind it."""
        return bool(self._since) and all(one.passing for _, one, _ in self._since)

    def _interrupt(self, happening: Happening) -> None:
        """Somebody did something: silence. What had only just begun is kept, and said with what is said next; or soon,
        where nothing is."""
        now, kept = self._clock(), {_What.NEWS}
        if isinstance(happening, KeyPressed):
            kept |= {_What.PAGE}
        elif not isinstance(happening, Touched):
            kept |= {_What.BUTTON}
        cut = [one for at, one, what in self._since if what in kept and at > now - UNHEARD_S and not one.passing]
        self._silence()
        self._unheard = tuple(dict.fromkeys((*self._unheard, *cut)))
        if self._unheard or not isinstance(happening, Touched):
            self._cut_at = now  # else what was done before is still to be answered, where nothing comes of it
        if self._hearers is not None and (self._unheard or not isinstance(happening, Touched)):
            later = UNHEARD_S if self._unheard else UNANSWERED_S
            asyncio.get_running_loop().call_later(later, self._make_good, now)

    def _make_good(self, since: float) -> None:
        """Where nothing was done or said since: what was not heard, or what is drawn, until there is another answer."""
        if self._cut_at == since and not self._since:
            self._say(() if self._unheard else [replace(one, passing=True) for one in self._all()])

    def _silence(self) -> None:
        self._since.clear()
        self._silent_at = min(self._silent_at, self._clock())
        if self._speaker is not None:
            self._speaker.stop()


def _next_level(level: int, key: Key) -> int:
    """One up, and from the loudest to the softest, for a keypad with one key for it; or one down, to the softest."""
    return (level + 1) % len(LOUDNESS) if key is Key.LOUDER else max(0, level - 1)
