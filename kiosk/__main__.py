"""Builds the kiosk by hand, from the configuration file to the window, and runs it.

`--check-config` judges a file with this release's own eyes and opens nothing (house.md §2).
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from circulation.identifiers import EventId, new_event_id
from kiosk.config import ConfigError, KioskConfig, read_config
from kiosk.notify import notify
from kiosk.opening import CannotStart, opened, why_closed
from kiosk.texts import available
from kiosk.touch_heard import hearing

if TYPE_CHECKING:
    from devices.speaker import Speaker
    from kiosk.aid import Aid
    from kiosk.app import KioskApp
    from kiosk.bus import Bus
    from kiosk.desks.in_background import Workers
    from kiosk.flows.pin import NewKeys
    from kiosk.visit_pad import PadRules
    from offline_cache.health import Health
    from offline_cache.journal import Journal

log = logging.getLogger("kiosk")
IN_USE = "journal-in-use"
WAYS_IN = frozenset({"pass_reader", "item_scanner", "item_pad"})  # the devices that a visit begins with
PICTURE_FIRST_S = 0.1  # until what only a visit needs is loaded
OF_AID = frozenset({"speech", "keypad", "headphones"})  # the devices by which a closed kiosk is heard too


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 ended in order, 1 by a fault; 2 the configuration cannot be used, 3 another kiosk runs."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["cache"]:
        from offline_cache.cli import main as cache

        return cache(words[1:])
    gc.disable()  # until the first picture: a start makes things and throws hardly any away
    given = _arguments().parse_args(words)
    logging.basicConfig(level=given.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        config = read_config(given.config, available())
    except ConfigError as fault:
        print(fault, file=sys.stderr)
        return 2
    if given.check_config:
        from kiosk.config_check import checked

        return checked(config, given.config, ports=given.ports)
    from kiosk.steady_memory import keep_memory_steady
    from offline_cache.private_memory import keep_memory_private

    keep_memory_steady()  # before the first thread
    keep_memory_private()  # a dump of it would hold what no disk may hold
    return run(config, given.config, fullscreen=given.fullscreen)


def run(config: KioskConfig, file: Path, *, fullscreen: bool) -> int:
    """Lends, or stays closed for as long as the journal or a secret cannot be used. Exit codes as of `main`."""
    from offline_cache.health import CLOSED, OPEN, Health, health_file
    from offline_cache.journal import JournalFault

    health = Health(health_file(file), partial(datetime.now, UTC), lambda words: notify(f"STATUS={words}"))
    try:
        token, journal = opened(config)
    except (CannotStart, JournalFault) as fault:
        log.critical("cannot start: %s", fault)
        if fault.word == IN_USE:
            return 3  # another kiosk has the screen
        health.kiosk(CLOSED, fault.word)
        return _stay_closed(config, file, fault.word, health, fullscreen=fullscreen)
    health.kiosk(OPEN)
    return _lend(config, token, journal, health, fullscreen=fullscreen)


def _lend(config: KioskConfig, token: str, journal: Journal, health: Health, *, fullscreen: bool) -> int:
    """The whole program on one screen: who knows whom stands here and nowhere else."""
    from devices.open_devices import open_devices
    from kiosk import paper
    from kiosk.bus import Answered, Bus, Reached
    from kiosk.desks.breaker import Breaker
    from kiosk.desks.in_background import BackgroundDesk, BackgroundPrinter, Workers
    from kiosk.desks.journalled import JournalledDesk
    from kiosk.desks.mail import StoreMail
    from kiosk.desks.online_first import OnlineFirst
    from kiosk.desks.store import StoreDesk
    from kiosk.desks.without_line import WithoutLine
    from kiosk.flow_thread import FlowThread
    from kiosk.heard import Heard
    from kiosk.line_watch import watch_line
    from kiosk.memory import beside_the_pull, offline_desk
    from kiosk.offered import BUTTONS_AT_REST
    from kiosk.parked import Parked
    from kiosk.settings import Patience
    from kiosk.stage import Stage
    from kiosk.visit import Counter, serve
    from kiosk.visit_pad import BackgroundPad
    from offline_cache.clock import KioskClock
    from offline_cache.event_line import StoreEvents
    from offline_cache.health import CLOSED, OPEN
    from offline_cache.replay import Replay
    from offline_cache.store_client import StoreClient

    workers, flows, undo = Workers(), FlowThread(), ExitStack()
    bus = Bus(flows.loop)
    devices = open_devices(config.devices, bus.put)
    try:
        devices.start(WAYS_IN)  # the reader answers while the window is made; what else is there begins after it

        client = StoreClient(config.store.url, token, lambda state: health.line(state.value))
        clock = KioskClock(journal.floor)
        known_refused, wish = beside_the_pull(config)
        without_line = WithoutLine(lambda: offline_desk(config, journal, clock, undo), clock.now)
        online_first = OnlineFirst(
            StoreDesk(client),
            StoreEvents(client),
            without_line,
            Breaker(time.monotonic),
            config.store.deadline_s,
            lambda: bus.put(Reached(False, online_first.lends(), online_first.is_admitted())),
            known_refused,
            wish,
        )
        journalled = JournalledDesk(
            online_first,
            journal,
            Replay(online_first, journal, clock.told),
            clock,
            config.store.deadline_s,
            lambda event, answer: bus.put(Answered(event, answer)),
        )
        desk = BackgroundDesk(journalled, workers)
        prepare = partial(_prepare, workers, devices.start, client.prepare, without_line.prepare)
        app = _window(config, bus, prepare, fullscreen=fullscreen, is_deaf=hearing(config, undo))
        ui = Heard(app, devices.signals) if devices.signals is not None else app
        kinds = (one.kind for one in config.devices)
        stage = Stage(
            ui,
            bus,
            config.kiosk.languages,
            kinds,
            passes_on_pad=config.pad.passes,
            returns=config.visit.returns,
            accounts=config.visit.accounts,
            buttons=[BUTTONS_AT_REST[one] for one in config.look.buttons],
            aid=_aid(config, devices.speaker, app),
            light=any(one.kind == "signals" and "port" in one.options for one in config.devices),
            on_help=lambda: workers.begin(health.help_called),
            access_choices=app.access_choices,
        )
        patience = Patience(idle=config.visit.idle_s, warning=config.visit.warning_s)
        counter = Counter(
            stage,
            desk,
            BackgroundPrinter(devices.printer, workers),
            BackgroundPad(devices.item_pad, workers, _pad_rules(config), gates=_has_gates(config)),
            Parked(time.monotonic, patience.resume),
            partial(paper.of_loans, config.branch.name),
            lambda: os.urandom(16).hex(),
            patience,
            lambda word: health.kiosk(CLOSED if word else OPEN, word),
            _keys_of_pad(config),
            StoreMail(client, workers, _new_event, partial(paper.subject, config.branch.name)),
            make_return_receipt=partial(paper.of_returns, config.branch.name),
        )
        flows.start(lambda: serve(counter), lambda: watch_line(desk, bus), on_fault=app.stop_from_thread)
        app.run()
    finally:
        notify("STOPPING=1")
        devices.stop()
        flows.stop()
        workers.close()
        undo.close()
        journal.close()
    return 1 if flows.failed else 0


def _stay_closed(config: KioskConfig, file: Path, word: str, health: Health, *, fullscreen: bool) -> int:
    """A screen that says so, aloud too, and no more. Ends when all could be opened: the service manager starts the
    kiosk anew, with the configuration and the secrets of that moment."""
    from devices.open_devices import open_devices
    from kiosk.bus import Bus
    from kiosk.closed import stay_closed
    from kiosk.desks.in_background import Workers
    from kiosk.flow_thread import FlowThread
    from kiosk.settings import Patience
    from kiosk.stage import Stage
    from offline_cache.health import CLOSED

    workers, flows, undo = Workers(), FlowThread(), ExitStack()
    bus = Bus(flows.loop)
    devices = open_devices([one for one in config.devices if one.kind in OF_AID], bus.put)
    try:
        devices.start()
        app = _window(config, bus, lambda: None, fullscreen=fullscreen, is_deaf=hearing(config, undo))
        aid = _aid(config, devices.speaker, app)
        stage = Stage(app, bus, config.kiosk.languages, (), aid=aid, access_choices=app.access_choices)

        async def until_open() -> None:
            why = partial(workers.run, partial(why_closed, file))
            # That it is over says the kiosk that is started then.
            await stay_closed(
                stage, word, why, lambda one: health.kiosk(CLOSED, one) if one else None, Patience().reading
            )
            app.stop_from_thread()

        flows.start(until_open, on_fault=app.stop_from_thread)
        app.run()
    finally:
        notify("STOPPING=1")
        devices.stop()
        flows.stop()
        workers.close()
        undo.close()
    return 1 if flows.failed else 0


def _window(
    config: KioskConfig,
    bus: Bus,
    after_first: Callable[[], None],
    *,
    fullscreen: bool,
    is_deaf: Callable[[int], bool],
) -> KioskApp:
    """The screen; `after_first`: what may begin once it stands."""
    from kiosk.app import KioskApp
    from kiosk.theme import CONTRAST

    gc.freeze()  # Kivy looks through all that there is when it makes a window
    return KioskApp(
        title="Kiosk",
        languages=config.kiosk.languages,
        on_touch=bus.put,
        on_focus=bus.put,
        size=(config.screen.width, config.screen.height),
        fullscreen=fullscreen,
        on_frame=_Alive(after_first),
        library_name=config.branch.name,
        today=date.today,
        colours=CONTRAST if config.screen.contrast else config.look.colours,
        welcome=config.look.welcome,
        logo=str(config.look.logo or ""),
        is_deaf=is_deaf,
    )


def _aid(config: KioskConfig, speaker: Speaker | None, ring: KioskApp) -> Aid | None:
    """For whoever does not see the screen or cannot touch it; None where no device is there for them."""
    kinds = {one.kind: one for one in config.devices}
    if not {"speech", "keypad"} & kinds.keys():
        return None
    from kiosk.aid import Aid

    loudspeaker = "speech" in kinds and bool(kinds["speech"].options.get("loudspeaker"))
    welcome = config.look.welcome
    return Aid(speaker, ring, config.kiosk.languages, date.today, loudspeaker=loudspeaker, welcome=welcome)


def _prepare(workers: Workers, *calls: Callable[[], None]) -> None:
    """What the first visit would wait for; the first picture does not wait for it."""

    def later(call: Callable[[], None]) -> None:
        time.sleep(PICTURE_FIRST_S)
        call()

    for call in calls:
        workers.begin(partial(later, call))


def _keys_of_pad(config: KioskConfig) -> NewKeys:
    """P6: in order, or so that nobody can tell from the places of a finger what was typed."""
    from random import SystemRandom

    from kiosk.flows.pin import in_order, scrambled

    return partial(scrambled, SystemRandom()) if config.visit.scrambled_pin_pad else in_order


def _pad_rules(config: KioskConfig) -> PadRules:
    from kiosk.visit_pad import PadRules

    return PadRules(config.pad.failed_unlock == "undo", config.pad.all_tagged)


def _has_gates(config: KioskConfig) -> bool:
    """Whether the pad switches anything: some libraries have pads and no gates."""
    return any(one.kind == "item_pad" and one.options.get("security") != "none" for one in config.devices)


class _Alive:
    """Called by the drawing loop, so that a window that stands still is found by the service manager's watchdog."""

    def __init__(self, after_first: Callable[[], None]) -> None:
        self._after_first = after_first
        self._ready = False

    def __call__(self) -> None:
        if not self._ready:
            gc.freeze()  # what a start makes stays; looking through it again and again finds nothing
            gc.enable()
        notify("WATCHDOG=1" if self._ready else "READY=1")
        if not self._ready:
            self._ready = True
            self._after_first()


def _new_event() -> EventId:
    return new_event_id(time.time_ns() // 1_000_000, os.urandom(10))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk", description="Self-service kiosk of a public library.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the kiosk's configuration (TOML)")
    parser.add_argument("--fullscreen", action="store_true", help="use the whole screen, without borders")
    parser.add_argument("--check-config", action="store_true", help="check the configuration and end")
    parser.add_argument("--ports", action="store_true", help="with it: a device that is not plugged in is an error")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
