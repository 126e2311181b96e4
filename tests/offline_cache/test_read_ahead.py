"""The rows of a page are looked for all at once before they are written, and nothing of that is in the writer's way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from offline_cache import read_ahead
from offline_cache.read_ahead import AT_ONCE, ReadAhead
from tests.benchmark import cache_rows

PATRONS = 300


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with the table that is asked, in WAL mode as a mirror is."""
    path = tmp_path / "mirror-1.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE patron (id INTEGER PRIMARY KEY, key BLOB, ver INTEGER, body BLOB)")
        db.executemany("INSERT INTO patron (key, ver) VALUES (?, 1)", [(key,) for key in keys()])
        db.commit()
    return path


@pytest.fixture
def ahead(file: Path) -> Iterator[ReadAhead]:
    """It, for that file."""
    with closing(ReadAhead(file)) as made:
        yield made


def keys() -> list[bytes]:
    """The masks of the patrons, in no order."""
    return [bytes.fromhex(cache_rows.row(cache_rows.patron_line(number)).key) for number in range(PATRONS)]


def test_every_row_is_asked_for_once_and_several_readers_share_the_work(
    ahead: ReadAhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[bytes]] = []
    real = read_ahead._read

    def noted(reader: sqlite3.Connection, some: list[bytes]) -> None:
        counted = f"SELECT COUNT(*) FROM patron WHERE key IN ({', '.join('?' * len(some))})"
        assert reader.execute(counted, some).fetchone() == (len(some),)
        asked.append(list(some))
        real(reader, some)

    monkeypatch.setattr(read_ahead, "_read", noted)
    ahead.begin(keys())
    ahead.finish()
    assert sorted(key for some in asked for key in some) == sorted(keys())
    assert len(asked) == AT_ONCE


def test_after_it_no_reader_keeps_the_log_from_being_emptied(ahead: ReadAhead, file: Path) -> None:
    ahead.begin(keys())
    ahead.finish()
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE patron SET ver = 2")
        db.commit()
        busy, log, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, log) == (0, 0)


def test_a_file_that_cannot_be_read_is_the_writers_matter(tmp_path: Path, file: Path) -> None:
    with closing(ReadAhead(tmp_path / "none.db")) as nowhere:
        nowhere.begin(keys())
        nowhere.finish()
    with closing(ReadAhead(file)) as emptied:
        for _ in range(2):
            emptied.begin(keys())
            assert [one.exception() for one in emptied._asked] == [None] * AT_ONCE
            emptied.finish()
            with closing(sqlite3.connect(file)) as db:
                db.execute("DROP TABLE IF EXISTS patron")
    file.write_bytes(b"\xff" * 8192)
    with closing(ReadAhead(file)) as damaged:
        damaged.begin(keys())
        damaged.finish()
