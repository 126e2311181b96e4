"""Reads a journal that another process may be writing: nothing is changed, no lock is taken, nobody is in the way.

And what can still be read of one that is damaged, event by event.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from circulation.identifiers import KioskId
from offline_cache.daybook import First, acts, beside
from offline_cache.journal_entry import COLUMNS, Entry, Row, read_entry
from offline_cache.journal_faults import JournalFault, as_fault
from offline_cache.journal_file import open_to_read
from offline_cache.sealing import Seal
from values import dataclass

_FIRST_RELEASE = "seq, body, state, unclear, outcome, NULL, ''"
WAITING = "state IN ('open', 'given_up')"
EXCEPTIONS = "why <> ''"
EVERYTHING = "1"
# So many numbers after the last that could be read are tried, a page of the file holds some eight.
_TRIED_IN_VAIN = 2000


@dataclass(frozen=True, slots=True)
class Numbers:
    """What can be said of a journal without its key."""

    states: dict[str, int]
    exceptions: int
    last_seq: int
    acked_seq: int
    floor: str
    closed: str


def read_entries(path: Path, seal: Seal, kiosk: KioskId, which: str) -> list[Entry]:
    """The events in sequence; `which`: one of this module's conditions. Raises JournalFault."""
    with _open(path) as (db, first):
        rows = db.execute(f"SELECT {COLUMNS} FROM event WHERE {which} ORDER BY seq").fetchall()  # noqa: S608
        if WAITING in which or which == EVERYTHING:
            rows += [_row_of(one) for one in first]
    return [read_entry(seal, kiosk, row) for row in rows]


def read_numbers(path: Path) -> Numbers:
    """How the journal stands. Raises JournalFault."""
    with _open(path) as (db, first):
        states = dict(db.execute("SELECT state, COUNT(*) FROM event GROUP BY state").fetchall())
        found = db.execute(
            "SELECT (SELECT COUNT(*) FROM event WHERE why <> ''), (SELECT COALESCE(MAX(seq), 0) FROM event),"
            " acked_seq, floor, closed FROM journal"
        ).fetchone()
    exceptions, last, *others = found or (0, 0, 0, "", "")
    if first:
        states["open"] = states.get("open", 0) + len(first)
        last = first[-1].seq
    return Numbers(states, exceptions, last, *others)


def salvage(path: Path, seal: Seal, kiosk: KioskId) -> tuple[list[Entry], int]:
    """What can still be read of a damaged journal, and how many events are there and cannot be read."""
    found: list[Entry] = []
    broken, in_vain, seq = 0, 0, 0
    if not path.exists():
        return _salvaged(path, seal, kiosk, found), broken
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
        while in_vain < _TRIED_IN_VAIN:
            seq += 1
            try:
                row = _row(db, seq)
                if row is not None:
                    found.append(read_entry(seal, kiosk, row))
                    in_vain = -1
            except (sqlite3.Error, JournalFault):
                broken += 1
            in_vain += 1
    # Beyond the last that could be read nothing tells an event that is lost from one that never was.
    found = _salvaged(path, seal, kiosk, found)
    last = found[-1].event.seq if found else 0
    return found, last - len(found) if last else min(broken, 1)


def _salvaged(path: Path, seal: Seal, kiosk: KioskId, found: list[Entry]) -> list[Entry]:
    """With what the daybook has and the database has not."""
    known = {one.event.seq for one in found}
    for one in acts(beside(path)):
        if one.seq not in known:
            with suppress(JournalFault):
                found.append(read_entry(seal, kiosk, _row_of(one)))
    return sorted(found, key=lambda entry: entry.event.seq)


def _row_of(act: First) -> Row:
    """As it will stand in the database."""
    return act.seq, act.body, "open", 0, None, act.promised, ""


def _row(db: sqlite3.Connection, seq: int) -> Row | None:
    try:
        row: Row | None = db.execute(f"SELECT {COLUMNS} FROM event WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
    except sqlite3.OperationalError:
        row = db.execute(f"SELECT {_FIRST_RELEASE} FROM event WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
    return row


@contextmanager
def _open(path: Path) -> Iterator[tuple[sqlite3.Connection, list[First]]]:
    """One picture of the database, and what stands in the daybook and not in it. The daybook is read before: what is
    overwritten in it is in the database by then."""
    if not path.exists():
        raise JournalFault("there is no journal")
    with as_fault("cannot be read"), as_owner_of(path), closing(open_to_read(path)) as db:
        first = acts(beside(path))
        db.execute("BEGIN")
        (last,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM event").fetchone()
        yield db, [one for one in first if one.seq > last]


@contextmanager
def as_owner_of(path: Path) -> Iterator[None]:
    """The superuser reads as the kiosk: what SQLite puts beside the file must stay the kiosk's own."""
    owner = path.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
