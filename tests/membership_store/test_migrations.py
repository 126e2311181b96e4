"""A database comes to a release's schema by numbered files, each whole or not at all, on either engine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from membership_store.database import Database
from membership_store.migrations import SchemaError, migrate, migrations, missing


def columns(database: Database, table: str) -> list[str]:
    """The columns of a table, none where it is not there."""
    found = database.in_its_words("INTEGER") != "INTEGER"
    known = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position"
        if found
        else "SELECT name FROM pragma_table_info(?)"
    )
    return [row[0] for row in database.read(lambda s: s.rows(known, table))]


def test_a_new_database_gets_every_version_once(empty: Database) -> None:
    assert migrate(empty) == [one.name for one in migrations()]
    assert migrate(empty) == []
    assert "consortium" in columns(empty, "patron")


def schema(folder: Path, **files: str) -> Path:
    """A schema folder of such files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name[1:]}.sql").write_text(text)
    return folder


def test_a_file_that_fails_half_way_leaves_nothing_behind(empty: Database, tmp_path: Path) -> None:
    folder = schema(
        tmp_path / "s", _0001_a="CREATE TABLE a (n INTEGER);\n", _0002_b="CREATE TABLE b (n TEXT);\nNONSENSE;\n"
    )
    with pytest.raises(Exception, match="NONSENSE"):
        migrate(empty, folder)
    assert (columns(empty, "a"), columns(empty, "b")) == (["n"], [])
    schema(folder, _0002_b="CREATE TABLE b (n TEXT);\n")
    assert migrate(empty, folder) == ["0002_b"]


def test_a_file_that_was_changed_after_it_was_applied_is_found_out(empty: Database, tmp_path: Path) -> None:
    folder = schema(tmp_path / "s", _0001_a="CREATE TABLE a (n INTEGER);\n")
    migrate(empty, folder)
    schema(folder, _0001_a="CREATE TABLE a (n TEXT);\n")
    with pytest.raises(SchemaError, match="0001 was changed"):
        migrate(empty, folder)


def test_a_database_of_a_newer_release_is_left_alone(empty: Database, tmp_path: Path) -> None:
    newer = schema(tmp_path / "s", _0001_a="CREATE TABLE a (n TEXT);\n", _0002_b="CREATE TABLE b (n TEXT);\n")
    migrate(empty, newer)
    (newer / "0002_b.sql").unlink()
    with pytest.raises(SchemaError, match="version 2, this release knows 1"):
        missing(empty, newer)


STEPS = (
    "CREATE TABLE a (n INTEGER);\nCREATE TABLE b (n INTEGER);\nINSERT INTO b VALUES (7);\nCREATE TABLE c (n TEXT);\n"
)


class Dying:
    """A database that dies before a write."""

    def __init__(self, database: Database, writes: int) -> None:
        self._database, self._writes = database, writes

    def write(self, work: Any) -> Any:
        """As the database, as long as it lives."""
        self._writes -= 1
        if self._writes < 0:
            raise KeyboardInterrupt
        return self._database.write(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


@pytest.mark.parametrize("writes", range(8))
@pytest.mark.parametrize("by_steps", [True, False])
def test_by_steps_a_migration_goes_on_where_it_was_killed(
    empty: Database, tmp_path: Path, writes: int, by_steps: bool
) -> None:
    folder = schema(tmp_path / "s", _0001_a=STEPS)
    with suppress(KeyboardInterrupt):
        migrate(cast(Database, Dying(empty, writes)), folder, by_steps=True)
    applied = missing(empty, folder) == []
    assert migrate(empty, folder, by_steps=by_steps) == ([] if applied else ["0001_a"])
    assert [columns(empty, name) for name in "abc"] == [["n"]] * 3
    assert empty.read(lambda s: s.rows("SELECT n FROM b")) == [(7,)]
    assert empty.read(lambda s: s.rows("SELECT version FROM schema_step")) == []
    assert migrate(empty, folder, by_steps=True) == []


def test_by_steps_what_stands_before_the_fault_stays_and_the_file_may_not_be_another_then(
    empty: Database, tmp_path: Path
) -> None:
    folder = schema(tmp_path / "s", _0001_a="CREATE TABLE a (n TEXT);\nNONSENSE;\n")
    with pytest.raises(Exception, match="NONSENSE"):
        migrate(empty, folder, by_steps=True)
    assert columns(empty, "a") == ["n"]
    assert len(missing(empty, folder)) == 1
    schema(folder, _0001_a="CREATE TABLE a (n TEXT);\n")
    with pytest.raises(SchemaError, match="after a part of it"):
        migrate(empty, folder)


def test_by_steps_the_whole_schema_is_the_same(empty: Database) -> None:
    assert migrate(empty, by_steps=True) == [one.name for one in migrations()]
    assert "keeps_history" in columns(empty, "patron")


def test_a_hole_in_the_numbers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaError):
        migrations(schema(tmp_path / "s", _0001_a="", _0003_c=""))
