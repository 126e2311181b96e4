"""One ordered stream of what happens to a kiosk: touches, device events, late answers. The only way in for threads."""

import asyncio
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from circulation.identifiers import EventId
from circulation.outcomes import CheckedOut, Refused, Voided
from devices.ports import BarcodeScanned, DeviceEvent, KeyPressed, PassPresented, PassUnreadable, ScanUnreadable
from kiosk.ui import Intent, Kind
from values import dataclass

if TYPE_CHECKING:
    from circulation.affairs import Renewed, RenewedAll

Late: TypeAlias = "CheckedOut | Renewed | RenewedAll | Refused | Voided"


@dataclass(frozen=True, slots=True)
class Touched:
    """A patron touched something that was offered. `what`: which of several, as the screen's own fact names it: a
    language (nothing where all should be shown), a row, a key. Never in the repr, for it may be a digit of a PIN."""

    intent: Intent
    what: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Focused:
    """The ring stands around something that can be touched: what it is called, and which one of how many. Never in the
    repr, for it may be a key of a PIN. `kind`: of which picture that is true, None where it is of any."""

    name: str = field(repr=False)
    number: int = field(repr=False)
    maximum: int
    kind: Kind | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Untouched:
    """A key was pressed, and nothing was there that it could move to or touch."""


@dataclass(frozen=True, slots=True)
class Stirred:
    """A finger came down upon the screen, anywhere, or moves over it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The library system answered late what it had left open; the visit that asked may be over."""

    event: EventId
    answer: Late


@dataclass(frozen=True, slots=True)
class Reached:
    """The line to the library system came (True) or went (False). `lends`: borrowing goes on without it. `admitted`:
    whether it lets this kiosk act at all."""

    online: bool
    lends: bool = False
    admitted: bool = True


Happening = Touched | Stirred | Focused | Untouched | Answered | Reached | DeviceEvent


_MANY = (Touched, Stirred, KeyPressed, PassPresented, PassUnreadable, BarcodeScanned, ScanUnreadable)


class Bus:
    """Threads `put`, the flow `get`s, in the order of arrival. Bounded: a scanner gone mad cannot fill the memory, nor
    push out what tells how things stand (answers, health, a pass taken away), which is little."""

    LIMIT = 256

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()

    def put(self, happening: Happening) -> None:
        """From any thread. Ignored once the loop is closed; what a patron does, also where the stream is full."""
        try:
            self._loop.call_soon_threadsafe(self._put, happening)
        except RuntimeError:
            return

    def _put(self, happening: Happening) -> None:
        if self._queue.qsize() < self.LIMIT or not isinstance(happening, _MANY):
            self._queue.put_nowait(happening)

    async def get(self) -> Happening:
        """The next happening, awaited."""
        return await self._queue.get()
