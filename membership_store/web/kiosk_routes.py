"""What a kiosk may ask. The branch comes from the kiosk's row, never from the request."""

import logging

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from circulation import wire
from circulation.events import Event, Kind
from circulation.model import Presented
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from membership_store import problems
from membership_store.answers import IdentityConflict, SequenceGap
from membership_store.credentials import Kiosk
from membership_store.desk import StoreDesk
from membership_store.web.body import answer, bearer, decoded, json_of
from membership_store.web.operation import Asker, Operation

log = logging.getLogger(__name__)
WRITERS = 32
_SHOWN = {
    "type": "object",
    "properties": {"presented": Presented},
    "required": ["presented"],
    "additionalProperties": False,
}
_WELL = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}


class KioskRoutes:
    """The operations of a kiosk over a desk."""

    def __init__(self, desk: StoreDesk) -> None:
        self._desk = desk
        # Of their own, so that identify and health still find a thread when writing is slow.
        self._writers = CapacityLimiter(WRITERS)

    def operations(self) -> tuple[Operation, ...]:
        """The rows of the table."""
        once = ("event-identity", "sequence-gap")
        ask, fact, void = "identify", "check_out", "void"
        return (
            Operation(
                "GET",
                "/v1/health",
                self.health,
                "health",
                "Whether the store answers",
                Asker.ANYBODY,
                answers=(_WELL,),
            ),
            Operation(
                "POST",
                "/v1/identify",
                self.identify,
                ask,
                "Who is this, and may the visit begin?",
                Asker.KIOSK,
                _SHOWN,
                (Identified, Refused),
            ),
            Operation(
                "POST",
                "/v1/checkouts",
                self.check_out,
                fact,
                "Lends, or records what was lent",
                Asker.KIOSK,
                Event,
                (CheckedOut, Refused),
                once,
            ),
            Operation(
                "POST",
                "/v1/voids",
                self.void,
                void,
                "Takes in what a kiosk gave up",
                Asker.KIOSK,
                Event,
                (Voided, CheckedOut, Refused),
                once,
            ),
        )

    async def health(self, _request: Request) -> Response:
        """Whether the store and its database answer."""
        await run_in_threadpool(self._desk.is_well)
        return answer(wire.dumps({"status": "ok"}))

    async def identify(self, request: Request) -> Response:
        """Who is this, and may the visit begin? Changes nothing."""
        kiosk = await self._kiosk(request)
        data = await json_of(request)
        if not isinstance(data, dict) or set(data) != {"presented"}:
            raise problems.unacceptable("body: needs exactly the field presented")
        presented: Presented = decoded(wire.decode_presented, data["presented"])
        return answer(await run_in_threadpool(self._desk.identify, kiosk, presented))

    async def check_out(self, request: Request) -> Response:
        """Lends, or records what was lent: once for each EventId."""
        return await self._deliver(request, Kind.REQUEST, Kind.FACT)

    async def void(self, request: Request) -> Response:
        """Takes in what the kiosk gave up; answers what was done, where it had been done."""
        return await self._deliver(request, Kind.VOID)

    async def _deliver(self, request: Request, *kinds: Kind) -> Response:
        kiosk = await self._kiosk(request)
        event: Event = decoded(wire.decode_event, await json_of(request))
        _check(event, kiosk, request.headers.get("idempotency-key"), kinds)
        try:
            body = await to_thread.run_sync(self._desk.deliver, kiosk, event, limiter=self._writers)
        except IdentityConflict:
            log.error("event %s of kiosk %s came back as another act", event.id, kiosk.id)
            raise problems.event_identity() from None
        except SequenceGap as gap:
            raise problems.sequence_gap(gap.expected) from None
        return answer(body)

    async def _kiosk(self, request: Request) -> Kiosk:
        kiosk = await run_in_threadpool(self._desk.kiosk_of, bearer(request))
        if kiosk is None:
            raise problems.unauthorized()
        return kiosk


def _check(event: Event, kiosk: Kiosk, key: str | None, kinds: tuple[Kind, ...]) -> None:
    """What the codec cannot know: the kiosk's own name, the header, the route."""
    if event.kiosk != kiosk.id:
        raise problems.unacceptable("kiosk: not the one of this credential")
    if key is not None and key != event.id:
        raise problems.malformed("Idempotency-Key: not the id of the event")
    if event.kind not in kinds:
        raise problems.unacceptable("kind: not for this route")
