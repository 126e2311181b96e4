"""Borrowing: each item is committed as it is scanned, newest on top. Ends by a touch or by time, never by a fault."""

import asyncio
import logging
from collections import deque
from enum import Enum

from circulation.desk import DeskUnreachable
from circulation.identifiers import EventId, IdentifierError, ItemBarcode, item_barcode
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented
from devices.ports import BarcodeScanned, PassPresented, PassRemoved, ScanUnreadable
from kiosk.bus import Answered, Happening, Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.desks.journalled import AnswerLost
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.shown_pass import shown_pass
from kiosk.stage import Stage
from kiosk.ui import Asking, Borrowing, Intent, Lent, Notice, NotKnown, StillThere

log = logging.getLogger(__name__)
AT_ONCE = 20  # items that may wait for their answer; a scanner gone mad gets no further
_TICK_S = 0.01  # a timer may wake so much too early


class Ending(Enum):
    """How borrowing ended."""

    DONE = "done"
    STOPPED = "stopped"
    OUT_OF_TIME = "out_of_time"


class Checkout:
    """One patron's borrowing. `run` is the flow; the rest of the class is its memory."""

    def __init__(
        self,
        stage: Stage,
        desk: VisitDesk,
        shown: Presented,
        patron: Identified,
        sheet: Sheet,
        patience: Patience,
    ) -> None:
        self._stage, self._desk, self._shown, self._patron = stage, desk, shown, patron
        self._patience, self.sheet = patience, sheet
        self._resumed = bool(sheet.lines)
        for line in sheet.lines:
            self.hear(line.event)
        self._scanned: deque[ItemBarcode] = deque()
        self._asked: asyncio.Task[CheckedOut | Refused] | None = None
        self._asked_for: ItemBarcode | None = None
        self._notice: Notice | None = None
        self._ending: Ending | None = None

    @property
    def asked(self) -> tuple[asyncio.Task[object], ...]:
        """The request whose answer is awaited, if there is one; after STOP it still runs."""
        return () if self._asked is None else (self._asked,)

    async def run(self) -> Ending:
        """Until the patron is done, leaves or falls silent. With DONE the last answers are awaited first."""
        while True:
            self._ask_next()
            if self._ending is Ending.STOPPED or (self._ending and not self.asked):
                return self._ending
            self._draw()
            happening = await self._stage.next(None if self.asked else self._patience.idle, *self.asked)
            if happening is None:
                await self._still_there()
            elif isinstance(happening, asyncio.Task):
                self.take_answer()
                self._stage.stir()
            else:
                self._take(happening)

    def _draw(self, over: StillThere | None = None) -> None:
        screen = Borrowing(
            rows=self.sheet.rows,
            lent=len(self.sheet.lent),
            may_borrow=self.sheet.may_borrow,
            first_name=self._patron.first_name,
            cannot_borrow=self._patron.cannot_borrow,
            messages=self._patron.messages,
            notice=self._notice,
            troubles=self._stage.troubles,
            resumed=self._resumed,
            ending=self._ending is Ending.DONE,
        )
        self._stage.show(screen, over)

    def _take(self, happening: Happening) -> None:
        if isinstance(happening, Touched):
            if happening.intent is Intent.DONE:
                self._ending = Ending.DONE
            elif happening.intent is Intent.STOP:
                self._stop()
        elif isinstance(happening, BarcodeScanned):
            self._take_scan(happening.text)
        elif isinstance(happening, ScanUnreadable):
            self._notice = Notice.UNREADABLE_SCAN
        elif isinstance(happening, PassPresented):
            self._notice = None if shown_pass(happening) == self._shown else Notice.OTHER_PASS
        elif isinstance(happening, Answered):
            self.hear(happening.event)
        elif isinstance(happening, PassRemoved) and self._notice is Notice.OTHER_PASS:
            self._notice = None

    def _stop(self) -> None:
        """The patron leaves: what was scanned and not yet asked is not asked any more."""
        self._ending = Ending.STOPPED
        for item in self._scanned:
            self.sheet = self.sheet.not_asked(item)
        self._scanned.clear()

    def _take_scan(self, text: str) -> None:
        try:
            item = item_barcode(text)
        except IdentifierError:
            self._notice = Notice.UNREADABLE_SCAN
            return
        self._notice, self._ending = None, None
        if isinstance(self.sheet.row_of(item), Lent | Asking | NotKnown):
            self.sheet = self.sheet.on_top(item)  # scanned twice: it stands already, or is being asked again anyway
        elif len(self._scanned) < AT_ONCE:
            self.sheet = self.sheet.asking(item)
            self._scanned.append(item)
        else:
            self._notice = Notice.UNREADABLE_SCAN  # not taken: nobody may believe that it was

    def _ask_next(self) -> None:
        if self._asked is None and self._scanned:
            self._asked_for = self._scanned.popleft()
            self._asked = asyncio.create_task(self._desk.check_out(self._shown, self._asked_for))

    def hear(self, event: EventId | None) -> None:
        """Takes in a late answer: to an event of this visit, or to one that turns out to be of this visit."""
        answer = self._stage.late_answer(event) if event else None
        if event and answer:
            self.sheet = self.sheet.answered_late(event, answer)

    def take_answer(self) -> None:
        """Takes in the answer that has come. Raises what the desk raised for want of a journal."""
        task, item = self._asked, self._asked_for
        if task is None or item is None:
            return
        self._asked = self._asked_for = None
        try:
            answer = task.result()
            why = f"refused: {answer.rule} {answer.reason.value}" if isinstance(answer, Refused) else "lent"
            log.info("item %s", why)
            self.sheet = self.sheet.answered(item, answer)
        except AnswerLost as fault:
            self.sheet = self.sheet.lost(item, fault.event)
            self.hear(fault.event)
        except DeskUnreachable:
            self.sheet = self.sheet.not_asked(item)

    async def _still_there(self) -> None:
        """Counts down over the list; a touch, a scan or a pass goes on with the visit, silence ends it."""
        self._draw(StillThere(self._patience.warning))
        while (left := self._patience.warning - int(self._stage.quiet_s + _TICK_S)) > 0:
            self._draw(StillThere(left))
            tick = asyncio.create_task(asyncio.sleep(1 - self._stage.quiet_s % 1))
            happening = await self._stage.next(None, tick)
            tick.cancel()
            if isinstance(happening, Touched):
                if happening.intent is Intent.STOP:
                    self._stop()
                return
            if isinstance(happening, BarcodeScanned | PassPresented):
                self._stage.put_back(happening)
                return
            if isinstance(happening, Answered):
                self.hear(happening.event)
        self._ending = Ending.OUT_OF_TIME
