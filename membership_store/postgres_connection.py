"""A connection to PostgreSQL that carries many statements in one packet each way (libpq's pipeline mode).

psycopg's own pipeline sends and waits once for each statement, which cost more than the statements themselves: a third
of all that a checkout takes (docs/benchmarks.md). Here every statement is prepared once on each connection.
"""

import select
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import abc, errors, pq
from psycopg.adapt import Transformer

from membership_store.database import Row, Value

Asked = tuple[bytes, Sequence[Value]]
_Key = tuple[bytes, tuple[int, ...]]
_ANY, _INT8 = 0, 20
# The store asks some two hundred different things; lists of references come in a few lengths.
MOST_PREPARED = 400
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class Said:
    """What a statement said."""

    __slots__ = ("_connection", "_result")

    def __init__(self, connection: "PostgresConnection", result: pq.abc.PGresult) -> None:
        self._connection, self._result = connection, result

    @property
    def count(self) -> int:
        """How many rows it changed."""
        return self._result.command_tuples or 0

    def rows(self) -> list[Row]:
        """Its rows."""
        if not self._result.ntuples:
            return []
        reader = self._connection.reader
        reader.set_pgresult(self._result)
        return reader.load_rows(0, self._result.ntuples, tuple)


class PostgresConnection(psycopg.Connection[Row]):
    """A connection of the pool. It belongs to one thread at a time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.silence_s: float | None = None
        """After so many seconds of silence the server is taken for gone; None waits for ever."""
        self._statements: dict[_Key, bytes] = {}
        self._statement_names = 0
        self._value_reader: abc.Transformer | None = None

    @property
    def reader(self) -> abc.Transformer:
        """Makes Python's values of the server's texts."""
        if self._value_reader is None:
            self._value_reader = Transformer(self)
        return self._value_reader

    def ask(self, every: Sequence[Asked]) -> list[Said]:
        """Sends all and gives what each said, in their order. What follows a statement that fails is not done.

        Raises psycopg.Error: the first failure, or OperationalError where the server is gone.
        """
        return list(self.hear(every))

    def hear(self, every: Sequence[Asked]) -> Iterator[Said]:
        """As `ask`, but gives each answer as soon as it is there, while the server is still at the next.

        Whoever does not hear all of them loses the connection: they would be taken for those of the next question.
        """
        server, made, fault, over = self.pgconn, list[_Key | None](), None, False
        if server.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("the connection is closed")
        if len(self._statements) > MOST_PREPARED and server.transaction_status == pq.TransactionStatus.IDLE:
            self.forget()
        try:
            server.enter_pipeline_mode()
            for sql, values in every:
                self._send(sql, values, made)
            server.pipeline_sync()
            poll = self._sent()
            for preparing in made:
                result = self._next(poll)
                if result.status not in _DONE:
                    fault = fault or result
                    if preparing is not None:
                        self._statements.pop(preparing, None)
                elif preparing is None:
                    yield Said(self, result)
            if self._next(poll).status != pq.ExecStatus.PIPELINE_SYNC:
                raise psycopg.OperationalError("the server answered something else than it was asked")
            over = True
        finally:
            if not over:
                self.close()
        server.exit_pipeline_mode()
        if fault is not None:
            raise errors.error_from_result(fault)

    def forget(self) -> None:
        """Prepares everything anew: after a fault, which may have been that a table is no longer what it was."""
        self._statements.clear()
        self.execute(b"DEALLOCATE ALL", prepare=False)

    def _send(self, sql: bytes, values: Sequence[Value], made: list[_Key | None]) -> None:
        types = tuple(_INT8 if isinstance(value, int) else _ANY for value in values)
        name = self._statements.get((sql, types))
        if name is None:
            self._statement_names += 1
            name = b"s%d" % self._statement_names
            self.pgconn.send_prepare(name, sql, types)
            self._statements[sql, types] = name
            made.append((sql, types))
        self.pgconn.send_query_prepared(name, [_as_text(value) for value in values])
        made.append(None)

    def _sent(self) -> select.poll:
        """Waits until all has left; what then tells when something arrives."""
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN | select.POLLOUT)
        while self.pgconn.flush():
            self._wait(poll)
            self.pgconn.consume_input()
        poll.modify(self.pgconn.socket, select.POLLIN)
        return poll

    def _next(self, poll: select.poll) -> pq.abc.PGresult:
        """The next answer, when it is there. Each is followed by a None."""
        for _ in range(2):
            while self.pgconn.is_busy():
                self._wait(poll)
                self.pgconn.consume_input()
            result = self.pgconn.get_result()
            if result is not None:
                return result
        raise psycopg.OperationalError("the server answered less than it was asked")

    def _wait(self, poll: select.poll) -> None:
        if not poll.poll(None if self.silence_s is None else self.silence_s * 1000):
            raise psycopg.OperationalError("the server is silent")


def _as_text(value: Value) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return b"%d" % value
    if "\0" in value:  # libpq would take what stands before it for the whole
        raise psycopg.DataError("a text with a zero in it")
    return value.encode()
