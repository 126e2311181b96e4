"""Store to mirror over a real server: a snapshot goes live, pages follow, and nothing that was not signed is used."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from circulation.identifiers import ItemBarcode
from offline_cache.downloads import NotKept, PullLine, plain
from offline_cache.mirror import NoMirror
from offline_cache.pull import CannotPull, Pulled
from tests.membership_store.running import Demo
from tests.offline_cache.mirrors import Rig, contents, only


def test_the_first_round_makes_a_mirror_of_a_snapshot(rig: Rig, demo: Demo) -> None:
    reader = rig.reader()
    with pytest.raises(NoMirror, match="none"):
        reader.picture()
    assert rig.pull() is Pulled.SNAPSHOT
    found = only(reader.found(demo.shown("anna")))
    assert found.card.number == demo.shown("anna").number or demo.shown("anna").uid in found.card.chips
    assert found.patron.first_name == ""
    picture = reader.picture()
    assert picture.here(date(2026, 7, 1)).branch.code == "9401"
    assert picture.zone.key == "Europe/Amsterdam"
    assert abs(picture.as_of.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_loan_arrives_by_a_page_and_nothing_else_is_written(
    rig: Rig, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    rig.pull()
    reader, book = rig.reader(), next(books)
    before = reader.item(book)
    assert before is not None
    assert (before.barcode, before.loan) == (book, None)
    assert rig.caller.borrow(demo.shown("anna"), book)["outcome"] == "checked_out"
    assert rig.pull() is Pulled.PAGES
    after = reader.item(book)
    anna = only(reader.found(demo.shown("anna"))).patron
    assert after is not None
    assert after.loan is not None
    assert after.loan.patron == anna.ref
    assert reader.masks.item(book) in [loan.item for loan in anna.loans]
    assert reader.picture().acked_seq == rig.caller.seq
    assert rig.pull() is Pulled.NOTHING


def test_a_mirror_brought_up_by_pages_equals_a_fresh_snapshot(
    rig: Rig, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    rig.pull()
    for _ in range(3):
        rig.caller.borrow(demo.shown("anna"), next(books))
        rig.pull()
    by_pages = contents(rig.generations, rig.key())
    assert rig.pull(anew=True) is Pulled.SNAPSHOT
    assert contents(rig.generations, rig.key()) == by_pages


def test_a_file_goes_on_from_its_last_byte_over_the_real_line(rig: Rig) -> None:
    settings = rig.settings
    line = PullLine(settings.url, rig.caller.token)
    manifest = plain(line.get(f"/v1/snapshot?{settings.scope}"))["manifest"]
    path, size = f"/v1/snapshot/{manifest['snapshot']}", manifest["bytes"]
    whole, part = rig.folder / "whole", rig.folder / "part"
    line.download(path, whole, size)
    part.write_bytes(whole.read_bytes()[: size // 3])
    line.download(path, part, size)
    assert part.read_bytes() == whole.read_bytes()
    assert hashlib.sha256(whole.read_bytes()).hexdigest() == manifest["sha256"]
    assert whole.stat().st_mode & 0o777 == 0o600
    line.download("/v1/nowhere", whole, size)  # it is whole: nothing is asked
    with pytest.raises(NotKept):
        line.download(f"/v1/snapshot/{'0' * 32}", rig.folder / "none", size)
    line.close()


def test_another_answer_than_was_agreed_is_a_fault_of_the_line(rig: Rig) -> None:
    line = PullLine(rig.settings.url, "demo-drenthe.nobody.secret")
    with pytest.raises(CannotPull, match="line: status 401"):
        rig.pull(line)
    rig.pull()
    with pytest.raises(CannotPull, match="line: status 401"):
        rig.pull(line)
    line.close()


@pytest.mark.parametrize(("patrons", "items"), [("institution", "none"), ("group", "branch")])
def test_a_kiosk_keeps_no_more_than_it_is_told_to(
    rig: Rig, demo: Demo, books: Iterator[ItemBarcode], patrons: str, items: str
) -> None:
    rig.pull()
    everything = contents(rig.generations, rig.key())
    rig.patrons, rig.items = patrons, items
    assert rig.pull() is Pulled.SNAPSHOT
    less = contents(rig.generations, rig.key())
    assert len(less["items"]) < len(everything["items"])
    assert (items == "none") == (not less["items"])
    assert less["patrons"].keys() <= everything["patrons"].keys()
    assert rig.reader().item(next(books)) is None or items == "branch"
    assert rig.pull() is Pulled.NOTHING


def test_nobody_stands_in_the_clear_in_any_file_of_the_memory(
    rig: Rig, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    rig.pull()
    rig.caller.borrow(demo.shown("anna"), next(books))
    rig.pull()
    written = b"".join(one.read_bytes() for one in (rig.folder / "mirror").iterdir())
    with closing(sqlite3.connect(rig.store.database)) as db:
        known = [one for (one,) in db.execute("SELECT number FROM pass UNION SELECT uid FROM pass_chip")]
        known += [one for (one,) in db.execute("SELECT patron FROM patron UNION SELECT surname FROM person")]
    assert len(known) > 20
    assert [one for one in known if len(one) > 5 and one.encode() in written] == []
