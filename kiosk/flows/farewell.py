"""The end of a visit: how much was lent, a receipt or none. The loans stand whatever the printer does."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from circulation.outcomes import Identified
from circulation.presented import Presented, ReceiptChoice
from devices import ports
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Answered, Touched
from kiosk.desks.mail import VisitMail
from kiosk.flows.bring_back import BringBack
from kiosk.flows.checkout import Checkout
from kiosk.flows.items import Items
from kiosk.flows.mailed import mail, mail_to, send, tell
from kiosk.flows.still_there import next_heard
from kiosk.loans import RenewedLoan
from kiosk.offered import offered
from kiosk.rows import Back, Lent
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.stage import Stage
from kiosk.ui import Finished, Intent, Receipt, ReceiptState, Returned, Screen

log = logging.getLogger(__name__)
Coming = PassPresented | BarcodeScanned  # with which the next visit begins
Draw = Callable[[Sheet], Screen]
MakeReturnReceipt = Callable[[str, tuple[Back, ...], int], ports.Receipt]
InLanguage = Callable[[str], ports.Receipt]
MakeReceipt = Callable[[str, tuple[Lent, ...], int, tuple[RenewedLoan, ...]], ports.Receipt]
_STATES = {
    ports.PrintOutcome.PRINTED: ReceiptState.PRINTED,
    ports.PrintOutcome.OUT_OF_PAPER: ReceiptState.OUT_OF_PAPER,
    ports.PrintOutcome.COVER_OPEN: ReceiptState.FAILED,
    ports.PrintOutcome.NOT_PRINTED: ReceiptState.FAILED,
    ports.PrintOutcome.UNKNOWN: ReceiptState.NOT_SURE,
}


class VisitPrinter(Protocol):
    """What a flow asks of the receipt printer."""

    @property
    def exists(self) -> bool: ...
    async def can_write(self, receipt: ports.Receipt) -> bool: ...
    async def print(self, receipt: ports.Receipt, job_id: str) -> ports.PrintOutcome: ...


async def farewell(
    stage: Stage,
    printer: VisitPrinter,
    post: VisitMail,
    shown: Presented,
    patron: Identified,
    checkout: Checkout,
    make_receipt: MakeReceipt,
    new_job: Callable[[], str],
    patience: Patience,
    *,
    at_once: bool = False,
) -> tuple[Coming, ...]:
    """Shows the end and prints or mails when asked, or by the patron's own default (K2) when nothing is touched.

    Whoever leaves before the gate is done is given the receipt of what is known then. `at_once`: the patron may be
    about to leave, so that their own choice is done without another wait; paper is then taken along. Returns what the
    next visit begins with.
    """
    draw = partial(_finished, stage, printer, patron)
    is_asked = patron.receipt is ReceiptChoice.ASK
    # Who has a choice on file, or may be gone, is not asked for long.
    until = patience if is_asked and not at_once else replace(patience, choosing=patience.closing)
    can_be_done = {
        ReceiptChoice.EMAIL: bool(mail_to(stage, patron)),
        ReceiptChoice.PRINT: printer.exists and not checkout.next_is_here,
    }
    waits = not (at_once and can_be_done.get(patron.receipt))
    first = await _watch(stage, checkout, draw, until) if waits else None
    last = await _settled(stage, checkout, draw, first, until)
    wanted = _wanted(patron, first, last)
    if wanted is Intent.PRINT and checkout.next_is_here:
        wanted = None
    later = [last] if isinstance(last, Coming) else []
    sheet = checkout.sheet
    if _is_for_paper(sheet) and wanted is Intent.EMAIL:
        done = Receipt(ReceiptState.MAILING, len(sheet.lent), renewed=len(sheet.renewed))
        if mail_to(stage, patron):
            receipt = make_receipt(stage.language, sheet.lent, sheet.not_known, sheet.renewed)
            instead = await mail(stage, post, shown, receipt, done, later, patience, can_print=printer.exists)
        else:  # their own choice, which cannot be done now: that is said
            instead = await tell(stage, done, later, patience, goes=False, can_print=printer.exists)
        wanted = Intent.PRINT if instead else None
    if printer.exists and _is_for_paper(sheet) and wanted is Intent.PRINT:
        job = new_job()
        whole = partial(_receipt, make_receipt, sheet)
        printing = asyncio.create_task(_print(stage, printer, whole, partial(_receipt, make_receipt, Sheet()), job))
        done = Receipt(ReceiptState.PRINTING, len(sheet.lent), renewed=len(sheet.renewed))
        await _watch_printing(stage, printing, job, done, later, patience)
    return _next(later)


def _next(later: list[Coming]) -> tuple[Coming, ...]:
    """What somebody else did meanwhile: the last pass and what was scanned after it, or books without a pass."""
    passes = [at for at, one in enumerate(later) if isinstance(one, PassPresented)]
    return tuple(later[passes[-1] :] if passes else later)


async def mail_unasked(
    stage: Stage,
    post: VisitMail,
    shown: Presented,
    patron: Identified,
    sheet: Sheet,
    make_receipt: MakeReceipt,
    patience: Patience,
) -> tuple[bool, tuple[Coming, ...]]:
    """The patron's own choice (K2) where the visit ran out of time. Nothing is printed: what nobody takes out of the
    printer the next one reads. Returns whether a letter goes, and what the next visit begins with."""
    if patron.receipt is not ReceiptChoice.EMAIL or not mail_to(stage, patron) or not _is_for_paper(sheet):
        return False, ()
    later: list[Coming] = []
    done = Receipt(ReceiptState.MAILING, len(sheet.lent), renewed=len(sheet.renewed))
    goes = await send(stage, post, shown, _receipt(make_receipt, sheet, stage.language), done, later)
    if goes is not None:
        await tell(stage, done, later, patience, goes=goes, can_print=False)
    return goes is not False, _next(later)


_BY_DEFAULT = {ReceiptChoice.PRINT: Intent.PRINT, ReceiptChoice.EMAIL: Intent.EMAIL}


def _wanted(patron: Identified, first: Touched | Coming | None, last: Touched | Coming | None) -> Intent | None:
    """What was touched, before the gate was done or after; the patron's own choice where nothing was (K2)."""
    touched = {one.intent for one in (first, last) if isinstance(one, Touched)}
    for intent in (Intent.EMAIL, Intent.PRINT):
        if intent in touched:
            return intent
    return None if isinstance(first, Touched) else _BY_DEFAULT.get(patron.receipt)


