"""A kiosk that lends nothing for want of a journal: a calm screen that says where to go, until that was put right."""

import logging
from collections.abc import Awaitable, Callable

from kiosk.stage import Stage
from kiosk.ui import Closed

log = logging.getLogger(__name__)
LOOK_S = 5.0


async def stay_closed(
    stage: Stage,
    word: str,
    why: Callable[[], Awaitable[str]],
    say: Callable[[str], None],
    reading_s: float,
    lent: int = 0,
) -> None:
    """Until `why`, asked every few seconds, has no word left; `say` is told each word, and "" when it is over.

    What patrons do meanwhile is not kept for afterwards. `reading_s`: after so many quiet seconds a help card, or a
    language chosen by hand, goes, and that somebody had borrowed so many before.
    """
    stage.wipe(Closed(word, lent))
    while word:
        say(word)
        await stage.ignore(LOOK_S)
        word = await why()
        if word and stage.quiet_s >= reading_s:
            lent = 0
            stage.wipe(Closed(word))
        elif word:
            stage.show(Closed(word, lent))
    say("")
    log.info("what kept this kiosk closed is over")
