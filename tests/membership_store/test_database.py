"""The schema holds what the rules promise, whatever the code does; migrations and the writer thread keep their word."""

from __future__ import annotations

import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from membership_store.database import IntegrityFault, Session, StoreUnavailable
from membership_store.migrations import SCHEMA, SchemaError, migrate, migrations, missing
from membership_store.sqlite_database import SqliteDatabase


@pytest.fixture
def filled(database: Path) -> Iterator[SqliteDatabase]:
    """The demo's database, open."""
    opened = SqliteDatabase(database)
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """A new database without a schema."""
    opened = SqliteDatabase(tmp_path / "new.db")
    yield opened
    opened.close()


def columns(database: SqliteDatabase, table: str) -> list[str]:
    """The columns of a table."""
    return [row[0] for row in database.read(lambda s: s.rows("SELECT name FROM pragma_table_info(?)", table))]


LENT_AGAIN = (
    "INSERT INTO loan (consortium, loan, item, patron, branch, lent, due, lent_at)"
    " SELECT consortium, loan || '-2', item, patron, branch, lent, due, lent_at FROM loan"
)


HELD_AGAIN = (
    "INSERT INTO hold (consortium, hold, patron, title, item, status)"
    " SELECT consortium, hold || '-2', patron, title, item, status FROM hold"
)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fee SET cents = 1.5",
        "UPDATE fee SET cents = 'a lot'",
        "UPDATE strips SET balance = balance - 1000",
        "UPDATE strips SET balance = 1, overdrawn = 1",
        "UPDATE subscription SET price = 56.5",
        "UPDATE membership SET starts = 'yesterday'",
        "UPDATE membership SET status = 'maybe'",
        "UPDATE patron SET main_library = 'nowhere'",
        "UPDATE pass_chip SET uid = '08A1B2C3'",
        "UPDATE kiosk SET branch = '0000'",
        "UPDATE hold SET item = NULL",
        "UPDATE item SET status = 'eaten'",
        "UPDATE item SET branch = NULL",
        "DELETE FROM patron",
        LENT_AGAIN,
        HELD_AGAIN,
    ],
)
def test_the_database_itself_refuses(filled: SqliteDatabase, change: str) -> None:
    with pytest.raises(IntegrityFault):
        filled.write(lambda session: session.run(change))


def test_an_item_that_came_back_may_be_lent_again(filled: SqliteDatabase) -> None:
    def again(session: Session) -> int:
        session.run("UPDATE loan SET returned_at = '2026-01-01T00:00:00.000000+00:00'")
        return session.run(LENT_AGAIN)

    assert filled.write(again) > 0


def test_the_consortium_comes_first_in_every_key(filled: SqliteDatabase) -> None:
    indexes = filled.read(
        lambda s: s.rows(
            "SELECT m.name, i.name FROM sqlite_master m JOIN pragma_index_list(m.name) i"
            " WHERE m.type = 'table' AND m.name <> 'schema_version'"
        )
    )
    assert len(indexes) > 30
    for table, index in indexes:
        first = filled.read(lambda s, index=index: s.rows("SELECT name FROM pragma_index_info(?)", index))[0][0]  # type: ignore[misc]
        assert first == "consortium", f"{table}: {index}"


