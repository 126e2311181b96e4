"""What was backed up is what is restored, on either engine and from one to the other; nothing is lost by accident."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from membership_store import backup
from membership_store.database import Database
from membership_store.migrations import SchemaError
from membership_store.opening import Spec, open_database
from membership_store.scope import Gone
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.engines import Engine
from tests.membership_store.running import Demo, StoreProcess, new_kiosk, plain_books, run
from tests.membership_store.test_changes import mirror_of


def everything(database: Database) -> dict[str, Any]:
    """All rows of all tables, but for the generation of the feed."""

    def look(session: Any) -> dict[str, Any]:
        return {name: sorted(session.rows(f"SELECT * FROM {name}"), key=repr) for name in backup.tables()}

    found = database.read(look)
    found["feed_head"] = [(consortium, *rest) for consortium, _, *rest in found["feed_head"]]
    return found


def of(address: Spec) -> dict[str, Any]:
    """All rows of the database there."""
    with closing(open_database(address)) as opened:
        return everything(opened)


@pytest.fixture
def new(engine: Engine) -> Iterator[Spec]:
    """Where nothing is yet."""
    address = engine.new(filled=False)
    yield address
    engine.drop(address)


def test_a_backup_of_a_store_in_use_is_restored_as_it_was(
    counter: Counter, address: Spec, new: Spec, demo: Demo, tmp_path: Path
) -> None:
    counter.borrow(demo.shown("anna"), demo.book("oeroeg"))
    before = everything(counter.database)
    done = backup.backup(address, tmp_path / "one.backup")
    assert stat.S_IMODE((tmp_path / "one.backup").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["one.backup"]
    counter.borrow(demo.shown("anna"), demo.book("eline-vere"))
    assert done.rows == backup.restore(tmp_path / "one.backup", new).rows
    assert of(new) == before
    assert everything(counter.database) != before


def test_a_store_moves_from_one_engine_to_the_other(
    address: Spec, demo: Demo, database: Path, new: Spec, tmp_path: Path
) -> None:
    backup.backup(database, tmp_path / "from-a-file.backup")
    backup.restore(tmp_path / "from-a-file.backup", new)
    with open_counter(new) as moved:
        assert moved.borrow(demo.shown("anna"), demo.book("oeroeg"))["outcome"] == "checked_out"
    backup.backup(address, tmp_path / "to-a-file.backup")
    backup.restore(tmp_path / "to-a-file.backup", tmp_path / "moved.db")
    assert of(tmp_path / "moved.db") == of(address)
    assert stat.S_IMODE((tmp_path / "moved.db").stat().st_mode) == 0o600


def test_a_restore_voids_every_cursor(counter: Counter, address: Spec, tmp_path: Path) -> None:
    one = mirror_of(counter)
    backup.backup(address, tmp_path / "b")
    backup.restore(tmp_path / "b", address, replace=True)
    with pytest.raises(Gone):
        one.page()
    assert mirror_of(counter).page()["rows"] == []


def test_data_are_not_lost_unless_that_is_said(counter: Counter, address: Spec, demo: Demo, tmp_path: Path) -> None:
    backup.backup(address, tmp_path / "b")
    before = everything(counter.database)
    counter.borrow(demo.shown("anna"), demo.book("oeroeg"))
    after = everything(counter.database)
    with pytest.raises(backup.BadBackup, match="--replace"):
        backup.restore(tmp_path / "b", address)
    assert everything(counter.database) == after
    with pytest.raises(backup.BadBackup, match="already"):
        backup.backup(address, tmp_path / "b")
    backup.restore(tmp_path / "b", address, replace=True)
    assert everything(counter.database) == before


def test_a_store_that_is_served_takes_a_restore_and_asks_its_kiosks_for_what_is_missing(
    engine: Engine, demo: Demo, tmp_path: Path
) -> None:
    address = engine.new()
    store, books = StoreProcess(address), plain_books(address)
    try:
        kiosk = new_kiosk(address, store.url, "served-1")
        kiosk.borrow(demo.shown("anna"), next(books))
        done = run("backup", "--database", str(address), "--out", tmp_path / "b")
        assert done.returncode == 0, done.stderr
        second = kiosk.event(demo.shown("anna"), next(books))
        answer = kiosk.tell(second)
        assert run("restore", "--database", str(address), "--from", tmp_path / "b").returncode == 2
        done = run("restore", "--database", str(address), "--from", tmp_path / "b", "--replace")
        assert done.returncode == 0, done.stderr
        third = kiosk.event(demo.shown("anna"), next(books))
        status, body = kiosk.tell(third)
        assert (status, json.loads(body)["expected_seq"]) == (409, second["seq"])
        assert kiosk.tell(second) == answer
        assert kiosk.tell(third)[0] == 200
    finally:
        store.stop()
        engine.drop(address)


@pytest.mark.parametrize("content", [b"no database", b"\x00" * 8192, b""])
def test_what_is_no_backup_is_not_restored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(backup.BadBackup):
        backup.restore(tmp_path / "b", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_damaged_backup_and_one_of_a_newer_release_are_not_restored(database: Path, tmp_path: Path) -> None:
    backup.backup(database, tmp_path / "good")
    content = bytearray((tmp_path / "good").read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = os.urandom(4096)
    (tmp_path / "damaged").write_bytes(content)
    with pytest.raises(backup.BadBackup):
        backup.restore(tmp_path / "damaged", tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "good")) as newer, newer:
        newer.execute("INSERT INTO schema_version VALUES (9999, 'later', 'x')")
    with pytest.raises(SchemaError):
        backup.restore(tmp_path / "good", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_backup_with_a_row_that_points_nowhere_is_not_restored(database: Path, tmp_path: Path) -> None:
    backup.backup(database, tmp_path / "b")
    with closing(sqlite3.connect(tmp_path / "b")) as other, other:
        other.execute("DELETE FROM title WHERE title IN (SELECT MIN(title) FROM item)")
    with pytest.raises(backup.BadBackup, match="points"):
        backup.restore(tmp_path / "b", tmp_path / "new.db")