def _receipt(make_receipt: MakeReceipt, sheet: Sheet, language: str) -> ports.Receipt:
    return make_receipt(language, sheet.lent, sheet.not_known, sheet.renewed)


async def _print(
    stage: Stage, printer: VisitPrinter, whole: InLanguage, bare: InLanguage, job: str
) -> ports.PrintOutcome:
    """In the language of the moment; in the kiosk's first one where the printer has no letters for that. `bare`: the
    same without a title."""
    spoken, first = stage.language, stage.first_language
    receipt = whole(spoken)
    # A title may be in a script of its own in any language; the sentences around it may not.
    if not await printer.can_write(receipt) and not await printer.can_write(bare(spoken)):
        log.info("receipt in %s: the printer has no letters for %s", first, spoken)
        receipt = whole(first)
    return await printer.print(receipt, job)


async def thanks(
    stage: Stage,
    printer: VisitPrinter,
    back: BringBack,
    make_receipt: MakeReturnReceipt,
    new_job: Callable[[], str],
    patience: Patience,
) -> tuple[Coming, ...]:
    """Shows what was taken in, and what care it needs, until it is read; prints it when asked, and only then: nobody
    is known whose choice it could be. Returns what the next visit begins with."""
    draw = partial(_returned, stage, printer)
    first = await _watch(stage, back, draw, patience)
    last = await _settled(stage, back, draw, first, patience)
    later = [last] if isinstance(last, Coming) else []
    sheet = back.sheet
    asked = {one.intent for one in (first, last) if isinstance(one, Touched)}
    if printer.exists and sheet.back and Intent.PRINT in asked:
        job, done = new_job(), Receipt(ReceiptState.PRINTING, 0, back=len(sheet.back))
        whole, bare = (partial(_returns, make_receipt, one) for one in (sheet, Sheet()))
        printing = asyncio.create_task(_print(stage, printer, whole, bare, job))
        await _watch_printing(stage, printing, job, done, later, patience)
    return _next(later)


