"""What a kiosk's mirror asks: changes since a cursor, a snapshot, and the kiosk's sign of life."""

from collections.abc import Iterator

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from circulation import wire
from membership_store import mirror, problems
from membership_store.feed import Feed, Heartbeat, Snapshot
from membership_store.web.body import answer, decoded, json_of
from membership_store.web.kiosk_access import KioskAccess
from membership_store.web.operation import Asker, Operation, Schema

# Each reads a whole group's data.
SNAPSHOTS = 2
# So few that whoever stands at a kiosk never waits for thousands that pull at the same moment.
PULLS, BEATS = 2, 2
_LINES = "application/x-ndjson"
_CHUNK = 64 * 1024
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_ROW: Schema = {
    "type": "object",
    "description": "A patron, an item or the network as it stands now, or that it is gone. What a patron or an item has"
    " by default is left out.",
    "properties": {"kind": {"enum": ["patron", "item", "network"]}, "key": _TEXT, "gone": {"const": True}},
    "required": ["kind", "key"],
}
_PAGE: Schema = {
    "type": "object",
    "properties": {
        "rows": {"type": "array", "items": _ROW},
        "next": _TEXT,
        "more": {"type": "boolean"},
        "acked_seq": {"type": ["integer", "null"]},
    },
    "required": ["rows", "next", "more", "acked_seq"],
}
_BEAT: Schema = {
    "type": "object",
    "properties": {"at": _TEXT, "acked_seq": _NUMBER},
    "required": ["at", "acked_seq"],
}
_SINCE: Schema = {"name": "since", "in": "query", "required": True, "schema": {"type": "string", "maxLength": 80}}
_LIMIT: Schema = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": mirror.LONGEST_PAGE, "default": mirror.PAGE},
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
        page, all_of_it = "What changed since a cursor, as it stands now", "All that the kiosk's mirror may hold"
        return (
            Operation(
                "GET",
                "/v1/changes",
                self.changes,
                "changes",
                page,
                who,
                answers=(_PAGE,),
                problems=("gone", "invalid"),
                query=(_SINCE, _LIMIT),
            ),
            Operation("GET", "/v1/snapshot", self.snapshot, "snapshot", all_of_it, who, media=_LINES),
            Operation("POST", "/v1/heartbeat", self.beat, "heartbeat", "A sign of life", who, Heartbeat, (_BEAT,)),
        )

    async def changes(self, request: Request) -> Response:
        """A page of changes; 410 where a snapshot has to come first."""
        kiosk = await self._access.kiosk(request)
        limit = _limit(request.query_params.get("limit", str(mirror.PAGE)))
        since = request.query_params.get("since", "")
        try:
            return answer(await to_thread.run_sync(self._feed.changes, kiosk, since, limit, limiter=self._pulls))
        except mirror.BadCursor as fault:
            raise problems.unacceptable(str(fault)) from None
        except mirror.Gone:
            raise problems.gone() from None

    async def snapshot(self, request: Request) -> Response:
        """The manifest as the first line, then a line a row; nothing is sent before all is read."""
        kiosk = await self._access.kiosk(request)
        found = await to_thread.run_sync(self._feed.snapshot, kiosk, limiter=self._snapshots)
        return StreamingResponse(_lines(found), media_type=_LINES)

    async def beat(self, request: Request) -> Response:
        """Takes a sign of life in."""
        kiosk = await self._access.kiosk(request)
        said: Heartbeat = decoded(_heartbeat, await json_of(request))
        return answer(await to_thread.run_sync(self._feed.beat, kiosk, said, limiter=self._beats))


def _lines(found: Snapshot) -> Iterator[bytes]:
    with found.rows as rows:
        yield wire.dumps(found.manifest) + b"\n"
        while chunk := rows.read(_CHUNK):
            yield chunk


def _heartbeat(data: object) -> Heartbeat:
    said: Heartbeat = wire.decode(Heartbeat, data)
    if said.waiting < 0 or len(said.release) > 100 or len(said.cursor or "") > 80:
        raise wire.WireError("", "out of bounds")
    return said


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= mirror.LONGEST_PAGE):
        raise problems.unacceptable(f"limit: a whole number from 1 to {mirror.LONGEST_PAGE}")
    return int(text)
