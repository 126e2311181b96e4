"""Borrowing: each item is committed as it is scanned or laid down. The gate lets an item through after the library's
yes, and only then it is shown as lent (`gatekeeper`)."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from circulation.presented import Presented, ReceiptChoice
from devices.ports import PassPresented
from kiosk.bus import Happening, Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.flows.account import AccountFlow
from kiosk.flows.desk_code import DeskCodes, has_code
from kiosk.flows.items import Ending, Items
from kiosk.loans import LoanSheet
from kiosk.rows import Gate, Lent, NotKnown, NotLent
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.shown_pass import is_same_pass, shown_pass
from kiosk.stage import Stage
from kiosk.ui import Borrowing, Intent, Notice, StillThere
from kiosk.visit_pad import VisitPad

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn


class Checkout(Items):
    """One patron's borrowing, from which the account is opened and to which it comes back."""

    def __init__(
        self,
        stage: Stage,
        desk: VisitDesk,
        pad: VisitPad,
        shown: Presented,
        patron: Identified,
        sheet: Sheet,
        patience: Patience,
        desk_codes: DeskCodes,
        loans: LoanSheet,
        *,
        opens_account: bool = False,
    ) -> None:
        """`loans`: what an interrupted visit renewed. `opens_account`: the patron has asked for it already; what lies
        on the pad comes first."""
        super().__init__(stage, desk, pad, sheet, patience)
        self._shown, self._patron, self._desk_codes = shown, patron, desk_codes
        self._resumed = bool(sheet.lines or loans.renewals)
        self._account = AccountFlow(
            stage, desk, shown, patron, self._one_act, patience, desk_codes, loans, self._just_lent
        )
        self._note_renewals()
        self._ending = Ending.ACCOUNT if opens_account else None
        self._taken_at: float | None = None
        self._lay_there = tuple(stage.passes.values())  # forgotten before this visit: nobody waits behind them

    @property
    def tasks(self) -> tuple[asyncio.Task[object], ...]:
        """As `Items`, and the renewal whose answer is awaited."""
        return super().tasks + self._account.tasks

    async def run(self) -> Ending:
        """As `Items`; the account is opened in between, as often as it is asked for."""
        self._desk_codes.ask(self._case)
        while (ending := await super().run()) is Ending.ACCOUNT:
            self._ending = await self._account.run()
            self.catch_up()
            self._note_renewals()
            if self._ending is not None:
                return self._ending
        return ending

    def take(self, task: asyncio.Task[object]) -> None:
        """As `Items`, and what has come of a renewal."""
        if self._account.take(task):
            self._note_renewals()
        else:
            super().take(task)
        self._make_way()

    def catch_up(self) -> None:
        """As `Items`, and late answers to renewals."""
        super().catch_up()
        for event in self._account.sheet.lost:
            self.hear(event)

    def hear(self, event: EventId | None) -> None:
        """As `Items`, and a late answer to a renewal."""
        super().hear(event)
        if event:
            self._account.hear(event)
            self._note_renewals()

    def _take(self, happening: Happening) -> None:
        if isinstance(happening, Touched) and happening.intent is Intent.READ:
            self._read_away(happening.what)
        else:
            super()._take(happening)

    @property
    def _unread(self) -> tuple[str, ...]:
        """K3: the messages that still stand there. That one was read nobody is told: at the next visit it stands there
        again, until the desk takes it away."""
        return tuple(one for one in self._patron.messages if one not in self.sheet.read)

    def _read_away(self, left: str) -> None:
        """Takes the first one away, where it is the one that stood under the finger: there were `left` of them then."""
        unread = self._unread
        if unread and left == str(len(unread)):
            self.sheet = replace(self.sheet, read=self.sheet.read | {unread[0]})

    def _stop(self) -> None:
        super()._stop()
        self._account.stop()
        self._note_renewals()

    @property
    def _all_taken(self) -> bool:
        """Whether whoever lent by the pad has taken away everything, pass and books, and nothing is left to be said of
        any of them. A pass that was scanned never lay there."""
        stage, lines = self._stage, self.sheet.lines
        all_well = all(isinstance(one.row, Lent) and one.row.gate is Gate.SAFE for one in lines)
        own_pass = any(is_same_pass(one, self._shown) for one in stage.passes.values())
        lies_there = own_pass or stage.pad.uids or not stage.pad_sees
        return all_well and not lies_there and any(one.item in self._laid for one in lines)

    @property
    def next_pass(self) -> PassPresented | None:
        """The pass that somebody else has laid there during this visit: theirs is the next one. Not one that was only
        found there: nobody knows whether somebody waits behind it."""
        came = [one for one in self._stage.passes.values() if isinstance(one, PassPresented)]
        new = [one for one in came if not any(one is old for old in self._lay_there)]
        return next((one for one in reversed(new) if shown_pass(one) and not is_same_pass(one, self._shown)), None)

    @property
    def next_is_here(self) -> bool:
        """Whether the next patron has come when all was taken: paper would come out into their hands."""
        other = self._notice is Notice.OTHER_PASS or self.next_pass is not None
        return self._ending is Ending.TAKEN and other

    def _quiet_s(self) -> float:
        """Little once all was taken away, from then on, and from when all was said to whoever listens. A tag that
        comes and goes keeps no visit open."""
        if not self._all_taken:
            self._taken_at = None
            return self._patience.idle
        now, quiet_s, silent_s = asyncio.get_running_loop().time(), self._stage.quiet_s, self._stage.silent_s
        if self._taken_at is None:
            self._taken_at = now
        since_s = min(quiet_s, now - self._taken_at, quiet_s if silent_s is None else silent_s)
        return min(self._patience.idle, quiet_s - since_s) + self._patience.taken

    async def _fell_silent(self) -> None:
        """Asked about all the same: whoever is slow may have all of it in their hands. Not where paper is their choice
        (K2): it comes while they are near, or the next one reads it."""
        if self._all_taken and self._patron.receipt is ReceiptChoice.PRINT:
            self._end_as_taken()
            return
        await super()._fell_silent()
        if self._ending is Ending.OUT_OF_TIME and self._all_taken:
            self._end_as_taken()

    def _just_lent(self) -> set[ItemBarcode]:
        return {one.item for one in self.sheet.lines if isinstance(one.row, Lent | NotKnown)}

    @property
    def loans(self) -> LoanSheet:
        """What became of renewals, for the same patron's next visit."""
        return self._account.sheet.parked

    def _note_renewals(self) -> None:
        of_account = self._account.sheet
        self.sheet = replace(self.sheet, renewed=of_account.renewed, renewals_unclear=of_account.unclear)

    async def _ask(self, item: ItemBarcode) -> CheckedOut | Refused:
        return await self._desk.check_out(self._shown, item)

    def _note(self, item: ItemBarcode, answer: "CheckedOut | CheckedIn | Refused | Voided") -> None:
        super()._note(item, answer)
        self._desk_codes.ask(self._case)

    @property
    def _case(self) -> Refused | None:
        """What the desk is to go on with (N10): why nothing can be borrowed, else why the newest such row was not."""
        no = self._patron.cannot_borrow
        if no is not None and has_code(no):
            return no
        refused = (row.refused for row in self.sheet.rows if isinstance(row, NotLent))
        return next((one for one in refused if has_code(one)), None)

    @property
    def _beside(self) -> tuple[asyncio.Task[None], ...]:
        return self._desk_codes.tasks

    def _take_pass(self, shown: PassPresented) -> None:
        self._notice = None if is_same_pass(shown, self._shown) else Notice.OTHER_PASS
        self._make_way()

    def _make_way(self) -> None:
        """Ends it where whoever had it has gone with all of it, nothing is awaited, and the next one is here."""
        ended_or_busy = self._ending is not None or self.tasks or self._notice is not Notice.OTHER_PASS
        if not ended_or_busy and self._all_taken and self.next_pass is not None:
            self._end_as_taken()

    def _end_as_taken(self) -> None:
        """No last screen stands for who has gone while the next one waits."""
        self._ending = Ending.TAKEN
        if (coming := self.next_pass) is not None:
            self._stage.put_back(coming)

    def _draw(self, over: StillThere | None = None) -> None:
        case = self._case
        screen = Borrowing(
            rows=self.sheet.rows,
            lent=len(self.sheet.lent),
            may_borrow=self.sheet.may_borrow,
            first_name=self._patron.first_name,
            child=self._patron.child or bool(self._patron.first_name),
            cannot_borrow=self._patron.cannot_borrow,
            messages=self._unread,
            notice=self._to_say,
            troubles=self._stage.troubles,
            resumed=self._resumed,
            ending=self._ending in (Ending.DONE, Ending.ACCOUNT),
            by_pad=self._stage.by_pad,
            by_scan=self._stage.by_scan,
            sees_account=self._stage.sees_account,
            ends=self._patron.ends,
            code=self._desk_codes.of(case),
            code_of=None if case is None or case is self._patron.cannot_borrow else case.reason,
        )
        self._stage.show(screen, over)
