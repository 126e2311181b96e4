"""What happens, one thing after the other: what was put back, what was heard while nobody took it, then the bus."""

import asyncio
from collections import deque
from collections.abc import Callable

from devices.ports import HeadphonesChanged, HealthChanged, KeyPressed
from kiosk.bus import Bus, Happening

# Whoever pulls their headphones out, or whose keypad is gone, is not read to any more. What a device's health means for
# the flow is looked at when it is taken.
_AT_ONCE = (HeadphonesChanged, HealthChanged, KeyPressed)


class Ears:
    """Of one kiosk. Each happening is told to `note` once, in the order in which they come: what devices tell belongs
    together (lost, ready, what lies there). What speech must hear is noted before its turn, see `until`."""

    def __init__(self, bus: Bus, note: Callable[[Happening], None]) -> None:
        self._bus, self._note = bus, note
        self._waiting: asyncio.Task[Happening] | None = None
        self._returned: deque[Happening] = deque()
        self._heard: deque[tuple[Happening, bool]] = deque()  # and whether it was noted

    async def next(
        self, timeout_s: float | None, tasks: tuple[asyncio.Task[object], ...] = ()
    ) -> Happening | asyncio.Task[object] | None:
        """What comes next, a task that ended, or None when `timeout_s` seconds have passed."""
        if self._returned:
            return self._returned.popleft()
        if self._heard:
            happening, is_noted = self._heard.popleft()
        else:
            arrived = await self._arrives(timeout_s, tasks)
            if arrived is None or isinstance(arrived, asyncio.Task):
                return arrived
            happening, is_noted = arrived, False
        if not is_noted:
            self._note(happening)
        return happening

    async def until(self, task: asyncio.Task[object], timeout_s: float) -> None:
        """Awaits it, for so many seconds at most. What arrives meanwhile is there for `next` afterwards, in its order
        and behind whatever is put back."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout_s
        while not task.done() and (left := ends - loop.time()) > 0:
            arrived = await self._arrives(left, (task,))
            if arrived is not None and not isinstance(arrived, asyncio.Task):
                is_noted = isinstance(arrived, _AT_ONCE)
                if is_noted:
                    self._note(arrived)
                self._heard.append((arrived, is_noted))

    def put_back(self, happening: Happening) -> None:
        """Gives it to whoever asks next, after what was put back before."""
        self._returned.append(happening)

    def forget(self) -> None:
        """What was put back is gone."""
        self._returned.clear()

    async def _arrives(
        self, timeout_s: float | None, tasks: tuple[asyncio.Task[object], ...]
    ) -> Happening | asyncio.Task[object] | None:
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(self._bus.get())
        done, _ = await asyncio.wait({self._waiting, *tasks}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done:
                return task
        if self._waiting in done:
            happening, self._waiting = self._waiting.result(), None
            return happening
        return None
