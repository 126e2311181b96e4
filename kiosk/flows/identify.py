"""A pass was shown: who is this, and may the visit begin (rules.md §1, Visit)? The patron can leave at any moment."""

import asyncio
import logging
from collections.abc import Iterable

from circulation.desk import DeskUnreachable
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Touched
from kiosk.desks.in_background import VisitDesk
from kiosk.settings import Patience
from kiosk.shown_pass import shown_pass
from kiosk.stage import Stage
from kiosk.ui import NoAnswer, NoVisit, Waiting

log = logging.getLogger(__name__)
QUICK_S = 0.1
AHEAD = 20  # items that a patron may scan before the answer is there


async def identify(
    stage: Stage, desk: VisitDesk, shown: Presented, patience: Patience, scans: Iterable[BarcodeScanned] = ()
) -> Identified | None:
    """The patron, or None where the visit did not begin; then the patron was told why, or left.

    What a patron scanned before (`scans`), or while the answer is awaited, belongs to the visit, if there will be one.
    """
    asked = asyncio.create_task(desk.identify(shown))
    ahead = [one for one in scans if shown_pass(one) != shown]
    while not asked.done():
        happening = await stage.next(QUICK_S if not stage.shows(Waiting) else None, asked)
        if happening is None:
            stage.show(Waiting())  # an answer that comes at once needs no picture of waiting before it
        if isinstance(happening, Touched):
            asked.cancel()  # the call itself goes on and changes nothing
            return None
        if isinstance(happening, PassPresented) and shown_pass(happening) != shown:
            asked.cancel()
            stage.put_back(happening)
            return None
        if isinstance(happening, BarcodeScanned) and shown_pass(happening) != shown and len(ahead) < AHEAD:
            ahead.append(happening)
    try:
        answer = asked.result()
    except DeskUnreachable:
        await _tell(stage, NoAnswer(), patience)
        return None
    if isinstance(answer, Refused):
        log.info("no visit: %s %s", answer.rule, answer.reason.value)
        await _tell(stage, NoVisit(answer), patience)
        return None
    for scan in ahead:
        stage.put_back(scan)
    return answer


async def _tell(stage: Stage, screen: NoVisit | NoAnswer, patience: Patience) -> None:
    """Stands until it is read, closed, or somebody shows a pass."""
    stage.show(screen)
    while True:
        happening = await stage.next(patience.reading)
        if happening is None or isinstance(happening, Touched):
            return
        if isinstance(happening, PassPresented | BarcodeScanned):
            stage.put_back(happening)
            return
