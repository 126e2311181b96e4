"""Of which library is a guest a member (G1)? Of a long list a stretch is chosen first, so that
nobody scrolls; whoever chose a wrong one goes back."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from circulation.identifiers import Isil
from circulation.outcomes import NextStep, Reason, Refused
from circulation.presented import Presented
from devices.ports import BarcodeScanned, PassPresented
from kiosk.bus import Touched
from kiosk.flows.pin import Keep, is_another
from kiosk.flows.still_there import still_there
from kiosk.settings import Patience
from kiosk.stage import Stage
from kiosk.ui import ChooseHome, Intent

if TYPE_CHECKING:
    from circulation.affairs import HomeChoice

AT_ONCE = 6  # choices on the screen
NOT_LISTED = Refused(Reason.GUEST_HOME_UNKNOWN, "G1", NextStep.DESK)


async def choose_home(
    stage: Stage, shown: Presented, homes: tuple[HomeChoice, ...], patience: Patience, keep: Keep
) -> Isil | Refused | None:
    """The library; a refusal where it is not listed; None where the patron left or another pass was shown. `keep`:
    takes what is scanned meanwhile and is no pass."""
    wider: list[tuple[HomeChoice, ...]] = []  # what it was narrowed from, the whole list first
    while len(homes) > 1:
        parts = stretches(homes)
        screen = ChooseHome(tuple((part[0].name, len(part) > 1) for part in parts), narrowed=bool(wider))
        stage.show(screen)
        happening = await stage.next(patience.idle)
        if happening is None:
            happening = await still_there(
                stage, partial(stage.show, screen), patience, partial(is_another, shown=shown)
            )
        if happening is None:
            return None
        if isinstance(happening, PassPresented | BarcodeScanned):
            if is_another(happening, shown):
                stage.put_back(happening)
                return None
            if isinstance(happening, BarcodeScanned):
                keep(happening)
        if isinstance(happening, Touched):
            if happening.intent is Intent.CLOSE:
                return NOT_LISTED
            if happening.intent is Intent.STOP:
                return None
            if happening.intent is Intent.BACK:
                homes = wider.pop()
            elif happening.what in (known := {str(at): part for at, part in enumerate(parts)}):
                wider.append(homes)
                homes = known[happening.what]
            stage.stir()  # other names to read
    return homes[0].isil if homes else NOT_LISTED


def stretches(homes: tuple[HomeChoice, ...]) -> tuple[tuple[HomeChoice, ...], ...]:
    """Up to six parts of the list, of about the same length, in its order; none of them is empty."""
    count = min(AT_ONCE, len(homes))
    ends = [len(homes) * at // count for at in range(count + 1)]
    return tuple(homes[begin:end] for begin, end in pairwise(ends))
