"""The store over HTTP. Blocking work runs in worker threads; logs name route and status, nothing else.

RFC 9110, RFC 6750 (Bearer), RFC 9457 (problems).
"""

import logging
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from membership_store import problems
from membership_store.database import Database, StoreUnavailable
from membership_store.desk import Clock, StoreDesk
from membership_store.feed import Feed
from membership_store.guarding import DEFAULT_GUARD, Guard
from membership_store.guests.asking import Asker
from membership_store.guests.desk import GuestDesk
from membership_store.guests.self_enrolment import SelfEnrolling
from membership_store.guests.vouching import Voucher
from membership_store.problems import Problem
from membership_store.spool import Spool, spool_beside
from membership_store.web.feed_routes import FeedRoutes
from membership_store.web.kiosk_access import KioskAccess
from membership_store.web.kiosk_routes import KioskRoutes
from membership_store.web.openapi import with_document
from membership_store.web.operation import Endpoint, Operation
from membership_store.web.peer_routes import GuestRoutes, PeerRoutes
from membership_store.web.staff_routes import StaffRoutes

log = logging.getLogger(__name__)


def operations(
    database: Database, clock: Clock, guard: Guard = DEFAULT_GUARD, spool: Path | None = None
) -> tuple[Operation, ...]:
    """Everything that the store can be asked, its own description included. `spool`: where snapshots lie."""
    store, asker = StoreDesk(database, clock), Asker()
    desk = GuestDesk(database, clock, asker.ask)
    subjects = (
        KioskRoutes(store, guard),
        FeedRoutes(Feed(database, clock, Spool(spool or spool_beside(""))), KioskAccess(store, guard)),
        GuestRoutes(KioskAccess(store, guard), SelfEnrolling(database, clock, asker.ask)),
        StaffRoutes(desk),
        PeerRoutes(desk, Voucher(database, clock)),
    )
    return with_document(tuple(one for subject in subjects for one in subject.operations()))


def make_app(database: Database, clock: Clock, guard: Guard = DEFAULT_GUARD, spool: Path | None = None) -> Starlette:
    """The web application over a database. `clock` gives the instant in UTC; `guard`: how kiosks are held back (K5).

    `spool`: the folder for snapshots, which several workers share.
    """
    return app_of(operations(database, clock, guard, spool))


def app_of(table: Iterable[Operation]) -> Starlette:
    """The web application that answers these operations and no other."""
    routes = [Route(one.path, _told(one.path, one.endpoint), methods=[one.method]) for one in table]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _no_such_route})
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
