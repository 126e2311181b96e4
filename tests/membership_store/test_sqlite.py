"""What only SQLite's engine promises: strict tables, one writer thread, a file for its owner."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from membership_store import members
from membership_store.database import IntegrityFault, StoreUnavailable
from membership_store.migrations import migrate
from membership_store.sqlite_database import SqliteDatabase


@pytest.fixture
def opened(database: Path) -> Iterator[SqliteDatabase]:
    """The demo's database, open."""
    with closing(SqliteDatabase(database)) as one:
        yield one


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fee SET cents = 1.5",
        "UPDATE fee SET cents = 'a lot'",
        "UPDATE subscription SET price = 56.5",
    ],
)
def test_no_fraction_of_a_cent_is_kept(opened: SqliteDatabase, change: str) -> None:
    with pytest.raises(IntegrityFault):
        opened.write(lambda session: session.run(change))


def test_every_table_is_strict_on_sqlite(opened: SqliteDatabase) -> None:
    rows = opened.read(lambda s: s.rows("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
    loose = {name for name, strict in rows if not strict and not name.startswith("sqlite_")}
    assert loose == set()


def test_work_that_waits_too_long_is_unavailable_and_a_later_call_goes_on(tmp_path: Path) -> None:
    opened = SqliteDatabase(tmp_path / "slow.db", patience_s=0.2)
    gate = threading.Event()
    try:
        with pytest.raises(StoreUnavailable):
            opened.write(lambda _: gate.wait(30))
        gate.set()
        SqliteDatabase.write(opened, lambda session: session.run("CREATE TABLE a (n INTEGER)"))
    finally:
        gate.set()
        opened.close()


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says" * 50, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(StoreUnavailable):
        SqliteDatabase(tmp_path / "x.db")


def test_a_new_database_is_for_its_owner_only(tmp_path: Path) -> None:
    with closing(SqliteDatabase(tmp_path / "new.db")) as new:
        migrate(new)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_a_database_in_a_folder_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        SqliteDatabase(tmp_path / "nowhere" / "x.db")


def test_a_patron_is_found_by_the_patron_and_never_by_walking_the_whole_consortium(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        for sql in (part.format("?, ?") for part in members._OF_A_PATRON):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ["x"] * sql.count("?"))]
            walked = [one for one in plan if one.endswith("(consortium=?)") or one.startswith("SCAN")]
            assert walked == [], sql
