"""Holds that nobody fetches in time: the night ends them, the next in line gets the copy, staff see the list (K8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from circulation.events import Action
from circulation.identifiers import ItemBarcode
from membership_store.opening import open_database
from membership_store.staff.nightly import Night, run
from tests.membership_store.running import DRENTHE, Caller, StoreProcess
from tests.membership_store.staff.desk import TODAY, Clerk, regional
from tests.membership_store.staff.test_at_the_desk import chip

_ids = (f"unclaimed{n:07d}" for n in count(1))
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()


def night(store: StoreProcess) -> int:
    """How many holds tonight ends."""
    with closing(open_database(store.database)) as opened:
        work = Night(opened, DRENTHE, datetime.now(UTC), lambda: next(_ids), lambda _: None)
        return run(work)["holds that nobody fetched"]


def held(clerk: Clerk, item: ItemBarcode, **where: Any) -> tuple[str, str, str]:
    """Somebody new who waits for the title of that item: patron, pass number, hold."""
    number = regional()
    patron = str(clerk.enrol(card={"number": number})["patron"])
    return patron, number, str(clerk.done("holds/place", patron=patron, item=item, **where)["hold"])


def shelved(clerk: Clerk, item: ItemBarcode, until: str) -> tuple[str, str, str]:
    """The same, with the copy on the shelf until that day."""
    patron, number, hold = held(clerk, item)
    clerk.done("holds/shelve", patron=patron, hold=hold, item=item, until=until)
    return patron, number, hold


def of(clerk: Clerk, item: ItemBarcode) -> list[dict[str, Any]]:
    """The lines of the list about that copy."""
    return [line for line in clerk.done("holds/unclaimed")["holds"] if line["item"] == item]


def status(store: StoreProcess, hold: str) -> tuple[Any, ...]:
    """Status, copy and last day of a hold."""
    return store.rows("SELECT status, item, shelf_until FROM hold WHERE hold = ?", hold)[0]


@pytest.fixture
def item(books: Iterator[ItemBarcode], store: StoreProcess) -> ItemBarcode:
    """A copy of a title that nobody waits for."""
    waiting = (
        "SELECT 1 FROM hold h JOIN item i ON i.consortium = h.consortium AND i.title = h.title"
        " WHERE i.item = ? AND h.status IN ('waiting', 'on_shelf')"
    )
    return next(book for book in books if not store.rows(waiting, book))


def test_k8_the_last_day_counts_and_the_day_after_the_hold_ends_and_staff_find_the_copy(
    clerk: Clerk, store: StoreProcess, item: ItemBarcode
) -> None:
    _, _, hold = shelved(clerk, item, TODAY.isoformat())
    assert night(store) == 0
    store.change("UPDATE hold SET shelf_until = ? WHERE hold = ?", YESTERDAY, hold)
    assert (night(store), night(store)) == (1, 0)
    assert status(store, hold)[0] == "cancelled"
    (line,) = of(clerk, item)
    assert (line["hold"], line["until"], line["for_hold"]) == (hold, YESTERDAY, None)
    clerk.done("holds/cleared", hold=hold)
    assert of(clerk, item) == []


def test_k8_the_next_in_line_gets_the_copy_for_a_week(
    clerk: Clerk, kiosk: Caller, store: StoreProcess, item: ItemBarcode
) -> None:
    _, first, hold = shelved(clerk, item, YESTERDAY)
    _, second, theirs = held(clerk, item)
    _, _, last = held(clerk, item)
    assert night(store) == 1
    assert status(store, theirs) == ("on_shelf", item, (TODAY + timedelta(days=7)).isoformat())
    assert status(store, last)[0] == "waiting"
    assert [line["for_hold"] for line in of(clerk, item)] == [theirs]
    assert kiosk.borrow(chip(first), item)["outcome"] == "refused"
    assert kiosk.borrow(chip(second), item)["outcome"] == "checked_out"
    assert of(clerk, item) == []
    assert status(store, hold)[0] == "cancelled"


def test_k8_a_copy_that_the_next_will_fetch_elsewhere_is_sent_there_when_it_is_taken_in(
    clerk: Clerk, kiosk: Caller, store: StoreProcess, item: ItemBarcode
) -> None:
    shelved(clerk, item, YESTERDAY)
    _, _, theirs = held(clerk, item, at_branch="9402")
    assert night(store) == 1
    assert (status(store, theirs)[0], [line["for_hold"] for line in of(clerk, item)]) == ("waiting", [None])
    kiosk.do(Action.CHECK_IN, None, item)
    assert of(clerk, item) == []
    assert status(store, theirs)[:2] == ("waiting", item)


def test_n6_the_next_who_can_get_the_copy_has_it_and_not_who_waits_where_nothing_carries_it(
    clerk: Clerk, store: StoreProcess, item: ItemBarcode
) -> None:
    shelved(clerk, item, YESTERDAY)
    _, _, afar = held(clerk, item)
    _, _, near = held(clerk, item)
    store.change("UPDATE hold SET branch = '9420' WHERE hold = ?", afar)
    assert night(store) == 1
    assert (status(store, afar)[0], status(store, near)[:2]) == ("waiting", ("on_shelf", item))


def test_k8_a_copy_that_a_return_put_on_the_shelf_has_a_last_day_too(
    clerk: Clerk, kiosk: Caller, store: StoreProcess, item: ItemBarcode
) -> None:
    _, _, hold = held(clerk, item)
    kiosk.do(Action.CHECK_IN, None, item)
    assert status(store, hold) == ("on_shelf", item, (TODAY + timedelta(days=7)).isoformat())


def test_k8_whoever_fetched_it_meanwhile_or_has_no_last_day_keeps_it(
    clerk: Clerk, kiosk: Caller, store: StoreProcess, books: Iterator[ItemBarcode], item: ItemBarcode
) -> None:
    _, number, fetched = shelved(clerk, item, YESTERDAY)
    assert kiosk.borrow(chip(number), item)["outcome"] == "checked_out"
    other = next(books)
    _, _, for_ever = shelved(clerk, other, TODAY.isoformat())
    store.change("UPDATE hold SET shelf_until = NULL WHERE hold = ?", for_ever)
    assert night(store) == 0
    assert (status(store, fetched)[0], status(store, for_ever)[0]) == ("filled", "on_shelf")
