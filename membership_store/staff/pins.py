"""P6: setting, resetting and unlocking a PIN at the desk. Hashing is slow: it is done before the transaction."""

from dataclasses import dataclass, field

from membership_store import pins
from membership_store.staff.acts import Act, Answer, At, Done, Unacceptable
from membership_store.staff.asked import OfPatron


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPin(OfPatron):
    """The PIN as the patron typed it. It is no part of what the answer is remembered by."""

    pin: str = field(repr=False, metadata={"secret": True})


def hashed(asked: SetPin) -> str:
    """What is kept of it. Raises Unacceptable."""
    try:
        return pins.hashed(asked.pin)
    except pins.NotAPin:
        raise Unacceptable("pin", "four to twelve digits") from None


def set_pin(at: At, asked: SetPin) -> Answer:
    """Sets the patron's PIN; wrong tries are forgotten."""
    at.member(asked.patron)
    pins.set_pin(at.session, at.consortium, asked.patron, at.prepared, at.now)
    at.changed(asked.patron)
    return Done({}, asked.patron)


def reset(at: At, asked: OfPatron) -> Answer:
    """Takes the PIN away: until a new one is set, what asks for a PIN goes to the desk."""
    at.member(asked.patron)
    pins.clear_pin(at.session, at.consortium, asked.patron)
    at.changed(asked.patron)
    return Done({}, asked.patron)


def unlock(at: At, asked: OfPatron) -> Answer:
    """Forgets the wrong tries of every pass of the patron."""
    at.member(asked.patron)
    at.run(
        "DELETE FROM pin_try WHERE consortium = ? AND pass IN"
        " (SELECT pass FROM pass WHERE consortium = ? AND patron = ?)",
        at.consortium,
        at.consortium,
        asked.patron,
    )
    at.changed(asked.patron)
    return Done({}, asked.patron)


ACTS = (
    Act("pins/set", "Sets a patron's PIN (P6)", SetPin, set_pin, before=hashed),
    Act("pins/reset", "Takes a patron's PIN away (P6)", OfPatron, reset),
    Act("pins/unlock", "Forgets wrong PINs (P6)", OfPatron, unlock),
)
