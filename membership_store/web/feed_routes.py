"""What a kiosk's mirror asks: its key, changes since a cursor, snapshots and their files, and its sign of life."""

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from circulation import wire
from membership_store import kiosk_clock, mirror, problems
from membership_store.feed import Feed, Heartbeat
from membership_store.scope import ALL, BadCursor, Gone, Items, Patrons, Scope
from membership_store.spool import BeingMade
from membership_store.web.body import answer, decoded, json_of
from membership_store.web.kiosk_access import KioskAccess
from membership_store.web.operation import Asker, Operation, Schema

# Each reads a whole group's data.
SNAPSHOTS = 2
# So few that whoever stands at a kiosk never waits for thousands that pull at the same moment.
PULLS, BEATS = 2, 2
_BYTES = "application/octet-stream"
_CHUNK = 256 * 1024
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_INSTANT: Schema = {"type": "string", "format": "date-time"}


def _hexadecimals(count: int) -> Schema:
    return {"type": "string", "pattern": f"^[0-9a-f]{{{count}}}$"}


def _all_of(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


_ROW: Schema = {
    "type": "object",
    "description": "A patron, an item or the network as it stands now, or that it is gone. What a patron or an item has"
    " by default is left out. `ver`: a row takes the place of one with a lower version only.",
    "properties": {
        "kind": {"enum": ["patron", "item", "network"]},
        "key": _TEXT,
        "ver": _NUMBER,
        "gone": {"const": True},
        "zone": _TEXT,
        "branches": {"type": "object", "additionalProperties": _TEXT},
    },
    "required": ["kind", "key", "ver"],
}
_PAGE = _all_of(
    rows={"type": "array", "items": _ROW},
    next=_TEXT,
    more={"type": "boolean"},
    acked_seq={"type": ["integer", "null"]},
    seq=_NUMBER,
    at=_INSTANT,
)
_KEY = _all_of(key=_hexadecimals(64), key_id=_hexadecimals(8))
_OFFERED = _all_of(
    manifest=_all_of(
        snapshot=_hexadecimals(32),
        cursor=_TEXT,
        generation=_TEXT,
        seq=_NUMBER,
        made_at=_INSTANT,
        not_after=_INSTANT,
        schema=_NUMBER,
        rows=_NUMBER,
        blocks=_NUMBER,
        bytes=_NUMBER,
        sha256=_hexadecimals(64),
        key_id=_hexadecimals(8),
    ),
    signature={
        **_hexadecimals(128),
        "description": "Ed25519 over the manifest as JSON without spaces, its names in order, in UTF-8.",
    },
)
_BEAT = _all_of(at=_TEXT, acked_seq=_NUMBER)
_SINCE: Schema = {"name": "since", "in": "query", "required": True, "schema": {"type": "string", "maxLength": 80}}
_LIMIT: Schema = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": mirror.LONGEST_PAGE, "default": mirror.PAGE},
}
_PATRONS: Schema = {
    "name": "patrons",
    "in": "query",
    "description": "Whose patrons the mirror keeps. A cursor is of one choice.",
    "schema": {"enum": [one.value for one in Patrons], "default": ALL.patrons.value},
}
_ITEMS: Schema = {
    "name": "items",
    "in": "query",
    "description": "Which items the mirror keeps. A cursor is of one choice.",
    "schema": {"enum": [one.value for one in Items], "default": ALL.items.value},
}


