"""One patron's visit, top to bottom: rest, pass, borrowing, receipt, rest; or without a pass: rest, returning, rest."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import field, replace
from functools import partial

from circulation.outcomes import Identified
from circulation.presented import Presented, ReceiptChoice
from devices.ports import BarcodeScanned, PassPresented, PassUnreadable, ScanUnreadable
from kiosk.bus import Touched
from kiosk.closed import stay_closed
from kiosk.desks.in_background import VisitDesk
from kiosk.desks.mail import NoMail, VisitMail
from kiosk.flows.at_rest import next_at_rest
from kiosk.flows.books_first import BooksFirst, Pile, book_of
from kiosk.flows.bring_back import BringBack
from kiosk.flows.checkout import Checkout
from kiosk.flows.desk_code import DeskCodes, NewEvent
from kiosk.flows.farewell import Coming, MakeReceipt, MakeReturnReceipt, VisitPrinter, farewell, mail_unasked, thanks
from kiosk.flows.identify import Door
from kiosk.flows.items import Ending, Items
from kiosk.flows.pin import NewKeys, in_order
from kiosk.opening import new_id
from kiosk.parked import Left, Parked
from kiosk.rows import Gate
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.shown_pass import shown_pass
from kiosk.stage import Stage
from kiosk.ui import Intent, Notice, OutOfOrder, StillThere
from kiosk.visit_pad import VisitPad
from offline_cache.journal import JournalFault
from values import dataclass

log = logging.getLogger(__name__)
BROKEN_S = 15.0


@dataclass(frozen=True, slots=True)
class Counter:
    """Everything that serving needs, built at the door (`__main__`)."""

    stage: Stage
    desk: VisitDesk
    printer: VisitPrinter
    pad: VisitPad
    parked: Parked
    make_receipt: MakeReceipt
    new_job: Callable[[], str]
    patience: Patience
    say_closed: Callable[[str], None] = lambda _: None
    """Is told by a word why nothing is lent, and "" when that is over."""
    new_keys: NewKeys = in_order
    """The digits of the next PIN pad in the order of its keys."""
    mail: VisitMail = field(default_factory=NoMail)
    new_event: NewEvent = new_id
    """The id of a case that is handed over to the desk."""
    make_return_receipt: MakeReturnReceipt = field(kw_only=True)


async def serve(counter: Counter) -> None:
    """One visit after the other. A fault in one of them is logged without what was read, and the next one begins.

    Nobody is invited before something can be written down.
    """
    notice: Notice | None = None
    if word := await _why_closed(counter):
        await _stay_closed(counter, word)
    while True:
        try:
            came = await rest(counter, notice)
            if isinstance(came, Begun):
                notice = await visit(counter, came.shown, opens_account=came.wants_account)
                continue
            if isinstance(came, Pile):
                notice = await books_first(counter, came)
                continue
            await bring_back(counter)
        except _ClosedInVisit as closed:
            await _stay_closed(counter, closed.word, closed.lent)
        except JournalFault as fault:
            log.critical("lending is closed: %s", fault)
            await _stay_closed(counter, fault.word)
        except Exception as fault:  # noqa: BLE001  the kiosk goes on serving; what failed is named, never its values
            log.critical("a visit failed: %s at %s", type(fault).__name__, _place(fault))
            await _out_of_order(counter)
        notice = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A pass was shown. `wants_account`: somebody asked for their account just before."""

    shown: Presented
    wants_account: bool


async def rest(counter: Counter, notice: Notice | None) -> Begun | Pile | None:
    """Waits for a pass, for books, or (None) for somebody who brings something back. A notice goes when somebody had
    the time to read it, and so does the wish for an account; what was chosen by hand, when nobody says they are there.

    Books that lie there through two silences are nobody's (ADR 20): whoever laid them there has gone.
    """
    stage, patience = counter.stage, counter.patience
    left, wants_account = stage.pad.seen, False
    known = left  # a tag that comes and goes keeps no silence from falling
    while True:
        left &= stage.pad.seen
        if not stage.pad.seen <= known:
            known |= stage.pad.seen
            stage.stir()  # whoever laid that there has the time to look for a pass
        if stage.takes_back and _lies_there(stage, left) is Notice.PASS_FIRST:
            return Pile(left)
        happening = await next_at_rest(stage, partial(_show_rest, stage, notice, left), patience)
        if happening is None or (isinstance(happening, Touched) and happening.intent is Intent.STOP):
            notice, wants_account = None, False
            stage.left_there |= left  # nobody has claimed it
            left = stage.pad.seen  # what was laid there since is next
            counter.parked.forget_old()
            stage.wipe(stage.at_rest(_lies_there(stage, left)))
            stage.stir()
        elif isinstance(happening, Touched):
            if happening.intent is Intent.BRING_BACK:
                return None
            if happening.intent is not Intent.ACCOUNT:
                continue  # they are there
            notice = Notice.PASS_LEFT if stage.pass_on_reader else Notice.PASS_FOR_ACCOUNT
            wants_account = True
        elif isinstance(happening, PassPresented | BarcodeScanned):
            if isinstance(happening, BarcodeScanned) and stage.takes_back and book_of(happening) is not None:
                return Pile(left, happening)
            shown = shown_pass(happening)
            if shown is not None:
                return Begun(shown, wants_account)
            notice = Notice.CHIP_UNREADABLE if isinstance(happening, PassPresented) else Notice.UNREADABLE_SCAN
        elif isinstance(happening, ScanUnreadable | PassUnreadable):
            stage.stir()
            is_card = isinstance(happening, PassUnreadable)
            notice = Notice.CARD_NOT_READ if is_card else Notice.UNREADABLE_SCAN


