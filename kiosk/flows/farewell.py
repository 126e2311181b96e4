"""The end of a visit: how much was lent, a receipt or none. The loans stand whatever the printer does."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from circulation.model import ReceiptChoice
from circulation.outcomes import Identified
from devices import ports
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Answered, Happening, Touched
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
    sheet: Sheet,
    make_receipt: MakeReceipt,
    new_job: Callable[[], str],
    patience: Patience,
) -> None:
    """Shows the end and prints when asked, or by the patron's own default (K2) when nothing is touched."""
    can_print = printer.exists and bool(sheet.lent)
    while True:
        stage.show(Finished(len(sheet.lent), sheet.not_known, can_print))
        happening = await stage.next(patience.closing)
        if isinstance(happening, Answered):
            sheet = sheet.answered_late(happening.event, happening.answer)
        elif isinstance(happening, PassPresented | BarcodeScanned):
            stage.put_back(happening)
            return
        elif happening is None or isinstance(happening, Touched):
            by_default = happening is None and patron.receipt is ReceiptChoice.PRINT
            by_touch = isinstance(happening, Touched) and happening.intent is Intent.PRINT
            if can_print and (by_default or by_touch):
                await _print(stage, printer, sheet, make_receipt, new_job(), patience)
            return


async def _print(
    stage: Stage,
    printer: VisitPrinter,
    sheet: Sheet,
    make_receipt: MakeReceipt,
    job_id: str,
    patience: Patience,
) -> None:
    stage.show(Receipt(ReceiptState.PRINTING, len(sheet.lent)))
    receipt = make_receipt(stage.language, sheet.lent, sheet.not_known)
    printing = asyncio.create_task(printer.print(receipt, job_id))
    later: list[Happening] = []
    while not printing.done():
        happening = await stage.next(None, printing)
        if isinstance(happening, PassPresented | BarcodeScanned):
            later.append(happening)
    state = _STATES[printing.result()]
    if state is not ReceiptState.PRINTED:
        log.warning("receipt %s: %s", job_id, printing.result().value)
    stage.show(Receipt(state, len(sheet.lent)))
    while not later:
        happening = await stage.next(patience.closing if state is not ReceiptState.PRINTED else patience.closing / 2)
        if happening is None or isinstance(happening, Touched):
            return
        if isinstance(happening, PassPresented | BarcodeScanned):
            later.append(happening)
    for happening in later[-1:]:
        stage.put_back(happening)
