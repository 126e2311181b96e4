"""A pad in the whole product: books stacked, lifted, unplugged, stubborn. After every story the gate bits of the tags,
the store's loans and what was said agree: nothing unlocked and not lent, nothing lent and locked without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.journeys.running import CARE, GOOD, LIBRARY, cards, share, wait_until
from tests.journeys.whole_app import WholeApp, started

ON_LOAN, IN_STOCK = 0xC2, 0x07
PASSED, UNDONE = "gate: an item may pass", "its loan was undone"
KEPT, LIFTED = "a lent item could not be let through", "an item was lifted before"
ANSWER_S = 0.7  # what the library takes to answer, so that something can be done before


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    """One kiosk with a pad, at Annen; a stubborn tag is for the desk."""
    with started(tmp_path_factory.mktemp("pad"), "item_pad", idle_s="600") as one:
        yield one


@pytest.fixture(autouse=True)
def at_rest(app: WholeApp) -> None:
    """Every journey begins with an empty pad and a kiosk that invites, whatever became of the one before."""
    app.bench.plug("pad")
    app.bench.pad_fault("none")
    app.bench.clear_pad()
    app.bench.delay(0)
    app.put_right()


def bits(app: WholeApp) -> dict[str, set[int]]:
    """The gate bits of what lies on the pad, by the number of the item."""
    found: dict[str, set[int]] = {}
    for one in app.bench.status()["item-pad"]["tags"]:
        if one["number"]:
            found.setdefault(one["number"], set()).add(one["afi"])
    return found


def agree(app: WholeApp, *told: str) -> None:
    """What lies on the pad beside what the store has lent; of those `told` the patron read that the gate may call."""
    loans = app.open_loans()
    for number, found in bits(app).items():
        assert ON_LOAN not in found or number in loans, "unlocked and not lent"
        assert found == {ON_LOAN} or number not in loans or number in told, "lent and locked without a word"


def shows(app: WholeApp, colour: tuple[int, int, int]) -> None:
    """Waits until cards of that colour stand on the screen."""
    wait_until("cards of that colour", lambda: share(app.picture(), colour) > 0.01)


def lay(app: WholeApp, number: str, then: Callable[[str], None]) -> None:
    """Lays it there and does that to it while the library is still being asked."""
    app.bench.delay(ANSWER_S)
    app.bench.place_item(number)
    then(number)
    app.bench.delay(0)


def leave(app: WholeApp) -> None:
    """Takes all books, and ends the visit."""
    app.bench.clear_pad()
    app.mark()
    app.touch("done")
    wait_until("the end", lambda: re.search("screen (Rest|Finished)", app.since_mark()))
    if "screen Finished" in app.since_mark():
        app.touch("no_receipt")
        app.wait_log("screen Rest")


def test_books_stacked_before_the_pass_are_lent_one_by_one_and_a_strange_tag_beside_them_is_a_calm_word(
    app: WholeApp,
) -> None:
    books = [app.book() for _ in range(5)]
    app.bench.stack_items(*books)
    app.bench.place_item("-", model="foreign")
    app.begin_visit("anna")
    app.lift()
    app.wait_log(PASSED, 5)
    assert bits(app) == {number: {ON_LOAN} for number in books}
    assert [app.loans_of(number) for number in books] == [1] * 5
    agree(app)
    shows(app, GOOD)
    shows(app, CARE)
    leave(app)


def test_a_pass_that_is_a_tag_begins_a_visit_and_a_set_waits_for_its_last_part(app: WholeApp) -> None:
    anna = next(one for one in app.bench.drawer() if one["name"] == "anna")
    box = app.book()
    app.mark()
    app.bench.place_item(anna["number"], usage=8)
    app.wait_log("screen Borrowing")
    app.bench.place_item(box, part=1, parts=2)
    shows(app, CARE)
    assert app.loans_of(box) == 0
    app.bench.place_item(box, part=2, parts=2)
    app.wait_log(PASSED)
    assert bits(app)[box] == {ON_LOAN}
    agree(app)
    leave(app)


def test_a_tag_moved_while_it_is_switched_is_switched_when_it_is_back(app: WholeApp) -> None:
    moved, lifted = app.book(), app.book()
    app.begin_visit("anna")
    app.lift()
    lay(app, moved, lambda it: app.bench.move_item(it, "after-write", back_after=3))
    app.wait_log(PASSED)
    lay(app, lifted, lambda it: app.bench.move_item(it, "write"))  # and it stays away
    app.wait_log(f"{LIFTED}|{KEPT}")
    shows(app, CARE)
    agree(app, lifted)
    app.bench.remove_item(lifted)
    app.bench.place_item(lifted)
    app.wait_log(PASSED, 2)
    agree(app)
    leave(app)


def test_a_pad_unplugged_in_between_goes_on_with_what_was_lent(app: WholeApp) -> None:
    books = [app.book() for _ in range(3)]
    app.begin_visit("anna")
    app.lift()
    app.bench.delay(ANSWER_S * 2)
    app.bench.stack_items(*books)
    wait_until("all are asked for", lambda: [app.loans_of(number) for number in books] == [1] * 3)
    app.bench.unplug("pad")
    app.bench.delay(0)
    app.wait_log("device item_pad: lost")
    app.wait_log("item lent", 3)
    shows(app, CARE)
    app.bench.plug("pad")
    wait_until("all pass", lambda: all(bits(app).get(number) == {ON_LOAN} for number in books))
    agree(app)
    leave(app)


def test_a_refused_book_that_would_pass_the_gate_is_armed(app: WholeApp) -> None:
    for_use_here = app.book("K7 item_reference")
    app.begin_visit("anna")
    app.lift()
    app.bench.place_item(for_use_here, security="unsecured")
    app.wait_log("not lent was armed")
    assert bits(app)[for_use_here] == {IN_STOCK}
    agree(app)
    leave(app)


def test_a_tag_that_stays_locked_goes_to_the_desk_with_a_word_on_both_screens(app: WholeApp) -> None:
    stubborn = app.book()
    app.begin_visit("anna")
    app.lift()
    lay(app, stubborn, app.bench.lock_item)
    app.wait_log(KEPT)
    agree(app, stubborn)
    shows(app, CARE)
    app.bench.clear_pad()
    app.touch("done")
    app.wait_log("screen Finished")
    shows(app, CARE)  # the sign of the desk
    app.touch("no_receipt")
    app.wait_log("1 lent item\\(s\\) leave without")
    app.wait_log("screen Rest")


def test_a_power_cut_between_the_yes_and_the_bit_ends_when_the_book_is_laid_there_again(app: WholeApp) -> None:
    book = app.book()
    app.begin_visit("anna")
    app.lift()
    app.bench.delay(ANSWER_S * 2)
    app.bench.place_item(book)
    wait_until("the book is asked for", lambda: app.loans_of(book) == 1)
    app.bench.pad_fault("silent", on="system")  # no bit can be read back
    app.wait_log("item lent")
    app.kill_kiosk()
    assert PASSED not in app.since_mark()
    app.bench.pad_fault("none")
    app.bench.delay(0)
    app.bench.place_item(book)  # its bit as it was before
    app.reconfigure(failed_unlock='"undo"')
    app.start_kiosk()
    app.until_ready("item_pad")
    app.begin_visit("anna")
    app.lift()
    app.wait_log(PASSED)
    assert app.loans_of(book) == 1
    agree(app)
    leave(app)


def test_where_the_branch_wants_it_a_loan_whose_tag_stays_locked_is_undone(app: WholeApp) -> None:
    stubborn = app.book()
    app.begin_visit("anna")
    app.lift()
    lay(app, stubborn, app.bench.lock_item)
    app.wait_log(UNDONE)
    assert app.loans_of(stubborn) == 1
    assert stubborn not in app.open_loans()
    assert bits(app)[stubborn] == {IN_STOCK}
    shows(app, CARE)
    agree(app)
    leave(app)


def test_no_log_holds_a_number(app: WholeApp) -> None:
    text = app.log().upper()
    numbers = {one["barcode"] for one in app.bench.pile()} | {one["number"] for one in app.bench.drawer()}
    assert [one for one in numbers if one and one.upper() in text] == []


def test_k10_what_is_brought_back_without_a_pass_is_armed_and_no_loan_any_more(app: WholeApp) -> None:
    lent = [one["barcode"] for one in app.bench.pile() if one["expect"] == "K7 item_on_loan"][:2]
    assert set(lent) <= set(app.open_loans())
    app.mark()
    app.touch("bring_back")
    app.wait_log("screen Returning")
    for number in lent:
        app.bench.place_item(number, afi=ON_LOAN)
    app.wait_log("gate: an item that is not lent was armed", 2)
    wait_until("two that are returned", lambda: cards(app.picture(), GOOD) == 2)
    assert bits(app) == {number: {IN_STOCK} for number in lent}
    assert set(lent).isdisjoint(app.open_loans())
    app.mark()
    app.touch("done")
    app.wait_log("screen Returned")
    app.bench.clear_pad()
    app.touch("done")
    app.wait_log("screen Rest")


def brought(app: WholeApp, start: int) -> list[str]:
    """Two books of the pile that are out and that no other journey brings back."""
    return [one["barcode"] for one in app.bench.pile() if one["expect"] == "K7 item_on_loan"][start : start + 2]


def test_books_that_come_first_are_brought_back_by_one_touch_the_laid_and_the_scanned(app: WholeApp) -> None:
    laid, scanned = brought(app, 2)
    app.mark()
    app.bench.place_item(laid, afi=ON_LOAN)
    app.wait_log("screen LendOrReturn")
    app.bench.scan(scanned)
    app.touch("bring_back")
    app.wait_log("screen Returning")
    app.wait_log("item returned", 2)
    app.wait_log("gate: an item that is not lent was armed")
    assert bits(app) == {laid: {IN_STOCK}}
    assert {laid, scanned}.isdisjoint(app.open_loans())
    app.bench.clear_pad()
    app.mark()
    app.touch("done")
    app.wait_log("screen Returned")
    app.touch("done")
    app.wait_log("screen Rest")


def test_books_that_come_first_are_lent_with_the_pass_that_is_shown_and_nothing_is_touched(app: WholeApp) -> None:
    laid, scanned = app.book(), app.book()
    app.mark()
    app.bench.scan(scanned)
    app.wait_log("screen LendOrReturn")
    app.bench.place_item(laid)
    app.begin_visit("anna")
    app.lift()
    app.mark()
    wait_until("both are lent", lambda: {laid, scanned} <= set(app.open_loans()))
    wait_until("the laid one passes", lambda: bits(app)[laid] == {ON_LOAN})
    agree(app)
    leave(app)


def test_books_that_nobody_says_anything_about_stay_as_they_are(app: WholeApp) -> None:
    laid = next(one["barcode"] for one in app.bench.pile() if one["expect"] == "K7 item_reference")
    app.mark()
    app.bench.place_item(laid)
    app.wait_log("screen LendOrReturn")
    app.touch("lend")
    wait_until("the pass alone is asked for", lambda: share(app.picture(), LIBRARY) < 0.05)
    app.touch("stop")
    app.wait_log("screen Rest")
    assert (bits(app), laid in app.open_loans()) == ({laid: {IN_STOCK}}, False)
    app.bench.clear_pad()
