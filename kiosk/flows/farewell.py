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
from kiosk.flows.checkout import Checkout
from kiosk.settings import Patience
from kiosk.sheet import Sheet
from kiosk.stage import Stage
from kiosk.ui import Finished, Intent, Lent, Receipt, ReceiptState

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

    An answer that was still awaited when the patron left is shown as long as this screen stands. What is at the gate is
    awaited; whoever leaves before is printed the receipt of what is known then.
    """
    while True:
        checkout.switch_next()
        sheet = checkout.sheet
        can_print = printer.exists and bool(sheet.lent)
        stage.show(_finished(stage, sheet, can_print))
        happening = await stage.next(None if checkout.switching else patience.closing, *checkout.tasks)
        if isinstance(happening, asyncio.Task):
            checkout.take(happening)
            stage.stir()
        elif isinstance(happening, Answered):
            checkout.hear(happening.event)
        elif happening is None or isinstance(happening, Touched | PassPresented | BarcodeScanned):
            break
    if isinstance(happening, Touched):
        wanted = happening.intent is Intent.PRINT
    else:
        wanted = patron.receipt is ReceiptChoice.PRINT
    if checkout.switching:
        await checkout.settle()
        sheet = checkout.sheet
        can_print = printer.exists and bool(sheet.lent)
        if sheet.to_check and not isinstance(happening, PassPresented | BarcodeScanned):
            stage.show(_finished(stage, sheet, can_print))
            happening = await _until_read(stage, patience)
            wanted = wanted or (isinstance(happening, Touched) and happening.intent is Intent.PRINT)
    later = [happening] if isinstance(happening, PassPresented | BarcodeScanned) else []
    if can_print and wanted:
        job = new_job()
        printing = asyncio.create_task(printer.print(make_receipt(stage.language, sheet.lent, sheet.not_known), job))
        await _watch_printing(stage, printing, job, len(sheet.lent), later, patience)
    for one in later[-1:]:
        stage.put_back(one)


def _finished(stage: Stage, sheet: Sheet, can_print: bool) -> Finished:
    return Finished(
        len(sheet.lent),
        sheet.not_known,
        can_print,
        to_check=sheet.to_check,
        lying=stage.by_pad and bool(stage.pad.items),
        unlocking=bool(sheet.unlocking),
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
