"""Drawn visits, one after the other, in one life of the real flows and the real screens, touched as a finger does.

A process of its own (`python -m tests.soak.face VISITS SEED`), so that its memory is that of the face and nothing else:
library system and printer follow a script, time is virtual, and each picture is laid out and painted. With
KIVY_GL_BACKEND=mock nothing is painted, which is many times faster. Prints one line of JSON.

Where OpenGL is drawn in software (llvmpipe), what was drawn waits in scenes of 36 MB until something asks for it:
without that asking, looks at the memory differ by 8 %. So each frame is finished, on one thread.
"""

import gc
import json
import os
import random
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from kiosk.aid import Ring
from kiosk.bus import Happening
from kiosk.config import LANGUAGES
from kiosk.steady_memory import give_back, keep_memory_steady
from kiosk.ui import Intent, Shown
from tests.soak.visits import ROUND, Visits

NAMED = ("language", "choice", "section", "what")  # by which of these a button says which of several it is
EACH = ROUND  # visits, between two looks at the memory
WARM = 200  # visits; what is loaded once is loaded by then


@dataclass
class Seen:
    """What was measured. Memory in KiB, as the kernel counts it; times in ms a frame. `screens`: how often each page,
    and each card over one, was shown; `looks`: how often all was built for another way to draw it, or back."""

    visits: int
    seed: int
    memory: list[int] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    screens: dict[str, int] = field(default_factory=dict)
    looks: int = 0


class Window:
    """The real app; `Ui` of the flows. Keeps the last picture only."""

    def __init__(self, size: tuple[int, int]) -> None:
        from kiosk import app as module
        from tests.kiosk.screens.conftest import Kiosk as Screens

        module.REST_FPS = module.PAINTED_FPS = module.VISIT_FPS = 0
        self.screens = Screens(languages=LANGUAGES)
        self.screens.app._clock._max_fps = 0
        self.screens.resize(size)
        self.of_keys: list[Happening] = []
        self.screens.app._on_focus = self.of_keys.append
        self.shown = Shown()
        self.kinds: dict[str, int] = {}
        self.looks = 0
        self.frames: list[float] = []

    @property
    def ring(self) -> Ring:
        """That keys move."""
        app: Ring = self.screens.app
        return app

    def show(self, shown: Shown) -> None:
        self.looks += shown.access != self.shown.access
        self.shown = shown
        name = type(shown.over or shown.screen).__name__
        self.kinds[name] = self.kinds.get(name, 0) + 1
        self.screens.app.show(shown)

    def draw(self) -> None:
        """What is shown now, in whole frames as the app makes them: the first one lays it out and paints it."""
        began = time.perf_counter()
        self.screens.loop.idle()
        self._finish()
        self.frames.append(1000 * (time.perf_counter() - began))
        self.screens.loop.idle()

    def touch(self, intent: Intent, what: str = "") -> None:
        """By the finger, where that can be touched; `what`: which of several, else any of them."""
        self.screens.rested()
        found = [one for one in self.screens.stage.touchable() if one.intent == intent.value]
        found = [one for one in found if not what or what in (getattr(one, name, "") for name in NAMED)]
        if found:
            self.screens.tap(*found[-1].to_window(*found[-1].center))

    def told(self) -> list[Happening]:
        """What it has told since, each once: touches, and what came of keys."""
        told = [*self.screens.touched, *self.of_keys]
        self.screens.touched.clear()
        self.of_keys.clear()
        return told

    def settled(self) -> int:
        """KiB that are held once nothing waits to be thrown away: what is drawn no more goes with the next frames."""
        gc.collect()
        for _ in range(3):
            self.screens.loop.idle()
            self.screens.window.dispatch("on_draw")
            self._finish()
        give_back()
        return memory()

    def _finish(self) -> None:
        """Until all is painted that was drawn."""
        from kivy.graphics.opengl import glFinish

        glFinish()


def memory() -> int:
    """KiB that this process holds in memory now."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0])


def main(visits: int, seed: int, size: tuple[int, int] = (1080, 1920)) -> Seen:
    """So many visits."""
    seen, window = Seen(visits, seed), Window(size)
    people = Visits(window, random.Random(seed))
    for number in range(1, visits + 1):
        people.one()
        if number % EACH == 0:
            seen.memory.append(window.settled())
            seen.frames.append(round(median(window.frames), 3))
            window.frames.clear()
            if os.environ.get("SOAK_TELLS"):
                print(number, seen.memory[-1], seen.frames[-1], file=sys.stderr, flush=True)
    people.loop.finish()
    seen.screens, seen.looks = window.kinds, window.looks
    return seen


if __name__ == "__main__":
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    os.environ.setdefault("LP_NUM_THREADS", "0")
    keep_memory_steady()  # as the kiosk does when it starts
    print(json.dumps(asdict(main(int(sys.argv[1]), int(sys.argv[2])))))
