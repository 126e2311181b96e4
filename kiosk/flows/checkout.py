"""Borrowing: each item is committed as it is scanned, newest on top. Ends by a touch or by time, never by a fault."""

import asyncio
import logging
from collections import deque
from enum import Enum

from circulation.desk import DeskUnreachable
from circulation.identifiers import IdentifierError, ItemBarcode, item_barcode
from circulation.model import Presented
from circulation.outcomes import CheckedOut, Identified, Refused
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
        self._scanned: deque[ItemBarcode] = deque()
        self._asked: asyncio.Task[CheckedOut | Refused] | None = None
        self._asked_for: ItemBarcode | None = None
        self._notice: Notice | None = None
        self._ending: Ending | None = None

    async def run(self) -> Ending:
        """Until the patron is done, leaves or falls silent. With DONE the last answers are awaited first."""
        while True:
            self._ask_next()
            busy = self._asked is not None
            if self._ending is Ending.STOPPED or (self._ending and not busy):
                return self._ending
            self._draw()
            if self._asked is not None:
                happening = await self._stage.next(None, self._asked)
            else:
                happening = await self._stage.next(self._patience.idle)
            if happening is None:
                await self._still_there()
            elif isinstance(happening, asyncio.Task):
                self._take_answer()
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
                self._ending = Ending.STOPPED
        elif isinstance(happening, BarcodeScanned):
            self._take_scan(happening.text)
        elif isinstance(happening, ScanUnreadable):
            self._notice = Notice.UNREADABLE_SCAN
        elif isinstance(happening, PassPresented):
            self._notice = None if shown_pass(happening) == self._shown else Notice.OTHER_PASS
        elif isinstance(happening, Answered):
            self.sheet = self.sheet.answered_late(happening.event, happening.answer)
        elif isinstance(happening, PassRemoved) and self._notice is Notice.OTHER_PASS:
            self._notice = None

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

    def _ask_next(self) -> None:
        if self._asked is None and self._scanned and self._ending is not Ending.STOPPED:
            self._asked_for = self._scanned.popleft()
            self._asked = asyncio.create_task(self._desk.check_out(self._shown, self._asked_for))

    def _take_answer(self) -> None:
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
        except DeskUnreachable:
            self.sheet = self.sheet.not_asked(item)

    async def _still_there(self) -> None:
        """Counts down over the list; a touch, a scan or a pass goes on with the visit, silence ends it."""
        for seconds in range(self._patience.warning, 0, -1):
            self._draw(StillThere(seconds))
            happening = await self._stage.next(1.0)
            if isinstance(happening, Touched):
                self._ending = Ending.STOPPED if happening.intent is Intent.STOP else None
                return
            if isinstance(happening, BarcodeScanned | PassPresented | ScanUnreadable):
                self._stage.put_back(happening)
                return
            if isinstance(happening, Answered):
                self.sheet = self.sheet.answered_late(happening.event, happening.answer)
        self._ending = Ending.OUT_OF_TIME
