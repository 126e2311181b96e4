"""One ordered stream of what happens to a kiosk: touches, device events, late answers. The only way in for threads."""

import asyncio
from dataclasses import dataclass

from circulation.identifiers import EventId
from circulation.outcomes import CheckedOut, Refused, Voided
from devices.ports import DeviceEvent
from kiosk.ui import Intent


@dataclass(frozen=True, slots=True)
class Touched:
    """A patron touched something that was offered. `language` goes with Intent.LANGUAGE only."""

    intent: Intent
    language: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The library system answered a call that was pending, or `None` for "no answer": `sent` says whether it may
    have been done."""

    event: EventId
    answer: CheckedOut | Refused | Voided


@dataclass(frozen=True, slots=True)
class Reached:
    """The line to the library system came (True) or went (False)."""

    online: bool


Happening = Touched | Answered | Reached | DeviceEvent


class Bus:
    """Threads `put`, the flow `get`s, in the order of arrival. Bounded: a scanner gone mad cannot fill the memory."""

    LIMIT = 256

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()

    def put(self, happening: Happening) -> None:
        """From any thread. Silently ignored once the loop is closed, and where the stream is full."""
        try:
            self._loop.call_soon_threadsafe(self._put, happening)
        except RuntimeError:
            return

    def _put(self, happening: Happening) -> None:
        if self._queue.qsize() < self.LIMIT:
            self._queue.put_nowait(happening)

    async def get(self) -> Happening:
        """The next happening, awaited."""
        return await self._queue.get()

    def take_waiting(self) -> list[Happening]:
        """All that already waits, without awaiting; used to drop what was touched or scanned for an ended visit."""
        taken = []
        while not self._queue.empty():
            taken.append(self._queue.get_nowait())
        return taken
