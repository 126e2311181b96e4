"""What a visit knows of gate bits: which items wait for theirs, what is being switched, what could not be.

One item is switched at a time, beside the question about the next. The list and the stack decide what is to be done,
whatever happened before: lifted, laid back, unplugged, scanned meanwhile, answered late.
"""

import asyncio
import logging
from functools import partial

from circulation.identifiers import ItemBarcode
from circulation.outcomes import Reason
from devices.ports import PadItem, TagSecurity
from kiosk.flows.gate import CheckIn, Switched, Undoing, arm, let_pass, undo
from kiosk.rows import Back, Gate, Lent, NotLent, Row, Switching
from kiosk.sheet import Sheet
from kiosk.stack import Lying
from kiosk.stage import Stage
from kiosk.visit_pad import VisitPad

log = logging.getLogger(__name__)
# Refusals that do not say that the item is in stock here: lent to somebody, or nobody knows whose it is.
_LEFT_ALONE = frozenset(
    {
        Reason.ITEM_ON_LOAN,
        Reason.ITEM_UNKNOWN,
        Reason.OFFLINE_ITEM_UNKNOWN,
        Reason.PASS_SHOWN_AS_ITEM,
        Reason.MANDATE_SHOWN,
        Reason.KIOSK_NOT_ADMITTED,
    }
)
Outcome = Switched | Undoing


class Gatekeeper:
    """One visit's. Every method takes the list and gives it back as it then is."""

    def __init__(self, stage: Stage, pad: VisitPad, check_in: CheckIn) -> None:
        """`check_in`: by which a loan is undone."""
        self._stage, self._pad, self._check_in = stage, pad, check_in
        self._task: asyncio.Task[Outcome] | None = None
        self._item, self._wanted, self._whole = ItemBarcode(""), TagSecurity.UNKNOWN, False
        self._tagged: set[ItemBarcode] = set()  # what lay there at any time in this visit
        self._scanned: set[ItemBarcode] = set()  # lent by its barcode, perhaps without a tag
        self._done: set[bytes] = set()
        self._failed: set[bytes] = set()
        self._worked, self._left = stage.by_pad, False

    @property
    def task(self) -> asyncio.Task[Outcome] | None:
        """What is being switched now."""
        return self._task

    @property
    def item(self) -> ItemBarcode:
        """What `task` is about."""
        return self._item

    def granted(self, sheet: Sheet, item: ItemBarcode) -> Sheet:
        """After the library's yes: it lies there and is switched, or it is said that it must be laid there."""
        row = sheet.row_of(item)
        if not self._pad.switches or self._left or not isinstance(row, Lent | Back):
            return sheet
        lying = self._stage.pad.find(item)
        if lying is not None:
            self._forget({tag.uid for tag in lying.tags})
            return sheet.switching_item(item)
        if not self._pad.rules.all_tagged and item not in self._tagged:
            self._scanned.add(item)
            return self._unseen(sheet)
        return sheet.at_gate(item, self._where_else(row))

    def begin(self, sheet: Sheet) -> Sheet:
        """Starts what is to be switched next, unless something is."""
        if not self._pad.switches or self._left:
            return sheet
        self._look()
        sheet = self._unseen(self._lifted(sheet))
        if self._task is not None or not self._stage.by_pad:
            return sheet
        for lying in self._stage.pad.items:
            row = sheet.row_of(lying.item)
            wanted = _wanted(row, lying)
            if wanted is None or not self._is_open(lying):
                continue
            self._item, self._wanted, self._whole = lying.item, wanted, lying.whole
            sheet = sheet.switching_item(lying.item)
            self._task = asyncio.create_task(self._switch(lying, wanted, may_undo=_is_loan(row)))
            break
        return sheet

    def take(self, sheet: Sheet) -> Sheet:
        """Takes in what was switched. Raises what the desk raised for want of a journal."""
        task, item, wanted = self._task, self._item, self._wanted
        if task is None:
            return sheet
        self._task = None
        outcome, row = task.result(), sheet.row_of(item)
        match outcome:
            case Undoing.UNDONE:
                log.warning("gate: an item could not be let through, and its loan was undone")
                return sheet.undone(item)
            case Undoing.NOT_KNOWN:
                log.warning("gate: an item could not be let through; whether its loan was undone is not known")
                return sheet.undoing_lost(item)
            case Switched.DONE:
                log.info("gate: %s", _SWITCHED[wanted])
                if isinstance(row, NotLent) and wanted is TagSecurity.SECURED:
                    return sheet.at_gate(item, Gate.ARMED)
                # An item of several parts is as it should be when all of them are.
                return sheet.at_gate(item, Gate.SAFE if self._whole else Gate.LAY_DOWN)
            case Switched.LEFT if not isinstance(row, NotLent) or wanted is TagSecurity.UNSECURED:
                log.info("gate: an item was lifted before %s", _BEFORE[wanted])
                return sheet.at_gate(item, self._where_else(row))
            case _:
                log.warning("gate: %s", _NOT_SWITCHED[wanted])
                return sheet.at_gate(item, _AMISS[wanted])

    def leave(self, sheet: Sheet) -> Sheet:
        """At the end of a visit: what is not read back counts as not cleared, and staff are told."""
        if self._left:
            return sheet
        self._left = True
        if self._task is not None:
            self._task.cancel()  # what a pad is doing goes on; nothing follows it
            self._task = None
        for line in sheet.lines:
            if isinstance(line.row, Switching):
                sheet = sheet.at_gate(line.item, _AMISS[_of(line.row)])
        if sheet.to_check:
            left = "taken in without having been armed" if sheet.of_returns else "leave without having been let through"
            log.warning("gate: %d %s item(s) %s", sheet.to_check, "returned" if sheet.of_returns else "lent", left)
        return sheet

    # ---- inside

    def _look(self) -> None:
        """Forgets what was lifted; what a pad that is back could not do before it may do now."""
        works = self._stage.by_pad
        if works and not self._worked:
            self._failed.clear()
        self._worked = works
        self._tagged |= self._stage.pad.numbers
        here = self._stage.pad.uids
        self._done &= here
        self._failed &= here

    def _lifted(self, sheet: Sheet) -> Sheet:
        """What waits and cannot be switched: lifted before its turn came, or the pad has gone."""
        for line in sheet.lines:
            waits = isinstance(line.row, Switching) and not (self._task and line.item == self._item)
            if waits and not self._tags(line.item):
                sheet = sheet.at_gate(line.item, self._where_else(line.row))
        return sheet

    def _unseen(self, sheet: Sheet) -> Sheet:
        """Where not every item has a tag nothing is said of a scanned one, as long as the pad would see its tag."""
        if self._stage.pad_sees:
            return sheet
        for item in self._scanned:
            row = sheet.row_of(item)
            if isinstance(row, Lent | Back):
                sheet = sheet.at_gate(item, _AMISS[_of(row)])
        self._scanned.clear()
        return sheet

    def _where_else(self, row: Row | None) -> Gate:
        return Gate.LAY_DOWN if self._stage.by_pad else _AMISS[_of(row)]

    def _is_open(self, lying: Lying) -> bool:
        """Whether a tag of it was not switched yet, and none of them could not be."""
        uids = {tag.uid for tag in lying.tags}
        return uids.isdisjoint(self._failed) and not uids <= self._done

    def _tags(self, item: ItemBarcode) -> tuple[PadItem, ...]:
        lying = self._stage.pad.find(item) if self._stage.by_pad else None
        return () if lying is None else lying.tags

    async def _switch(self, lying: Lying, wanted: TagSecurity, *, may_undo: bool) -> Outcome:
        uids, there = {tag.uid for tag in lying.tags}, partial(self._tags, lying.item)  # which changes meanwhile
        outcome: Outcome = await (let_pass if wanted is TagSecurity.UNSECURED else arm)(self._pad, there)
        if outcome is Switched.DONE:
            self._done |= uids
        elif outcome is Switched.FAILED:
            self._failed |= uids
            # A part that was cleared and lifted cannot be armed any more.
            all_there = lying.whole and uids <= {tag.uid for tag in there()}
            if may_undo and wanted is TagSecurity.UNSECURED and self._pad.rules.undo and all_there:
                return await undo(self._pad, self._check_in, lying.item, there)
        return outcome

    def _forget(self, uids: set[bytes]) -> None:
        self._done -= uids
        self._failed -= uids


