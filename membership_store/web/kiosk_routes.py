"""What a kiosk may ask. The branch comes from the kiosk's row, never from the request."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from circulation import wire
from circulation.affairs import (
    Account,
    Allowed,
    CheckedIn,
    HandedOver,
    HoldShelf,
    Owed,
    Paid,
    ReceiptTaken,
    Renewed,
    RenewedAll,
    VisitEnded,
)
from circulation.events import Action, Event, HandOver, Kind, MailedReceipt, Question, Told
from circulation.identifiers import EventId
from circulation.outcomes import CheckedOut, Identified, Reason, Refused, Voided
from circulation.presented import Presented
from membership_store import pins, problems
from membership_store.answers import IdentityConflict, SequenceGap
from membership_store.credentials import Kiosk
from membership_store.desk import Delivered, StoreDesk
from membership_store.guarding import Guard
from membership_store.kiosk_clock import is_usable
from membership_store.paying import LONGEST_REFERENCE
from membership_store.web.body import answer, decoded, json_of
from membership_store.web.kiosk_access import KioskAccess
from membership_store.web.operation import Acts, Asker, Endpoint, Operation, Schema

# In JSON no text can look like it.
_ADMINISTRATIVE = f'"reason":"{Reason.ADMINISTRATIVE_PASS.value}"'.encode()
log = logging.getLogger(__name__)
WRITERS = 32
# Each takes 32 MiB and a tenth of a second of a core.
PIN_READERS = 4
ASKED_OR_TOLD = (Kind.REQUEST, Kind.FACT)
_PIN = {"type": "string", "pattern": "^[0-9]{4,12}$", "description": "Typed by the patron; kept and logged nowhere."}
_WELL = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
MOST_EVENTS = 50
ALL_ACTS = frozenset(Action)
_EVENTS: Schema = {
    "type": "object",
    "description": "`told`: the kiosk's clock when it sends them.",
    "properties": {
        "events": {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": Acts(ALL_ACTS, tuple(Kind))},
        "told": Told | None,
    },
    "required": ["events"],
    "additionalProperties": False,
}
_STOPPED: Schema = {
    "type": "object",
    "properties": {
        "index": {"type": "integer"},
        "type": {"enum": ["sequence-gap", "event-identity"]},
        "expected_seq": {"type": "integer"},
    },
    "required": ["index", "type"],
}
_DELIVERED: Schema = {
    "type": "object",
    "description": "An answer for each event up to the one that stopped it, each as it would be alone.",
    "properties": {
        "answers": {"type": "array", "items": {"type": "object", "required": ["outcome"]}},
        "acked_seq": {"type": "integer"},
        "stopped": {"anyOf": [_STOPPED, {"type": "null"}]},
    },
    "required": ["answers", "acked_seq", "stopped"],
}


def _shown(**more: Schema) -> Schema:
    """The schema of a body that shows a pass."""
    return {
        "type": "object",
        "properties": {"presented": Presented, **more},
        "required": ["presented"],
        "additionalProperties": False,
    }


class KioskRoutes:
    """The operations of a kiosk over a desk."""

    def __init__(self, desk: StoreDesk, guard: Guard) -> None:
        self._desk = desk
        self._access = KioskAccess(desk, guard)
        # Of their own, so that identify and health still find a thread when writing is slow, or PINs are.
        self._writers = CapacityLimiter(WRITERS)
        self._pin_readers = CapacityLimiter(PIN_READERS)

    def operations(self) -> tuple[Operation, ...]:
        """The rows of the table."""
        said = "Whether the store answers; to who shows a credential, also whether that counts"
        refused = ("unauthorized",)
        return (
            Operation("GET", "/v1/health", self.health, "health", said, Asker.ANYBODY, None, (_WELL,), refused),
            *self._questions(),
            *self._acts(),
        )

    def _questions(self) -> tuple[Operation, ...]:
        def ask(
            path: str, does: Endpoint, name: str, said: str, takes: type | Schema, *answers: type, more: str = ""
        ) -> Operation:
            kinds = ("too-many", more) if more else ("too-many",)
            return Operation("POST", path, does, name, said, Asker.KIOSK, takes, answers, kinds)

        return (
            ask(
                "/v1/identify",
                self.identify,
                "identify",
                "Who is this, and may the visit begin?",
                _shown(pin=_PIN),
                Identified,
                Refused,
            ),
            ask("/v1/account", self.account, "account", "What is theirs?", _shown(), Account, Refused),
            ask("/v1/fees", self.owed, "fees", "What do they owe?", _shown(), Owed, Refused),
            ask("/v1/hold-shelf", self.hold_shelf, "hold_shelf", "What is ready?", _shown(), HoldShelf, Refused),
            ask("/v1/explain", self.explain, "explain", "Why would it be refused?", Question, Allowed, Refused),
            ask(
                "/v1/handovers",
                self.hand_over,
                "hand_over",
                "Gives what failed a code under which the desk finds it for a day",
                HandOver,
                HandedOver,
                more="event-identity",
            ),
            ask(
                "/v1/receipts",
                self.mail_receipt,
                "mail_receipt",
                "Mails a receipt to the address on file, once however often it is told",
                MailedReceipt,
                ReceiptTaken,
                Refused,
                more="event-identity",
            ),
        )

    def _acts(self) -> tuple[Operation, ...]:
        def act(
            path: str, name: str, said: str, actions: set[Action], kinds: tuple[Kind, ...], *answers: type
        ) -> Operation:
            once = ("event-identity", "sequence-gap", "too-many")
            takes = Acts(frozenset(actions), kinds)
            does = partial(self._deliver, takes.actions, takes.kinds)
            return Operation("POST", path, does, name, said, Asker.KIOSK, takes, (*answers, Refused), once)

        every = (CheckedIn, CheckedOut, Paid, Renewed, RenewedAll, VisitEnded, Voided)
        lent, taken = "Lends, or records what was lent", "Takes in, or records what was taken in"
        longer, over = "Renews one loan, or all with an answer for each", "Ends a visit; a proved PIN counts no more"
        # A payment is only ever told: what may be paid is in the account, and what was paid is never refused.
        paid, given_up = "Records what a terminal took; told as a fact only", "Takes in what a kiosk gave up"
        renewing = {Action.RENEW, Action.RENEW_ALL}
        return (
            act("/v1/checkouts", "check_out", lent, {Action.CHECK_OUT}, ASKED_OR_TOLD, CheckedOut, Voided),
            act("/v1/checkins", "check_in", taken, {Action.CHECK_IN}, ASKED_OR_TOLD, CheckedIn, Voided),
            act("/v1/renewals", "renew", longer, renewing, ASKED_OR_TOLD, Renewed, RenewedAll, Voided),
            act("/v1/payments", "pay", paid, {Action.PAY}, (Kind.FACT,), Paid),
            act("/v1/visit-ends", "end_visit", over, {Action.END_VISIT}, ASKED_OR_TOLD, VisitEnded, Voided),
            act("/v1/voids", "void", given_up, set(Action), (Kind.VOID,), *every),
            Operation(
                "POST",
                "/v1/events",
                self.deliver_all,
                "events",
                "Takes up to 50 events in their sequence, whatever was done; an answer for each that was taken",
                Asker.KIOSK,
                _EVENTS,
                (_DELIVERED,),
                ("too-many",),
            ),
        )

    async def health(self, request: Request) -> Response:
        """Whether the store and its database answer; to a kiosk that shows its credential also whether that counts."""
        if "authorization" in request.headers:
            await self._access.kiosk(request)
        await run_in_threadpool(self._desk.is_well)
        return answer(wire.dumps({"status": "ok"}))

    async def identify(self, request: Request) -> Response:
        """Who is this, and may the visit begin? A PIN is looked at where one is needed."""
        kiosk = await self._access.kiosk(request)
        presented, pin = _shown_with_pin(await json_of(request))
        does = partial(self._desk.identify, kiosk, presented, pin)
        said = answer(await self._access.ask(kiosk, does, None if pin is None else self._pin_readers))
        if _ADMINISTRATIVE in bytes(said.body):
            said.background = BackgroundTask(self._desk.tell_of_administrative, kiosk, presented)
        return said

    async def account(self, request: Request) -> Response:
        """All that the patron may see of their own affairs."""
        return await self._of_patron(request, self._desk.account)

    async def owed(self, request: Request) -> Response:
        """What the patron owes, and what of it can be paid here."""
        return await self._of_patron(request, self._desk.owed)

    async def hold_shelf(self, request: Request) -> Response:
        """What stands ready for the patron."""
        return await self._of_patron(request, self._desk.hold_shelf)

    async def _of_patron(self, request: Request, does: Callable[[Kiosk, Presented], wire.Answer]) -> Response:
        kiosk = await self._access.kiosk(request)
        presented, _ = _shown_with_pin(await json_of(request), "presented")
        return answer(await self._access.ask(kiosk, partial(does, kiosk, presented), None))

    async def explain(self, request: Request) -> Response:
        """What an act would be refused for now, in the patron's sentence."""
        kiosk = await self._access.kiosk(request)
        question = decoded(wire.decode_question, await json_of(request))
        return answer(await self._access.ask(kiosk, partial(self._desk.answer_question, kiosk, question), None))

    async def hand_over(self, request: Request) -> Response:
        """A short code under which the desk finds the case."""
        kiosk = await self._access.kiosk(request)
        case = decoded(wire.decode_hand_over, await json_of(request))
        try:
            return answer(await self._access.ask(kiosk, partial(self._desk.hand_over, kiosk, case), None))
        except IdentityConflict:
            raise _another_act(case.id, kiosk) from None

    async def mail_receipt(self, request: Request) -> Response:
        """Into the queue; who answers has written it down."""
        kiosk = await self._access.kiosk(request)
        receipt = decoded(wire.decode_receipt, await json_of(request))
        try:
            return answer(await self._access.ask(kiosk, partial(self._desk.mail_receipt, kiosk, receipt), None))
        except IdentityConflict:
            raise _another_act(receipt.id, kiosk) from None

    async def _deliver(self, actions: frozenset[Action], kinds: tuple[Kind, ...], request: Request) -> Response:
        kiosk = await self._access.kiosk(request)
        event: Event = decoded(wire.decode_event, await json_of(request))
        _check(event, kiosk, request.headers.get("idempotency-key"), actions, kinds)
        if event.kind is Kind.REQUEST and event.presented is not None:
            self._access.admit(kiosk)
        try:
            body = await to_thread.run_sync(self._desk.deliver, kiosk, event, limiter=self._writers)
        except IdentityConflict:
            raise _another_act(event.id, kiosk) from None
        except SequenceGap as gap:
            raise problems.sequence_gap(gap.expected) from None
        if event.kind is Kind.REQUEST:
            self._access.count(kiosk, body)
        return answer(body)

    async def deliver_all(self, request: Request) -> Response:
        """Several events in one transaction; what stops it is said, and what came before stands."""
        kiosk = await self._access.kiosk(request)
        events, told = decoded(_events, await json_of(request))
        for event in events:
            _check(event, kiosk, None, ALL_ACTS, _kinds_of(event.action))
        asks = any(one.kind is Kind.REQUEST and one.presented is not None for one in events)
        if asks:
            self._access.admit(kiosk)
        found = await to_thread.run_sync(self._desk.deliver_all, kiosk, events, told, limiter=self._writers)
        if found.stopped is not None and found.stopped.kind == "event-identity":
            _another_act(events[found.stopped.index].id, kiosk)
        for event, body in zip(events, found.answers, strict=False):
            if event.kind is Kind.REQUEST:
                self._access.count(kiosk, body)
        return answer(_said(found))


