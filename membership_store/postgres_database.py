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
from membership_store.database import Contested, IntegrityFault, Query, Result, Row, Session, StoreUnavailable, Value
from membership_store.postgres_connection import PostgresConnection, Said

TRIES = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.25
CONNECT_S = 3
CONNECTIONS = 16
FEW = 50
# How many questions may take up to how long where whole libraries are counted.
AT_LENGTH, LENGTH_MS = 2, 60_000
# The server itself ends what lasts too long: only one that is gone without a word says nothing for longer.
SILENT_MS = LENGTH_MS + 15_000
STREAMED = 2000
_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_INTEGER = re.compile(r"\bINTEGER\b")
_IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
_Use = Callable[[Said], None]
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


def _must_be_one(said: Said) -> None:
    if said.count != 1:
        raise Contested


class _PostgresSession:
    def __init__(self, connection: PostgresConnection, memory: dict[Any, Any], begin: bytes) -> None:
        self._connection = connection
        self._writes = begin is _WRITE
        self.memory = memory
        self.touched: dict[tuple[str, str, str], None] = {}
        # Every journey to the server costs more than most statements: what can wait goes with the next one.
        self._waiting: list[_Asked] = [(begin, (), None)]
        self.heard = False
        """Whether the server answered anything yet."""
        self._ahead: dict[_Question, list[Row] | None] = {}

    def rows(self, sql: str, *values: Value) -> list[Row]:
        return self.several((sql, values))[0]

    def stream(self, sql: str) -> Iterator[Row]:
        self._ask()
        with self._connection.cursor(name="stream") as cursor:
            cursor.itersize = STREAMED
            yield from cursor.execute(_translated(sql))

    def several(self, *queries: Query) -> list[list[Row]]:
        if not all(sql.startswith("SELECT") for sql, _ in queries):
            self._ahead.clear()
        wanted: list[_Question] = [(sql, tuple(values)) for sql, values in queries]
        asked = [one for one in wanted if one not in self._ahead]
        said: Iterator[Said] = iter(())
        if asked or any(self._ahead[one] is None for one in wanted):
            said = iter(self._ask(*((_translated(sql), values, None) for sql, values in asked)))
        return [(self._ahead.pop(one, None) if one in self._ahead else next(said).rows()) or [] for one in wanted]

    def ahead(self, *queries: Query) -> None:
        for sql, values in queries:
            question = (sql, tuple(values))
            if question not in self._ahead:
                self._ahead[question] = None
                self._waiting.append((_translated(sql), values, partial(self._keep, question)))

    def in_parts(self, parts: Sequence[Sequence[Query]]) -> Iterator[list[list[Row]]]:
        waiting, self._waiting = self._waiting, []
        every = [(sql, values) for sql, values, _ in waiting]
        every += [(_translated(sql), values) for part in parts for sql, values in part]
        said = self._connection.hear(every)
        for _, _, use in waiting:
            one = next(said)
            if use is not None:
                use(one)
        self.heard = True
        for part in parts:
            yield [next(said).rows() for _ in part]
        next(said, None)  # the end of the journey, and what failed on it

    def _keep(self, question: "_Question", said: Said) -> None:
        """What a statement of this transaction came after is forgotten already."""
        if question in self._ahead:
            self._ahead[question] = said.rows()

    def later(self, sql: str, *values: Value) -> None:
        self._ahead.clear()
        self._waiting.append((_translated(sql), values, None))

    def run(self, sql: str, *values: Value) -> int:
        self._ahead.clear()
        return self._ask((_translated(sql), values, None))[0].count

    def change_one(self, sql: str, *values: Value) -> None:
        self._ahead.clear()
        self._waiting.append((_translated(sql), values, _must_be_one))

    def end(self) -> None:
        """Commits, with what still waited; what has to be looked at first goes before.

        So does the first thing that is asked: a connection that died while it lay idle must not be found at the commit,
        of which nobody can say then whether it was done.
        """
        if not self.heard or any(use is not None for _, _, use in self._waiting):
            self._ask()
        self._ask((b"COMMIT", (), None))

    def _ask(self, *asked: "_Asked") -> list[Said]:
        """What was asked said, after what waited; all in one journey."""
        every, self._waiting = [*self._waiting, *asked], []
        if not every:
            return []
        said = self._connection.ask([(sql, values) for sql, values, _ in every])
        self.heard = True
        for one, (_, _, use) in zip(said, every, strict=True):
            if use is not None:
                use(one)
        return said[len(every) - len(asked) :]

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


def _whole(session: _PostgresSession, work: Callable[[Session], Result]) -> Result:
    result = work(session)
    session.end()
    return result


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
        self._pool: ConnectionPool[PostgresConnection] = ConnectionPool(
            address,
            connection_class=PostgresConnection,
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
        with self._named():
            return self._transact(_READ, work)

    def read_at_length(self, work: Callable[[Session], Result]) -> Result:
        """See Database.read_at_length: no more than AT_LENGTH of the connections are lent for that."""
        if not self._at_length.acquire(timeout=self._patience_s):
            raise StoreUnavailable("too many ask at length")

        def at_length(session: Session) -> Result:
            if self._limit_ms:
                session.later(f"SET LOCAL statement_timeout = {LENGTH_MS}")
            return work(session)

        try:
            return self.read(at_length)
        finally:
            self._at_length.release()

    def write(self, work: Callable[[Session], Result]) -> Result:
        """See Database.write."""

        def whole(session: Session) -> Result:
            result = work(session)
            settle(session, self._clock)
            return result

        with self._named():
            for tried in range(1, TRIES):
                try:
                    return self._transact(_WRITE, whole)
                except (*_IN_THE_WAY, Contested):
                    time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tried)))
            return self._transact(_WRITE, whole)

    def sweep(self) -> None:
        """See Database.sweep: what autovacuum leaves until later is not ours to hurry; its log is the server's."""

    def take_stock(self) -> None:
        """See Database.take_stock: autovacuum does it."""

    def close(self) -> None:
        """See Database.close."""
        self._pool.close()

    def _transact(self, begin: bytes, work: Callable[[Session], Result]) -> Result:
        """Does the work in a transaction, and anew where the connection turns out to have died while it lay idle."""
        with self._connection() as connection:
            session = _PostgresSession(connection, self._memory, begin)
            try:
                return _whole(session, work)
            except psycopg.OperationalError:
                if session.heard or not connection.closed:
                    raise
        self._pool.check()  # its neighbours have died with it
        with self._connection() as connection:
            return _whole(_PostgresSession(connection, self._memory, begin), work)

    @contextmanager
    def _connection(self) -> Iterator[PostgresConnection]:
        """A connection; a transaction that was left open on it is rolled back."""
        connection = self._pool.getconn()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: PostgresConnection) -> None:
        """The pool itself closes what is broken."""
        try:
            if not connection.closed and connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
                connection.forget()
        except psycopg.Error:
            connection.close()
        finally:
            self._pool.putconn(connection)

    def _configure(self, connection: PostgresConnection) -> None:
        connection.adapters.register_loader("numeric", _WholeNumber)
        if self._limit_ms:
            connection.silence_s = SILENT_MS / 1000
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
