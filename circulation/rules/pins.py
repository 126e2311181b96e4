"""When a PIN is needed, and when too many wrong ones lock a pass for a while (P6). No PIN and no hash comes in here."""

from datetime import datetime, timedelta

from circulation.model import Pass
from circulation.outcomes import NextStep, Reason, Refused, Value
from circulation.rules.facts import PinState, Policy, Visit, rule
from values import dataclass


@dataclass(frozen=True, slots=True)
class PinTries:
    """How often in a row a wrong PIN was given for a pass; `locked_until` (UTC): self-service is shut until then."""

    wrong: int = 0
    locked_until: datetime | None = None


@rule("P6")
def needs_pin(visit: Visit) -> bool:
    """Others can read the number off a document (an eID's too), or the patron or the branch asks for a PIN."""
    holder = visit.holder
    if holder is None:
        return False
    readable = holder.card.document_number or holder.card.eid
    return readable or holder.patron.pin_required or visit.here.branch.asks_pin


_REFUSED = {
    PinState.NOT_SHOWN: Reason.PIN_NEEDED,
    PinState.WRONG: Reason.PIN_WRONG,
    PinState.LOCKED: Reason.PIN_LOCKED,
}


@rule("P6")
def pin_is_proved(visit: Visit) -> Refused | None:
    """A pass that needs a PIN opens nothing before its PIN is proved in this visit; any other pass needs none.

    One that is locked opens nothing at any kiosk, those of a branch that asks for no PIN included; it is said for how
    many minutes at most.
    """
    if visit.holder is None or visit.pin is PinState.PROVED:
        return None
    stopped = visit.pin is PinState.LOCKED or needs_pin(visit)
    if not stopped:
        return None
    lasts: dict[str, Value] = {"count": visit.here.policy.pin_lock_minutes} if visit.pin is PinState.LOCKED else {}
    return Refused(_REFUSED[visit.pin], "P6", NextStep.DESK, lasts)


@rule("P6")
def is_locked(known: PinTries | Pass, now: datetime) -> bool:
    """Whether wrong PINs keep the pass locked at that instant (UTC)."""
    return known.locked_until is not None and now < known.locked_until


@rule("P6")
def after_wrong(tries: PinTries, now: datetime, policy: Policy) -> PinTries:
    """The tries after one more wrong PIN at that instant (UTC); the last one allowed locks the pass.

    A lock that is over begins the count anew, and a try while it stands neither counts nor lengthens it.
    """
    if is_locked(tries, now):
        return tries
    wrong = 1 if tries.locked_until is not None else tries.wrong + 1
    if wrong < policy.pin_tries:
        return PinTries(wrong)
    return PinTries(wrong, now + timedelta(minutes=policy.pin_lock_minutes))
