"""What another library's store may ask, and the kiosk's question that makes this store ask one (G2, G7, G10).

A peer hears whether a membership runs and until when, nothing else; who tries numbers in bulk is slowed (K5).
"""

import logging
import math
import time
from functools import partial

from anyio import CapacityLimiter, sleep, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from circulation import identifiers as ids
from circulation import wire
from circulation.affairs import GuestHomes
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store import pins, problems
from membership_store.answers import IdentityConflict
from membership_store.guarding import Bucket
from membership_store.guests.homes import Question
from membership_store.guests.self_enrolment import SelfEnrolling, SelfEnrolment
from membership_store.guests.vouching import Voucher
from membership_store.staff.credentials import Role, Staff
from membership_store.staff.desk import StaffDesk
from membership_store.web.body import answer, bearer, decoded, json_of
from membership_store.web.kiosk_access import KioskAccess
from membership_store.web.operation import Asker, Operation, Schema

log = logging.getLogger(__name__)
# A peer asks of each of its guests once a night; a number that nobody has costs as much as many that are known.
QUESTIONS_A_MINUTE, A_MISS_COSTS = 1200, 20
# A kiosk has one patron at a time, and a PIN of another library is typed slowly.
TRIES, TRIES_A_MINUTE = 10, 6.0
FLOOR_S = 0.05
WORKERS, ENROLLING = 8, 8
# Each takes 32 MiB and a tenth of a second of a core.
PIN_READERS = 2
_PIN: Schema = {"type": "string", "pattern": "^[0-9]{4,12}$", "description": "Kept and logged nowhere."}
ASKED: Schema = {
    "type": "object",
    "properties": {"isil": ids.Isil, "number": ids.PassNumber, "uid": ids.ChipUid, "pin": _PIN},
    "required": ["isil"],
    "anyOf": [{"required": ["number"]}, {"required": ["uid"]}],
    "additionalProperties": False,
}
ENROLS: Schema = {
    "type": "object",
    "properties": {"event": ids.EventId, "presented": Presented, "pin": _PIN, "isil": str},
    "required": ["event", "presented", "pin"],
    "additionalProperties": False,
}
SAYS: Schema = {
    "description": "Whether the membership runs, and its last day where it does. Never why not.",
    "type": "object",
    "properties": {
        "outcome": {"enum": ["valid", "ended", "unknown"]},
        "until": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
    },
    "required": ["outcome", "until"],
}


class PeerRoutes:
    """The operation of peers over what this library says of its patrons."""

    def __init__(self, desk: StaffDesk, voucher: Voucher) -> None:
        self._desk, self._voucher = desk, voucher
        self._pace: Bucket[tuple[str, str]] = Bucket(QUESTIONS_A_MINUTE, QUESTIONS_A_MINUTE, time.monotonic)
        self._workers, self._pin_readers = CapacityLimiter(WORKERS), CapacityLimiter(PIN_READERS)

    def operations(self) -> tuple[Operation, ...]:
        """The rows of the table."""
        said = "Does this membership run at the institution of that ISIL, and until when? (G2, G7)"
        return (
            Operation(
                "POST",
                "/v1/home-memberships",
                self.home_memberships,
                "home_memberships",
                said,
                Asker.PEER,
                ASKED,
                (SAYS,),
                ("forbidden", "too-many"),
            ),
        )

    async def home_memberships(self, request: Request) -> Response:
        """Whether a membership runs. What is unknown and what is not ours are one answer, in the same time."""
        peer = await self._peer(request)
        wait_s = self._pace.wait_s((peer.consortium, peer.id))
        if wait_s > 0:
            raise problems.too_many(math.ceil(wait_s))
        question: Question = decoded(lambda data: wire.decode(Question, data), await json_of(request))
        if question.number is None and question.uid is None:
            raise problems.unacceptable("body: neither number nor uid")
        _check_pin(question.pin)
        began = time.monotonic()
        limiter = self._workers if question.pin is None else self._pin_readers
        said: HomeSays = await to_thread.run_sync(self._voucher.says, peer.consortium, question, limiter=limiter)
        missed = said.outcome is HomeOutcome.UNKNOWN
        for _ in range(A_MISS_COSTS if missed else 1):
            self._pace.take((peer.consortium, peer.id))
        if missed:
            await sleep(max(0.0, FLOOR_S - (time.monotonic() - began)))
        return answer(wire.dumps(wire.encode(said)))

    async def _peer(self, request: Request) -> Staff:
        peer = await run_in_threadpool(self._desk.staff_of, bearer(request))
        if peer is None:
            raise problems.unauthorized()
        if peer.role is not Role.PEER:
            raise problems.forbidden()
        return peer


class GuestRoutes:
    """The operation of a kiosk by which a guest enrols."""

    def __init__(self, access: KioskAccess, enrolling: SelfEnrolling) -> None:
        self._access, self._enrolling = access, enrolling
        self._tries: Bucket[tuple[str, str]] = Bucket(TRIES, TRIES_A_MINUTE, time.monotonic)
        self._workers = CapacityLimiter(ENROLLING)

    def operations(self) -> tuple[Operation, ...]:
        """The rows of the table."""
        return (
            Operation(
                "POST",
                "/v1/guest-enrolments",
                self.enrol,
                "enrol_guest",
                "Takes in a guest who shows the own chip and types the own PIN of home (G10)",
                Asker.KIOSK,
                ENROLS,
                (Identified, Refused),
                ("event-identity", "too-many"),
            ),
            Operation(
                "GET",
                "/v1/guest-homes",
                self.homes,
                "guest_homes",
                "The libraries from which guests can enrol at the kiosk, by name (G1, G10)",
                Asker.KIOSK,
                None,
                (GuestHomes, Refused),
            ),
        )

    async def homes(self, request: Request) -> Response:
        """From where guests can be taken in; it is the same for everybody and says nothing of anybody."""
        kiosk = await self._access.kiosk(request)
        said = await run_in_threadpool(self._enrolling.homes, kiosk)
        return answer(wire.dumps(wire.encode_answer(said)))

    async def enrol(self, request: Request) -> Response:
        """Takes a guest in, once for each EventId."""
        kiosk = await self._access.kiosk(request)
        wait_s = self._tries.wait_s((kiosk.consortium, kiosk.id))
        if wait_s > 0:
            raise problems.too_many(math.ceil(wait_s))
        asked: SelfEnrolment = decoded(lambda data: wire.decode(SelfEnrolment, data), await json_of(request))
        _check_pin(asked.pin)
        key = request.headers.get("idempotency-key")
        if key is not None and key != asked.event:
            raise problems.malformed("Idempotency-Key: not the id of the event")
        self._tries.take((kiosk.consortium, kiosk.id))
        try:
            work = partial(self._enrolling.enrol, kiosk, asked)
            return answer(await to_thread.run_sync(work, limiter=self._workers))
        except IdentityConflict:
            log.error("event %s of kiosk %s came back as another act", asked.event, kiosk.id)
            raise problems.event_identity() from None


def _check_pin(pin: str | None) -> None:
    try:
        if pin is not None:
            pins.pin(pin)
    except pins.NotAPin:
        raise problems.unacceptable("pin: not four to twelve digits") from None