_SWITCHED = {
    TagSecurity.UNSECURED: "an item may pass",
    TagSecurity.SECURED: "an item that is not lent was armed",
}
_BEFORE = {TagSecurity.UNSECURED: "it was let through", TagSecurity.SECURED: "it was armed"}
_NOT_SWITCHED = {
    TagSecurity.UNSECURED: "a lent item could not be let through",
    TagSecurity.SECURED: "an item that is not lent could not be armed",
}
_AMISS = {TagSecurity.UNSECURED: Gate.CALLS, TagSecurity.SECURED: Gate.OPEN}


def _is_loan(row: Row | None) -> bool:
    return isinstance(row.done if isinstance(row, Switching) else row, Lent)


def _of(row: Row | None) -> TagSecurity:
    """How the tags of an item that was taken in should be, or of one that was lent."""
    taken_in = isinstance(row.done if isinstance(row, Switching) else row, Back)
    return TagSecurity.SECURED if taken_in else TagSecurity.UNSECURED


def _wanted(row: Row | None, lying: Lying) -> TagSecurity | None:
    """How the tags of an item should be, by what the library said of it; None where they are left alone."""
    found = {tag.security for tag in lying.tags}
    match row:
        case Switching():
            return _of(row)
        case Lent(gate=gate) | Back(gate=gate):
            # One that was scanned where not everything has a tag, and is laid down after all, is as it was before.
            wanted = _of(row)
            return None if gate is Gate.SAFE and found == {wanted} else wanted
        case NotLent(refused=refused) if refused.reason is Reason.ALREADY_YOURS:
            return None if found == {TagSecurity.UNSECURED} else TagSecurity.UNSECURED
        case NotLent(refused=refused):
            is_armed = found == {TagSecurity.SECURED}
            is_left = refused.on_loan or refused.reason in _LEFT_ALONE
            return None if is_armed or is_left else TagSecurity.SECURED
        case _:
            return None
