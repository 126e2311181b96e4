"""The two files of a journal: the daybook, where an act is first written, and the database, which takes it in.

Whoever reads or writes the database finds in it all that stands in the daybook. FULL: a commit is synced; only what the
daybook still holds is taken in without, because it is on the disk already.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from offline_cache.daybook import Daybook, First
from offline_cache.journal_faults import as_fault
from offline_cache.journal_file import open_file

_TAKE = "INSERT INTO event (seq, event_id, body, promised) VALUES (?, ?, ?, ?)"


class JournalBooks:
    """Both files, for several threads. `was_here`: there was a journal before. Raises JournalFault, OSError, and what
    SQLite raises."""

    sync = "FULL"

    def __init__(self, path: Path, *, was_here: bool) -> None:
        self.mutex = threading.Lock()
        self.db = open_file(path, was_here=was_here)
        try:
            self._daybook = Daybook(path)
        except BaseException:
            self.db.close()
            raise
        self._untaken: list[First] = []
        self._all_synced = True  # what was taken in may be overwritten in the daybook
        self._well = True  # the last write was; after one that was not, the database itself must take the next act

    def catch_up(self, last: int) -> None:
        """Takes in what a process that ended left in the daybook; `last`: the last act in the database."""
        self._untaken = self._daybook.after(last)
        if self._untaken:
            with self.writing():
                pass

    def enter(self, act: First) -> None:
        """Writes the act down; it is on the disk when this returns. The caller holds the mutex."""
        if self._daybook.is_full and self._all_synced and not self._untaken:
            self._daybook.begin_again()
        if self._well and not self._daybook.is_full:
            self._well = False
            entered = self._daybook.put(act)
            self._well = True
            if entered:
                self._untaken.append(act)
                return
        with self._transaction() as db:
            _take_in(db, [act])
        self._daybook.begin_again()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The database in a transaction, which is synced when this ends."""
        with self.mutex, as_fault("cannot be written"), self._transaction() as db:
            yield db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database with all that was done in it, also where the disk takes nothing more."""
        with self.mutex, as_fault("cannot be read"):
            if not self._untaken or self._took_in():
                yield self.db
                return
            self.db.execute("BEGIN IMMEDIATE")
            try:
                _take_in(self.db, self._untaken)
                yield self.db
            finally:
                self.db.execute("ROLLBACK")

    def close(self) -> None:
        """Lets go of both. What cannot be taken in now is, when they are opened again."""
        with self.mutex:
            if self._untaken:
                self._took_in()
            self._untaken = []
            self.db.close()
            self._daybook.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            _take_in(self.db, self._untaken)
            yield self.db
            self.db.execute("COMMIT")
        except BaseException:
            self._well = False
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        self._untaken, self._all_synced, self._well = [], True, True

    def _took_in(self) -> bool:
        """Without a sync of its own: the daybook holds it until a later commit is synced."""
        self.db.execute("PRAGMA synchronous = NORMAL")
        try:
            with self._transaction():
                pass
        except sqlite3.OperationalError:
            return False
        finally:
            self.db.execute(f"PRAGMA synchronous = {self.sync}")
        self._all_synced = False
        return True


def _take_in(db: sqlite3.Connection, acts: Sequence[First]) -> None:
    if not acts:
        return
    db.executemany(_TAKE, [(one.seq, one.event_id, one.body, one.promised) for one in acts])
    floor = max(one.floor for one in acts)
    if floor:
        db.execute("UPDATE journal SET floor = ?", (floor_text(datetime.fromtimestamp(floor, UTC)),))


def floor_text(instant: datetime) -> str:
    """As it stands in the database."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")
