"""Tells the store many events at once: POST /v1/events, in sequence, all of one answer in one transaction there.

Events that would be more than a body may be are left for the next time.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from circulation.desk import AskedToWait, DeskFault, DeskUnreachable, NotAdmitted
from circulation.events import Action, Event, Told
from circulation.outcomes import CheckedOut, Refused, Voided
from offline_cache.journal import Answer
from offline_cache.line_state import LineState
from offline_cache.store_client import LineDown, Response, StoreClient
from values import dataclass

PATH = "/v1/events"
GAP, IDENTITY = "sequence-gap", "event-identity"
MOST_BYTES = 48 * 1024
# The store can only say the same again, as it would of each one of several: they are told one by one.
_HOPELESS = (400, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The event at `index` was not taken: a sequence gap, with the number that is next there, or another identity."""

    index: int
    kind: str
    expected_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The answers to the first events, in order; the last number that the store has; why it stopped, where it did."""

    answers: tuple[Answer, ...]
    acked_seq: int
    stopped: Stopped | None = None


class EventLine(Protocol):
    """Whoever takes events. Raises DeskUnreachable where nobody answered, DeskFault where the answer is of no use."""

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        """Tells the events in sequence. At least the first is told; fewer than given may be answered."""
        ...


class StoreEvents:
    """See `EventLine`; the membership store over HTTP."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        """Tells the events, as many of them as fit into a body. Raises DeskUnreachable, DeskFault."""
        from circulation import wire  # late: the first picture need not wait for it

        told_now = _that_fit([wire.encode(one) for one in events])
        body = wire.dumps({"events": told_now, "told": wire.encode(told) if told else None})
        try:
            response = self._client.post(PATH, body, deadline_s)
        except LineDown as fault:
            raise DeskUnreachable(str(fault), sent=fault.sent) from None
        return _batch(response, events[: len(told_now)])


def refuse_unless_answered(response: Response) -> None:
    """Raises NotAdmitted, AskedToWait where that is what the store said."""
    if response.state is LineState.REFUSED:
        raise NotAdmitted(f"status {response.status}")
    if response.state is LineState.WAIT:
        raise AskedToWait(f"status {response.status}", sent=response.status >= 500, seconds=response.wait_s)


def _that_fit(encoded: list[Any]) -> list[Any]:
    from circulation import wire

    size = 0
    for place, one in enumerate(encoded):
        size += len(wire.dumps(one)) + 1
        if place and size > MOST_BYTES:
            return encoded[:place]
    return encoded


def _batch(response: Response, events: Sequence[Event]) -> Batch:
    if response.status in _HOPELESS:
        raise DeskFault(f"status {response.status}", settled=len(events) == 1)
    refuse_unless_answered(response)
    if response.status != 200:
        raise DeskUnreachable(f"status {response.status}", sent=response.status >= 500)
    from circulation import wire

    try:
        return _read(wire.loads(response.body, wire.MAX_ANSWER_BYTES), events)
    except (wire.WireError, KeyError, TypeError, AttributeError) as fault:
        raise DeskFault(str(fault) if isinstance(fault, wire.WireError) else "not an answer to events") from None


def _read(data: Any, events: Sequence[Event]) -> Batch:
    from circulation import wire

    acked, stopped = data["acked_seq"], _read_stopped(data["stopped"])
    answers = tuple(answer_to(event, one) for event, one in zip(events, data["answers"], strict=False))
    told = len(data["answers"])
    if type(acked) is not int or acked < 0 or told != (len(events) if stopped is None else stopped.index):
        raise wire.WireError("answers", "not one for each event")
    return Batch(answers, acked, stopped)


def _read_stopped(data: Any) -> Stopped | None:
    from circulation import wire

    if data is None:
        return None
    index, kind, expected = data["index"], data["type"], data.get("expected_seq")
    right = type(index) is int and index >= 0 and kind in (GAP, IDENTITY)
    if not right or (kind == GAP and (type(expected) is not int or expected < 1)):
        raise wire.WireError("stopped", "unexpected")
    return Stopped(index, kind, expected)


def answer_to(event: Event, data: Any) -> Answer:
    """The answer in plain JSON data, which must be one to that event. Raises WireError."""
    from circulation import wire
    from circulation.affairs import CheckedIn, Renewed, VisitEnded

    answer: Answer = wire.decode_answer(data, _done_by(event.action), Refused, Voided)
    if isinstance(answer, CheckedOut | CheckedIn | Renewed) and answer.item != event.item:
        raise wire.WireError("answers", "about another item")
    if isinstance(answer, Voided | VisitEnded) and answer.event != event.id:
        raise wire.WireError("answers", "about another event")
    return answer


def _done_by(action: Action) -> type:
    """What answers that an act of this kind was done."""
    from circulation.affairs import CheckedIn, Paid, Renewed, RenewedAll, VisitEnded

    return {
        Action.CHECK_OUT: CheckedOut,
        Action.CHECK_IN: CheckedIn,
        Action.RENEW: Renewed,
        Action.RENEW_ALL: RenewedAll,
        Action.PAY: Paid,
        Action.END_VISIT: VisitEnded,
    }[action]
