"""The Desk that the membership store keeps, over HTTP. Every answer is checked before anybody believes it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, Event, HandOver, Kind
from circulation.identifiers import EventId, Isil
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented
from offline_cache.event_line import answer_to, refuse_unless_answered
from offline_cache.store_client import LineDown, Response, StoreClient

if TYPE_CHECKING:
    from circulation.affairs import Account, GuestHomes, HandedOver
    from offline_cache.journal_entry import Answer

_HOPELESS = (400, 405, 413, 415, 422)
_NOT_DONE = (401, 403, 429)
_SERVER_FAULT = 500
_PATHS = {
    Action.CHECK_OUT: "/v1/checkouts",
    Action.CHECK_IN: "/v1/checkins",
    Action.END_VISIT: "/v1/visit-ends",
    Action.RENEW: "/v1/renewals",
    Action.RENEW_ALL: "/v1/renewals",
}


class StoreDesk:
    """See `circulation.desk.Desk`."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        """Who is this, and may the visit begin? `pin`: 4 to 12 digits. Raises DeskUnreachable, DeskFault."""
        more = {} if pin is None else {"pin": pin}
        answer: Identified | Refused = self._asked("/v1/identify", presented, deadline_s, Identified, more)
        return answer

    def account(self, presented: Presented, deadline_s: float) -> "Account | Refused":
        """What is theirs? Raises DeskUnreachable, DeskFault."""
        from circulation.affairs import Account  # late, here and below: the first picture need not wait for it

        answer: Account | Refused = self._asked("/v1/account", presented, deadline_s, Account)
        return answer

    def hand_over(self, case: HandOver, deadline_s: float) -> "HandedOver":
        """The code under which the desk finds that case. Raises DeskUnreachable, DeskFault."""
        from circulation import wire
        from circulation.affairs import HandedOver

        response = self._post("/v1/handovers", wire.dumps(wire.encode(case)), deadline_s)
        refuse_unless_answered(response)
        if response.status != 200:
            raise DeskUnreachable(f"status {response.status}", sent=False)
        given: HandedOver = _read(response, lambda data: wire.decode_answer(data, HandedOver))
        return given

    def guest_homes(self, deadline_s: float) -> "GuestHomes | Refused":
        """The libraries from which guests can enrol. Raises DeskUnreachable, DeskFault."""
        from circulation import wire
        from circulation.affairs import GuestHomes

        try:
            response = self._client.get("/v1/guest-homes", deadline_s)
        except LineDown as fault:
            raise DeskUnreachable(str(fault), sent=False) from None
        refuse_unless_answered(response)
        if response.status != 200:
            raise DeskUnreachable(f"status {response.status}", sent=False)
        answer: GuestHomes | Refused = _read(response, lambda data: wire.decode_answer(data, GuestHomes, Refused))
        return answer

    def enrol(
        self, presented: Presented, pin: str, home: Isil, event: EventId, deadline_s: float
    ) -> Identified | Refused:
        """Takes in a guest (G10), once for each EventId. Raises DeskUnreachable, DeskFault."""
        from circulation import wire

        body = wire.dumps({"event": event, "presented": wire.encode(presented), "pin": pin, "isil": home})
        response = self._post("/v1/guest-enrolments", body, deadline_s, event)
        refuse_unless_answered(response)
        if response.status != 200:
            raise DeskUnreachable(f"status {response.status}", sent=response.status >= _SERVER_FAULT)
        answer: Identified | Refused = _read(response, lambda data: wire.decode_answer(data, Identified, Refused))
        return answer

    def is_reachable(self, deadline_s: float) -> bool:
        """Whether the store itself answers that it is well: a login page of some network in between does not.

        Raises NotAdmitted, AskedToWait.
        """
        from circulation import wire

        try:
            response = self._client.get("/v1/health", deadline_s)
            refuse_unless_answered(response)
            return response.status == 200 and wire.loads(response.body) == {"status": "ok"}
        except (LineDown, wire.WireError):
            return False

    def deliver(self, event: Event, deadline_s: float) -> "Answer":
        """Does or gives up what the event says. Raises DeskUnreachable, DeskFault."""
        from circulation import wire

        path = "/v1/voids" if event.kind is Kind.VOID else _PATHS[event.action]
        response = self._post(path, wire.dumps(wire.encode(event)), deadline_s, event.id)
        _raise_for(response)
        answer: Answer = _read(response, lambda data: answer_to(event, data))
        return answer

    def _asked(
        self, path: str, presented: Presented, deadline_s: float, kind: type, more: Mapping[str, str] | None = None
    ) -> Any:
        """The answer of that kind, or the refusal, to a question about whoever shows this."""
        from circulation import wire

        response = self._post(path, wire.dumps({"presented": wire.encode(presented), **(more or {})}), deadline_s)
        refuse_unless_answered(response)
        if response.status != 200:
            raise DeskUnreachable(f"status {response.status}", sent=False)
        return _read(response, lambda data: wire.decode_answer(data, kind, Refused))

    def _post(self, path: str, body: bytes, deadline_s: float, key: str | None = None) -> Response:
        try:
            return self._client.post(path, body, deadline_s, key)
        except LineDown as fault:
            raise DeskUnreachable(str(fault), sent=fault.sent) from None


def _raise_for(response: Response) -> None:
    """RFC 9457 problems of the store; 409 is a matter of identity or of sequence (house decision 1)."""
    if response.status == 200:
        return
    refuse_unless_answered(response)
    if response.status in _HOPELESS:
        raise DeskFault(f"status {response.status}", settled=True)
    if response.status in _NOT_DONE:
        raise DeskUnreachable(f"status {response.status}", sent=False)
    if response.status == 409:
        expected = _expected_seq(response)
        raise DeskFault("status 409", expected_seq=expected, settled=expected is None)
    raise DeskUnreachable(f"status {response.status}", sent=True)


def _expected_seq(response: Response) -> int | None:
    from circulation import wire

    try:
        problem = wire.loads(response.body)
    except wire.WireError:
        return None
    expected = problem.get("expected_seq") if isinstance(problem, dict) else None
    return expected if type(expected) is int and expected > 0 else None


def _read(response: Response, decode: Callable[[object], Any]) -> Any:
    from circulation import wire

    try:
        return decode(wire.loads(response.body, wire.MAX_ANSWER_BYTES))
    except wire.WireError as fault:
        raise DeskFault(str(fault)) from None
