"""How a screen ends by time (WCAG 2.2.1): where something would be lost it is asked and counted down first, and what
only tells something is heard to its end."""

import asyncio
from collections.abc import Callable

from kiosk.bus import Happening
from kiosk.settings import Patience
from kiosk.stage import Stage
from kiosk.ui import StillThere

HEARD_S = 60.0  # no screen waits longer than this until all was said: what flickers is said again and again
LIST_HEARD_S = 240.0  # nor a list, of which each line takes some seconds
_TICK_S = 0.01  # a timer may wake so much too early


async def next_heard(
    stage: Stage, timeout_s: float | None, *tasks: asyncio.Task[object], most_s: float = HEARD_S
) -> Happening | asyncio.Task[object] | None:
    """As `Stage.next`, for a screen that goes by itself or asks who is there: where somebody listens, the time begins
    when all of it was said, `most_s` later at most."""
    while True:
        found = await stage.next(None if timeout_s is None else timeout_s + _said_for_s(stage, most_s), *tasks)
        if found is not None or timeout_s is None or stage.quiet_s + _TICK_S >= timeout_s + _said_for_s(stage, most_s):
            return found


def _said_for_s(stage: Stage, most_s: float) -> float:
    """For how many seconds of the quiet something was said, or will be."""
    silent_s = stage.silent_s
    return 0.0 if silent_s is None else min(most_s, max(0.0, stage.quiet_s - silent_s))


async def still_there(
    stage: Stage,
    draw: Callable[[StillThere], None],
    patience: Patience,
    goes_on: Callable[[Happening], bool] = lambda _: False,
) -> Happening | None:
    """Counts down over what `draw` shows; what somebody of this visit does goes on, None is silence. `goes_on`: what
    does so besides."""
    draw(StillThere(patience.warning))
    while (left := patience.warning - int(stage.quiet_s + _TICK_S)) > 0:
        draw(StillThere(left))
        tick = asyncio.create_task(asyncio.sleep(1 - stage.quiet_s % 1))
        happening = await stage.next(None, tick)
        tick.cancel()
        if happening is None or isinstance(happening, asyncio.Task):
            continue
        if stage.presence.was_by(happening) or goes_on(happening):
            return happening
    return None