def _show_rest(stage: Stage, notice: Notice | None, left: frozenset[bytes], over: StillThere | None) -> None:
    stage.show(stage.at_rest(notice or _lies_there(stage, left)), over)


def _lies_there(stage: Stage, left: frozenset[bytes]) -> Notice | None:
    """What to say of a pass or of books that lie there; `left`: the tags that lay there when the last visit ended."""
    if stage.pass_on_reader:
        return Notice.PASS_LEFT
    if not stage.pad.uids or not stage.by_pad:
        return None
    return Notice.BOOKS_LEFT if stage.pad.uids <= left else Notice.PASS_FIRST


def _left_behind(stage: Stage) -> Notice | None:
    return _lies_there(stage, stage.pad.uids)


async def books_first(counter: Counter, pile: Pile) -> Notice | None:
    """From books without a pass to what is to be done with them. Returns what the rest screen should say first."""
    stage = counter.stage
    books = BooksFirst(stage, counter.desk, counter.patience, pile)
    choice = await books.run()
    while isinstance(choice, Presented):
        served, notice = await _at_the_door(counter, choice, books)
        if served:
            return notice
        stage.presence.begin(None)  # the pass that was refused is not the one of whoever stands there
        choice = await books.run()  # with another pass, or brought back after all
    if choice is Intent.BRING_BACK:
        await bring_back(counter, books.scans)
    else:
        stage.wipe(stage.at_rest(_left_behind(stage)))
    return None


async def visit(counter: Counter, shown: Presented, *, opens_account: bool = False) -> Notice | None:
    """From the pass to the receipt. Returns what the rest screen should say first."""
    stage = counter.stage
    served, notice = await _at_the_door(counter, shown, opens_account=opens_account)
    if not served:
        stage.wipe(stage.at_rest(_left_behind(stage)))
    return notice


async def _at_the_door(
    counter: Counter, shown: Presented, books: BooksFirst | None = None, *, opens_account: bool = False
) -> tuple[bool, Notice | None]:
    """The visit of that pass. Returns whether there was one, and what the rest screen should say first.

    `books`: which were there before the pass; without a visit they are given what was scanned at the door.
    """
    scans = () if books is None else books.scans
    counter.stage.presence.begin(shown)
    has_gone = counter.parked.take_gone()
    door = Door(counter.stage, counter.desk, shown, counter.patience, counter.new_keys, counter.new_event, scans)
    try:
        patron = await door.open()
        if patron is None or has_gone(patron.patron):
            if books is not None:
                books.add(door.scans)
            return False, None  # two passes of one patron, who scanned one and laid the other there
        return True, await _served(counter, shown, patron, opens_account=opens_account or door.wants_account)
    finally:
        if door.pin_counts:
            counter.desk.end_visit(shown)


