"""Reads a request's body: at most 64 KiB of strict JSON, decoded into what was agreed. All faults become problems."""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from circulation import wire
from membership_store import problems

Result = TypeVar("Result")
JSON = "application/json"


async def json_of(request: Request) -> object:
    """The body as plain data; no more than 64 KiB of it is ever read, with or without a Content-Length.

    Raises Problem.
    """
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


def decoded(decode: Callable[[object], Result], data: object) -> Result:
    """The fact in the data. Raises Problem (422), which names the place and never the value."""
    try:
        return decode(data)
    except wire.WireError as fault:
        raise problems.unacceptable(str(fault)) from None


def answer(body: bytes) -> Response:
    """A 200 with JSON."""
    return Response(body, media_type=JSON)


def bearer(request: Request) -> str:
    """The token of the Authorization header (RFC 6750). Raises Problem (401)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise problems.unauthorized()
    return token.strip()
