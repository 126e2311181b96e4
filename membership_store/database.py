"""What the store asks of a database: plain SQL with `?` for a value, in short transactions (ADR 2)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

Row = tuple[Any, ...]
Value = str | int | None
Query = tuple[str, Sequence[Value]]
Result = TypeVar("Result")


class StoreUnavailable(Exception):
    """The database does not answer now. What was asked may be asked again."""


class Contested(StoreUnavailable):
    """Somebody else changed the same rows in the meantime; the transaction must be begun again."""


class IntegrityFault(Exception):
    """The tables refuse the row: a key twice, a row that points nowhere, a value that may not be."""


class Session(Protocol):
    """One transaction, as the work inside it sees it."""

    touched: dict[tuple[str, str, str], None]
    """What changed so far, for `changes` alone: consortium, kind, reference."""
    memory: dict[Any, Any]
    """What may be remembered between transactions of this database. Whoever keeps a thing here knows when it is old."""

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """The rows of a query."""
        ...

    def stream(self, sql: str) -> Iterator[Row]:
        """The rows of a query that may be too many to hold; nothing else is asked until they are read."""
        ...

    def several(self, *queries: Query) -> list[list[Row]]:
        """The rows of queries that need nothing of each other: in their order, and one journey to a server."""
        ...

    def in_parts(self, parts: Sequence[Sequence[Query]]) -> Iterator[list[list[Row]]]:
        """The rows of many queries, a part at a time; a server is at the next part while one is used.

        Nothing else is asked until all are read.
        """
        ...

    def ahead(self, *queries: Query) -> None:
        """Says what will be asked soon: it goes with the next journey to a server, where that is worth something.

        The answer is of that moment, and no longer good when this transaction changed anything in between.
        """
        ...

    def later(self, sql: str, *values: Value) -> None:
        """Runs a statement of which nobody asks what it changed: before the next one, or before the commit at last.

        Raises IntegrityFault, then or now.
        """
        ...

    def run(self, sql: str, *values: Value) -> int:
        """Runs a statement and says how many rows it changed. Raises IntegrityFault."""
        ...

    def change_one(self, sql: str, *values: Value) -> None:
        """Runs a statement that has to change one row, as `later` does.

        Raises Contested where it changed none, then or now and always before the commit; and IntegrityFault.
        """
        ...

    def run_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        """Runs a statement once for each row of values. Raises IntegrityFault."""
        ...

    def lock(self, table: str, consortium: str, key: str) -> None:
        """Holds that row against other writers until the end. The table's key column bears the table's name.

        Patron first, then item, then all else: whoever keeps to that order waits, and never for ever. In a transaction
        that only reads, and where one writer works at a time, it does nothing.
        """
        ...


class Database(Protocol):
    """Blocking and safe to use from any thread. Whatever the work raises is raised again, after a rollback."""

    def in_its_words(self, statement: str) -> str:
        """A statement of a schema file as this engine wants it."""
        ...

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Runs the work on one consistent picture; it may change nothing. Raises StoreUnavailable."""
        ...

    def read_at_length(self, work: Callable[[Session], Result]) -> Result:
        """As `read`, for what counts a whole library: it may take a minute. Raises StoreUnavailable.

        Few may do so at once, so that the rest of the store goes on.
        """
        ...

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Runs the work in a transaction and returns after its commit. Raises StoreUnavailable, IntegrityFault.

        Where others were in the way the work is begun anew: it changes nothing but the database. Where the answer came
        too late it may still be committed: ask again under the same EventId.
        """
        ...

    def sweep(self) -> None:
        """What was deleted leaves the disk now, as far as the engine can do that itself. Raises StoreUnavailable."""
        ...

    def take_stock(self) -> None:
        """After many rows came or went: how full the tables are, which the engine plans by. Raises StoreUnavailable."""
        ...

    def close(self) -> None:
        """Ends what was begun and lets go of the files."""
        ...


def one(rows: list[Row]) -> Row | None:
    """The first row, or None."""
    return rows[0] if rows else None


def insert(session: Session, table: str, **columns: Value) -> None:
    """Adds a row, its columns named as in the schema. Table and columns are words of this program, never input."""
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    session.later(f"INSERT INTO {table} ({names}) VALUES ({places})", *columns.values())  # noqa: S608


def places_for(keys: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Places for keys in an IN, and the keys for them: a power of two, the last key again for what is left.

    So the engines meet a few statements that they know, not another one for every number of keys. Raises IndexError
    without a key.
    """
    count = 1 << (len(keys) - 1).bit_length()
    return ", ".join("?" * count), (*keys, *(keys[-1],) * (count - len(keys)))
