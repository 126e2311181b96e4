"""How the rest screen ends by time (WCAG 2.2.1): who chose a language or larger words before their pass keeps them
until nobody says that they are there."""

import asyncio
from collections.abc import Callable

from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Happening
from kiosk.flows.still_there import next_heard, still_there
from kiosk.settings import Patience
from kiosk.stage import Stage
from kiosk.ui import StillThere


async def next_at_rest(
    stage: Stage, draw: Callable[[StillThere | None], None], patience: Patience
) -> Happening | asyncio.Task[object] | None:
    """What happens next; None where nobody is there any more. Of somebody who has chosen something that is asked."""
    draw(None)
    happening = await next_heard(stage, patience.reading)
    if happening is None and stage.is_changed:
        happening = await next_heard(stage, patience.idle)
    if happening is None and stage.is_changed:
        lying = stage.pad.uids
        return await still_there(stage, draw, patience, lambda one: _begins(one) or not stage.pad.uids <= lying)
    return happening


def _begins(happening: Happening) -> bool:
    """Whether a visit may begin by it, whoever it is that shows it."""
    return isinstance(happening, PassPresented | BarcodeScanned)
