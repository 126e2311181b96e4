"""The order of a loan and its gate bit (house decision 8): what may be said only after which reading. No memory.

Lending: the library says yes, `let_pass` is DONE, then it is said. Returning: it says yes, `arm` is DONE, then it is
said. Undoing: `arm` is DONE, then the loan ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TYPE_CHECKING

from circulation.desk import DeskUnreachable
from circulation.identifiers import ItemBarcode
from circulation.outcomes import Refused
from devices.ports import PadItem, TagSecurity
from kiosk.desks.journalled import AnswerLost
from kiosk.visit_pad import VisitPad

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn

TRIES = 3
PAUSE_S = 0.3  # until the next try: by then a pad has told that a tag was taken away
Tags = Callable[[], tuple[PadItem, ...]]
CheckIn = Callable[[ItemBarcode], "Awaitable[CheckedIn | Refused]"]


class Switched(Enum):
    """How all tags of one item were read back."""

    DONE = "done"
    LEFT = "left"  # one was taken away before it was read back: nobody knows how it is
    FAILED = "failed"  # one lies there and is not as it should be, or does not tell


class Undoing(Enum):
    """What became of a loan that was to be undone."""

    UNDONE = "undone"
    STANDS = "stands"  # still lent, its bits armed or not known
    NOT_KNOWN = "not_known"  # its bits are armed; whether it is lent will be answered


async def let_pass(pad: VisitPad, tags: Tags) -> Switched:
    """Clears the bits of an item that is lent. `tags`: those of it that lie there at the moment of asking."""
    return await _switch(pad.unsecure, TagSecurity.UNSECURED, tags)


async def arm(pad: VisitPad, tags: Tags) -> Switched:
    """Arms the bits of an item that is not lent, or not any more."""
    return await _switch(pad.secure, TagSecurity.SECURED, tags)


async def undo(pad: VisitPad, check_in: CheckIn, item: ItemBarcode, tags: Tags) -> Undoing:
    """Arms the bits, and only then ends the loan, by a return (K10). Raises JournalFault."""
    if await arm(pad, tags) is not Switched.DONE:
        return Undoing.STANDS
    try:
        answer = await check_in(item)
    except AnswerLost:
        return Undoing.NOT_KNOWN
    except DeskUnreachable:
        return Undoing.STANDS
    return Undoing.STANDS if isinstance(answer, Refused) else Undoing.UNDONE


async def _switch(switch: Callable[[bytes], Awaitable[TagSecurity]], wanted: TagSecurity, tags: Tags) -> Switched:
    """Every tag, one after the other; each is tried a few times for as long as it lies there."""
    first = tags()
    for tag in first:
        for at in range(TRIES):
            await asyncio.sleep(PAUSE_S if at else 0)
            if at and tag.uid not in {one.uid for one in tags()}:
                return Switched.LEFT
            if await switch(tag.uid) is wanted:
                break
        else:
            return Switched.FAILED
    return Switched.DONE if first else Switched.LEFT
