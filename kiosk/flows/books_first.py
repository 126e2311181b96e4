"""Books before a pass: are they to be lent or brought back? Nothing is done with them before that is said. A pass says
"lend". A number of an item's form is a book (P1); while a pass is awaited the library system is asked which it is."""

import asyncio
from collections.abc import Iterable

from circulation.desk import DeskUnreachable
from circulation.identifiers import IdentifierError, ItemBarcode, item_barcode
from circulation.outcomes import Reason, Refused
from circulation.presented import Presented
from devices.ports import BarcodeScanned, PassPresented, PassUnreadable, ScanUnreadable
from kiosk.bus import Happening, Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.flows.still_there import next_heard, still_there
from kiosk.settings import Patience
from kiosk.shown_pass import shown_pass
from kiosk.stage import Stage
from kiosk.ui import Intent, LendOrReturn, Notice, StillThere
from values import dataclass

MOST = 20  # items that may be scanned before it is said; a scanner gone mad gets no further


def book_of(scan: BarcodeScanned) -> ItemBarcode | None:
    """The item whose printed form that barcode has."""
    from circulation.rules.numbers import NumberKind, kind_of  # late: the first picture need not wait for it

    try:
        item = item_barcode(scan.text)
    except IdentifierError:
        return None
    return item if kind_of(item) is NumberKind.ITEM else None


@dataclass(frozen=True, slots=True)
class Pile:
    """Somebody has books and showed no pass. `first`: the scan it began with, where it did; `left`: tags that somebody
    forgot there before, which are not counted."""

    left: frozenset[bytes]
    first: BarcodeScanned | None = None


class BooksFirst:
    """One pile. `run` is the flow; `scans` are to be handed on to whatever comes next, so that nobody scans twice."""

    def __init__(self, stage: Stage, desk: VisitDesk, patience: Patience, pile: Pile) -> None:
        self._stage, self._desk, self._patience, self._left = stage, desk, patience, pile.left
        self._scanned: dict[ItemBarcode, BarcodeScanned] = {}
        self._seen: frozenset[ItemBarcode] = frozenset()
        self._wants_pass = False
        self._notice: Notice | None = None
        self._asked: asyncio.Task[bool] | None = None
        self._in_doubt: tuple[BarcodeScanned, Presented] | None = None
        if pile.first is not None:
            self._add(pile.first)

    @property
    def scans(self) -> tuple[BarcodeScanned, ...]:
        """What was scanned, each once, in order."""
        return tuple(self._scanned.values())

    def add(self, scans: Iterable[BarcodeScanned]) -> None:
        """What was scanned meanwhile, at a door that did not open; what has no item's number is passed over."""
        for one in scans:
            if book_of(one) is not None:
                self._add(one)

    async def run(self) -> Presented | Intent | None:
        """The pass with which they are to be lent, BRING_BACK, or None where nobody said anything, or stopped."""
        try:
            while self._items and self._stage.takes_back:
                self._draw()
                happening = await self._next()
                if happening is None or (isinstance(happening, Touched) and happening.intent is Intent.STOP):
                    return None
                if isinstance(happening, asyncio.Task):
                    found = self._which()
                elif isinstance(happening, Touched):
                    if happening.intent is Intent.BRING_BACK:
                        return Intent.BRING_BACK
                    found, self._notice = None, None
                    self._wants_pass |= happening.intent is Intent.LEND
                else:
                    found = self._hear(happening)
                if found is not None:
                    return found
            return None
        finally:
            if self._asked is not None:
                self._asked.cancel()  # the call itself goes on and changes nothing
            self._asked = self._in_doubt = None  # it may be run again, where the pass that came began no visit

    @property
    def _items(self) -> frozenset[ItemBarcode]:
        lying = self._stage.pad.items if self._stage.by_pad else ()
        new = {one.item for one in lying if not self._left.issuperset(tag.uid for tag in one.tags)}
        return frozenset(new | self._scanned.keys())

    async def _next(self) -> Happening | asyncio.Task[object] | None:
        """What happens next; None is silence. Scans would be lost by it, and what somebody chose of language and
        letters, so that it is asked first; what lies on the pad stays there."""
        if self._asked is not None:
            return await self._stage.next(None, self._asked)
        if not self._scanned and not self._stage.is_changed:
            return await next_heard(self._stage, self._patience.reading)
        happening = await self._stage.next(self._patience.reading)
        if happening is None:
            happening = await still_there(self._stage, self._draw, self._patience, self._has_more)
        return happening

    def _has_more(self, _: Happening) -> bool:
        return not self._items <= self._seen

    def _draw(self, over: StillThere | None = None) -> None:
        notice = self._notice or (Notice.PASS_LEFT if self._wants_pass and self._stage.pass_on_reader else None)
        screen = LendOrReturn(len(self._items), self._wants_pass, notice, self._stage.troubles, self._stage.lay_pass)
        if not self._items <= self._seen:
            self._stage.stir()  # what comes and goes keeps no question open
        self._seen |= self._items
        self._stage.show(screen, over)

    def _hear(self, happening: object) -> Presented | None:
        """The pass that was shown; books are added, and what cannot be read is said."""
        if isinstance(happening, PassUnreadable | ScanUnreadable):
            card = isinstance(happening, PassUnreadable)
            self._notice = Notice.CARD_NOT_READ if card else Notice.UNREADABLE_SCAN
            self._stage.stir()
        if not isinstance(happening, PassPresented | BarcodeScanned):
            return None
        shown = shown_pass(happening)
        is_scan = isinstance(happening, BarcodeScanned)
        self._notice = None
        if shown is None:
            self._notice = Notice.UNREADABLE_SCAN if is_scan else Notice.CHIP_UNREADABLE
        elif isinstance(happening, BarcodeScanned) and book_of(happening) is not None:
            self._take_number(happening, shown)
            return None
        return shown

    def _take_number(self, scan: BarcodeScanned, shown: Presented) -> None:
        """A book; while a pass is awaited it may be a pass with the number of a book, and the screen decides (P3)."""
        if not self._wants_pass:
            self._add(scan)
        elif self._asked is None:
            self._in_doubt = scan, shown
            self._asked = asyncio.create_task(self._is_pass(shown))
        else:
            self._notice = Notice.UNREADABLE_SCAN  # not taken: nobody may believe that it was

    async def _is_pass(self, shown: Presented) -> bool:
        try:
            answer = await self._desk.identify(shown)
        except DeskUnreachable:
            return False
        return not (isinstance(answer, Refused) and answer.reason is Reason.ITEM_SHOWN_AS_PASS)

    def _which(self) -> Presented | None:
        """What the number in doubt turned out to be."""
        task, doubt = self._asked, self._in_doubt
        self._asked = self._in_doubt = None
        if task is None or doubt is None:
            return None
        scan, shown = doubt
        if task.result():
            return shown
        self._add(scan)
        return None

    def _add(self, scan: BarcodeScanned) -> None:
        item = book_of(scan)
        if item is None or (item not in self._scanned and len(self._scanned) >= MOST):
            self._notice = Notice.UNREADABLE_SCAN
        else:
            self._scanned.setdefault(item, scan)
