"""K3: messages on a pass; one for staff never reaches a screen, and one that must be acknowledged comes first."""

from dataclasses import dataclass, field

from membership_store.staff.acts import Act, Answer, At, Done, NoSuch, Unacceptable
from membership_store.staff.asked import OfPatron


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMessage(OfPatron):
    """A text of at most 500 characters. `for_patron`: the patron may read it on the screen."""

    text: str = field(repr=False)
    for_patron: bool = False
    acknowledge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMessage(OfPatron):
    """One message, by its key."""

    message: str


def add(at: At, asked: AddMessage) -> Answer:
    """Lays a message on the pass."""
    at.member(asked.patron)
    if not asked.text.strip():
        raise Unacceptable("text", "empty")
    key = f"N{at.chance()}"
    at.add(
        "message",
        message=key,
        patron=asked.patron,
        body=asked.text.strip(),
        for_patron=int(asked.for_patron),
        acknowledge=int(asked.acknowledge),
    )
    at.changed(asked.patron)
    return Done({"message": key}, asked.patron, key)


def acknowledge(at: At, asked: OfMessage) -> Answer:
    """Staff have read it; it is shown no more."""
    seen = (
        "UPDATE message SET acknowledged_at = ?"
        " WHERE consortium = ? AND patron = ? AND message = ? AND acknowledged_at IS NULL"
    )
    return _touched(at, asked, seen, at.stamp)


def remove(at: At, asked: OfMessage) -> Answer:
    """Takes the message away."""
    return _touched(at, asked, "DELETE FROM message WHERE consortium = ? AND patron = ? AND message = ?")


def _touched(at: At, asked: OfMessage, statement: str, *values: str) -> Answer:
    at.member(asked.patron)
    if at.run(statement, *values, at.consortium, asked.patron, asked.message) == 0:
        raise NoSuch("message")
    at.changed(asked.patron)
    return Done({"message": asked.message}, asked.patron, asked.message)


ACTS = (
    Act("messages/add", "Lays a message on a pass (K3)", AddMessage, add),
    Act("messages/acknowledge", "Staff have read a message (K3)", OfMessage, acknowledge),
    Act("messages/remove", "Takes a message away (K3)", OfMessage, remove),
)
