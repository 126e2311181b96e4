"""Keeps an eye on the line: repeats what was not answered, and tells the screen whether anybody answers at all."""

import asyncio
import logging

from kiosk.bus import Bus, Reached
from kiosk.desks.in_background import VisitDesk
from offline_cache.journal import JournalFault

log = logging.getLogger(__name__)
SOON_S = 1.0
LATER_S = 10.0


async def watch_line(desk: VisitDesk, bus: Bus) -> None:
    """For ever: soon while something waits for its answer (with back-off), now and then otherwise.

    It outlives every fault: without it, what was not answered would stay so.
    """
    watch = _Watch(desk, bus)
    await asyncio.sleep(SOON_S)  # the first picture comes first
    while True:
        try:
            await watch.look()
        except JournalFault as fault:
            log.critical("redelivery: %s", fault)
        except Exception as fault:  # noqa: BLE001  its text may hold a value; the next look may do better
            log.critical("the watch over the line failed: %s", type(fault).__name__)
        await asyncio.sleep(watch.pause)


class _Watch:
    """What it saw last, and how many seconds it may rest now."""

    def __init__(self, desk: VisitDesk, bus: Bus) -> None:
        self._desk, self._bus = desk, bus
        self._seen = Reached(online=True)  # the screen also begins with the hope that somebody answers
        self._leave_alone_until = 0.0
        self.pause = SOON_S

    async def look(self) -> None:
        """One look, and while all is well the calm after it."""
        self.pause = min(self.pause * 1.5, LATER_S)
        online = await self._desk.is_reachable()
        coming_back = not online and await self._desk.is_coming_back()
        if coming_back or (online and not self._seen.online):
            self.pause, self._leave_alone_until = SOON_S, 0.0  # it was heard again: what waits need not wait longer
        lends = not online and await self._desk.lends_without_line()
        self._note(Reached(online, lends, await self._desk.is_admitted()))
        now = asyncio.get_running_loop().time()
        if now >= self._leave_alone_until and await self._desk.has_undelivered():
            self._leave_alone_until = now + await self._desk.redeliver()
        if online and not await self._desk.has_undelivered():
            self.pause = SOON_S
            await self._until_something_waits()

    def _note(self, seen: Reached) -> None:
        if seen.online is not self._seen.online:
            silent = "does not answer" if seen.admitted else "refuses this kiosk"
            log.info("the library system %s", "answers" if seen.online else silent)
        if seen != self._seen:
            self._seen = seen
            self._bus.put(seen)

    async def _until_something_waits(self) -> None:
        """A while at most: an answer lost just now is asked for again before the patron has gone."""
        for _ in range(round((LATER_S - SOON_S) / SOON_S)):
            if await self._desk.has_undelivered():
                return
            await asyncio.sleep(SOON_S)
