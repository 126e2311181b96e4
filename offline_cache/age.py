"""How old the mirror is: by the boot's own clock where that still runs, by the wall clock only where it is believed.

A kiosk without a battery clock begins anywhere after a power cut: what nobody knows is no age at all (facts §4, §9).
"""

from datetime import datetime, timedelta

from circulation.events import ClockState, Told
from values import dataclass


@dataclass(frozen=True, slots=True)
class AsOf:
    """An instant at the store (UTC), and the kiosk's own clock when it asked: so far the mirror is known to be true."""

    at: datetime
    told: Told


def age_of(as_of: AsOf, now: Told, wall: datetime, floor: datetime) -> timedelta | None:
    """How old the mirror is; None where nobody knows.

    `wall`: what the wall clock says (UTC); `floor`: an instant (UTC) that the kiosk has seen already. Within one boot
    the wall clock does not matter; after another boot it counts only when it is synchronised, and not before either.
    """
    if now.boot and now.boot == as_of.told.boot:
        age = timedelta(milliseconds=now.since_boot_ms - as_of.told.since_boot_ms)
    elif now.clock is not ClockState.SYNCHRONISED or wall < floor:
        return None
    else:
        age = wall - as_of.at
    return None if age < timedelta() else age
