"""The windows that are measured, each a process of its own: the kiosk itself and the baselines it is compared with.

`python -m tests.benchmark.window KIND --config FILE`; prints what happens as JSON lines, in CLOCK_MONOTONIC seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.config import KioskConfig  # a baseline loads nothing of ours that it does not use

ANIMATION_STEP_S = 1 / 60  # Kivy's own


def tell(what: str, **facts: object) -> None:
    """One JSON line on standard output."""
    sys.stdout.write(json.dumps({"what": what, "at": time.monotonic(), **facts}) + "\n")
    sys.stdout.flush()


def watch_flips(after: Any) -> None:
    """Calls `after()` each time that a drawn frame has been handed to the screen."""
    from kivy.core.window import Window

    flip = Window.flip

    def flipped() -> None:
        flip()
        after()

    Window.flip = flipped


def empty(config_file: Path) -> None:
    """An empty Kivy window of the same size, at Kivy's own 60 frames a second; nothing of the kiosk is loaded."""
    screen = tomllib.loads(config_file.read_text("utf-8"))["screen"]
    os.environ.update(KIVY_NO_ARGS="1", KIVY_NO_CONFIG="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1")
    from kivy.config import Config

    Config.set("graphics", "width", str(screen["width"]))
    Config.set("graphics", "height", str(screen["height"]))
    Config.set("graphics", "multisamples", "0")
    from kivy.app import App
    from kivy.uix.widget import Widget

    class Empty(App):  # type: ignore[misc]
        def build(self) -> Any:
            return Widget()

        def on_start(self) -> None:
            told = threading.Event()

            def once() -> None:
                if not told.is_set():
                    told.set()
                    tell("first frame")

            watch_flips(once)

    Empty().run()


def label(config: KioskConfig) -> None:
    """The same window showing a constant label whenever a pass is presented, and wiping it when it is removed."""
    from kiosk.app import configure_kivy

    configure_kivy((config.screen.width, config.screen.height), fullscreen=True)
    from kivy.app import App
    from kivy.clock import Clock
    from kivy.core.window import Window
    from kivy.uix.label import Label

    from devices.open_devices import open_devices
    from devices.ports import PassPresented

    Window.clearcolor = (0.98, 0.97, 0.95, 1)
    text = Label(text="", font_size=64, color=(0, 0, 0, 1))
    seen: dict[str, float] = {}

    def draw(_: float) -> None:
        text.text = "Welkom terug"
        seen["drawing"] = seen.pop("event")

    def wipe(_: float) -> None:
        text.text = ""

    trigger = Clock.create_trigger(draw)

    def on_event(event: object) -> None:
        if isinstance(event, PassPresented):
            seen["event"] = time.monotonic()
            trigger()

    def flipped() -> None:
        if "drawing" in seen:
            tell("frame", seconds=time.monotonic() - seen.pop("drawing"))
            Clock.schedule_once(wipe, 0.3)

    class LabelApp(App):  # type: ignore[misc]
        def build(self) -> Any:
            return text

        def on_start(self) -> None:
            watch_flips(flipped)
            tell("ready")

    devices = open_devices([one for one in config.devices if one.kind == "pass_reader"], on_event)
    devices.start()
    LabelApp().run()


def kiosk(config_file: Path, *, redrawn: bool = False) -> None:
    """The kiosk as it is, with its own main; only watched: passes going in, pictures coming out.

    `redrawn`: its waiting screen is painted anew at each turn of the drawing loop, see `_redraw_waiting`.
    """
    from devices.ports import HealthChanged, PassPresented
    from kiosk import __main__ as door
    from kiosk import bus
    from kiosk.desks.store import StoreDesk

    seen: dict[str, Any] = {"asked": 0.0}
    put, identify = bus.Bus.put, StoreDesk.identify

    def watched_put(self: bus.Bus, happening: Any) -> None:
        if isinstance(happening, PassPresented):
            seen["event"] = time.monotonic()
        if isinstance(happening, HealthChanged):
            tell("health", kind=happening.kind, state=happening.health.state.value)
        put(self, happening)

    def watched_identify(self: StoreDesk, presented: Any, deadline_s: float, pin: str | None = None) -> Any:
        began = time.monotonic()
        try:
            return identify(self, presented, deadline_s, pin)
        finally:
            seen["asked"] = time.monotonic() - began

    bus_get = bus.Bus.get

    async def watched_get(self: bus.Bus) -> Any:
        if "serves" not in seen:
            seen["serves"] = True
            tell("serves")
        return await bus_get(self)

    bus.Bus.get = watched_get  # type: ignore[method-assign]
    bus.Bus.put = watched_put  # type: ignore[method-assign]
    StoreDesk.identify = watched_identify  # type: ignore[method-assign]
    _watch_app(seen)
    if redrawn:
        _redraw_waiting(seen)
    door.main(["--config", str(config_file), "--log-level", "ERROR", "--fullscreen"])


