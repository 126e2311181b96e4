"""The SQL of the store is plain: it runs on SQLite, PostgreSQL and the distributed ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from membership_store.migrations import SCHEMA
from membership_store.sqlite_database import SqliteDatabase


@pytest.fixture
def filled(database: Path) -> Iterator[SqliteDatabase]:
    """The demo's database, open."""
    with closing(SqliteDatabase(database)) as one:
        yield one


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
