"""A connection to PostgreSQL that carries many statements in one packet each way (libpq's pipeline mode).

psycopg's own pipeline sends and waits once for each statement, which cost more than the statements themselves: a third
of all that a checkout takes (docs/benchmarks.md). Here every statement is prepared once on each connection.
"""

import select
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import abc, errors, pq
from psycopg.adapt import Transformer

from membership_store.database import Row, Value

Asked = tuple[bytes, Sequence[Value]]
_Key = tuple[bytes, tuple[int, ...]]
_ANY, _INT8 = 0, 20
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
        server, made = self.pgconn, list[_Key | None]()
        if server.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("the connection is closed")
        server.enter_pipeline_mode()
        try:
            for sql, values in every:
                self._send(sql, values, made)
            server.pipeline_sync()
            results = self._answers(server, len(made))
        except BaseException:
            # Answers that nobody read would be taken for those of the next question.
            self.close()
            raise
        server.exit_pipeline_mode()
        return self._settled(made, results)

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

    def _answers(self, server: pq.abc.PGconn, count: int) -> list[pq.abc.PGresult]:
        """One result of each thing that was sent."""
        poll = select.poll()
        poll.register(server.socket, select.POLLIN | select.POLLOUT)
        while server.flush():
            self._wait(poll)
            server.consume_input()
        poll.modify(server.socket, select.POLLIN)
        found: list[pq.abc.PGresult] = []
        # Each answer is followed by a None; the one of the sync stands at the end.
        while True:
            while server.is_busy():
                self._wait(poll)
                server.consume_input()
            result = server.get_result()
            if result is None:
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                break
            found.append(result)
        if len(found) != count:
            raise psycopg.OperationalError("the server answered something else than it was asked")
        return found

    def _wait(self, poll: select.poll) -> None:
        if not poll.poll(None if self.silence_s is None else self.silence_s * 1000):
            raise psycopg.OperationalError("the server is silent")

    def _settled(self, made: list[_Key | None], results: list[pq.abc.PGresult]) -> list[Said]:
        said, fault = list[Said](), None
        for preparing, result in zip(made, results, strict=True):
            if result.status not in _DONE:
                if preparing is not None:
                    self._statements.pop(preparing, None)
                if fault is None and result.status == pq.ExecStatus.FATAL_ERROR:
                    fault = result
            elif preparing is None:
                said.append(Said(self, result))
        if fault is not None:
            raise errors.error_from_result(fault)
        return said


def _as_text(value: Value) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return b"%d" % value
    if "\0" in value:  # libpq would take what stands before it for the whole
        raise psycopg.DataError("a text with a zero in it")
    return value.encode()