def test_every_table_is_strict_on_sqlite(filled: SqliteDatabase) -> None:
    rows = filled.read(lambda s: s.rows("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
    loose = {name for name, strict in rows if not strict and not name.startswith("sqlite_")}
    assert loose == set()


# What only one engine knows, or what a distributed PostgreSQL (Citus, CockroachDB, YugabyteDB) does not run.
UNPORTABLE = re.compile(
    r"AUTOINCREMENT|WITHOUT\s+ROWID|\bPRAGMA\b|\bSERIAL\b|\bTRIGGER\b|\bSEQUENCE\b|\bROWID\b|\bBLOB\b|\bBYTEA\b|\bJSONB?\b"
    r"|\bGLOB\b|\bEXCLUDE\b|\bUNLOGGED\b|\bINHERITS\b|\bDATETIME\b|\bREAL\b|\bFLOAT\b|\bREPLACE\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("file", sorted(SCHEMA.glob("*.sql")), ids=lambda one: one.stem)
def test_a_schema_file_is_plain_sql_without_constructs_of_one_engine(file: Path) -> None:
    bare = re.sub(r"--.*", "", file.read_text("utf-8"))
    assert UNPORTABLE.findall(bare) == []


def test_a_new_database_gets_every_version_once(empty: SqliteDatabase) -> None:
    assert migrate(empty) == [one.name for one in migrations()]
    assert migrate(empty) == []
    assert "consortium" in columns(empty, "patron")


def schema(folder: Path, **files: str) -> Path:
    """A schema folder of such files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name[1:]}.sql").write_text(text)
    return folder


def test_a_file_that_fails_half_way_leaves_nothing_behind(empty: SqliteDatabase, tmp_path: Path) -> None:
    folder = schema(
        tmp_path / "s", _0001_a="CREATE TABLE a (n INTEGER);\n", _0002_b="CREATE TABLE b (n TEXT);\nNONSENSE;\n"
    )
    with pytest.raises(sqlite3.OperationalError):
        migrate(empty, folder)
    assert (columns(empty, "a"), columns(empty, "b")) == (["n"], [])
    schema(folder, _0002_b="CREATE TABLE b (n TEXT);\n")
    assert migrate(empty, folder) == ["0002_b"]


def test_a_file_that_was_changed_after_it_was_applied_is_found_out(empty: SqliteDatabase, tmp_path: Path) -> None:
    folder = schema(tmp_path / "s", _0001_a="CREATE TABLE a (n INTEGER);\n")
    migrate(empty, folder)
    schema(folder, _0001_a="CREATE TABLE a (n TEXT);\n")
    with pytest.raises(SchemaError, match="0001 was changed"):
        migrate(empty, folder)


def test_a_database_of_a_newer_release_is_left_alone(empty: SqliteDatabase, tmp_path: Path) -> None:
    newer = schema(tmp_path / "s", _0001_a="CREATE TABLE a (n TEXT);\n", _0002_b="CREATE TABLE b (n TEXT);\n")
    migrate(empty, newer)
    (newer / "0002_b.sql").unlink()
    with pytest.raises(SchemaError, match="version 2, this release knows 1"):
        missing(empty, newer)


def test_a_hole_in_the_numbers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaError):
        migrations(schema(tmp_path / "s", _0001_a="", _0003_c=""))


@pytest.fixture
def counting(empty: SqliteDatabase) -> SqliteDatabase:
    """A database with one table of numbers."""
    empty.write(lambda session: session.run("CREATE TABLE number (n INTEGER NOT NULL UNIQUE)"))
    return empty


def test_work_that_fails_takes_nothing_of_its_neighbours_with_it(counting: SqliteDatabase) -> None:
    gate = threading.Barrier(24)

    def work(n: int) -> str:
        def put(session: Session) -> None:
            session.run("INSERT INTO number VALUES (?)", n)
            if n % 3 == 0:
                raise ValueError(n)

        gate.wait(30)
        try:
            counting.write(put)
        except ValueError:
            return "failed"
        return "done"

    with ThreadPoolExecutor(24) as pool:
        said = list(pool.map(work, range(24)))
    assert said == ["failed" if n % 3 == 0 else "done" for n in range(24)]
    kept = counting.read(lambda session: session.rows("SELECT n FROM number ORDER BY n"))
    assert [n for (n,) in kept] == [n for n in range(24) if n % 3]


def test_what_was_answered_is_committed(counting: SqliteDatabase, tmp_path: Path) -> None:
    for n in range(20):
        counting.write(lambda session, n=n: session.run("INSERT INTO number VALUES (?)", n))  # type: ignore[misc]
        other = sqlite3.connect(tmp_path / "new.db")
        assert other.execute("SELECT COUNT(*) FROM number").fetchone() == (n + 1,)
        other.close()


def test_a_reader_cannot_write(counting: SqliteDatabase) -> None:
    with pytest.raises(StoreUnavailable):
        counting.read(lambda session: session.run("INSERT INTO number VALUES (1)"))
    assert counting.read(lambda session: session.rows("SELECT n FROM number")) == []


def test_a_reader_sees_one_picture_however_long_it_looks(counting: SqliteDatabase) -> None:
    def look(session: Session) -> tuple[int, int]:
        before = len(session.rows("SELECT n FROM number"))
        counting.write(lambda writing: writing.run("INSERT INTO number VALUES (1)"))
        return before, len(session.rows("SELECT n FROM number"))

    assert counting.read(look) == (0, 0)
    assert counting.read(lambda session: len(session.rows("SELECT n FROM number"))) == 1


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


def test_a_new_database_is_for_its_owner_only(empty: SqliteDatabase, tmp_path: Path) -> None:
    migrate(empty)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_a_database_in_a_folder_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        SqliteDatabase(tmp_path / "nowhere" / "x.db")