def _kinds_of(action: Action) -> tuple[Kind, ...]:
    """A payment is never asked for."""
    return (Kind.FACT, Kind.VOID) if action is Action.PAY else tuple(Kind)


def _events(data: object) -> tuple[tuple[Event, ...], Told | None]:
    """The events and the clock that a body tells. Raises WireError."""
    if not isinstance(data, dict) or not {"events"} <= data.keys() <= {"events", "told"}:
        raise wire.WireError("", "needs events, and may have told")
    given, told = data["events"], wire.decode(Told | None, data.get("told"), "told")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_EVENTS:
        raise wire.WireError("events", f"a list of 1 to {MOST_EVENTS}")
    if told is not None and not is_usable(told):
        raise wire.WireError("told", "out of bounds")
    return tuple(_event(one, n) for n, one in enumerate(given)), told


def _event(data: object, number: int) -> Event:
    try:
        return wire.decode_event(data)
    except wire.WireError as fault:
        raise wire.WireError(f"events[{number}]", str(fault)) from None


def _said(found: Delivered) -> bytes:
    """The answers as they are kept, byte for byte, in one body."""
    stopped: dict[str, Any] | None = None
    if found.stopped is not None:
        stopped = {"index": found.stopped.index, "type": found.stopped.kind}
        if found.stopped.expected_seq is not None:
            stopped["expected_seq"] = found.stopped.expected_seq
    rest = wire.dumps({"acked_seq": found.acked_seq, "stopped": stopped})
    return b'{"answers":[' + b",".join(found.answers) + b"]," + rest[1:]


