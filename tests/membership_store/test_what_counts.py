"""What is over does not count: loans that came back, holds that were filled; the shelf before the queue (K8, S3)."""

from __future__ import annotations

from tests.membership_store.counter import Counter
from tests.membership_store.running import Demo

LIKE_IT = (
    "INSERT INTO hold (consortium, hold, patron, title, item, status)"
    " SELECT consortium, hold || '-2', patron, title, item, status FROM hold WHERE item = ?"
)


def test_an_item_that_came_back_makes_room_on_a_full_pass(counter: Counter, demo: Demo) -> None:
    home = demo.shown("home-30")
    assert counter.borrow(home, demo.book("oeroeg"))["rule"] == "S3"
    returned = "UPDATE loan SET returned_at = '2026-01-01T00:00:00.000000+00:00' WHERE loan ="
    counter.change(
        f"{returned} (SELECT MIN(loan) FROM loan JOIN pass USING (consortium, patron) WHERE number = ?)",
        demo.passes["home-30"]["number"],
    )
    answer = counter.borrow(home, demo.book("oeroeg"))
    assert (answer["outcome"], answer["open_loans"], answer["may_borrow"]) == ("checked_out", 30, 0)


def test_the_same_item_is_lent_again_after_it_came_back(counter: Counter, demo: Demo) -> None:
    item = demo.book("on-loan")
    assert counter.borrow(demo.shown("anna"), item)["reason"] == "item_on_loan"
    counter.change("UPDATE loan SET returned_at = '2026-01-01T00:00:00.000000+00:00' WHERE item = ?", item)
    assert counter.borrow(demo.shown("anna"), item)["outcome"] == "checked_out"


def test_a_hold_that_was_filled_hides_no_hold_on_the_shelf(counter: Counter, demo: Demo) -> None:
    item = demo.book("held-for-bram")
    counter.change(LIKE_IT.replace("status FROM", "'filled' FROM"), item)
    counter.change(
        "UPDATE hold SET patron = (SELECT patron FROM pass WHERE number = ?) WHERE status = 'filled' AND item = ?",
        demo.passes["anna"]["number"],
        item,
    )
    assert counter.borrow(demo.shown("anna"), item)["rule"] == "K8"


def test_a_hold_on_the_shelf_comes_before_one_that_waits(counter: Counter, demo: Demo) -> None:
    item = demo.book("held-for-bram")
    counter.change(LIKE_IT.replace("hold || '-2'", "'a' || hold").replace("status FROM", "'waiting' FROM"), item)
    counter.change(
        "UPDATE hold SET patron = (SELECT patron FROM pass WHERE number = ?) WHERE status = 'waiting' AND item = ?",
        demo.passes["anna"]["number"],
        item,
    )
    assert counter.borrow(demo.shown("anna"), item)["rule"] == "K8"


def test_an_item_whose_hold_was_filled_may_be_lent_to_anybody(counter: Counter, demo: Demo) -> None:
    item = demo.book("held-for-bram")
    counter.change("UPDATE hold SET status = 'filled' WHERE item = ?", item)
    assert counter.borrow(demo.shown("anna"), item)["outcome"] == "checked_out"
