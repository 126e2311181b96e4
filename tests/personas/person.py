"""Somebody at the kiosk, with a pass, a pile of books and fingers. Touches are events of the X server."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections.abc import Sequence

from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp

PRIVATE = re.compile(r"Traceback|a visit failed|screen OutOfOrder|screen Closed")


class Person:
    """What a person does at the product, counted: `taps`, and the seconds since `begin`."""

    def __init__(self, app: WholeApp) -> None:
        self.app, self.taps = app, 0
        self._since = time.monotonic()
        app.mark()

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return time.monotonic() - self._since

    def touch(self, where: str) -> None:
        """One tap at one of the fixed places."""
        self.taps += 1
        self.app.touch(where)

    def sees(self, screen: str, limit_s: float = 40.0) -> None:
        """Waits until that screen stands there."""
        wait_until(f"screen {screen}", lambda: self.screen() == screen, limit_s)

    def touch_at(self, x: int, y: int) -> None:
        """One tap at a place of the glass, once what was drawn stands still."""
        self.taps += 1
        self.app.look_first()
        self.app.touch_at(x, y)

    def hand(self, *words: str) -> None:
        """What a hand does at the glass otherwise, in the words of xdotool."""
        self.taps += 1
        subprocess.run(["xdotool", *words], env=os.environ | {"DISPLAY": self.app.display}, check=True)

    def screen(self) -> str:
        """What stands there now, over whatever lies below."""
        found = re.findall(r"screen (\w+)", self.app.since_start())
        return str(found[-1]) if found else ""


def come_to_rest(app: WholeApp) -> None:
    """The pass is gone, and whatever stands there is left by its own button, or by time."""
    app.bench.remove_pass()
    app.bench.clear_pad()
    person = Person(app)
    for where in ("stop", "done", "no_receipt"):
        if person.screen() != "Rest":
            app.touch(where)
            time.sleep(1)
    person.sees("Rest", 90)  # by time: what is not touched any more ends


class Hostile:
    """Hammers on the glass and on everything else, by chance; `items` is what it scans. Never lifts a finger twice."""

    KEYS = (
        "Escape",
        "F1",
        "F11",
        "alt+F4",
        "ctrl+c",
        "ctrl+e",
        "ctrl+v",
        "ctrl+alt+Delete",
        "super",
        "alt+Tab",
        "Menu",
    )
    SCRAPS = (
        "",
        " ",
        "\t",
        "0",
        "9" * 60,
        "29401000075801",
        "6775991190016261",
        "é\u202e",
        "'; DROP TABLE loan;--",
        "AO|AA|",
    )

    def __init__(self, app: WholeApp, chance: random.Random, items: Sequence[str]) -> None:
        self.app, self._chance, self._items = app, chance, items
        width, height = app.picture().size
        self._size = width, height
        self.acts = 0

    def hammer(self, count: int) -> None:
        """So many touches, scans and keys, a few of them in one breath."""
        self._scan()
        while count > 0:
            size = min(count, self._chance.randint(5, 30))
            self._breath(size)
            self.acts += size
            count -= size
            for _ in range(self._chance.randint(0, 3)):
                self._scan()
                self.acts += 1

    def _scan(self) -> None:
        if self._chance.random() < 0.3:
            scrap = self._chance.choice(self.SCRAPS)
            if scrap.strip():
                self.app.bench.scan(scrap)
            else:
                self.app.bench.noise()
        else:
            self.app.bench.scan(self._chance.choice(self._items))

    def _breath(self, count: int) -> None:
        words: list[str] = []
        for _ in range(count):
            words += self._act()
        subprocess.run(
            ["xdotool", *words], env=os.environ | {"DISPLAY": self.app.display}, check=True, stderr=subprocess.DEVNULL
        )

    def _act(self) -> list[str]:
        """A tap, a drag, a long press, a double tap, or a key."""
        kind, at = self._chance.random(), ["mousemove", *self._somewhere()]
        if kind < 0.6:
            return [*at, "click", "1"]
        if kind < 0.75:
            return [*at, "mousedown", "1", "mousemove", *self._somewhere(), "mouseup", "1"]
        if kind < 0.82:
            return [*at, "mousedown", "1", "sleep", "0.4", "mouseup", "1"]
        if kind < 0.9:
            return [*at, "click", "--repeat", "2", "--delay", "20", "1"]
        if kind < 0.94:
            return [*at, "click", self._chance.choice("2345")]
        return ["key", self._chance.choice(self.KEYS), "sleep", f"{self._chance.uniform(0, 0.3):.2f}"]

    def _somewhere(self) -> list[str]:
        """Anywhere; more often where buttons are."""
        width, height = self._size
        low = self._chance.random() < 0.6
        y = self._chance.randrange(height * 3 // 4, height) if low else self._chance.randrange(height)
        return [str(self._chance.randrange(width)), str(y)]
