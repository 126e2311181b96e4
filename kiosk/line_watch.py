"""Keeps an eye on the line: repeats what was not answered, and tells the screen whether anybody answers at all."""

import asyncio
import logging

from kiosk.bus import Answered, Bus, Reached
from kiosk.desks.in_background import VisitDesk
from offline_cache.journal import JournalFault

log = logging.getLogger(__name__)
SOON_S = 1.0
LATER_S = 10.0
LATEST_S = 30.0


async def watch_line(desk: VisitDesk, bus: Bus) -> None:
    """For ever: soon while something waits for its answer (with back-off), now and then otherwise."""
    pause, online = SOON_S, True  # the screen also begins with the hope that somebody answers
    while True:
        try:
            reached, waiting = await _look(desk, bus)
        except JournalFault as fault:
            log.critical("redelivery: %s", fault)
            reached, waiting = online, False
        if reached is not online:
            online = reached
            log.info("the library system %s", "answers" if online else "does not answer")
            bus.put(Reached(online))
        pause = (SOON_S if waiting else LATER_S) if online else min(pause * 1.5, LATER_S if waiting else LATEST_S)
        await asyncio.sleep(pause)


async def _look(desk: VisitDesk, bus: Bus) -> tuple[bool, bool]:
    """Whether the line is up, and whether something still waits."""
    reached = await desk.is_reachable()
    if reached and await desk.has_undelivered():
        for event, answer in await desk.redeliver():
            bus.put(Answered(event, answer))
    return reached, await desk.has_undelivered()