async def _served(counter: Counter, shown: Presented, patron: Identified, *, opens_account: bool) -> Notice | None:
    """From whoever that is to the receipt."""
    stage, patience = counter.stage, counter.patience
    stage.speak(patron.language)
    why = patron.cannot_borrow
    log.info("visit begins%s", f", cannot borrow: {why.rule} {why.reason.value}" if why else "")
    left = counter.parked.take(patron.patron)
    stage.choose(left.chosen)
    sheet = Sheet.of(patron, left.lines, left.read)
    desk_codes = DeskCodes(counter.desk, shown, counter.new_event)
    checkout = Checkout(
        stage,
        counter.desk,
        counter.pad,
        shown,
        patron,
        sheet,
        patience,
        desk_codes,
        left.loans,
        opens_account=opens_account,
    )
    before = checkout.sheet
    coming: tuple[Coming, ...] = ()
    async with _whole(checkout):
        try:
            ending = await checkout.run()
        finally:
            desk_codes.leave()
        done = checkout.sheet
        log.info("visit ended: %s, %d lent, %d not known", ending.value, len(done.lent), done.not_known)
        ran_out = ending is Ending.OUT_OF_TIME
        mailed = left.mailed and not done.adds_to(before)
        if mailed:
            patron = replace(patron, receipt=ReceiptChoice.NONE)  # their own choice is done already
        if ran_out:
            goes, coming = await mail_unasked(stage, counter.mail, shown, patron, done, counter.make_receipt, patience)
            mailed = mailed or goes
        elif done.says_something:
            coming = await farewell(
                stage,
                counter.printer,
                counter.mail,
                shown,
                patron,
                checkout,
                counter.make_receipt,
                counter.new_job,
                patience,
                at_once=ending is Ending.TAKEN,
            )
        await checkout.settle()
    if ran_out:
        kept = Left(checkout.sheet.worth_keeping, checkout.sheet.read, checkout.loans, mailed, stage.chosen)
        counter.parked.keep(patron.patron, kept)
    notice = Notice.ENDED_BY_TIME if ran_out else None
    stage.wipe(stage.at_rest(notice or _left_behind(stage)))
    waiting = checkout.next_pass
    if waiting is not None and all(_is_book(one) for one in coming):  # scanned by whoever has laid that pass there
        counter.parked.has_gone(patron.patron)
        stage.put_back(waiting)
    for one in coming:
        stage.put_back(one)
    return notice


def _is_book(one: Coming) -> bool:
    return isinstance(one, BarcodeScanned) and book_of(one) is not None


async def bring_back(counter: Counter, scans: Sequence[BarcodeScanned] = ()) -> None:
    """From the touch to the thanks; `scans` came before it."""
    stage, patience = counter.stage, counter.patience
    for scan in scans:
        stage.put_back(scan)
    back = BringBack(stage, counter.desk, counter.pad, patience)
    log.info("returning begins")
    async with _whole(back):
        ending = await back.run()
        done = back.sheet
        log.info("returning ended: %s, %d taken in, %d not known", ending.value, len(done.back), done.not_known)
        coming: tuple[Coming, ...] = () if back.next_pass is None else (back.next_pass,)
        says_something = done.not_known or done.to_check or done.switching
        if ending is not Ending.OUT_OF_TIME and (says_something or (done.back and not coming)):
            make_receipt = counter.make_return_receipt
            coming = await thanks(stage, counter.printer, back, make_receipt, counter.new_job, patience) or coming
        await back.settle()
    counter.parked.came_back({one.item for one in back.sheet.lines})
    stage.wipe(stage.at_rest(_left_behind(stage)))
    for one in coming:
        stage.put_back(one)


@asynccontextmanager
async def _whole(items: Items) -> AsyncIterator[None]:
    """From its first item to the end of what waits at the gate. Raises _ClosedInVisit, and what else a flow raises."""
    try:
        yield
    except JournalFault as fault:
        log.critical("lending is closed: %s", fault)
        raise await _closed(fault, items) from None
    except BaseException:
        items.abandon()
        raise


async def _out_of_order(counter: Counter) -> None:
    """For a while, and until something can be written down. What patrons do meanwhile is not kept for afterwards."""
    counter.stage.wipe(OutOfOrder("fault"))
    await counter.stage.ignore(BROKEN_S)
    if word := await _why_closed(counter):
        await _stay_closed(counter, word)


class _ClosedInVisit(Exception):
    """Nothing can be written down any more; what was `lent` in this visit stands all the same."""

    def __init__(self, word: str, lent: int) -> None:
        super().__init__(word)
        self.word, self.lent = word, lent


async def _closed(fault: JournalFault, items: Items) -> _ClosedInVisit:
    """What waits at the gate ends first. Only what passes it counts as lent: "the rest" goes to the desk."""
    with suppress(JournalFault):
        await items.settle()
    return _ClosedInVisit(fault.word, sum(one.gate is Gate.SAFE for one in items.sheet.lent))


async def _stay_closed(counter: Counter, word: str, lent: int = 0) -> None:
    why = partial(_why_closed, counter)
    await stay_closed(counter.stage, word, why, counter.say_closed, counter.patience.reading, lent)


async def _why_closed(counter: Counter) -> str:
    """The word for why nothing can be written down now; empty where it can."""
    try:
        await counter.desk.check_journal()
    except JournalFault as fault:
        return fault.word
    except Exception as fault:  # noqa: BLE001  whatever it is, lending stays closed, and the next try may do better
        log.critical("the journal cannot be looked at: %s", type(fault).__name__)
        return "fault"
    return ""


def _place(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"
