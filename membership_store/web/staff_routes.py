"""What staff may ask, over HTTP: each act is a POST under /v1/staff/, so that no name stands in an address.

A write carries its EventId in `Idempotency-Key` (RFC 9562 UUIDv7) and is answered once and then always alike.
"""

import logging
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from circulation import identifiers as ids
from circulation import wire
from membership_store import problems
from membership_store.answers import IdentityConflict
from membership_store.staff.acts import Act, Manner, NoSuch, NotAllowed, Unacceptable
from membership_store.staff.credentials import Role, Staff
from membership_store.staff.desk import StaffDesk
from membership_store.staff.table import ACTS
from membership_store.web.body import answer, bearer, decoded, json_of
from membership_store.web.operation import Asker, Endpoint, Operation, Schema

log = logging.getLogger(__name__)
WRITERS = 16
DONE: Schema = {
    "description": "It was done, or found; what else is said depends on the act.",
    "type": "object",
    "properties": {"outcome": {"const": "done"}},
    "required": ["outcome"],
}
DENIED: Schema = {
    "description": "No, by this rule; nothing was changed.",
    "type": "object",
    "properties": {
        "outcome": {"const": "denied"},
        "reason": {"type": "string"},
        "rule": {"type": "string"},
        "values": {"type": "object"},
    },
    "required": ["outcome", "reason", "rule", "values"],
}


class StaffRoutes:
    """The operations of staff over their desk."""

    def __init__(self, desk: StaffDesk) -> None:
        self._desk = desk
        self._writers = CapacityLimiter(WRITERS)

    def operations(self) -> tuple[Operation, ...]:
        """The rows of the table: one an act."""
        return tuple(self._operation(act) for act in ACTS)

    def _operation(self, act: Act[Any]) -> Operation:
        name = "staff_" + act.path.replace("/", "_").replace("-", "_")
        once = ("event-identity",) if act.manner is Manner.WRITE else ()
        return Operation(
            "POST",
            f"/v1/staff/{act.path}",
            self._endpoint(act),
            name,
            act.summary,
            Asker.STAFF,
            act.takes,
            (DONE, DENIED),
            ("forbidden", "no-such", *once),
            keyed=act.manner is Manner.WRITE,
        )

    def _endpoint(self, act: Act[Any]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            staff = await self._staff(request)
            if not staff.role.includes(act.role):
                raise problems.forbidden()
            key = _event_of(request) if act.manner is Manner.WRITE else None
            given = decoded(lambda data: wire.decode(act.takes, data), await json_of(request))
            return answer(await self._done(staff, act, key, given))

        return endpoint

    async def _done(self, staff: Staff, act: Act[Any], key: ids.EventId | None, given: Any) -> bytes:
        try:
            if key is None:
                return await run_in_threadpool(self._desk.find, staff, act, given)
            return await to_thread.run_sync(self._desk.perform, staff, act, key, given, limiter=self._writers)
        except NotAllowed:
            raise problems.forbidden() from None
        except NoSuch as fault:
            raise problems.no_such(fault.what) from None
        except Unacceptable as fault:
            raise problems.unacceptable(str(fault)) from None
        except IdentityConflict:
            log.error("event %s of staff %s came back as another act", key, staff.id)
            raise problems.event_identity() from None

    async def _staff(self, request: Request) -> Staff:
        staff = await run_in_threadpool(self._desk.staff_of, bearer(request))
        if staff is None:
            raise problems.unauthorized()
        if staff.role is Role.PEER:
            raise problems.forbidden()
        return staff


def _event_of(request: Request) -> ids.EventId:
    try:
        return ids.event_id(request.headers.get("idempotency-key", ""))
    except ids.IdentifierError:
        raise problems.malformed("Idempotency-Key: every write carries an EventId, a UUIDv7") from None
