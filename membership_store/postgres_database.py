"""PostgreSQL (or what speaks its protocol) over psycopg 3: many writers, each held off by the rows that it locked.

A read is one REPEATABLE READ picture. A write is READ COMMITTED: what was locked first is read as it is now, and what
lost against another (40001, 40P01, a key taken, Contested) is begun anew. Nothing waits longer than 5 seconds.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import psycopg
from psycopg import errors
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from membership_store.changes import Clock, settle
from membership_store.database import Contested, IntegrityFault, Result, Row, Session, StoreUnavailable, Value

TRIES = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.25
CONNECT_S = 3
CONNECTIONS = 16
FEW = 50
# How many questions may take up to how long where whole libraries are counted.
AT_LENGTH, LENGTH_MS = 2, 60_000
STREAMED = 2000
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"
_INTEGER = re.compile(r"\bINTEGER\b")
_IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
_Connection = psycopg.Connection[Row]
_Use = Callable[[psycopg.Cursor[Row]], None]
_Asked = tuple[bytes, Sequence[Value], _Use | None]
_Question = tuple[str, tuple[Value, ...]]


@lru_cache(maxsize=2000)
def _translated(sql: str) -> bytes:
    """With PostgreSQL's own places: psycopg then has nothing to look for in the statement."""
    parts = sql.split("?")
    return "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)).encode() + parts[-1].encode()