class FeedRoutes:
    """The operations of a kiosk's mirror."""

    def __init__(self, feed: Feed, access: KioskAccess) -> None:
        self._feed = feed
        self._access = access
        self._snapshots = CapacityLimiter(SNAPSHOTS)
        self._pulls, self._beats = CapacityLimiter(PULLS), CapacityLimiter(BEATS)

    def operations(self) -> tuple[Operation, ...]:
        """The rows of the table."""
        who = Asker.KIOSK
        page, offered = "What changed since a cursor, as it stands now", "All that the mirror may hold, as a file"
        part = "The file of a snapshot, or the rest of it"
        return (
            Operation(
                "GET", "/v1/mirror-key", self.key, "mirror_key", "What numbers are masked with", who, answers=(_KEY,)
            ),
            Operation(
                "GET",
                "/v1/changes",
                self.changes,
                "changes",
                page,
                who,
                answers=(_PAGE,),
                problems=("gone", "invalid"),
                query=(_SINCE, _LIMIT, _PATRONS, _ITEMS),
            ),
            Operation(
                "GET",
                "/v1/snapshot",
                self.snapshot,
                "snapshot",
                offered,
                who,
                answers=(_OFFERED,),
                problems=("invalid",),
                query=(_PATRONS, _ITEMS),
            ),
            Operation(
                "GET",
                "/v1/snapshot/{snapshot}",
                self.file,
                "snapshot_file",
                part,
                who,
                problems=("gone", "range"),
                media=_BYTES,
                in_parts=True,
            ),
            Operation("POST", "/v1/heartbeat", self.beat, "heartbeat", "A sign of life", who, Heartbeat, (_BEAT,)),
        )

    async def key(self, request: Request) -> Response:
        """The key that a kiosk makes the keys of its mirror's rows with."""
        kiosk = await self._access.kiosk(request)
        return answer(await to_thread.run_sync(self._feed.key, kiosk, limiter=self._pulls))

    async def changes(self, request: Request) -> Response:
        """A page of changes; 410 where a snapshot has to come first."""
        kiosk = await self._access.kiosk(request)
        limit = _limit(request.query_params.get("limit", str(mirror.PAGE)))
        since, scope = request.query_params.get("since", ""), _scope(request)
        try:
            return answer(await to_thread.run_sync(self._feed.changes, kiosk, since, limit, scope, limiter=self._pulls))
        except BadCursor as fault:
            raise problems.unacceptable(str(fault)) from None
        except Gone:
            raise problems.gone() from None

    async def snapshot(self, request: Request) -> Response:
        """The manifest of a snapshot and its signature; the file itself is asked for by its id."""
        kiosk = await self._access.kiosk(request)
        scope = _scope(request)
        try:
            return answer(await to_thread.run_sync(self._feed.snapshot, kiosk, scope, limiter=self._snapshots))
        except BeingMade:
            raise problems.unavailable() from None

    async def file(self, request: Request) -> Response:
        """The file from its first byte, or from the one that `Range` names (RFC 9110, 14)."""
        kiosk = await self._access.kiosk(request)
        try:
            file = await to_thread.run_sync(self._feed.file, kiosk, request.path_params["snapshot"])
        except Gone:
            raise problems.gone() from None
        return _sent(file, request.headers.get("range", ""))

    async def beat(self, request: Request) -> Response:
        """Takes a sign of life in."""
        kiosk = await self._access.kiosk(request)
        said: Heartbeat = decoded(_heartbeat, await json_of(request))
        return answer(await to_thread.run_sync(self._feed.beat, kiosk, said, limiter=self._beats))


def _sent(file: BinaryIO, wanted: str) -> Response:
    """The bytes that were asked for. A range of another form is passed over, as RFC 9110 allows."""
    size = os.fstat(file.fileno()).st_size
    asked = _RANGE.fullmatch(wanted.strip())
    first, last = (int(asked[1]), int(asked[2] or size - 1)) if asked else (0, size - 1)
    if first >= size or first > last:
        file.close()
        raise problems.out_of_range(size)
    last = min(last, size - 1)
    headers = {"Content-Length": str(last - first + 1), "Accept-Ranges": "bytes"}
    if asked:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    chunks = _chunks(file, first, last - first + 1)
    return StreamingResponse(chunks, 206 if asked else 200, headers, _BYTES)


def _chunks(file: BinaryIO, first: int, count: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while count > 0 and (chunk := file.read(min(_CHUNK, count))):
            count -= len(chunk)
            yield chunk


def _scope(request: Request) -> Scope:
    asked = request.query_params
    try:
        return Scope(Patrons(asked.get("patrons", ALL.patrons.value)), Items(asked.get("items", ALL.items.value)))
    except ValueError:
        raise problems.unacceptable("patrons, items: not one of the choices") from None


def _heartbeat(data: object) -> Heartbeat:
    said: Heartbeat = wire.decode(Heartbeat, data)
    if said.waiting < 0 or len(said.release) > 100 or len(said.cursor or "") > 80:
        raise wire.WireError("", "out of bounds")
    if said.told is not None and not kiosk_clock.is_usable(said.told):
        raise wire.WireError("told", "out of bounds")
    return said


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= mirror.LONGEST_PAGE):
        raise problems.unacceptable(f"limit: a whole number from 1 to {mirror.LONGEST_PAGE}")
    return int(text)
