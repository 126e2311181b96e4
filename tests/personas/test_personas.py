"""Hurried, lost, gone, two in turn, hostile: each at the whole product, by touches, passes and books alone."""

from __future__ import annotations

import random
import time

import pytest

from tests.journeys.running import wait_until
from tests.journeys.whole_app import WholeApp
from tests.personas.person import PRIVATE, Hostile, Person, come_to_rest

BOOKS = 5
FEW, MANY = 150, 10_000
pytestmark = [pytest.mark.timeout(900)]


def out(app: WholeApp, items: list[str]) -> set[str]:
    """To whom these are lent."""
    loans = app.open_loans()
    return {loans[one] for one in items if one in loans}


@pytest.mark.system
def test_the_hurried_lay_down_pass_and_five_books_and_take_them_away_without_a_tap(app: WholeApp) -> None:
    books = [app.book() for _ in range(BOOKS)]
    person = Person(app)
    app.bench.place_pass("anna")
    app.bench.stack_items(*books)
    app.wait_log("gate: an item may pass", BOOKS)
    took = person.seconds
    assert set(books) <= app.open_loans().keys()
    app.bench.clear_pad()
    app.bench.remove_pass()
    person.sees("Rest", 90)
    print(f"five books: {person.taps} taps, {took:.1f} s until the last one may pass the gate")
    assert (person.taps, took < 12) == (0, True)


@pytest.mark.system
def test_who_shows_a_book_and_then_a_strange_pass_is_told_each_time_and_borrows_with_the_right_one(
    app: WholeApp,
) -> None:
    book = app.book()
    app.mark()
    app.bench.scan(book)
    app.wait_log("no visit: P3 item_shown_as_pass|screen LendOrReturn")
    app.bench.place("04DEADBEEF0000")
    app.wait_log("no visit: K5 pass_unknown")
    app.bench.remove_pass()
    app.bench.place_pass("bram")
    app.wait_log("visit begins")
    app.bench.scan(book)
    app.wait_log("item lent")
    assert app.loans_of(book) == 1


@pytest.mark.system
def test_who_walks_away_is_asked_then_wiped_and_the_same_pass_goes_on(app: WholeApp) -> None:
    rest = app.still_picture()
    book, later = app.book(), app.book()
    person = Person(app)
    app.begin_visit("anna")
    app.lift()
    app.bench.scan(book)
    app.wait_log("item lent")
    app.wait_log("under StillThere")
    person.sees("Rest", 60)
    app.wait_log(r"visit ended: out_of_time, \d+ lent")
    wiped = "nothing of the visit stands there, nor the sentence that it ended by time"
    app.wait_picture(rest, wiped)
    app.begin_visit("anna")
    app.lift()
    app.bench.scan(later)
    app.wait_log("item lent")
    app.touch("done")
    app.wait_log("screen Finished")
    receipts = len(app.bench.receipts())
    app.touch("print")
    text = wait_until("the receipt", lambda: app.bench.receipts()[receipts:])[0].read_text("utf-8")
    assert "2 boeken geleend" in text, "what was lent before she walked away is hers to read"
    titles = [str(one["title"]) for one in app.bench.pile() if one["barcode"] in (book, later)]
    assert all(one[:20] in text.replace("\n", " ") for one in titles)
    assert (len(out(app, [book, later])), app.loans_of(book)) == (1, 1)


@pytest.mark.system
def test_two_in_turn_each_borrow_their_own_though_the_second_is_early(app: WholeApp) -> None:
    first, second = [app.book(), app.book()], [app.book()]
    app.begin_visit("anna")
    for number, one in enumerate(first, 1):
        app.bench.scan(one)
        app.wait_log("item lent", number)
    app.lift()
    app.bench.place_pass("bram")  # over her shoulder
    time.sleep(1)
    assert app.since_mark().count("visit begins") == 1, "her visit is still hers"
    app.lift()
    app.touch("done")
    app.wait_log("screen Finished")
    app.mark()
    app.bench.place_pass("bram")
    app.wait_log("visit begins")
    app.bench.scan(second[0])
    app.wait_log("item lent")
    whose = out(app, first)
    assert len(whose) == 1
    assert out(app, second)
    assert not out(app, second) & whose


def hostile(app: WholeApp, count: int, seed: int) -> None:
    """Two patrons' visits in turn under such hands, each with books of its own."""
    chance = random.Random(seed)
    lent = app.open_loans()
    pile = [str(one["barcode"]) for one in app.bench.pile() if one["expect"] == "lent" and one["barcode"] not in lent]
    piles = {"anna": pile[0::2], "bram": pile[1::2]}
    pid, done, since = app.kiosk_pid(), 0, len(app.log())
    owners: dict[str, set[str]] = {name: set() for name in piles}
    while done < count:
        for name, items in piles.items():
            hands = Hostile(app, chance, items)
            app.mark()
            app.bench.place_pass(name)
            app.wait_log("visit begins")
            app.bench.scan(items[0])
            app.wait_log("item (lent|refused)")
            hands.hammer(min(60, count))
            app.bench.remove_pass()
            hands.hammer(min(30, count))
            owners[name] |= out(app, items)
            done += hands.acts
            come_to_rest(app)
    said = app.log()[since:]
    assert app.kiosk_pid() == pid
    assert app.kiosk_lives()
    assert not PRIVATE.search(said), PRIVATE.search(said)
    assert not any(one in said for one in pile), "a barcode stands in the log"
    assert all(len(one) <= 1 for one in owners.values()), f"seed {seed}: {owners}"
    assert not owners["anna"] & owners["bram"], f"seed {seed}: books of one went to the other"
    loans, visits = said.count("item lent"), said.count("visit begins")
    print(f"seed {seed}: {done} touches, scans and keys, {loans} lent, {visits} visits")
    assert loans


@pytest.mark.system
def test_the_hostile_get_nothing_out_of_it_and_nobody_else_is_harmed(app: WholeApp) -> None:
    rest = app.still_picture()
    hostile(app, FEW, random.randrange(10**6))
    app.wait_picture(rest, "the same rest screen")


@pytest.mark.long(minutes=30)
@pytest.mark.timeout(3500)
def test_ten_thousand_hostile_touches(app: WholeApp) -> None:
    hostile(app, MANY, random.randrange(10**6))
