"""An item comes back: was it out, and where does it go (K8, K10, A4, and what K7 says of a missing one)?"""

from circulation.affairs import Route
from circulation.model import Hold, ItemStatus
from circulation.rules.facts import Return, rule
from circulation.rules.region import can_reach

# K8, K12 †: how many days a copy is kept on the hold shelf where nobody says until when.
SHELF_DAYS = 7


@rule("A4")
def internal_stays_open(brought: Return) -> bool:
    """An item out on an administrative pass is taken in and laid apart, but its internal loan goes on."""
    return brought.item is not None and brought.item.loan is not None and brought.item.loan.internal


@rule("K10")
def was_on_loan(brought: Return) -> bool:
    """Whether somebody had borrowed it. An item that nobody had is taken in and routed all the same."""
    return brought.item is not None and brought.item.loan is not None


@rule("K7", "A4", "K12")
def goes_to_staff(brought: Return) -> bool:
    """What was missing, damaged, out on an administrative pass or borrowed from elsewhere is laid apart for staff."""
    item = brought.item
    if item is None:
        return True
    apart = item.status in (ItemStatus.MISSING, ItemStatus.DAMAGED)
    return apart or item.interlibrary or internal_stays_open(brought)


@rule("K8", "N6")
def next_hold(brought: Return) -> Hold | None:
    """The hold that the item is for now: one that it stands on the shelf for already, else the first in line.

    One that will be fetched where this copy cannot come is passed over: it waits for a copy of its own library.
    """
    item = brought.item
    if item is None:
        return None
    if item.hold is not None and (item.hold.on_shelf or can_reach(item, item.hold, brought.here)):
        return item.hold
    return next((one for one in item.wanted_by if can_reach(item, one, brought.here)), None)


@rule("K8", "N6")
def must_let_go(brought: Return) -> bool:
    """Whether the hold that was to have this copy is fetched where the copy cannot come: another one may serve it.

    So it is where it was chosen before the group's manner of working together was another one.
    """
    hold = None if brought.item is None else brought.item.hold
    return hold is not None and hold != next_hold(brought)


@rule("K8", "K10")
def route_of(brought: Return) -> tuple[Route, str]:
    """Where it goes, and the place: the hold shelf in words, or the code of the branch that it must go to.

    First to staff, then to whoever holds it (here or in another branch), then to the branch that it stands in.
    """
    item, here = brought.item, brought.here
    if item is None or goes_to_staff(brought):
        return Route.STAFF, ""
    hold = next_hold(brought)
    if hold is None:
        mine = item.branch == here.branch.code
        return (Route.SHELF, "") if mine else (Route.OTHER_BRANCH, item.branch)
    if hold.branch is None or hold.branch == here.branch.code:
        return Route.HOLD_SHELF, hold.shelf or here.policy.hold_shelf
    return Route.OTHER_BRANCH, hold.branch