def _returns(make_receipt: MakeReturnReceipt, sheet: Sheet, language: str) -> ports.Receipt:
    return make_receipt(language, sheet.back, sheet.not_known)


async def _watch(stage: Stage, items: Items, draw: Draw, patience: Patience) -> Touched | Coming | None:
    """Shows the end of it as it changes, until somebody touches, shows or scans something, or has had the time to read.
    An answer that was still awaited is taken in, and what is at the gate is awaited."""
    while True:
        items.switch_next()
        screen = draw(items.sheet)
        stage.show(screen)
        happening = await next_heard(stage, None if items.switching else _how_long(screen, patience), *items.tasks)
        if isinstance(happening, asyncio.Task):
            items.finish(happening)
        elif isinstance(happening, Answered):
            items.hear(happening.event)
        elif happening is None or isinstance(happening, Touched | Coming):
            return happening


def _how_long(screen: Screen, patience: Patience) -> float:
    """Seconds that it stands: more where it asks about a receipt."""
    asks = offered(screen) & {Intent.PRINT, Intent.EMAIL}
    return patience.choosing if asks else patience.closing


async def _settled(
    stage: Stage, items: Items, draw: Draw, first: Touched | Coming | None, patience: Patience
) -> Touched | Coming | None:
    """Ends what was still at the gate after `first`. What then needs care is shown to whoever had touched a button
    before it was said, until it is read. Returns what happened last."""
    if not items.switching:
        return first
    await items.settle()
    if not items.sheet.to_check or isinstance(first, Coming):
        return first
    screen = draw(items.sheet)
    stage.show(screen)
    stage.stir()
    while True:
        happening = await next_heard(stage, _how_long(screen, patience))
        if happening is None or isinstance(happening, Touched | Coming):
            return happening


def _finished(stage: Stage, printer: VisitPrinter, patron: Identified, sheet: Sheet) -> Finished:
    return Finished(
        len(sheet.lent),
        sheet.not_known,
        printer.exists and _is_for_paper(sheet),
        to_check=sheet.to_check,
        lying=stage.by_pad and bool(stage.pad.items),
        unlocking=bool(sheet.switching),
        renewed=len(sheet.renewed),
        renewals_unclear=sheet.renewals_unclear,
        mail_to=mail_to(stage, patron) if _is_for_paper(sheet) else "",
    )


def _is_for_paper(sheet: Sheet) -> bool:
    return bool(sheet.lent or sheet.renewed)


def _returned(stage: Stage, printer: VisitPrinter, sheet: Sheet) -> Returned:
    return Returned(
        len(sheet.back),
        sheet.not_known,
        to_check=sheet.to_check,
        lying=stage.by_pad and bool(stage.pad.items),
        locking=bool(sheet.switching),
        can_print=printer.exists and bool(sheet.back),
    )


async def _watch_printing(
    stage: Stage,
    printing: asyncio.Task[ports.PrintOutcome],
    job: str,
    done: Receipt,
    later: list[Coming],
    patience: Patience,
) -> None:
    """Until the receipt of what was `done` is out and looked at, the patron closes, or (then in `later`) somebody else
    comes."""
    stage.show(done)
    while not printing.done():
        happening = await stage.next(None, printing)
        if isinstance(happening, Touched):
            return  # it goes on printing
        if isinstance(happening, Coming):
            later.append(happening)
    state = _STATES[printing.result()]
    if state is not ReceiptState.PRINTED:
        log.warning("receipt %s: %s", job, printing.result().value)
    stage.show(replace(done, state=state))
    stage.stir()
    while not later:
        seconds = patience.closing if state is not ReceiptState.PRINTED else patience.closing / 2
        happening = await next_heard(stage, seconds)
        if happening is None or isinstance(happening, Touched):
            return
        if isinstance(happening, Coming):
            later.append(happening)
