"""Store to mirror over a real server: a snapshot goes live, pages follow, and nothing that was not signed is used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from circulation.identifiers import ItemBarcode
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
    assert after is not None and after.loan is not None
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