def _another_act(event: EventId, kiosk: Kiosk) -> problems.Problem:
    """House decision 1: an alarm, and a 409."""
    log.error("event %s of kiosk %s came back as another act", event, kiosk.id)
    return problems.event_identity()


def _shown_with_pin(data: object, *fields: str) -> tuple[Presented, str | None]:
    """A shown pass and the PIN typed with it. Raises Problem, which never repeats a value."""
    allowed = set(fields or ("presented", "pin"))
    if not isinstance(data, dict) or "presented" not in data or not data.keys() <= allowed:
        raise problems.unacceptable(f"body: needs presented, and may have no more than {', '.join(sorted(allowed))}")
    presented: Presented = decoded(wire.decode_presented, data["presented"])
    if data.get("pin") is None:
        return presented, None
    try:
        return presented, pins.pin(decoded(partial(wire.decode, str), data["pin"]))
    except pins.NotAPin as fault:
        raise problems.unacceptable(f"pin: {fault}") from None


def _check(event: Event, kiosk: Kiosk, key: str | None, actions: frozenset[Action], kinds: tuple[Kind, ...]) -> None:
    """What the codec cannot know: the kiosk's own name, the header, the route."""
    if event.kiosk != kiosk.id:
        raise problems.unacceptable("kiosk: not the one of this credential")
    if key is not None and key != event.id:
        raise problems.malformed("Idempotency-Key: not the id of the event")
    if event.action not in actions:
        raise problems.unacceptable("action: not for this route")
    if event.kind not in kinds:
        raise problems.unacceptable("kind: not for this route")
    if event.payment is not None and not 0 < len(event.payment.terminal) <= LONGEST_REFERENCE:
        raise problems.unacceptable(f"payment.terminal: 1 to {LONGEST_REFERENCE} characters")
