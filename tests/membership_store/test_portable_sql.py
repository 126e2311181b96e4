"""The SQL of the store is plain, in the schema and in the code, and every key begins with the consortium."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

import membership_store
from membership_store.migrations import SCHEMA
from membership_store.sqlite_database import SqliteDatabase
from tests.membership_store.engines import Server
from tests.membership_store.portable_sql import CONSTRUCTS, faults, in_code, keys_without_consortium, statements

PACKAGE = Path(membership_store.__path__[0])
FILES = sorted(SCHEMA.glob("*.sql"))
OF_THE_RUNNER = ("schema_version", "schema_step")


@pytest.mark.parametrize("file", FILES, ids=lambda one: one.stem)
def test_a_schema_file_is_plain_and_each_of_its_keys_begins_with_the_consortium(file: Path) -> None:
    text = file.read_text("utf-8")
    assert faults(text) == []
    # The runner alone says where a transaction begins: around the whole file, or around each statement.
    assert not re.search(r"\b(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|CONCURRENTLY)\b", re.sub(r"--.*", "", text))
    assert keys_without_consortium(text) == []


def test_every_statement_in_the_code_is_plain() -> None:
    found = list(in_code(PACKAGE))
    assert len(found) > 100
    assert [(module, sql, said) for module, sql in found if (said := faults(sql))] == []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE a (id BIGSERIAL PRIMARY KEY)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE a (n REAL)",
        "CREATE TABLE a (c JSONB)",
        "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT 1 FROM a WHERE consortium = ? FOR UPDATE SKIP LOCKED",
        "SELECT n::text FROM a",
        "SELECT DISTINCT ON (n) n FROM a",
        "SELECT id FROM feed WHERE xmin::text > ?",
        "LOCK TABLE a IN EXCLUSIVE MODE",
        "UPDATE a SET n = random()",
        "INSERT OR REPLACE INTO a VALUES (1)",
        "SELECT COALESCE(n, '?') FROM a",
        "CREATE TABLE a (n INTEGER, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED)",
        "WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r",
        "NOTIFY changed",
    ],
)
def test_what_some_engine_cannot_run_is_recognised(sql: str) -> None:
    assert faults(sql)


@pytest.mark.parametrize(
    "key", ["PRIMARY KEY (item)", "UNIQUE (kiosk, consortium)", "REFERENCES item (item, consortium)"]
)
def test_a_key_that_does_not_begin_with_the_consortium_is_recognised(key: str) -> None:
    assert keys_without_consortium(f"CREATE TABLE a ({key})")


def test_every_construct_names_its_source_and_statements_are_found_in_all_their_forms() -> None:
    assert all(one.source.startswith("https://") for one in CONSTRUCTS)
    module = (
        'a = "SELECT 1"\nb = f"UPDATE {t} SET n = 1"\nc = ("DELETE FROM a"\n  " WHERE ROWID = 1")\nd = "Select one"'
    )
    found = {"UPDATE  x  SET n = 1", "SELECT 1", "DELETE FROM a WHERE ROWID = 1"}
    assert set(statements(module)) == found


def test_the_consortium_comes_first_in_every_key_as_sqlite_made_it(database: Path) -> None:
    with closing(SqliteDatabase(database)) as filled:
        firsts = filled.read(
            lambda session: session.rows(
                "SELECT m.name, i.name, c.name FROM sqlite_master m JOIN pragma_index_list(m.name) i"
                " JOIN pragma_index_info(i.name) c"
                " WHERE m.type = 'table' AND m.name <> 'schema_version' AND c.seqno = 0"
            )
        )
    assert len(firsts) > 50
    assert [one for one in firsts if one[2] != "consortium"] == []


def test_the_consortium_comes_first_in_every_key_as_postgresql_made_it(server: Server) -> None:
    address = str(server.new())
    with psycopg.connect(address) as connection:
        firsts = connection.execute(
            "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace"
        ).fetchall()
    server.drop(address)
    assert len(firsts) > 50
    assert [one for one in firsts if one[2] != "consortium" and one[0] not in OF_THE_RUNNER] == []
