"""The end of a visit: how much was lent, a receipt or none. The loans stand whatever the printer does."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from circulation.outcomes import Identified
from circulation.presented import ReceiptChoice
from devices import ports
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Answered, Happening, Touched
from kiosk.flows.bring_back import BringBack
from kiosk.flows.checkout import Checkout
from kiosk.flows.items import Items
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.stage import Stage
from kiosk.ui import Finished, Intent, Lent, Receipt, ReceiptState, Returned, Screen

log = logging.getLogger(__name__)
MakeReceipt = Callable[[str, tuple[Lent, ...], int], ports.Receipt]
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
    async def print(self, receipt: ports.Receipt, job_id: str) -> ports.PrintOutcome: ...


async def farewell(
    stage: Stage,
    printer: VisitPrinter,
    patron: Identified,
    checkout: Checkout,
    make_receipt: MakeReceipt,
    new_job: Callable[[], str],
    patience: Patience,
) -> None:
    """Shows the end and prints when asked, or by the patron's own default (K2) when nothing is touched.

    Whoever leaves before the gate is done is printed the receipt of what is known then.
    """
    happening = await _watch(stage, checkout, lambda sheet: _finished(stage, sheet, printer), patience)
    if isinstance(happening, Touched):
        wanted = happening.intent is Intent.PRINT
    else:
        wanted = patron.receipt is ReceiptChoice.PRINT
    if checkout.switching:
        await checkout.settle()
        if checkout.sheet.to_check and not isinstance(happening, PassPresented | BarcodeScanned):
            stage.show(_finished(stage, checkout.sheet, printer))
            happening = await _until_read(stage, patience)
            wanted = wanted or (isinstance(happening, Touched) and happening.intent is Intent.PRINT)
    later = [happening] if isinstance(happening, PassPresented | BarcodeScanned) else []
    sheet = checkout.sheet
    if printer.exists and sheet.lent and wanted:
        job = new_job()
        printing = asyncio.create_task(printer.print(make_receipt(stage.language, sheet.lent, sheet.not_known), job))
        await _watch_printing(stage, printing, job, len(sheet.lent), later, patience)
    for one in later[-1:]:
        stage.put_back(one)


async def thanks(stage: Stage, back: BringBack, patience: Patience) -> None:
    """Shows what was taken in, and what care it needs, until it is read. A pass that is shown begins the next visit."""
    happening = await _watch(stage, back, lambda sheet: _returned(stage, sheet), patience)
    if back.switching:
        await back.settle()
        if back.sheet.to_check and not isinstance(happening, PassPresented | BarcodeScanned):
            stage.show(_returned(stage, back.sheet))
            happening = await _until_read(stage, patience)
    if isinstance(happening, PassPresented | BarcodeScanned):
        stage.put_back(happening)


async def _watch(stage: Stage, items: Items, draw: Callable[[Sheet], Screen], patience: Patience) -> Happening | None:
    """Shows the end of it as it changes, until somebody touches, shows or scans something, or has had the time to read.
    An answer that was still awaited is taken in, and what is at the gate is awaited."""
    while True:
        items.switch_next()
        stage.show(draw(items.sheet))
        happening = await stage.next(None if items.switching else patience.closing, *items.tasks)
        if isinstance(happening, asyncio.Task):
            items.take(happening)
            stage.stir()
        elif isinstance(happening, Answered):
            items.hear(happening.event)
        elif happening is None or isinstance(happening, Touched | PassPresented | BarcodeScanned):
            return happening


def _finished(stage: Stage, sheet: Sheet, printer: VisitPrinter) -> Finished:
    return Finished(
        len(sheet.lent),
        sheet.not_known,
        printer.exists and bool(sheet.lent),
        to_check=sheet.to_check,
        lying=stage.by_pad and bool(stage.pad.items),
        unlocking=bool(sheet.switching),
    )


def _returned(stage: Stage, sheet: Sheet) -> Returned:
    return Returned(
        len(sheet.back),
        sheet.not_known,
        to_check=sheet.to_check,
        lying=stage.by_pad and bool(stage.pad.items),
        locking=bool(sheet.switching),
    )


async def _until_read(stage: Stage, patience: Patience) -> Happening | None:
    """What was said last, to somebody who had touched a button before it was said."""
    stage.stir()
    while True:
        happening = await stage.next(patience.closing)
        if happening is None or isinstance(happening, Touched | PassPresented | BarcodeScanned):
            return happening


async def _watch_printing(
    stage: Stage,
    printing: asyncio.Task[ports.PrintOutcome],
    job: str,
    lent: int,
    later: list[PassPresented | BarcodeScanned],
    patience: Patience,
) -> None:
    """Until the receipt is out and looked at, the patron closes, or (then in `later`) somebody else comes."""
    stage.show(Receipt(ReceiptState.PRINTING, lent))
    while not printing.done():
        happening = await stage.next(None, printing)
        if isinstance(happening, Touched):
            return  # it goes on printing
        if isinstance(happening, PassPresented | BarcodeScanned):
            later.append(happening)
    state = _STATES[printing.result()]
    if state is not ReceiptState.PRINTED:
        log.warning("receipt %s: %s", job, printing.result().value)
    stage.show(Receipt(state, lent))
    stage.stir()
    while not later:
        happening = await stage.next(patience.closing if state is not ReceiptState.PRINTED else patience.closing / 2)
        if happening is None or isinstance(happening, Touched):
            return
        if isinstance(happening, PassPresented | BarcodeScanned):
            later.append(happening)
