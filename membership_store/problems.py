"""What went wrong, as RFC 9457 problem details. Never a value of the request: it may be private."""

from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.responses import Response

from circulation import wire


@dataclass
class Problem(Exception):
    """An answer that is no answer of the desk. `kind` ends the type, `more` are its extension members."""

    status: HTTPStatus
    kind: str
    detail: str
    more: dict[str, int | str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The problem as application/problem+json."""
        body = {
            "type": f"/problems/{self.kind}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            **self.more,
        }
        return Response(wire.dumps(body), self.status.value, self.headers, "application/problem+json")


def unauthorized() -> Problem:
    """No credential, or a wrong one."""
    said = "A credential is shown as a Bearer token."
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", said, headers={"WWW-Authenticate": "Bearer"})


def malformed(detail: str) -> Problem:
    """The request cannot be read at all."""
    return Problem(HTTPStatus.BAD_REQUEST, "malformed", detail)


def too_large() -> Problem:
    """The body is over 64 KiB."""
    said = "A body is at most 64 KiB."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", said, headers={"Connection": "close"})


def unacceptable(detail: str) -> Problem:
    """JSON, but not what was agreed. `detail` names the place, never the value."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail)


def forbidden() -> Problem:
    """A member of staff whose role or institution does not allow the act."""
    said = "This credential may not do that, or not at this branch."
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", said)


def no_such(what: str) -> Problem:
    """What the request names is not there, or not within the network of who asks (K5). `what`: a word of ours."""
    return Problem(HTTPStatus.NOT_FOUND, "no-such", f"There is no such {what} within this network.")


def event_identity() -> Problem:
    """House decision 1: another act under a known EventId."""
    said = "This EventId was answered for another act; the first answer stands."
    return Problem(HTTPStatus.CONFLICT, "event-identity", said)


def sequence_gap(expected: int) -> Problem:
    """House decision 1: an earlier event of this kiosk is missing."""
    said = "This is not the next event of this kiosk."
    return Problem(HTTPStatus.CONFLICT, "sequence-gap", said, {"expected_seq": expected})


def too_many(seconds: int) -> Problem:
    """K5: a kiosk that tries many numbers waits so many seconds."""
    said = "Too many passes were not known here; ask again after the time in Retry-After."
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", said, headers={"Retry-After": str(seconds)})


def gone() -> Problem:
    """A mirror's cursor is void: other data, another group, or too old."""
    return Problem(HTTPStatus.GONE, "gone", "This cursor is void; take a snapshot and go on from there.")


def out_of_range(size: int) -> Problem:
    """The file has no byte where it was asked for; RFC 9110, 15.5.17."""
    said = "The file ends before that."
    ends = {"Content-Range": f"bytes */{size}"}
    return Problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "range", said, headers=ends)


def unavailable() -> Problem:
    """The database does not answer."""
    said = "The store cannot answer now; ask again under the same EventId."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", said, headers={"Retry-After": "1"})


def internal() -> Problem:
    """A fault of the store itself."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The store made a mistake; it is in its log.")
