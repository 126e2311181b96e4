"""What is scanned or laid down in one go, each item once and in order, newest on top: the part that lending and
returning share. Ends by a touch or by time, never by a fault."""

import asyncio
import logging
from collections import Counter, deque
from enum import Enum
from typing import TYPE_CHECKING

from circulation.desk import DeskUnreachable
from circulation.identifiers import EventId, IdentifierError, ItemBarcode, item_barcode
from circulation.outcomes import CheckedOut, Refused, Voided
from devices.ports import BarcodeScanned, ItemsChanged, PassPresented, PassRemoved, PassUnreadable, ScanUnreadable
from kiosk.bus import Answered, Happening, Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.desks.journalled import AnswerLost
from kiosk.flows.gatekeeper import Gatekeeper
from kiosk.flows.still_there import LIST_HEARD_S, next_heard
from kiosk.rows import Asking, Back, Gate, Lent, NotKnown, Row, Switching, Undone
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.stack import Lying
from kiosk.stage import Stage
from kiosk.ui import Intent, Notice, StillThere
from kiosk.visit_pad import VisitPad

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn

log = logging.getLogger(__name__)
OFTEN = 3  # so often an item is asked for because it was laid down again; a tag that flickers is not a patron
AT_ONCE = 20  # items that may wait for their answer; a scanner gone mad gets no further
_TICK_S = 0.01  # a timer may wake so much too early
LEAVE_S = 5.0  # so long what is being switched may take once its patron has left
_STANDS = Lent | Asking | NotKnown | Undone | Back | Switching  # scanned again, it is not asked again


class Ending(Enum):
    """How it ended."""

    DONE = "done"
    STOPPED = "stopped"
    OUT_OF_TIME = "out_of_time"
    ACCOUNT = "account"  # the account was asked for; it goes on afterwards
    TAKEN = "taken"  # pass and books were all taken away, and nothing was said


