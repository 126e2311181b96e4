"""My account, within the visit: what is theirs (N4, K12, F1, N8), and renewing, each loan with its own answer (K11).

A book that is scanned or laid down belongs to borrowing, which goes on at once; nothing that was asked for is lost.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from circulation.desk import DeskUnreachable
from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented
from devices.ports import BarcodeScanned, ItemsChanged, PassPresented, PassRemoved, ScanUnreadable
from kiosk.bus import Answered, Happening, Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.desks.journalled import AnswerLost
from kiosk.flows.desk_code import DeskCodes, has_code
from kiosk.flows.items import Ending
from kiosk.flows.still_there import LIST_HEARD_S, next_heard
from kiosk.loans import NO_LOANS, Answer, LoanSheet, NotLonger
from kiosk.settings import Patience
from kiosk.shown_pass import is_same_pass
from kiosk.stage import Stage
from kiosk.ui import AccountSection, Intent, MyAccount, NoAccount, Notice, StillThere, Waiting

if TYPE_CHECKING:
    from circulation.affairs import Account

log = logging.getLogger(__name__)
QUICK_S = 0.1
_TICK_S = 0.01  # a timer may wake so much too early


class _Left(Exception):
    """The account is left: back to borrowing, or with the visit itself, which ends so."""

    def __init__(self, ending: Ending | None = None) -> None:
        super().__init__("left")
        self.ending = ending


class AccountFlow:
    """One visit's. `run` is the flow, as often as it is opened; the rest of the class is its memory.

    `one_act`: what is asked of the library for this visit is asked one after the other.
    """

    def __init__(
        self,
        stage: Stage,
        desk: VisitDesk,
        shown: Presented,
        patron: Identified,
        one_act: asyncio.Lock,
        patience: Patience,
        desk_codes: DeskCodes,
        loans: LoanSheet = NO_LOANS,
        just_lent: Callable[[], Collection[ItemBarcode]] = tuple,
    ) -> None:
        """`loans`: what an interrupted visit renewed. `just_lent`: what was lent in this visit, and would only lose a
        renewal."""
        self._just_lent = just_lent
        self._stage, self._desk, self._shown, self._patron = stage, desk, shown, patron
        self._one_act, self._patience, self._desk_codes = one_act, patience, desk_codes
        self.sheet = loans
        self._section = AccountSection.LOANS
        self._notice: Notice | None = None
        self._waiting: deque[tuple[ItemBarcode, ...] | None] = deque()  # None: all of them at once
        self._asked: asyncio.Task[Answer] | None = None
        self._asked_for: tuple[ItemBarcode, ...] = ()
        self._lay_there: frozenset[ItemBarcode] = frozenset()
        self._refused: Refused | None = None
        self._there = False  # whether an account was fetched

    @property
    def tasks(self) -> tuple[asyncio.Task[object], ...]:
        """The renewal whose answer is awaited; it goes on when the account is left."""
        return () if self._asked is None else (self._asked,)

    async def run(self) -> Ending | None:
        """Until the patron goes back or brings a book (None), leaves or falls silent."""
        self._notice, self._section, self._lay_there = None, AccountSection.LOANS, self._stage.pad.numbers
        try:
            await self._fetch()
            while True:
                await self._one_turn()
        except _Left as left:
            return left.ending

    def take(self, task: asyncio.Task[object]) -> bool:
        """Takes in what has come of a renewal and asks the next one. False where the task is none of its own. Raises
        what the desk raised for want of a journal."""
        if task is not self._asked:
            return False
        items, asked, self._asked, self._asked_for = self._asked_for, self._asked, None, ()
        try:
            answer = asked.result()
            no = answer if isinstance(answer, Refused) else None
            log.info("renewal %s", f"refused: {no.rule} {no.reason.value}" if no else "answered")
            self.sheet = self.sheet.answered(items, answer)
        except AnswerLost as fault:
            self.sheet = self.sheet.not_known(items, fault.event)
            self.hear(fault.event)
        except DeskUnreachable:
            self.sheet = self.sheet.not_asked(items)
        self._desk_codes.ask(self._case)
        self._ask_next()
        return True

    def hear(self, event: EventId) -> None:
        """Takes in a late answer, if it is one to a renewal of this visit."""
        answer = self._stage.late_answer(event)
        if answer is not None and not isinstance(answer, CheckedOut):
            self.sheet = self.sheet.answered_late(event, answer)
            self._desk_codes.ask(self._case)

    def stop(self) -> None:
        """The patron leaves: what was touched and not yet asked is not asked any more."""
        for items in self._waiting:
            self.sheet = self.sheet.taken_back(items if items is not None else self.sheet.all_items)
        self._waiting.clear()

    # ---- what is theirs

    async def _fetch(self) -> None:
        """Asks what is theirs, as far as somebody answers. Raises _Left."""
        self._there, self._refused = False, None
        asked = asyncio.create_task(self._desk.account(self._shown))
        try:
            while not asked.done():
                waits = self._stage.shows(Waiting)
                happening = await self._stage.next(None if waits else QUICK_S, asked, *self.tasks)
                if happening is None:
                    self._stage.show(Waiting())  # an answer that comes at once needs no picture of waiting before it
                elif isinstance(happening, asyncio.Task):
                    self.take(happening)
                else:
                    self._hear(happening)
            self._take_account(asked.result())
        except DeskUnreachable:
            log.info("no account: nobody answers")
        finally:
            asked.cancel()  # the call itself goes on and changes nothing

    def _take_account(self, found: "Account | Refused") -> None:
        if isinstance(found, Refused):
            log.info("no account: %s %s", found.rule, found.reason.value)
            self._refused = found
            self._desk_codes.ask(found)
        else:
            self.sheet, self._there = self.sheet.of(found), True
            self._desk_codes.ask(self._case)

    # ---- one thing after the other

    async def _one_turn(self) -> None:
        """Draws, awaits what happens next and takes it in. Raises _Left."""
        self._draw()
        idle = None if self.tasks else self._patience.idle
        awaited = *self.tasks, *self._desk_codes.tasks
        happening = await next_heard(self._stage, idle, *awaited, most_s=LIST_HEARD_S)
        if happening is None:
            await self._still_there()
        elif isinstance(happening, asyncio.Task):
            self.take(happening)
            self._stage.stir()
        else:
            self._hear(happening)

    def _hear(self, happening: Happening) -> None:
        match happening:
            case Touched():
                self._touched(happening)
            case BarcodeScanned():
                self._stage.put_back(happening)
                raise _Left
            case ItemsChanged() if self._stage.by_pad and self._stage.pad.numbers - self._lay_there:
                raise _Left
            case ItemsChanged():
                self._lay_there &= self._stage.pad.numbers  # laid down again, it is new
            case ScanUnreadable():
                self._notice = Notice.UNREADABLE_SCAN
            case PassPresented():
                self._notice = None if is_same_pass(happening, self._shown) else Notice.OTHER_PASS
            case PassRemoved() if self._notice is Notice.OTHER_PASS:
                self._notice = None
            case Answered():
                self.hear(happening.event)

    def _touched(self, touched: Touched) -> None:
        match touched.intent:
            case Intent.STOP:
                self.stop()
                raise _Left(Ending.STOPPED)
            case Intent.BACK:
                raise _Left
            case Intent.DONE:  # of the list, which stood there when the account was asked for
                self._stage.put_back(touched)
                raise _Left
            case Intent.SECTION:
                self._choose(touched.what)
            case Intent.RENEW:
                item = self.sheet.item_of(touched.what)
                self._renew(() if item is None else (item,))
            case Intent.RENEW_ALL:
                self._renew_all()

    def _choose(self, section: str) -> None:
        self._notice = None
        self._section = next((one for one in AccountSection if one.value == section), self._section)

    # ---- renewing

    def _renew(self, *requests: tuple[ItemBarcode, ...]) -> None:
        self._notice = None
        for items in requests:
            if items:
                self.sheet = self.sheet.asking(items)
                self._waiting.append(items)
        self._ask_next()

    def _renew_all(self) -> None:
        """In one request; where something was lent or renewed in this visit only the others, one by one: what is
        renewed on the day of its last date gets no later one, and has a renewal less."""
        wanted, fresh = self.sheet.renewable_items, set(self._just_lent())
        if not wanted:
            return
        if not self.sheet.untouched or fresh.intersection(self.sheet.all_items):
            others = [item for item in wanted if item not in fresh]
            self._renew(*((item,) for item in others or wanted))
            return
        self.sheet = self.sheet.asking(self.sheet.all_items)
        self._waiting.append(None)
        self._ask_next()

    def _ask_next(self) -> None:
        if self._asked is None and self._waiting:
            items = self._waiting.popleft()
            self._asked_for = items if items is not None else self.sheet.all_items
            self._asked = asyncio.create_task(self._ask(items))

    async def _ask(self, items: tuple[ItemBarcode, ...] | None) -> Answer:
        async with self._one_act:
            if items is None:
                return await self._desk.renew_all(self._shown)
            return await self._desk.renew(self._shown, items[0])

    # ---- what is seen

    def _draw(self, over: StillThere | None = None) -> None:
        account = self.sheet.account
        if account is None or not self._there:
            self._stage.show(NoAccount(self._refused, self._desk_codes.of(self._refused)), over)
        else:
            self._stage.show(self._seen(account), over)

    @property
    def _case(self) -> Refused | None:
        """What the desk is to go on with (N10): why the last of such loans was not renewed, or why none can be."""
        refused = [one.refused for one in reversed([*self.sheet.renewals.values()]) if isinstance(one, NotLonger)]
        return next((one for one in (*refused, self.sheet.no_renewals) if one is not None and has_code(one)), None)

    def _seen(self, account: "Account") -> MyAccount:
        case = self._case
        return MyAccount(
            section=self._section,
            loans=self.sheet.branches,
            holds=account.holds,
            fees=account.fees,
            payable=account.payable,
            memberships=account.memberships,
            history=account.history,
            no_renewals=self.sheet.no_renewals,
            first_name=self._patron.first_name,
            child=self._patron.child or bool(self._patron.first_name),
            notice=self._notice,
            troubles=self._stage.troubles,
            code=self._desk_codes.of(case),
            code_of=None if case is None else case.reason,
        )

    async def _still_there(self) -> None:
        """Counts down over the screen; a touch, a scan, a book laid down or a pass goes on, silence ends the visit."""
        self._draw(StillThere(self._patience.warning))
        while (left := self._patience.warning - int(self._stage.quiet_s + _TICK_S)) > 0:
            self._draw(StillThere(left))
            tick = asyncio.create_task(asyncio.sleep(1 - self._stage.quiet_s % 1))
            happening = await self._stage.next(None, tick)
            tick.cancel()
            if isinstance(happening, asyncio.Task | None):
                continue
            is_answer = self._stage.presence.was_by(happening)  # another's pass, noise or a key that bounces is none
            if not isinstance(happening, Touched) or happening.intent is not Intent.MORE_TIME:
                self._hear(happening)
            if is_answer:
                return
        raise _Left(Ending.OUT_OF_TIME)
