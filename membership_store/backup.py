"""Backup and restore. A backup is one SQLite file of the same tables, whatever engine the store runs on.

So it can be looked at and checked with what is at hand, and a store moves from SQLite to PostgreSQL by a restore.
"""

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from membership_store.changes import renew_generation
from membership_store.database import Database, Row, Session, StoreUnavailable
from membership_store.migrations import SchemaError, migrate, migrations, missing
from membership_store.opening import Spec, open_database
from membership_store.sqlite_database import SqliteDatabase

_MADE = re.compile(r"^(CREATE|DROP) TABLE (\w+)", re.MULTILINE)
_TOGETHER = 1000


class BadBackup(Exception):
    """The backup cannot be made or restored; the message says why."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was copied."""

    tables: int
    rows: int
    bytes: int


def backup(address: Spec, file: Path) -> Report:
    """Writes all of a store that may be in use, as one picture of it, to a file for its owner only (mode 0600).

    The file is there whole or not at all; one that is there already is left alone. Raises BadBackup, StoreUnavailable.
    """
    if file.exists():
        raise BadBackup(f"there is a file {file} already: a backup never replaces another")
    file.parent.mkdir(parents=True, exist_ok=True)
    with _draft(file.parent) as draft:
        if isinstance(address, Path):
            _copy_pages(address, draft)
        else:
            _copy_rows_out(address, draft)
        report = _checked(draft)
        _settle(draft, file)
    return report


def restore(file: Path, address: Spec, *, replace: bool = False) -> Report:
    """Puts a backup in the place of a store: checked, brought to this release's schema, under a new generation.

    All at once: a store that is served answers from the old data, or waits, and then from the new. `replace`: it may
    hold data, which are lost. Raises BadBackup, SchemaError, StoreUnavailable.
    """
    if not file.is_file():
        raise BadBackup(f"there is no backup {file}")
    home = address.parent if isinstance(address, Path) else file.parent
    home.mkdir(parents=True, exist_ok=True)
    with _draft(home) as draft:
        _copy_pages(file, draft)
        _checked(draft)
        _known(draft)
        with closing(SqliteDatabase(draft, patience_s=3600.0)) as copy:
            migrate(copy)
            copy.write(renew_generation)
            copy.take_stock()
        report = _checked(draft)
        if not replace and _holds_data(address):
            raise BadBackup("that database holds data: they are lost with --replace")
        if isinstance(address, Path):
            address.touch(mode=0o600)
            _copy_pages(draft, address)
        else:
            _copy_rows_in(draft, address)
    return report


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A file of its own for the time being, mode 0600."""
    handle, name = tempfile.mkstemp(prefix=".store-", suffix=".db", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            Path(name + end).unlink(missing_ok=True)


def _settle(draft: Path, file: Path) -> None:
    """On the disk, then under its name."""
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _copy_pages(source: Path, target: Path) -> None:
    """SQLite's online backup: one transaction of the target; the source may be in use."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as old,
            closing(sqlite3.connect(target, timeout=60)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as fault:
        raise BadBackup(f"{source.name} cannot be copied ({getattr(fault, 'sqlite_errorname', fault)})") from None


def _known(draft: Path) -> None:
    """Raises SchemaError for a backup of a newer release, BadBackup for what is no backup of a store."""
    try:
        with closing(SqliteDatabase(draft)) as copy:
            lacking = missing(copy)
    except (StoreUnavailable, sqlite3.Error):
        raise BadBackup("this is no database") from None
    if len(lacking) == len(migrations()):
        raise BadBackup("this is a database, but not of a store")


def _checked(draft: Path) -> Report:
    """Every page, key and reference is looked at, and the file becomes one file. Raises BadBackup."""
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise BadBackup("the copy is damaged: its pages do not fit together")
            if copy.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise BadBackup("the copy is damaged: a row points at one that is not there")
            ours = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            names = [name for (name,) in copy.execute(ours)]
            rows = sum(copy.execute(f'SELECT COUNT(*) FROM "{one}"').fetchone()[0] for one in names)  # noqa: S608 - quoted
    except sqlite3.DatabaseError as fault:
        raise BadBackup(f"the copy is damaged ({getattr(fault, 'sqlite_errorname', 'no database')})") from None
    return Report(len(names), rows, draft.stat().st_size)


def _holds_data(address: Spec) -> bool:
    if isinstance(address, Path) and (not address.exists() or address.stat().st_size == 0):
        return False
    with closing(open_database(address, patient=True)) as there:
        if len(missing(there)) == len(migrations()):
            return False
        return bool(there.read(lambda session: session.rows("SELECT consortium FROM consortium")))


def tables() -> list[str]:
    """The tables of this release, each after those that it points at."""
    found: dict[str, None] = {}
    for migration in migrations():
        for word, name in _MADE.findall(migration.text):
            found.pop(name, None)
            if word == "CREATE":
                found[name] = None
    return list(found)


def _columns(copy: sqlite3.Connection, table: str) -> str:
    return ", ".join(row[0] for row in copy.execute("SELECT name FROM pragma_table_info(?)", (table,)))


def _filling(table: str, columns: str) -> str:
    places = ", ".join("?" * (columns.count(",") + 1))
    return f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - words of the schema


def _copy_rows_out(address: str, draft: Path) -> None:
    """All rows of a server's database, in one picture."""
    with closing(open_database(address, patient=True)) as there:
        if missing(there):
            raise SchemaError("the database lacks a schema version of this release: run `migrate` first")
        with closing(SqliteDatabase(draft, patience_s=3600.0)) as empty:
            migrate(empty)
        with closing(sqlite3.connect(draft)) as copy, copy:

            def take(session: Session) -> None:
                for table in tables():
                    columns = _columns(copy, table)
                    rows = session.stream(f"SELECT {columns} FROM {table}")  # noqa: S608 - words of the schema
                    copy.executemany(_filling(table, columns), rows)

            there.read(take)


def _copy_rows_in(draft: Path, address: str) -> None:
    """All rows into a server's database in one transaction; what was there goes."""
    with closing(sqlite3.connect(draft)) as copy, closing(open_database(address, patient=True)) as there:
        migrate(there)
        _fill(there, copy)


def _fill(there: Database, copy: sqlite3.Connection) -> None:
    def put(session: Session) -> None:
        session.run(f"TRUNCATE {', '.join(tables())}")
        for table in tables():
            columns = _columns(copy, table)
            for some in _handfuls(copy.execute(f"SELECT {columns} FROM {table}")):  # noqa: S608 - words of the schema
                session.run_many(_filling(table, columns), some)

    there.write(put)


def _handfuls(rows: Iterable[Row]) -> Iterator[Iterable[Row]]:
    left = iter(rows)
    for first in left:
        yield chain([first], islice(left, _TOGETHER - 1))