class Items:
    """One hand's items. `run` is the flow; the rest of the class is its memory."""

    def __init__(self, stage: Stage, desk: VisitDesk, pad: VisitPad, sheet: Sheet, patience: Patience) -> None:
        self._stage, self._desk, self._patience, self.sheet = stage, desk, patience, sheet
        self._one_act = asyncio.Lock()
        self._gate = Gatekeeper(stage, pad, self._check_in)
        self._from_pad: set[ItemBarcode] = set()  # what lies there and was taken from there
        self._laid: Counter[ItemBarcode] = Counter()
        self._told: Counter[tuple[ItemBarcode, bool]] = Counter()  # how often something came of it, and at the gate
        self._scanned: deque[ItemBarcode] = deque()
        self._asked: asyncio.Task[CheckedOut | CheckedIn | Refused] | None = None
        self._asked_for: ItemBarcode | None = None
        self._notice: Notice | None = None
        self._ending: Ending | None = None
        self._left: frozenset[bytes] = frozenset()  # the tags that lay there when its patron was done or fell silent

    # ---- what each kind says for itself

    def _draw(self, over: StillThere | None = None) -> None:
        """Shows how all of it stands."""
        raise NotImplementedError

    async def _ask(self, item: ItemBarcode) -> "CheckedOut | CheckedIn | Refused":
        """Does with that item what this is about."""
        raise NotImplementedError

    def _take_pass(self, shown: PassPresented) -> None:
        """A pass was shown meanwhile."""
        raise NotImplementedError

    @property
    def _to_say(self) -> Notice | None:
        """What is said in passing: of the last scan or pass, else of what lies there and is left alone."""
        if self._notice is not None:
            return self._notice
        if self._stage.strange:
            return Notice.TAG_UNREADABLE
        left = self._stage.by_pad and any(
            self._lay_there_before(one) and not _tags(one) <= self._stage.dealt_with for one in self._stage.pad.items
        )
        return Notice.LIFT_FIRST if left else None

    # ---- for whoever serves

    @property
    def tasks(self) -> tuple[asyncio.Task[object], ...]:
        """The request whose answer is awaited, and the item that is being switched; after STOP they still run."""
        return tuple(one for one in (self._asked, self._gate.task) if one is not None)

    @property
    def _beside(self) -> tuple[asyncio.Task[None], ...]:
        """What is awaited and holds up nothing; `_draw` shows what comes of it."""
        return ()

    @property
    def switching(self) -> bool:
        """Whether the tags of something are still being switched."""
        return self._gate.task is not None

    async def run(self) -> Ending:
        """Until the patron is done, leaves or falls silent. With DONE the last answers are awaited first."""
        try:
            return await self._serve()
        finally:
            self._left = self._stage.pad.seen

    async def _serve(self) -> Ending:
        self.catch_up()
        while True:
            if self._ending in (Ending.STOPPED, Ending.OUT_OF_TIME):
                return self._ending  # nothing begins any more of which nobody would be told
            self._take_from_pad()
            self._ask_next()
            self.switch_next()
            if self._ending and not self.tasks:
                return self._ending
            self._draw()
            quiet_s = None if self.tasks else self._quiet_s()
            most_s = LIST_HEARD_S if quiet_s == self._patience.idle else 0.0  # another time counts itself what is said
            happening = await next_heard(self._stage, quiet_s, *self.tasks, *self._beside, most_s=most_s)
            if happening is None:
                await self._fell_silent()
            elif isinstance(happening, asyncio.Task):
                self.finish(happening)
            else:
                self._take(happening)

    def abandon(self) -> None:
        """The visit broke off: nothing follows what is being switched."""
        self.sheet = self._gate.leave(self.sheet)
        self._leave_pad()

    async def settle(self) -> None:
        """The patron has left: what was begun at the gate ends, for a few seconds; the rest is told to staff."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + LEAVE_S
        self.switch_next()
        while (task := self._gate.task) is not None and (left := ends - loop.time()) > 0:
            await self._stage.hear_until(task, left)
            if task.done():
                self.take(task)
                self.switch_next()
        self.sheet = self._gate.leave(self.sheet)
        self._leave_pad()

    def _leave_pad(self) -> None:
        """What its patron left lying is nobody else's, whatever came of it. What somebody laid there since is new."""
        pad = self._stage.pad
        self._stage.dealt_with |= pad.uids_of([one.item for one in self.sheet.lines if _is_over(one.row)])
        self._stage.left_there |= self._stage.dealt_with | (self._left & pad.seen)

    def _lay_there_before(self, one: Lying) -> bool:
        """Whether it was left there by somebody else, or in an earlier visit, and not lifted since."""
        return self.sheet.row_of(one.item) is None and _tags(one) <= self._stage.left_there

    def _take(self, happening: Happening) -> None:
        if isinstance(happening, Touched):
            if happening.intent is Intent.DONE:
                self._ending = Ending.DONE
            elif happening.intent is Intent.ACCOUNT:
                self._ending = Ending.ACCOUNT
            elif happening.intent is Intent.STOP:
                self._stop()
        elif isinstance(happening, BarcodeScanned):
            self._take_scan(happening.text)
        elif isinstance(happening, ScanUnreadable):
            self._notice = Notice.UNREADABLE_SCAN
        elif isinstance(happening, PassPresented):
            self._take_pass(happening)
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
        if self._stage.pad.find(item) is not None:
            self._from_pad.add(item)
        if isinstance(self.sheet.row_of(item), _STANDS):
            self.sheet = self.sheet.on_top(item)  # scanned twice: it stands already, or is being asked again anyway
        elif len(self._scanned) < AT_ONCE:
            self._queue(item)
        else:
            self._notice = Notice.UNREADABLE_SCAN  # not taken: nobody may believe that it was

    def _take_from_pad(self) -> None:
        """What lies there and was not taken yet, as long as it lies there: once, when all of its parts do."""
        if not self._stage.by_pad:
            return  # what lay there before it failed may have gone
        stack = self._stage.pad
        self._from_pad &= stack.numbers
        self.sheet = self.sheet.without_missing(stack.numbers)
        for one in stack.items:
            row = self.sheet.row_of(one.item)
            if self._lay_there_before(one) or one.item in self._from_pad or len(self._scanned) >= AT_ONCE:
                continue
            if row is None:
                self._stage.stir()  # somebody laid it there; what comes and goes keeps no visit open
            if isinstance(row, _STANDS) or self._laid[one.item] >= OFTEN:
                self._from_pad.add(one.item)
            elif not one.whole:
                self.sheet = self.sheet.parts_missing(one.item, one.read, one.parts)
            else:
                self._from_pad.add(one.item)
                self._laid[one.item] += 1
                self._queue(one.item)

    def _queue(self, item: ItemBarcode) -> None:
        self.sheet = self.sheet.asking(item)
        self._scanned.append(item)

    def _ask_next(self) -> None:
        if self._asked is None and self._scanned:
            self._asked_for = self._scanned.popleft()
            self._asked = asyncio.create_task(self._ask_for(self._asked_for))

    async def _ask_for(self, item: ItemBarcode) -> "CheckedOut | CheckedIn | Refused":
        async with self._one_act:
            return await self._ask(item)

    async def _check_in(self, item: ItemBarcode) -> "CheckedIn | Refused":
        async with self._one_act:
            return await self._desk.check_in(item)

    def switch_next(self) -> None:
        """Starts what is to be switched at the gate, unless something is."""
        self.sheet = self._gate.begin(self.sheet)

    def hear(self, event: EventId | None) -> None:
        """Takes in a late answer: to an event of this visit, or to one that turns out to be of this visit."""
        answer = self._stage.late_answer(event) if event else None
        item = self.sheet.item_of(event) if event and answer else None
        if item and isinstance(answer, CheckedOut | Refused | Voided):
            self._note(item, answer)

    def catch_up(self) -> None:
        """Takes in what was answered while somebody else listened."""
        for line in self.sheet.lines:
            self.hear(line.event)

    def finish(self, task: asyncio.Task[object]) -> None:
        """As `take`, and it can be read in time; what is said of a tag that flickers, or of a label that is left under
        a scanner, keeps no visit open."""
        at_gate = task is self._gate.task
        item = self._gate.item if at_gate else self._asked_for if task is self._asked else None
        self.take(task)
        if item is not None:
            self._told[item, at_gate] += 1
        if item is None or self._told[item, at_gate] <= OFTEN:
            self._stage.stir()

    def take(self, task: asyncio.Task[object]) -> None:
        """Takes in what has come of it. Raises what the desk raised for want of a journal."""
        if task is self._gate.task:
            self.sheet = self._gate.take(self.sheet)
        elif task is self._asked:
            self._take_answer()

    def _take_answer(self) -> None:
        task, item = self._asked, self._asked_for
        if task is None or item is None:
            return
        self._asked = self._asked_for = None
        try:
            answer = task.result()
            done = "returned" if self.sheet.of_returns else "lent"
            log.info(
                "item %s", f"refused: {answer.rule} {answer.reason.value}" if isinstance(answer, Refused) else done
            )
            self._note(item, answer)
        except AnswerLost as fault:
            self.sheet = self.sheet.lost(item, fault.event)
            self.hear(fault.event)
        except DeskUnreachable:
            self.sheet = self.sheet.not_asked(item)

    def _note(self, item: ItemBarcode, answer: "CheckedOut | CheckedIn | Refused | Voided") -> None:
        self.sheet = self._gate.granted(self.sheet.answered(item, answer), item)

    def _quiet_s(self) -> float:
        """For how many seconds it may be quiet now."""
        return self._patience.idle

    async def _fell_silent(self) -> None:
        """It was quiet for so long."""
        await self._still_there()

    async def _still_there(self) -> None:
        """Counts down over the list; a touch, a scan, a book laid down or a pass goes on, silence ends it."""
        known = self._stage.pad.numbers | {one.item for one in self.sheet.lines}  # a tag that flickers is nobody
        self._draw(StillThere(self._patience.warning))
        while (left := self._patience.warning - int(self._stage.quiet_s + _TICK_S)) > 0:
            self._draw(StillThere(left))
            tick = asyncio.create_task(asyncio.sleep(1 - self._stage.quiet_s % 1))
            happening = await self._stage.next(None, tick)
            tick.cancel()
            is_answer = self._stage.presence.was_by(happening)
            if isinstance(happening, Touched) and (is_answer or happening.intent is Intent.STOP):
                if happening.intent is Intent.STOP:
                    self._stop()
                return
            if isinstance(happening, BarcodeScanned) and not is_answer:
                continue  # the same label again: nobody is asked for it, of whom nobody would be told
            if isinstance(happening, BarcodeScanned | PassPresented | PassUnreadable | ScanUnreadable):
                if is_answer:
                    self._stage.put_back(happening)
                    return
                self._take(happening)  # another's pass, or noise: it is said, and is no answer
                if self._ending:
                    return
            if isinstance(happening, ItemsChanged) and self._stage.pad.numbers - known:
                self._stage.stir()
                return
            if isinstance(happening, Answered):
                self.hear(happening.event)
                if self.sheet.switching:
                    self._stage.stir()  # what the gate will make of it is new to read
                    return
        self._ending = Ending.OUT_OF_TIME


def _is_over(row: Row) -> bool:
    """Whether nothing is to be done with that item any more, though it lies there."""
    return isinstance(row, Back) or (isinstance(row, Lent) and row.gate is Gate.SAFE)


def _tags(one: Lying) -> frozenset[bytes]:
    return frozenset(tag.uid for tag in one.tags)
