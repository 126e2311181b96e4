"""What the store does for a kiosk's mirror: pages of changes, snapshots, and what the kiosk says of itself."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from circulation import wire
from circulation.events import Told
from membership_store import kiosk_clock, mirror, snapshot_file
from membership_store.books import stamp
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session
from membership_store.scope import ALL, Gone, Scope, View, view_of
from membership_store.signing import signing_key
from membership_store.spool import Offered, Spool

Clock = Callable[[], datetime]
SCHEMA = 2
"""Of the rows of a snapshot: a mirror takes none that it does not know."""
VALID = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a kiosk says of itself. `cursor`: where its mirror stands; `waiting`: events that are not delivered yet;
    `told`: its clock at this moment."""

    cursor: str | None
    waiting: int
    release: str
    told: Told | None = None


class Feed:
    """The mirror's side of the store over a database. Every call may raise StoreUnavailable."""

    def __init__(self, database: Database, clock: Clock, spool: Spool) -> None:
        self._database = database
        self._clock = clock
        self._spool = spool

    def key(self, kiosk: Kiosk) -> bytes:
        """The key that the consortium's numbers are masked with, as JSON."""
        key = self._database.read(lambda session: view_of(session, kiosk, self._clock()).key)
        return wire.dumps({"key": key.hex(), "key_id": key_id(key)})

    def changes(self, kiosk: Kiosk, since: str, limit: int, scope: Scope = ALL) -> bytes:
        """A page, as JSON. Raises BadCursor, Gone."""
        moment = self._clock()
        return wire.dumps(self._database.read(lambda session: mirror.page(session, kiosk, since, limit, moment, scope)))

    def snapshot(self, kiosk: Kiosk, scope: Scope = ALL) -> bytes:
        """What can be fetched now, as JSON: one of the last hour, or a new one. Raises BeingMade."""
        view = self._database.read(lambda session: view_of(session, kiosk, self._clock(), scope))
        return (self._offered(view) or self._made(kiosk, scope, view)).body()

    def file(self, kiosk: Kiosk, snapshot: str) -> BinaryIO:
        """The file of a snapshot. Raises Gone."""
        found = self._spool.open(kiosk.consortium, snapshot)
        if found is None:
            raise Gone
        return found

    def _offered(self, view: View) -> Offered | None:
        """One that is there already, and from which the pages of changes still go on."""
        found = self._spool.fresh(view.kiosk.consortium, view.generation, self._clock())
        same = found is not None and found.manifest["key_id"] == key_id(view.key)
        return found if found and same and view.pruned <= found.manifest["seq"] <= view.head else None

    def _made(self, kiosk: Kiosk, scope: Scope, seen: View) -> Offered:
        signer = signing_key(self._database, kiosk.consortium)
        with self._spool.alone(kiosk.consortium, seen.generation):
            there = self._offered(seen)  # somebody else may have made it meanwhile
            if there is not None:
                return there

            def write(file: BinaryIO, snapshot: str) -> Offered:
                moment = self._clock()

                def read(session: Session) -> dict[str, Any]:
                    view = view_of(session, kiosk, moment, scope)
                    written = snapshot_file.write(file, _lines(session, view), view.key, snapshot)
                    return _manifest(view, snapshot, written, moment)

                manifest = self._database.read(read)
                return Offered(manifest, signer.sign(wire.dumps(manifest)).hex())

            return self._spool.add(kiosk.consortium, seen.generation, write)

    def beat(self, kiosk: Kiosk, said: Heartbeat) -> bytes:
        """Writes down that the kiosk lives, and says what it should know, as JSON."""
        moment = self._clock()
        at = stamp(moment)

        def write(session: Session) -> int:
            if said.told is not None:
                kiosk_clock.heard(session, kiosk, said.told, moment)
            found = session.rows(
                "UPDATE kiosk SET seen_at = ?, cursor = ?, waiting = ?, release = ? WHERE consortium = ? AND kiosk = ?"
                " RETURNING last_seq",
                at,
                said.cursor,
                said.waiting,
                said.release,
                kiosk.consortium,
                kiosk.id,
            )
            return int(found[0][0])

        return wire.dumps({"at": at, "acked_seq": self._database.write(write)})


def key_id(key: bytes) -> str:
    """Which key it is, without telling it: 8 hexadecimals."""
    return hashlib.sha256(b"key/" + key).hexdigest()[:8]


def _lines(session: Session, view: View) -> Iterator[bytes]:
    for row in mirror.everything(session, view):
        yield wire.dumps(row) + b"\n"


def _manifest(view: View, snapshot: str, written: snapshot_file.Written, moment: datetime) -> dict[str, Any]:
    return {
        "snapshot": snapshot,
        "cursor": view.cursor(view.head),
        "generation": view.generation,
        "seq": view.head,
        "made_at": stamp(moment),
        "not_after": stamp(moment + VALID),
        "schema": SCHEMA,
        "rows": written.rows,
        "blocks": written.blocks,
        "bytes": written.size,
        "sha256": written.sha256,
        "key_id": key_id(view.key),
    }
