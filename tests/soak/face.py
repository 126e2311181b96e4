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

from circulation.desk import DeskUnreachable
from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from circulation.presented import ReceiptChoice
from devices.ports import Health, PrintOutcome
from kiosk.config import LANGUAGES
from kiosk.offered import offered
from kiosk.steady_memory import give_back, keep_memory_steady
from kiosk.ui import Borrowing, Intent, Rest, Shown
from tests.kiosk.virtual_time import VirtualLoop
from tests.kiosk.world import UNKNOWN, Kiosk, an_event, book, lent, lost

EACH = 20  # visits, between two looks at the memory
WARM = 200  # visits; what is loaded once is loaded by then
PATRONS = [f"200000000001{one:02d}" for one in range(12)]
KINDS = ("pass_reader", "item_scanner", "receipt_printer")
TITLES = ("Oeroeg", "De vloek van de boekenwurm", "Ciske de Rat", "Het huis met de honderd ramen en de ene deur")
NOES = [one for one in Reason if not one.value.startswith("offline")]


@dataclass
class Seen:
    """What was measured. Memory in KiB, as the kernel counts it; times in ms a frame."""

    visits: int
    seed: int
    memory: list[int] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    screens: dict[str, int] = field(default_factory=dict)


class Window:
    """The real app; `Ui` of the flows. Keeps the last picture only."""

    def __init__(self, size: tuple[int, int]) -> None:
        from kiosk import app as module
        from tests.kiosk.screens.conftest import Kiosk as Screens

        module.REST_FPS = module.PAINTED_FPS = module.VISIT_FPS = 0
        self.screens = Screens(languages=LANGUAGES)
        self.screens.app._clock._max_fps = 0
        self.screens.resize(size)
        self.shown = Shown()
        self.kinds: dict[str, int] = {}
        self.frames: list[float] = []

    def show(self, shown: Shown) -> None:
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


class Visits:
    """Somebody at the kiosk, by chance."""

    def __init__(self, window: Window, chance: random.Random) -> None:
        self.window, self.chance, self.loop = window, chance, VirtualLoop()
        self.kiosk = Kiosk(self.loop, KINDS, returns=True)
        self.kiosk.stage._ui = window
        self.kiosk.stage._languages = LANGUAGES
        self._does(self.kiosk.begin())

    def one(self) -> None:
        """From rest to rest."""
        self._forget()
        if self.chance.random() < 0.15:
            self._touch(Intent.BRING_BACK)
            self._scans(self.chance.randint(1, 6))
        else:
            self._borrows()
        if self.chance.random() < 0.1:
            self._does(self.kiosk.wait(120))  # walks away
        for intent in (Intent.DONE, self.chance.choice((Intent.PRINT, Intent.NO_RECEIPT)), Intent.STOP):
            self._touch(intent)
        self._does(self.kiosk.take_away())
        self._does(self.kiosk.wait(120))
        assert isinstance(self.window.shown.screen, Rest), self.window.shown.screen
        self.kiosk.check()

    def _borrows(self) -> None:
        number = self.chance.choice([*PATRONS, UNKNOWN])
        self.kiosk.desk.patrons[number] = self._patron(number)
        self._does(self.kiosk.tap(number))
        if self.chance.random() < 0.3:
            self._touch(Intent.HELP)
            self._touch(Intent.CLOSE)
        if self.chance.random() < 0.3:
            self._touch(Intent.LANGUAGE)
            self._touch(Intent.LANGUAGE, self.chance.choice(LANGUAGES))
        if isinstance(self.window.shown.screen, Borrowing):
            self._scans(self.chance.randint(0, 9))
            if self.chance.random() < 0.05:
                self._does(self.kiosk.health("item_scanner", Health.LOST))
                self._does(self.kiosk.health("item_scanner", Health.READY))

    def _patron(self, number: str) -> Identified | Refused | Exception:
        kind = self.chance.random()
        if number == UNKNOWN or kind < 0.1:
            return self._no()
        if kind < 0.13:
            return DeskUnreachable("ConnectionError", sent=False)
        return Identified(
            PatronRef(number),
            self.chance.choice(("", *LANGUAGES)),
            self.chance.choice(list(ReceiptChoice)),
            first_name=self.chance.choice(("", "", "Ria")),
            may_borrow=self.chance.choice((None, 3, 100)),
            cannot_borrow=self._no() if self.chance.random() < 0.1 else None,
            messages=("Er ligt een sjaal voor je bij de balie.",) if self.chance.random() < 0.1 else (),
        )

    def _scans(self, count: int) -> None:
        for _ in range(count):
            item = book(self.chance.randint(1, 60))
            event = an_event()
            kind = self.chance.random()
            answer = lent(item, self.chance.choice(TITLES)) if kind < 0.8 else self._no()
            self.kiosk.desk.replies[item] = [lost(event) if kind > 0.95 else answer]
            self._does(self.kiosk.scan(item))
            if kind > 0.97:
                self._does(self.kiosk.answer(event, lent(item)))

    def _no(self) -> Refused:
        return Refused(self.chance.choice(NOES), "K13", self.chance.choice(list(NextStep)), {"count": 3, "cents": 620})

    def _touch(self, intent: Intent, what: str = "") -> None:
        """By the finger, where it is offered."""
        if intent not in offered(self.window.shown.screen, self.window.shown.over):
            return
        screens = self.window.screens
        screens.rested()
        found = [one for one in screens.stage.touchable() if one.intent == intent.value]
        found = [one for one in found if not what or getattr(one, "language", what) == what]
        if found:
            screens.tap(*screens.stage.to_parent(*found[0].center))
        told, screens.touched[:] = list(screens.touched), []
        self._does(self.kiosk.put(*told))

    def _does(self, act: object) -> None:
        self.loop.run_until_complete(act)  # type: ignore[arg-type]
        self.window.draw()

    def _forget(self) -> None:
        """What the script remembers is no memory of the product."""
        desk, self.kiosk.printer.outcome = self.kiosk.desk, self.chance.choice(list(PrintOutcome))
        for one in (desk.asked, desk.returned, self.kiosk.printer.jobs, self.kiosk.receipts):
            one.clear()
        desk.replies.clear()


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
    seen.screens = window.kinds
    return seen


if __name__ == "__main__":
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    os.environ.setdefault("LP_NUM_THREADS", "0")
    keep_memory_steady()  # as the kiosk does when it starts
    print(json.dumps(asdict(main(int(sys.argv[1]), int(sys.argv[2])))))
