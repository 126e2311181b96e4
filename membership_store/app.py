"""The store over HTTP (contract of circulation.wire). Blocking work runs in worker threads; logs name route and status.

RFC 9110, RFC 6750 (Bearer), RFC 9457 (problems).
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from circulation import wire
from circulation.events import Event, Kind
from circulation.model import Presented
from membership_store import problems
from membership_store.answers import IdentityConflict, SequenceGap
from membership_store.credentials import Kiosk
from membership_store.database import StoreUnavailable
from membership_store.desk import StoreDesk
from membership_store.problems import Problem

log = logging.getLogger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]
Result = TypeVar("Result")
JSON = "application/json"
WRITERS = 32


class Routes:
    """What a kiosk may ask. The branch comes from the kiosk's row, never from the request."""

    def __init__(self, desk: StoreDesk) -> None:
        self._desk = desk
        # Of their own, so that identify and health still find a thread when writing is slow.
        self._writers = CapacityLimiter(WRITERS)

    async def health(self, _request: Request) -> Response:
        """Whether the store and its database answer."""
        await run_in_threadpool(self._desk.is_well)
        return Response(wire.dumps({"status": "ok"}), media_type=JSON)

    async def identify(self, request: Request) -> Response:
        """Who is this, and may the visit begin? Changes nothing."""
        kiosk = await self._kiosk(request)
        data = await _json(request)
        if not isinstance(data, dict) or set(data) != {"presented"}:
            raise problems.unacceptable("body: needs exactly the field presented")
        presented: Presented = _decoded(wire.decode_presented, data["presented"])
        body = await run_in_threadpool(self._desk.identify, kiosk, presented)
        return Response(body, media_type=JSON)

    async def check_out(self, request: Request) -> Response:
        """Lends, or records what was lent: once for each EventId."""
        return await self._deliver(request, Kind.REQUEST, Kind.FACT)

    async def void(self, request: Request) -> Response:
        """Takes in what the kiosk gave up; answers what was done, where it had been done."""
        return await self._deliver(request, Kind.VOID)

    async def _deliver(self, request: Request, *kinds: Kind) -> Response:
        kiosk = await self._kiosk(request)
        event: Event = _decoded(wire.decode_event, await _json(request))
        _check(event, kiosk, request.headers.get("idempotency-key"), kinds)
        try:
            body = await to_thread.run_sync(self._desk.deliver, kiosk, event, limiter=self._writers)
        except IdentityConflict:
            log.error("event %s of kiosk %s came back as another act", event.id, kiosk.id)
            raise problems.event_identity() from None
        except SequenceGap as gap:
            raise problems.sequence_gap(gap.expected) from None
        return Response(body, media_type=JSON)

    async def _kiosk(self, request: Request) -> Kiosk:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise problems.unauthorized()
        kiosk = await run_in_threadpool(self._desk.kiosk_of, token.strip())
        if kiosk is None:
            raise problems.unauthorized()
        return kiosk


def make_app(desk: StoreDesk) -> Starlette:
    """The web application over a desk."""
    routes = Routes(desk)
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/v1/health", routes.health),
        ("POST", "/v1/identify", routes.identify),
        ("POST", "/v1/checkouts", routes.check_out),
        ("POST", "/v1/voids", routes.void),
    )
    app = Starlette(
        routes=[Route(path, _told(path, endpoint), methods=[method]) for method, path, endpoint in table],
        exception_handlers={HTTPException: _no_such_route},
    )
    app.router.redirect_slashes = False
    return app


def _told(path: str, endpoint: Endpoint) -> Endpoint:
    """The endpoint, whose every outcome is a response and one line in the log: route and status, nothing else."""

    async def answer(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except Problem as problem:
            response = problem.response()
        except StoreUnavailable as fault:
            log.warning("%s: %s", path, fault)
            response = problems.unavailable().response()
        except ClientDisconnect:
            response = problems.malformed("the request broke off").response()
        except Exception as fault:  # noqa: BLE001 - its message may name somebody and must not reach the server's log
            log.error("%s: %s at %s", path, type(fault).__name__, _place(fault))
            response = problems.internal().response()
        log.info("%s %s %d", request.method, path, response.status_code)
        return response

    return answer


def _place(fault: BaseException) -> str:
    trace, place = fault.__traceback__, "?"
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


async def _no_such_route(request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else HTTPStatus.NOT_FOUND
    headers = dict(fault.headers or {}) if isinstance(fault, HTTPException) else {}
    kind = "method-not-allowed" if status == HTTPStatus.METHOD_NOT_ALLOWED else "not-found"
    log.info("%s unknown %d", request.method if request.method in ("GET", "POST") else "other", status)
    said = "The store has no such route, or not with this method."
    return Problem(HTTPStatus(status), kind, said, headers=headers).response()


async def _json(request: Request) -> object:
    """The body as plain data; no more than 64 KiB of it is ever read, with or without a Content-Length."""
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:18]) > wire.MAX_BYTES:
        raise problems.too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > wire.MAX_BYTES:
            raise problems.too_large()
    try:
        return wire.loads(bytes(body))
    except wire.WireError as fault:
        raise problems.malformed(str(fault)) from None


def _decoded(decode: Callable[[object], Result], data: object) -> Result:
    try:
        return decode(data)
    except wire.WireError as fault:
        raise problems.unacceptable(str(fault)) from None


def _check(event: Event, kiosk: Kiosk, key: str | None, kinds: tuple[Kind, ...]) -> None:
    """What the codec cannot know: the kiosk's own name, the header, the route."""
    if event.kiosk != kiosk.id:
        raise problems.unacceptable("kiosk: not the one of this credential")
    if key is not None and key != event.id:
        raise problems.malformed("Idempotency-Key: not the id of the event")
    if event.kind not in kinds:
        raise problems.unacceptable("kind: not for this route")