class _WholeNumber(Loader):
    """The sum of BIGINTs is a NUMERIC here; no amount of the store has a fraction."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


def _must_be_one(cursor: psycopg.Cursor[Row]) -> None:
    if cursor.rowcount != 1:
        raise Contested


class _PostgresSession:
    def __init__(self, connection: _Connection, memory: dict[Any, Any], *, writes: bool) -> None:
        self._connection = connection
        self._writes = writes
        self.memory = memory
        self.touched: dict[tuple[str, str, str], None] = {}
        # Every journey to the server costs more than most statements: what can wait goes with the next one.
        self._waiting: list[_Asked] = []
        self._ahead: dict[_Question, list[Row] | None] = {}

    def rows(self, sql: str, *values: Value) -> list[Row]:
        return self.several((sql, values))[0]

    def stream(self, sql: str) -> Iterator[Row]:
        self._ask()
        with self._connection.cursor(name="stream") as cursor:
            cursor.itersize = STREAMED
            yield from cursor.execute(_translated(sql))

    def several(self, *queries: tuple[str, Sequence[Value]]) -> list[list[Row]]:
        if not all(sql.startswith("SELECT") for sql, _ in queries):
            self._ahead.clear()
        wanted: list[_Question] = [(sql, tuple(values)) for sql, values in queries]
        asked = [one for one in wanted if one not in self._ahead]
        cursors: Iterator[psycopg.Cursor[Row]] = iter(())
        if asked or any(self._ahead[one] is None for one in wanted):
            cursors = iter(self._ask(*((_translated(sql), values, None) for sql, values in asked)))
        return [
            (self._ahead.pop(one, None) if one in self._ahead else next(cursors).fetchall()) or [] for one in wanted
        ]

    def ahead(self, *queries: tuple[str, Sequence[Value]]) -> None:
        for sql, values in queries:
            question = (sql, tuple(values))
            if question not in self._ahead:
                self._ahead[question] = None
                self._waiting.append((_translated(sql), values, partial(self._keep, question)))

    def _keep(self, question: "_Question", cursor: psycopg.Cursor[Row]) -> None:
        """What a statement of this transaction came after is forgotten already."""
        if question in self._ahead:
            self._ahead[question] = cursor.fetchall()

    def later(self, sql: str, *values: Value) -> None:
        self._ahead.clear()
        self._waiting.append((_translated(sql), values, None))

    def run(self, sql: str, *values: Value) -> int:
        self._ahead.clear()
        return self._ask((_translated(sql), values, None))[0].rowcount

    def change_one(self, sql: str, *values: Value) -> None:
        self._ahead.clear()
        self._waiting.append((_translated(sql), values, _must_be_one))

    def end(self) -> None:
        """Commits, with what still waited; what has to be looked at first goes before."""
        if any(use is not None for _, _, use in self._waiting):
            self._ask()
        self._ask((b"COMMIT", (), None))

    def _ask(self, *asked: "_Asked") -> list[psycopg.Cursor[Row]]:
        """The cursors of what was asked, after what waited; all in one journey."""
        every, self._waiting = [*self._waiting, *asked], []
        if not every:
            return []
        if len(every) == 1:
            cursors = [self._connection.execute(*every[0][:2])]
        else:
            with self._connection.pipeline():
                cursors = [self._connection.execute(sql, values) for sql, values, _ in every]
        for cursor, (_, _, use) in zip(cursors, every, strict=True):
            if use is not None:
                use(cursor)
        return cursors[len(every) - len(asked) :]

    def run_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        every = list(rows)
        if len(every) <= FEW:
            for values in every:
                self.later(sql, *values)
            return
        self._ahead.clear()
        self._ask()
        with self._connection.cursor() as cursor:
            cursor.executemany(_translated(sql), every)

    def lock(self, table: str, consortium: str, key: str) -> None:
        if self._writes:
            self.later(
                f"SELECT 1 FROM {table} WHERE consortium = ? AND {table} = ? FOR UPDATE",  # noqa: S608 - our own words
                consortium,
                key,
            )


class PostgresDatabase:
    """A database behind a `postgresql://` address. Raises StoreUnavailable where it does not answer at first.

    `patience_s`: how long a call may wait for a connection. `statement_s`: how long one statement, and an idle
    transaction, may last; 0 for commands that copy whole tables. `connections`: how many work at the same time.
    """

    def __init__(
        self,
        address: str,
        *,
        patience_s: float = 5.0,
        statement_s: float = 5.0,
        connections: int = CONNECTIONS,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._patience_s = patience_s
        self._limit_ms = int(statement_s * 1000)
        self._clock = clock
        self._memory: dict[Any, Any] = {}
        self._at_length = threading.BoundedSemaphore(AT_LENGTH)
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            address,
            kwargs={
                "cursor_factory": psycopg.RawCursor,
                "autocommit": True,
                "connect_timeout": CONNECT_S,
                "application_name": "library-store",
            },
            min_size=1,
            max_size=connections,
            timeout=patience_s,
            max_waiting=1000,
            # Gives up soon and begins again with the next question: a database that comes back is found at once.
            reconnect_timeout=10.0,
            configure=self._configure,
            open=False,
        )
        self._pool.open()
        try:
            self.read(lambda session: session.rows("SELECT 1"))
        except BaseException:
            self.close()
            raise

    def in_its_words(self, statement: str) -> str:
        """See Database.in_its_words: INTEGER has 32 bits here, and a sequence number or a sum may outgrow them."""
        return _INTEGER.sub("BIGINT", statement)

    def read(self, work: Callable[[Session], Result]) -> Result:
        """See Database.read."""
        with self._named(), self._connection(_READ) as connection:
            result = work(_PostgresSession(connection, self._memory, writes=False))
            connection.execute("COMMIT")
            return result

    def read_at_length(self, work: Callable[[Session], Result]) -> Result:
        """See Database.read_at_length: no more than AT_LENGTH of the connections are lent for that."""
        if not self._at_length.acquire(timeout=self._patience_s):
            raise StoreUnavailable("too many ask at length")
        try:
            with self._named(), self._connection(_READ) as connection:
                if self._limit_ms:
                    connection.execute(f"SET LOCAL statement_timeout = {LENGTH_MS}".encode())
                result = work(_PostgresSession(connection, self._memory, writes=False))
                connection.execute("COMMIT")
                return result
        finally:
            self._at_length.release()

    def write(self, work: Callable[[Session], Result]) -> Result:
        """See Database.write."""
        with self._named():
            for tried in range(1, TRIES):
                try:
                    return self._write_once(work)
                except (*_IN_THE_WAY, Contested):
                    time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tried)))
            return self._write_once(work)

    def sweep(self) -> None:
        """See Database.sweep: what autovacuum leaves until later is not ours to hurry; its log is the server's."""

    def take_stock(self) -> None:
        """See Database.take_stock: autovacuum does it."""

    def close(self) -> None:
        """See Database.close."""
        self._pool.close()

    def _write_once(self, work: Callable[[Session], Result]) -> Result:
        with self._connection(_WRITE) as connection:
            session = _PostgresSession(connection, self._memory, writes=True)
            result = work(session)
            settle(session, self._clock)
            session.end()
            return result

    @contextmanager
    def _connection(self, begin: str) -> Iterator[_Connection]:
        """A connection with a transaction begun; what the work left open is rolled back."""
        connection = self._begun(begin)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _begun(self, begin: str) -> _Connection:
        connection = self._pool.getconn()
        try:
            connection.execute(begin)
        except psycopg.OperationalError:
            # It died while it lay idle: nothing was done yet. Its neighbours are looked at too.
            self._pool.putconn(connection)
            self._pool.check()
            connection = self._pool.getconn()
            try:
                connection.execute(begin)
            except BaseException:
                self._pool.putconn(connection)
                raise
        return connection

    def _give_back(self, connection: _Connection) -> None:
        """The pool itself closes what is broken."""
        try:
            if not connection.closed and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()
        finally:
            self._pool.putconn(connection)

    def _configure(self, connection: _Connection) -> None:
        connection.adapters.register_loader("numeric", _WholeNumber)
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"SET {limit} = {self._limit_ms}".encode())

    @contextmanager
    def _named(self) -> Iterator[None]:
        """A fault of the statement itself stays what it is; all others mean that the database is away, full or busy.

        No message of the server goes on: it may hold a value of a row.
        """
        try:
            yield
        except psycopg.IntegrityError as fault:
            raise IntegrityFault(f"the tables refuse it ({fault.diag.constraint_name})") from None
        except (psycopg.ProgrammingError, psycopg.DataError):
            raise
        except psycopg.Error as fault:
            raise StoreUnavailable(f"the database does not answer ({fault.sqlstate or 'no connection'})") from None
        except (PoolTimeout, PoolClosed, TooManyRequests) as fault:
            raise StoreUnavailable(f"no connection to the database ({type(fault).__name__})") from None
