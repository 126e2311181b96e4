"""What the store does for a kiosk's mirror: pages of changes, a snapshot, and what the kiosk says of itself."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from circulation import wire
from membership_store import mirror
from membership_store.credentials import Kiosk
from membership_store.database import Database, Session

Clock = Callable[[], datetime]
# Beyond that a snapshot goes through a file that has no name.
_IN_MEMORY = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a kiosk says of itself. `cursor`: where its mirror stands; `waiting`: events that are not delivered yet."""

    cursor: str | None
    waiting: int
    release: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The manifest, and the rows as a file that the reader closes."""

    manifest: dict[str, Any]
    rows: IO[bytes]


class Feed:
    """The mirror's side of the store over a database. Every call may raise StoreUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def changes(self, kiosk: Kiosk, since: str, limit: int) -> bytes:
        """A page, as JSON. Raises BadCursor, Gone."""
        moment = self._clock()
        return wire.dumps(self._database.read(lambda session: mirror.page(session, kiosk, since, limit, moment)))

    def snapshot(self, kiosk: Kiosk) -> Snapshot:
        """All that the kiosk may see, read as one picture."""
        moment = self._clock()
        rows = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by whoever sends it
        try:
            manifest = self._database.read(lambda session: mirror.snapshot(session, kiosk, moment, rows.write))
        except BaseException:
            rows.close()
            raise
        rows.seek(0)
        return Snapshot(manifest, rows)

    def beat(self, kiosk: Kiosk, said: Heartbeat) -> bytes:
        """Writes down that the kiosk lives, and says what it should know, as JSON."""
        at = self._clock().astimezone(UTC).isoformat(timespec="microseconds")

        def write(session: Session) -> int:
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
