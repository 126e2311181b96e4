"""A receipt is mailed (K9) while its patron looks on. The loans stand whatever comes of it."""

import asyncio
import logging
from dataclasses import replace

from circulation.outcomes import Identified
from circulation.presented import Presented
from devices import ports
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Touched
from kiosk.desks.mail import VisitMail
from kiosk.flows.still_there import next_heard
from kiosk.settings import Patience
from kiosk.stage import Stage
from kiosk.ui import Intent, Receipt, ReceiptState, Trouble

log = logging.getLogger(__name__)
_NO_LINE = frozenset({Trouble.WITHOUT_LINE, Trouble.NO_CONNECTION, Trouble.NOT_ADMITTED})


def mail_to(stage: Stage, patron: Identified) -> str:
    """The masked address to which a receipt can be mailed now; empty where it cannot."""
    return "" if stage.troubles & _NO_LINE else patron.mail_to


async def mail(
    stage: Stage,
    post: VisitMail,
    shown: Presented,
    receipt: ports.Receipt,
    done: Receipt,
    later: list[PassPresented | BarcodeScanned],
    patience: Patience,
    *,
    can_print: bool,
) -> bool:
    """Until that it goes, or does not, was read, or somebody else comes (then in `later`). `done`: what is on it.
    Returns whether it is to be printed instead."""
    goes = await send(stage, post, shown, receipt, done, later)
    return goes is not None and await tell(stage, done, later, patience, goes=goes, can_print=can_print)


async def send(
    stage: Stage,
    post: VisitMail,
    shown: Presented,
    receipt: ports.Receipt,
    done: Receipt,
    later: list[PassPresented | BarcodeScanned],
) -> bool | None:
    """Whether it goes; None where the patron left before that was known, and it goes on by itself."""
    sending = asyncio.create_task(post.send(shown, stage.language, receipt))
    stage.show(done)
    while not sending.done():
        happening = await stage.next(None, sending)
        if isinstance(happening, Touched):
            return None
        if isinstance(happening, PassPresented | BarcodeScanned):
            later.append(happening)
    goes = sending.result()
    log.info("receipt by mail: %s", "taken" if goes else "not taken")
    return goes


async def tell(
    stage: Stage,
    done: Receipt,
    later: list[PassPresented | BarcodeScanned],
    patience: Patience,
    *,
    goes: bool,
    can_print: bool,
) -> bool:
    """Says what came of it until it is read, or somebody else comes. Returns whether it is to be printed instead."""
    state = ReceiptState.MAILED if goes else ReceiptState.NOT_MAILED
    screen = replace(done, state=state, can_print=can_print and not goes)
    stage.show(screen)
    stage.stir()
    seconds = patience.choosing if screen.can_print else patience.closing / 2 if goes else patience.closing
    while not later:
        happening = await next_heard(stage, seconds)
        if happening is None or isinstance(happening, Touched):
            return isinstance(happening, Touched) and happening.intent is Intent.PRINT
        if isinstance(happening, PassPresented | BarcodeScanned):
            later.append(happening)
    return False
