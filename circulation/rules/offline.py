"""What may be done while the library system is out of reach: how old the mirror is, and what the branch then allows.

The lending rules themselves are the same (verdict.py); what stands here only takes away. Every "I do not know" has a
reason of its own, so that it is never taken for a "no" of the rules.
"""

from datetime import timedelta
from enum import Enum

from circulation.events import Action
from circulation.model import PatronType
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Borrow, OfflinePolicy, PinState, Visit, rule
from circulation.rules.pins import needs_pin
from values import dataclass

_NO_TIME, _MINUTE = timedelta(), timedelta(minutes=1)


class Freshness(Enum):
    """What the mirror is worth: as good as the store, good for a few loans, or for returns only."""

    FRESH = "fresh"
    USABLE = "usable"
    TOO_OLD = "too_old"


DO_NOT_KNOW = frozenset(
    {
        Reason.OFFLINE_RETURNS_ONLY,
        Reason.OFFLINE_NOT_ALLOWED,
        Reason.OFFLINE_PASS_UNKNOWN,
        Reason.OFFLINE_ITEM_UNKNOWN,
        Reason.OFFLINE_PIN,
        Reason.OFFLINE_GUEST,
        Reason.OFFLINE_MAXIMUM,
    }
)
"""The reasons of a kiosk that cannot know, or may not decide: the store might have said yes."""


@dataclass(frozen=True, slots=True)
class Offline:
    """How things stand while nobody answers. `lent`: items lent offline to this patron since the line went."""

    policy: OfflinePolicy
    freshness: Freshness
    lent: int = 0


def freshness(age: timedelta | None, policy: OfflinePolicy) -> Freshness:
    """What a mirror of that age is worth; None is an age that nobody knows (a clock that cannot be believed)."""
    if age is None or age < _NO_TIME or age >= _MINUTE * policy.usable_minutes:
        return Freshness.TOO_OLD
    return Freshness.FRESH if age < _MINUTE * policy.fresh_minutes else Freshness.USABLE


def allowed(action: Action, offline: Offline) -> Refused | None:
    """Whether this may be done at all without the library system. A return always may, where the branch allows it."""
    if not _by_policy(action, offline.policy):
        return Refused(Reason.OFFLINE_NOT_ALLOWED, "K13", NextStep.DESK)
    if action is Action.CHECK_OUT and offline.freshness is Freshness.TOO_OLD:
        return Refused(Reason.OFFLINE_RETURNS_ONLY, "K13", NextStep.DESK)
    return None


def _by_policy(action: Action, policy: OfflinePolicy) -> bool:
    match action:
        case Action.CHECK_OUT:
            return policy.borrow
        case Action.CHECK_IN:
            return policy.take_back
        case Action.PAY:
            return policy.pay
        case _:
            return False


@rule("P6")
def pin_cannot_be_checked(visit: Visit, policy: OfflinePolicy) -> Refused | None:
    """A pass that needs a PIN goes to the desk; a number that others can read off a document always does.

    `policy.lends_without_pin`: a library that lets others, whose record or branch asks for a PIN, borrow all the same.
    """
    holder = visit.holder
    if holder is None or not needs_pin(visit) or visit.pin is PinState.PROVED:
        return None
    readable = holder.card.document_number or holder.card.eid
    if policy.lends_without_pin and not readable:
        return None
    return Refused(Reason.OFFLINE_PIN, "P6", NextStep.DESK)


def within_the_outage(borrow: Borrow, offline: Offline) -> Refused | None:
    """An older mirror lends a few items to each patron, and nothing to guests, whose term another library knows."""
    if offline.freshness is Freshness.FRESH:
        return None
    if borrow.patron.type is PatronType.GUEST and not offline.policy.usable_guests:
        return Refused(Reason.OFFLINE_GUEST, "G8", NextStep.DESK)
    if offline.lent >= offline.policy.usable_items:
        most = {"count": offline.policy.usable_items}
        return Refused(Reason.OFFLINE_MAXIMUM, "S3", NextStep.DESK, most)
    return None