def _watch_app(seen: dict[str, Any]) -> None:
    """Notes which screen was given to the window last, and each frame that reaches the glass after it."""
    from kiosk.app import KioskApp

    run, draw = KioskApp.run, KioskApp._draw_newest

    def watched_draw(self: Any, passed: float) -> None:
        draw(self, passed)
        seen["screen"] = type(self._shown.screen).__name__

    def flipped() -> None:
        now = time.monotonic()
        if "last" in seen:
            tell("flip", screen=seen.get("screen", ""), gap=now - seen["last"])
        else:
            tell("first frame")
        seen["last"] = now
        if seen.get("screen") == "Borrowing" and "event" in seen:
            tell("frame", seconds=now - seen.pop("event"), asked=seen["asked"])

    def watched_run(self: Any) -> None:
        watch_flips(flipped)
        run(self)

    watched_draw.__name__ = draw.__name__  # Kivy's clock finds a method again by its name
    KioskApp._draw_newest = watched_draw  # type: ignore[method-assign, assignment]
    KioskApp.run = watched_run  # type: ignore[method-assign]


def _redraw_waiting(seen: dict[str, Any], step_s: float = 0.0) -> None:
    """Paints the whole waiting screen at each turn of the drawing loop: its own dots move too seldom to tell anything.

    What keeps the Kivy thread busy, or from its turn, is then seen as a longer time between two frames. `step_s`: as
    often as that, which the loop's own rate of frames may make less.
    """
    from kiosk.app import KioskApp

    run = KioskApp.run

    def redrawn_run(self: Any) -> None:
        def redraw(_: float) -> None:
            if seen.get("screen") == "Waiting":
                self._window.canvas.ask_update()

        self._clock.schedule_interval(redraw, step_s)
        run(self)

    KioskApp.run = redrawn_run  # type: ignore[method-assign]


def moving(config: KioskConfig) -> None:
    """The same, painted as often as what moves on a screen is: in steps of Kivy's animations, at the kiosk's rate."""
    waiting(config, ANIMATION_STEP_S)


def waiting(config: KioskConfig, step_s: float = 0.0) -> None:
    """The kiosk's own waiting screen while nothing at all is pending: no flow, no device, no store."""
    from datetime import date

    from kiosk.app import KioskApp
    from kiosk.ui import Shown, Waiting

    seen: dict[str, Any] = {}
    _watch_app(seen)
    _redraw_waiting(seen, step_s)
    app = KioskApp(
        title="Kiosk",
        languages=config.kiosk.languages,
        on_touch=lambda touched: None,
        size=(config.screen.width, config.screen.height),
        fullscreen=True,
        on_frame=lambda: None,
        library_name=config.branch.name,
        today=date.today,
    )
    app.show(Shown(Waiting()))
    app.run()


def lending(config: KioskConfig) -> None:
    """The screen that moves, while a thread decides offline on the mirror and journals it, ten times a second."""
    threading.Thread(target=_lend_for_ever, daemon=True).start()
    moving(config)


def _lend_for_ever() -> None:
    import random
    from datetime import timedelta
    from itertools import count

    from circulation.events import Action
    from circulation.identifiers import KioskId, new_event_id
    from offline_cache.journal import Journal
    from offline_cache.mirror import Mirror
    from offline_cache.offline_desk import OfflineDesk
    from offline_cache.sealing import Seal
    from tests.benchmark import cache_rows as made

    numbers = count(1)
    mirror = Mirror(Path(os.environ["BENCH_MIRROR"]), lambda: made.KEY)
    desk = OfflineDesk(mirror, lambda _: (), lambda *_: timedelta())
    path = Path(os.environ["BENCH_JOURNAL"]) / f"{time.monotonic_ns()}" / "journal.db"
    journal = Journal(path, Seal(bytes(32)), KioskId("bench-1"), lambda: new_event_id(next(numbers), os.urandom(10)))
    while True:
        time.sleep(0.1)
        number = random.randrange(10_000)
        shown, barcode = made.shown(number), made.barcode(number)
        desk.decide(Action.CHECK_OUT, shown, barcode, made.NOW)
        journal.append(Action.CHECK_OUT, shown, barcode, made.NOW, made.TOLD)


def sense(config: KioskConfig) -> None:
    """Bare nfcpy: `sense` ten times a second, nothing else."""
    import nfc.clf
    from nfc.clf import RemoteTarget, pn532, transport

    port = next(str(one.options["port"]) for one in config.devices if one.kind == "pass_reader")
    reader = nfc.clf.ContactlessFrontend()
    reader.device = pn532.init(transport.TTY(port))
    tell("ready")
    while True:
        reader.sense(RemoteTarget("106A"))
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("empty", "label", "waiting", "moving", "lending", "kiosk", "redrawn", "sense"))
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args()
    if given.kind in ("kiosk", "redrawn"):
        kiosk(given.config, redrawn=given.kind == "redrawn")
    elif given.kind == "empty":
        empty(given.config)
    else:
        from kiosk.config import read_config

        kinds = {
            "label": label,
            "waiting": waiting,
            "moving": moving,
            "lending": lending,
            "sense": sense,
        }
        kinds[given.kind](read_config(given.config))


if __name__ == "__main__":
    main()
