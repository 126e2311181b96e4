"""A database that writes down what it is asked, for tests of how much that is and whether it tells anything (K5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from membership_store.database import Database, Query, Row, Session, Value

Result = TypeVar("Result")
Question = tuple[str, tuple[Value, ...]]


class Heard:
    """A session that writes down each statement; `journeys` counts how often a server would be waited for."""

    def __init__(self, session: Session, statements: list[str], journeys: list[int]) -> None:
        self._session, self._statements, self._journeys = session, statements, journeys
        self.memory, self.touched = session.memory, session.touched
        self._waiting: set[Question] = set()
        self._there: set[Question] = set()

    def _hear(self, *statements: str) -> None:
        self._statements.extend(statements)

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """A query."""
        return self.several((sql, values))[0]

    def stream(self, sql: str) -> Iterator[Row]:
        """A long query."""
        self._hear(sql)
        return self._session.stream(sql)

    def several(self, *queries: Query) -> list[list[Row]]:
        """Queries together."""
        self._hear(*(sql for sql, _ in queries))
        asked = {(sql, tuple(values)) for sql, values in queries}
        if not asked <= self._there:
            self._journey()
        self._there -= asked
        return self._session.several(*queries)

    def in_parts(self, parts: Sequence[Sequence[Query]]) -> Iterator[list[list[Row]]]:
        """Queries in parts, in one journey."""
        self._hear(*(sql for part in parts for sql, _ in part))
        self._journey()
        return self._session.in_parts(parts)

    def _journey(self) -> None:
        self._journeys[0] += 1
        self._there |= self._waiting
        self._waiting.clear()

    def ahead(self, *queries: Query) -> None:
        """What is said to be asked soon."""
        self._waiting |= {(sql, tuple(values)) for sql, values in queries} - self._there
        self._session.ahead(*queries)

    def later(self, sql: str, *values: Value) -> None:
        """What can wait."""
        self._changes(sql)
        self._session.later(sql, *values)

    def change_one(self, sql: str, *values: Value) -> None:
        """A change that can wait."""
        self._changes(sql)
        self._session.change_one(sql, *values)

    def _changes(self, sql: str) -> None:
        self._hear(sql)
        self._there.clear()
        self._waiting.clear()

    def run(self, sql: str, *values: Value) -> int:
        """A change."""
        self._changes(sql)
        self._journey()
        return self._session.run(sql, *values)

    def run_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        """Changes."""
        self._changes(sql)
        self._session.run_many(sql, rows)

    def lock(self, table: str, consortium: str, key: str) -> None:
        """A row that is held."""
        self._changes(f"lock {table}")
        self._session.lock(table, consortium, key)


class Listening:
    """A database that writes down what it is asked. Begin, commit and the feed's two statements are not in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statements: list[str] = []
        self._journeys = [0]

    @property
    def journeys(self) -> int:
        """How often a server would be waited for, besides begin and commit."""
        return self._journeys[0]

    def read(self, work: Callable[[Session], Result]) -> Result:
        """See Database."""
        return self._database.read(lambda session: work(Heard(session, self.statements, self._journeys)))

    def write(self, work: Callable[[Session], Result]) -> Result:
        """See Database."""
        return self._database.write(lambda session: work(Heard(session, self.statements, self._journeys)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
