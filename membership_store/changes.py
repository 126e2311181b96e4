"""What changed, for the kiosks' mirrors: a gapless counter for each consortium, moved on last in every transaction.

Whoever holds the counter's row is alone until the commit, so that what has a lower number is committed (ADR 6).
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

from membership_store.database import Session, insert

Clock = Callable[[], datetime]


class Kind(StrEnum):
    """What a row of the feed points at. The reference of the network is the empty text."""

    PATRON = "patron"
    ITEM = "item"
    NETWORK = "network"


PATRON, ITEM, NETWORK = Kind


def touch(session: Session, consortium: str, kind: Kind, ref: str = "") -> None:
    """Says within a write that this patron (by reference), item (by barcode) or network changed, or is no more."""
    session.touched[(consortium, kind.value, ref)] = None


def settle(session: Session, clock: Clock) -> None:
    """Writes down what was touched; the engine calls it after the work, as the last thing before the commit."""
    if not session.touched:
        return
    at = clock().astimezone(UTC).isoformat(timespec="microseconds")
    for consortium in sorted({consortium for consortium, _, _ in session.touched}):
        refs = [(kind, ref) for of, kind, ref in session.touched if of == consortium]
        moved = "UPDATE feed_head SET head = head + ? WHERE consortium = ? RETURNING head"
        found = session.rows(moved, len(refs), consortium)
        if not found:
            continue
        first = int(found[0][0]) - len(refs) + 1
        session.run_many(
            "INSERT INTO feed (consortium, seq, kind, ref, at) VALUES (?, ?, ?, ?, ?)",
            [(consortium, seq, kind, ref, at) for seq, (kind, ref) in enumerate(refs, first)],
        )


def open_feed(session: Session, consortium: str) -> None:
    """Gives a new consortium its counter, under a generation of its own, and the key of its pass numbers."""
    insert(
        session,
        "feed_head",
        consortium=consortium,
        generation=secrets.token_hex(8),
        pass_key=secrets.token_hex(32),
    )


def open_feeds(session: Session) -> None:
    """Gives a counter to every consortium that has none: one that was there before there was a feed."""
    lacking = (
        "SELECT c.consortium FROM consortium c LEFT JOIN feed_head h ON h.consortium = c.consortium"
        " WHERE h.consortium IS NULL ORDER BY c.consortium"
    )
    for (consortium,) in session.rows(lacking):
        open_feed(session, consortium)


def renew_generation(session: Session) -> None:
    """Voids every cursor: after a restore, or where the data were made anew. Every mirror begins with a snapshot.

    So nothing that this transaction touched before needs a row of its own.
    """
    session.touched.clear()
    for (consortium,) in session.rows("SELECT consortium FROM feed_head ORDER BY consortium"):
        session.run("UPDATE feed_head SET generation = ? WHERE consortium = ?", secrets.token_hex(8), consortium)


def prune(session: Session, before: datetime, most: int | None = None) -> int:
    """Forgets what changed before that instant (UTC) and says how many rows; older cursors are void then.

    `most`: of each consortium no more rows at once, the oldest first; 0 says that nothing is left.
    """
    pruned = 0
    stamp = before.astimezone(UTC).isoformat(timespec="microseconds")
    for (consortium,) in session.rows("SELECT consortium FROM feed_head ORDER BY consortium"):
        found = session.rows("SELECT MAX(seq) FROM feed WHERE consortium = ? AND at < ?", consortium, stamp)[0][0]
        if found is not None and most is not None:
            first = session.rows("SELECT MIN(seq) FROM feed WHERE consortium = ?", consortium)[0][0]
            found = min(found, first + most - 1)
        if found is not None:
            pruned += session.run("DELETE FROM feed WHERE consortium = ? AND seq <= ?", consortium, found)
            session.run("UPDATE feed_head SET pruned = ? WHERE consortium = ?", found, consortium)
    return pruned
