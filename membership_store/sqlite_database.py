"""SQLite: one writer thread that commits what waits together (one fsync), readers on connections of their own.

WAL, synchronous=FULL: an answer that was given survives a power cut (house decision 1).
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from membership_store.changes import Clock, settle
from membership_store.database import Contested, IntegrityFault, Query, Result, Row, Session, StoreUnavailable, Value

BUSY_S = 5.0
WAITING = 1000
TOGETHER = 32
# Rows of an index that are looked at to learn how full it is: enough to tell a key from a consortium.
LOOKED_AT = 1000
_Job = tuple[Callable[[Session], Any], "Future[Any]"]


class _SqliteSession:
    def __init__(self, connection: sqlite3.Connection, memory: dict[Any, Any]) -> None:
        self._connection = connection
        self.memory = memory
        self.touched: dict[tuple[str, str, str], None] = {}

    def rows(self, sql: str, *values: Value) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def stream(self, sql: str) -> Iterator[Row]:
        return self._connection.execute(sql)

    def several(self, *queries: Query) -> list[list[Row]]:
        return [self.rows(sql, *values) for sql, values in queries]

    def in_parts(self, parts: Sequence[Sequence[Query]]) -> Iterator[list[list[Row]]]:
        return (self.several(*part) for part in parts)

    def ahead(self, *queries: Query) -> None:
        """There is no journey to save."""

    def later(self, sql: str, *values: Value) -> None:
        self._connection.execute(sql, values)

    def run(self, sql: str, *values: Value) -> int:
        return self._connection.execute(sql, values).rowcount

    def change_one(self, sql: str, *values: Value) -> None:
        if self.run(sql, *values) != 1:
            raise Contested

    def run_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        self._connection.executemany(sql, rows)

    def lock(self, table: str, consortium: str, key: str) -> None:
        """One writer works at a time: nothing to hold."""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _look_again(connection: sqlite3.Connection) -> None:
    """Takes stock of what has grown since, where it is needed and nobody is in the way."""
    with suppress(sqlite3.Error):
        for pragma in ("busy_timeout = 0", f"analysis_limit = {LOOKED_AT}", "optimize"):
            connection.execute(f"PRAGMA {pragma}").fetchall()


def _named(fault: sqlite3.Error) -> Exception:
    """A fault of the statement itself stays what it is; all others mean that the database is away, full or broken."""
    if isinstance(fault, sqlite3.IntegrityError):
        return IntegrityFault(str(fault))
    if isinstance(fault, sqlite3.ProgrammingError) or getattr(fault, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return fault
    return StoreUnavailable(f"the database does not answer ({getattr(fault, 'sqlite_errorname', 'unknown')})")


class SqliteDatabase:
    """A database file. Raises StoreUnavailable where it cannot be opened or is no database."""

    def __init__(self, path: Path, *, patience_s: float = 10.0, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._clock = clock
        self._memory: dict[Any, Any] = {}
        self._patience_s = patience_s
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING)
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        try:
            path.touch(mode=0o600)  # for its owner only; SQLite gives the files beside it the same mode
            connection = _connect(path)
        except (OSError, sqlite3.Error) as fault:
            raise StoreUnavailable("the database cannot be opened") from fault
        self._writer = threading.Thread(target=self._write_all, args=(connection,), name="store-writer", daemon=True)
        self._writer.start()

    def in_its_words(self, statement: str) -> str:
        """See Database.in_its_words: STRICT, so that no fraction of a cent is ever kept."""
        return f"{statement} STRICT" if statement.startswith("CREATE TABLE") else statement

    def read(self, work: Callable[[Session], Result]) -> Result:
        """See Database.read."""
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return work(_SqliteSession(connection, self._memory))
            finally:
                connection.execute("ROLLBACK")
                self._idle.put(connection)
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def read_at_length(self, work: Callable[[Session], Result]) -> Result:
        """See Database.read_at_length: readers hold up nobody, and have no limit."""
        return self.read(work)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """See Database.write."""
        future: Future[Result] = Future()
        try:
            self._jobs.put((work, future), timeout=self._patience_s)
            return future.result(self._patience_s)
        except queue.Full as fault:
            raise StoreUnavailable("too much is waiting") from fault
        except FutureTimeout as fault:
            future.cancel()
            raise StoreUnavailable("the database is too slow") from fault
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def sweep(self) -> None:
        """See Database.sweep: deleted rows are overwritten (secure_delete); the log that holds them is emptied."""
        try:
            connection = _connect(self._path)
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def take_stock(self) -> None:
        """See Database.take_stock: without it SQLite takes a consortium for a few rows, and walks through all of it."""
        try:
            with closing(_connect(self._path)) as connection:
                connection.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
                connection.execute("ANALYZE")
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def close(self) -> None:
        """See Database.close."""
        self._jobs.put(None)
        self._writer.join()
        while not self._idle.empty():
            self._idle.get().close()

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = _connect(self._path)
            connection.execute("PRAGMA query_only = ON")
            return connection

    def _write_all(self, connection: sqlite3.Connection) -> None:
        last = False
        while not last:
            waiting = [self._jobs.get()]
            while len(waiting) < TOGETHER and not self._jobs.empty():
                waiting.append(self._jobs.get())
            last = None in waiting
            self._commit_together(connection, [job for job in waiting if job is not None])
        _look_again(connection)
        connection.close()

    def _commit_together(self, connection: sqlite3.Connection, jobs: list[_Job]) -> None:
        """Each job within a savepoint of its own; nobody is answered before the commit of all."""
        running = [(work, future) for work, future in jobs if future.set_running_or_notify_cancel()]
        done: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for work, future in running:
                done.append((future, *self._within_savepoint(connection, work)))
            connection.execute("COMMIT")
        except sqlite3.Error as fault:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for _, future in running:
                future.set_exception(_named(fault))
            return
        for future, result, problem in done:
            if problem is None:
                future.set_result(result)
            else:
                future.set_exception(problem)

    def _within_savepoint(
        self, connection: sqlite3.Connection, work: Callable[[Session], Any]
    ) -> tuple[Any, Exception | None]:
        connection.execute("SAVEPOINT job")
        try:
            session = _SqliteSession(connection, self._memory)
            result = work(session)
            settle(session, self._clock)
        except Exception as fault:  # noqa: BLE001 - handed to the caller who waits for this job
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            return None, fault
        connection.execute("RELEASE job")
        return result, None
