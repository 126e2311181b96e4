"""What a kiosk did while nobody heard it, against what happened meanwhile: never refused, never silent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from circulation.affairs import Account
from circulation.events import Action, ClockState, Event, Kind, Payment, Told
from circulation.identifiers import BranchCode, ItemBarcode, PatronRef
from circulation.presented import Presented
from membership_store.network import local_date
from membership_store.staff.acts import Done
from membership_store.staff.asked import OfPatron
from membership_store.staff.desk import StaffDesk, operator
from membership_store.staff.table import BY_PATH
from tests.membership_store.counter import Counter
from tests.membership_store.running import ANNEN, DRENTHE, Demo


def ago(counter: Counter, minutes: float) -> datetime:
    """So many minutes before now."""
    return counter.now - timedelta(minutes=minutes)


def did(
    counter: Counter,
    minutes: float,
    action: Action,
    presented: Presented | None = None,
    item: ItemBarcode | None = None,
    payment: Payment | None = None,
) -> Event:
    """The next fact of that kiosk, done so many minutes ago; it waits to be told."""
    return replace(counter.act(action, presented, item, payment, Kind.FACT), at=ago(counter, minutes))


def lent(counter: Counter, minutes: float, presented: Presented, item: ItemBarcode) -> Event:
    """A loan of so many minutes ago that waits to be told."""
    return did(counter, minutes, Action.CHECK_OUT, presented, item)


def taken_in(counter: Counter, minutes: float, item: ItemBarcode) -> Event:
    """A return of so many minutes ago that waits to be told."""
    return did(counter, minutes, Action.CHECK_IN, None, item)


def online(counter: Counter, name: str, minutes: float) -> Counter:
    """Another kiosk, which has a line, as it stood so many minutes ago."""
    other = counter.another(name)
    other.now = ago(counter, minutes)
    return other


def whose(counter: Counter, demo: Demo, name: str) -> str:
    """The reference of the patron of that pass."""
    found = counter.rows("SELECT patron FROM pass WHERE number = ?", demo.passes[name]["number"])
    return str(found[0][0])


def history(counter: Counter, item: ItemBarcode) -> list[tuple[str, datetime, datetime | None]]:
    """Whose loans the item had, from when to when, the oldest first; of two alike the one that is over."""
    rows = counter.rows("SELECT patron, lent_at, returned_at FROM loan WHERE item = ?", item)
    rows.sort(key=lambda row: (row[1], row[2] is None))
    return [(who, datetime.fromisoformat(a), None if b is None else datetime.fromisoformat(b)) for who, a, b in rows]


def fines(counter: Counter, item: ItemBarcode) -> list[Any]:
    """The fines for loans of that item."""
    asked = "SELECT f.cents FROM fee f JOIN loan l ON l.consortium = f.consortium AND l.loan = f.loan WHERE l.item = ?"
    return counter.rows(asked, item)


@pytest.mark.parametrize(("name", "reason"), [("blocked", "pass_blocked"), ("lapsed", "lapsed")])
def test_a_loan_of_who_was_blocked_or_had_expired_is_kept_and_staff_are_told(
    counter: Counter, demo: Demo, name: str, reason: str
) -> None:
    item = demo.book("oeroeg")
    event = lent(counter, 90, demo.shown(name), item)
    assert counter.tell(event)["outcome"] == "checked_out"
    assert counter.flags(event) == {reason}
    assert history(counter, item) == [(whose(counter, demo, name), event.at, None)]
    assert fines(counter, item) == []


def test_a_loan_over_the_limit_is_kept_and_staff_are_told(counter: Counter, demo: Demo) -> None:
    event = lent(counter, 90, demo.shown("home-30"), demo.book("oeroeg"))
    assert counter.tell(event)["outcome"] == "checked_out"
    assert counter.flags(event) == {"on_pass_maximum"}
    assert [until for *_, until in history(counter, demo.book("oeroeg"))] == [None]


def test_a_loan_of_what_was_kept_for_another_lets_the_other_wait_for_the_next_copy(
    counter: Counter, demo: Demo
) -> None:
    item = demo.book("held-for-bram")
    event = lent(counter, 90, demo.shown("anna"), item)
    assert counter.tell(event)["outcome"] == "checked_out"
    assert counter.flags(event) == {"held_for_another"}
    holds = counter.rows("SELECT status, item FROM hold WHERE patron = ?", whose(counter, demo, "bram"))
    assert ("waiting", None) in holds
    assert [until for *_, until in history(counter, item)] == [None]


def test_a_loan_of_what_another_had_before_ends_that_loan_at_its_own_time_without_a_fine(
    counter: Counter, demo: Demo
) -> None:
    item = demo.book("late")
    [(before, *_)] = history(counter, item)
    event = lent(counter, 90, demo.shown("anna"), item)
    counter.tell(event)
    assert counter.flags(event) == {"item_on_loan"}
    first, second = history(counter, item)
    assert (first[0], first[2]) == (before, event.at)
    assert second == (whose(counter, demo, "anna"), event.at, None)
    assert fines(counter, item) == []


def test_a_loan_of_before_another_got_the_item_is_booked_as_over_and_never_left_out(
    counter: Counter, demo: Demo
) -> None:
    item, event = demo.book("oeroeg"), lent(counter, 90, demo.shown("anna"), demo.book("oeroeg"))
    assert online(counter, "online-1", 30).borrow(demo.shown("bram"), item)["outcome"] == "checked_out"
    counter.tell(event)
    assert counter.flags(event) == {"item_on_loan"}
    bram = (whose(counter, demo, "bram"), ago(counter, 30), None)
    assert history(counter, item) == [(whose(counter, demo, "anna"), event.at, ago(counter, 30)), bram]


def test_a_return_of_what_was_not_on_loan_is_booked_and_says_so(counter: Counter, demo: Demo) -> None:
    event = taken_in(counter, 90, demo.book("oeroeg"))
    said = counter.tell(event)
    assert (said["outcome"], said["was_on_loan"]) == ("checked_in", False)
    assert counter.tell(event) == said


def test_a_return_from_before_the_running_loan_is_kept_and_leaves_that_loan_open(counter: Counter, demo: Demo) -> None:
    item, event = demo.book("oeroeg"), taken_in(counter, 90, demo.book("oeroeg"))
    online(counter, "online-1", 30).borrow(demo.shown("bram"), item)
    assert counter.tell(event)["was_on_loan"] is False
    assert counter.flags(event) == {"returned_before_loan"}
    assert history(counter, item) == [(whose(counter, demo, "bram"), ago(counter, 30), None)]
    assert counter.rows("SELECT status, in_transit_to FROM item WHERE item = ?", item) == [("lendable", None)]


def test_a_return_from_before_the_running_loan_keeps_the_item_for_nobody(counter: Counter, demo: Demo) -> None:
    item, event = demo.book("wanted-here"), taken_in(counter, 90, demo.book("wanted-here"))
    counter.change("DELETE FROM loan WHERE item = ?", item)
    assert online(counter, "online-1", 30).borrow(demo.shown("bram"), item)["outcome"] == "checked_out"
    counter.tell(event)
    assert counter.rows("SELECT COUNT(*) FROM hold WHERE item = ? AND status = 'on_shelf'", item) == [(0,)]
    assert [until for *_, until in history(counter, item)] == [None]


@pytest.mark.parametrize(("name", "book"), [("stranger", "oeroeg"), ("anna", "unknown-book")])
def test_a_loan_of_an_unknown_pass_or_item_lies_in_the_staffs_list_with_both_numbers(
    counter: Counter, demo: Demo, name: str, book: str
) -> None:
    event = lent(counter, 90, demo.shown(name), demo.book(book))
    assert counter.tell(event)["outcome"] == "checked_out"
    asked = "SELECT shown_pass, shown_item FROM staff_flag WHERE event = ? AND reason = 'parked'"
    [(shown, item)] = counter.rows(asked, event.id)
    assert shown in (demo.passes[name]["number"], demo.passes[name]["uid"])
    assert item == demo.book(book)


def test_a_return_of_an_unknown_item_lies_in_the_staffs_list_with_its_number(counter: Counter, demo: Demo) -> None:
    event = taken_in(counter, 90, demo.book("unknown-book"))
    assert counter.tell(event)["route"] == "staff"
    asked = "SELECT shown_item FROM staff_flag WHERE event = ? AND reason = 'parked'"
    assert counter.rows(asked, event.id) == [(demo.book("unknown-book"),)]


def test_money_for_a_fee_that_was_settled_meanwhile_is_credit_on_the_account(counter: Counter, demo: Demo) -> None:
    who = whose(counter, demo, "owes")
    open_fees = "SELECT fee, cents FROM fee WHERE patron = ? AND status = 'open' AND cents > 0 ORDER BY fee"
    [(fee, cents), *_] = counter.rows(open_fees, who)
    event = did(counter, 90, Action.PAY, demo.shown("owes"), payment=Payment((fee,), cents, "TERM-LATE-1"))
    counter.change("UPDATE fee SET status = 'paid' WHERE fee = ?", fee)
    assert counter.tell(event)["credit"] == cents
    assert "fee_settled" in counter.flags(event)
    assert counter.rows("SELECT cents FROM fee WHERE fee = ?", f"credit-counter-1/{event.id}") == [(-cents,)]


def test_a_loan_below_the_last_strip_is_overdrawn_and_staff_are_told(counter: Counter, demo: Demo) -> None:
    event = lent(counter, 90, demo.shown("no-strips"), demo.book("oeroeg"))
    assert counter.tell(event)["may_borrow"] == 0
    assert counter.flags(event) == {"no_strips"}
    asked = "SELECT s.overdrawn FROM strips s JOIN membership m ON m.consortium = s.consortium"
    asked += " AND m.membership = s.membership WHERE m.patron = ?"
    assert (1,) in counter.rows(asked, whose(counter, demo, "no-strips"))


def test_what_the_same_kiosk_lends_again_stays_open_though_its_clock_went_back_meanwhile(
    counter: Counter, demo: Demo
) -> None:
    item = demo.book("oeroeg")
    first, back = lent(counter, 30, demo.shown("anna"), item), taken_in(counter, 20, item)
    again = lent(counter, 60 * 24 * 3, demo.shown("bram"), item)  # by its sequence after the return, by its clock not
    for event in (first, back, again):
        counter.tell(event)
    assert [(who, until is None) for who, _, until in history(counter, item)] == [
        (whose(counter, demo, "anna"), False),
        (whose(counter, demo, "bram"), True),
    ]
    assert counter.flags(again) == {"day_unknown"}


def test_what_the_same_kiosk_lends_on_without_a_return_goes_over_though_its_clock_went_back(
    counter: Counter, demo: Demo
) -> None:
    item = demo.book("oeroeg")
    for event in (lent(counter, 30, demo.shown("anna"), item), lent(counter, 60 * 5, demo.shown("bram"), item)):
        counter.tell(event)
    assert [(who, until is None) for who, _, until in history(counter, item)] == [
        (whose(counter, demo, "anna"), False),
        (whose(counter, demo, "bram"), True),
    ]


def test_k4_what_a_kiosk_whose_clock_went_back_lends_on_was_a_loan_all_the_same(counter: Counter, demo: Demo) -> None:
    item, anna = demo.book("oeroeg"), whose(counter, demo, "anna")
    counter.change("UPDATE patron SET keeps_history = 1 WHERE patron = ?", anna)
    for event in (lent(counter, 30, demo.shown("anna"), item), lent(counter, 60 * 5, demo.shown("bram"), item)):
        counter.tell(event)
    account = counter.desk.account(counter.kiosk, demo.shown("anna"))
    assert isinstance(account, Account)
    assert account.history.count("Oeroeg") == 1


def test_what_follows_a_request_that_was_heard_late_is_still_after_it(counter: Counter, demo: Demo) -> None:
    """A request lay in the kiosk's journal for an hour and is judged now; what the kiosk did since was before now."""
    item = demo.book("oeroeg")
    assert counter.borrow(demo.shown("anna"), item)["outcome"] == "checked_out"
    assert counter.tell(taken_in(counter, 50, item))["was_on_loan"] is True
    again = lent(counter, 40, demo.shown("bram"), item)
    counter.tell(again)
    assert {(who, until is None) for who, _, until in history(counter, item)} == {
        (whose(counter, demo, "anna"), False),
        (whose(counter, demo, "bram"), True),
    }
    assert counter.flags(again) == set()


def test_a_refused_loan_that_happened_all_the_same_is_after_the_return_that_was_heard_late(
    counter: Counter, demo: Demo
) -> None:
    item = demo.book("oeroeg")
    counter.tell(lent(counter, 90, demo.shown("anna"), item))
    back = replace(counter.act(Action.CHECK_IN, None, item), at=ago(counter, 60))
    asked = replace(counter.act(Action.CHECK_OUT, demo.shown("home-30"), item), at=ago(counter, 30))
    assert counter.tell(back)["outcome"] == "checked_in"
    assert counter.tell(asked)["outcome"] == "refused"
    assert counter.tell(asked.as_kind(Kind.FACT))["outcome"] == "checked_out"
    assert counter.flags(asked) == {"happened_after_no", "on_pass_maximum"}
    assert [until for *_, until in history(counter, item)][-1] is None


def test_a_loan_of_what_came_back_elsewhere_before_it_was_told_is_over_since_then(counter: Counter, demo: Demo) -> None:
    item, event = demo.book("oeroeg"), lent(counter, 90, demo.shown("anna"), demo.book("oeroeg"))
    assert online(counter, "online-1", 30).do(Action.CHECK_IN, item=item)["was_on_loan"] is False
    counter.tell(event)
    assert counter.flags(event) == {"returned_meanwhile"}
    assert history(counter, item) == [(whose(counter, demo, "anna"), event.at, ago(counter, 30))]


def test_a_loan_is_over_where_the_item_was_lent_and_brought_back_elsewhere_since(counter: Counter, demo: Demo) -> None:
    item, event = demo.book("oeroeg"), lent(counter, 90, demo.shown("anna"), demo.book("oeroeg"))
    other = online(counter, "online-1", 30)
    other.borrow(demo.shown("bram"), item)
    other.now = ago(counter, 20)
    assert other.do(Action.CHECK_IN, item=item)["was_on_loan"] is True
    counter.tell(event)
    assert counter.flags(event) == {"returned_meanwhile"}
    assert history(counter, item)[0] == (whose(counter, demo, "anna"), event.at, ago(counter, 30))
    assert all(until is not None for *_, until in history(counter, item))


def test_what_was_taken_in_and_lent_on_offline_and_came_back_elsewhere_is_over_and_staff_are_told(
    counter: Counter, demo: Demo
) -> None:
    """The other kiosk took it in while it saw the older loan, and so ended that one."""
    item = demo.book("on-loan")
    [(before, since, _)] = history(counter, item)
    back, again = taken_in(counter, 90, item), lent(counter, 80, demo.shown("anna"), item)
    assert online(counter, "online-1", 30).do(Action.CHECK_IN, item=item)["was_on_loan"] is True
    assert counter.tell(back)["was_on_loan"] is True
    counter.tell(again)
    assert history(counter, item) == [
        (before, since, back.at),
        (whose(counter, demo, "anna"), again.at, ago(counter, 30)),
    ]
    assert counter.flags(back) == {"returned_earlier"}
    assert counter.flags(again) == {"returned_meanwhile"}


def test_the_same_where_the_other_kiosk_has_lent_it_to_somebody_else_by_then(counter: Counter, demo: Demo) -> None:
    item = demo.book("on-loan")
    [(before, since, _)] = history(counter, item)
    back, again = taken_in(counter, 90, item), lent(counter, 80, demo.shown("anna"), item)
    other = online(counter, "online-1", 30)
    other.do(Action.CHECK_IN, item=item)
    other.now = ago(counter, 20)
    assert other.borrow(demo.shown("bram"), item)["outcome"] == "checked_out"
    counter.tell(back)
    counter.tell(again)
    assert history(counter, item) == [
        (before, since, back.at),
        (whose(counter, demo, "anna"), again.at, ago(counter, 30)),
        (whose(counter, demo, "bram"), ago(counter, 20), None),
    ]
    assert counter.flags(again) == {"item_on_loan"}


def test_an_item_that_two_kiosks_took_in_offline_and_one_lent_on_is_with_who_got_it_in_either_order(
    counter: Counter, demo: Demo
) -> None:
    """A takes it in and lends it, B takes it in again later: whichever is heard first, nothing stays open."""
    for book, first_is_heard_first in (("on-loan", True), ("late", False)):
        item, other = demo.book(book), online(counter, f"offline-{book}", 0)
        told = [(counter, taken_in(counter, 90, item)), (counter, lent(counter, 80, demo.shown("anna"), item))]
        later = [(other, taken_in(other, 30, item))]
        for kiosk, event in told + later if first_is_heard_first else later + told:
            kiosk.tell(event)
        assert all(until is not None for *_, until in history(counter, item)), book
        assert history(counter, item)[-1] == (whose(counter, demo, "anna"), ago(counter, 80), ago(counter, 30))


def test_the_same_patron_lent_it_offline_and_again_after_it_had_come_back(counter: Counter, demo: Demo) -> None:
    item, event = demo.book("oeroeg"), lent(counter, 90, demo.shown("anna"), demo.book("oeroeg"))
    other = online(counter, "online-1", 30)
    other.do(Action.CHECK_IN, item=item)
    other.now = ago(counter, 20)
    other.borrow(demo.shown("anna"), item)
    counter.tell(event)
    anna = whose(counter, demo, "anna")
    assert history(counter, item) == [(anna, event.at, ago(counter, 30)), (anna, ago(counter, 20), None)]


def strips_of(counter: Counter, demo: Demo, name: str) -> int:
    """How many strips that patron has left."""
    asked = "SELECT s.balance - s.overdrawn FROM strips s JOIN membership m ON m.consortium = s.consortium"
    asked += " AND m.membership = s.membership WHERE m.patron = ?"
    return int(counter.rows(asked, whose(counter, demo, name))[0][0])


@pytest.mark.parametrize("return_is_heard_first", [True, False])
def test_s2_who_brought_it_back_and_lent_it_again_has_it_whichever_kiosk_is_heard_first(
    counter: Counter, demo: Demo, return_is_heard_first: bool
) -> None:
    item, other, anna = demo.book("oeroeg"), counter.another("offline-2"), whose(counter, demo, "anna")
    before = strips_of(counter, demo, "anna")
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    back, again = taken_in(other, 60, item), lent(counter, 50, demo.shown("anna"), item)
    told = [(other, back), (counter, again)]
    for kiosk, event in told if return_is_heard_first else reversed(told):
        kiosk.tell(event)
    assert history(counter, item) == [(anna, ago(counter, 120), back.at), (anna, again.at, None)]
    assert strips_of(counter, demo, "anna") == before - 2
    assert counter.flags(again) == (set() if return_is_heard_first else {"already_yours"})
    assert counter.do(Action.CHECK_IN, item=item)["was_on_loan"] is True


@pytest.mark.parametrize("return_is_heard_first", [True, False])
def test_s8_the_first_of_two_loans_of_one_patron_is_fined_by_the_return_in_between(
    counter: Counter, demo: Demo, return_is_heard_first: bool
) -> None:
    item, other = demo.book("late"), counter.another("offline-2")
    name = next(one for one in demo.passes if history(counter, item)[0][0] == whose(counter, demo, one))
    back, again = taken_in(other, 60, item), lent(counter, 50, demo.shown(name), item)
    told = [(other, back), (counter, again)]
    for kiosk, event in told if return_is_heard_first else reversed(told):
        kiosk.tell(event)
    assert [until for *_, until in history(counter, item)] == [back.at, None]
    assert len(fines(counter, item)) == 1


def test_s2_what_is_lent_twice_without_a_return_is_one_loan_with_one_strip(counter: Counter, demo: Demo) -> None:
    """K11: no silent renewal either. A return of after both ends it, and nothing opens again."""
    item, other, shown = demo.book("oeroeg"), counter.another("offline-2"), demo.shown("anna")
    counter.change("UPDATE patron SET keeps_history = 1 WHERE patron = ?", whose(counter, demo, "anna"))
    before = strips_of(counter, demo, "anna")
    online(counter, "online-1", 120).borrow(shown, item)
    counter.tell(lent(counter, 50, shown, item))
    assert [until for *_, until in history(counter, item) if until is None] == [None]
    other.tell(taken_in(other, 40, item))
    assert all(until is not None for *_, until in history(counter, item))
    assert strips_of(counter, demo, "anna") == before - 1
    account = counter.desk.account(counter.kiosk, shown)
    assert isinstance(account, Account)
    assert account.history.count("Oeroeg") == 1


def test_k4_what_is_lent_twice_without_a_return_was_not_borrowed_before_and_is_no_loan_in_the_export(
    counter: Counter, demo: Demo
) -> None:
    item, copy, anna = demo.book("oeroeg"), demo.book("eline-vere"), whose(counter, demo, "anna")
    counter.change("UPDATE patron SET tells_borrowed_before = 1 WHERE patron = ?", anna)
    counter.change("UPDATE item SET title = (SELECT title FROM item WHERE item = ?) WHERE item = ?", item, copy)
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    counter.tell(lent(counter, 50, demo.shown("anna"), item))
    assert counter.borrow(demo.shown("anna"), copy)["borrowed_before"] is False
    asked = OfPatron(branch=BranchCode(ANNEN), patron=PatronRef(anna))
    given = StaffDesk(counter.database, lambda: counter.now).operate(
        operator(DRENTHE), BY_PATH["patrons/export"], asked
    )
    assert isinstance(given, Done)
    kept: Any = given.said["kept"]
    assert [one["item"] for one in kept["loans"] if one["item"] == item] == [item]
    assert [one["item"] for one in kept["scanned_again"]] == [item]


def test_s2_what_was_scanned_again_perhaps_before_the_return_opens_no_loan(counter: Counter, demo: Demo) -> None:
    """By a kiosk without a clock, in a boot that never called: nobody knows when. The book is on the shelf."""
    item, other = demo.book("oeroeg"), counter.another("offline-2")
    before = strips_of(counter, demo, "anna")
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    again = replace(lent(counter, 100, demo.shown("anna"), item), told=Told("before", 60_000, ClockState.FREE))
    back = taken_in(other, 60, item)
    counter.desk.deliver_all(counter.kiosk, [again], Told("now", 30 * 60_000, ClockState.FREE))
    other.tell(back)
    assert {until for *_, until in history(counter, item)} == {ago(counter, 120), back.at}
    assert strips_of(counter, demo, "anna") == before - 1


def test_s2_a_return_of_nobody_knows_when_ends_no_loan_that_is_only_kept(counter: Counter, demo: Demo) -> None:
    """The kiosk without a clock ended the loan itself before, by its sequence, and others have had the book since."""
    item, other = demo.book("oeroeg"), counter.another("offline-2")
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    counter.tell(lent(counter, 50, demo.shown("anna"), item))
    assert other.do(Action.CHECK_IN, item=item)["was_on_loan"] is True
    counter.do(Action.CHECK_IN, item=item)
    before = counter.rows("SELECT * FROM loan WHERE item = ? ORDER BY loan", item)
    back = replace(taken_in(other, 30, item), told=Told("before", 60_000, ClockState.FREE))
    taken = other.desk.deliver_all(other.kiosk, [back], Told("now", 10 * 60_000, ClockState.FREE))
    assert json.loads(taken.answers[0])["was_on_loan"] is False
    assert counter.flags(back) == {"day_unknown"}
    assert counter.rows("SELECT * FROM loan WHERE item = ? ORDER BY loan", item) == before


def test_s2_whoever_had_it_between_two_loans_of_one_patron_has_it_no_more(counter: Counter, demo: Demo) -> None:
    """Told in the order: the second loan, the one in between, and last the two returns."""
    item, second, third = demo.book("oeroeg"), counter.another("offline-2"), counter.another("offline-3")
    anna, bram = whose(counter, demo, "anna"), whose(counter, demo, "bram")
    before = strips_of(counter, demo, "anna")
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    back, middle = taken_in(third, 60, item), lent(second, 55, demo.shown("bram"), item)
    middle_back, again = taken_in(second, 52, item), lent(counter, 50, demo.shown("anna"), item)
    for kiosk, event in ((counter, again), (second, middle), (second, middle_back), (third, back)):
        kiosk.tell(event)
    assert history(counter, item) == [
        (anna, ago(counter, 120), back.at),
        (bram, middle.at, middle_back.at),
        (anna, again.at, None),
    ]
    assert strips_of(counter, demo, "anna") == before - 2


def test_s2_a4_who_lends_on_an_internal_loan_of_their_own_pays_one_strip_though_it_is_the_last(
    counter: Counter, demo: Demo
) -> None:
    """The loan became internal (A6) after it was scanned again; one more scan of before is told last."""
    item, other, anna = demo.book("oeroeg"), counter.another("offline-2"), whose(counter, demo, "anna")
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    counter.tell(lent(counter, 50, demo.shown("anna"), item))
    counter.change("UPDATE loan SET internal = 1 WHERE item = ? AND returned_at IS NULL", item)
    counter.change(
        "UPDATE strips SET balance = 1 WHERE membership IN (SELECT membership FROM membership WHERE patron = ?)", anna
    )
    earlier = lent(other, 60, demo.shown("anna"), item)
    assert other.tell(earlier)["outcome"] == "checked_out"
    assert strips_of(counter, demo, "anna") == 0
    assert [begun for _, begun, until in history(counter, item) if until is None] == [earlier.at]


def test_s2_a_second_loan_ends_where_the_first_was_thought_to(counter: Counter, demo: Demo) -> None:
    """The book came back once more, online, before the return in between was heard."""
    item, other, anna = demo.book("oeroeg"), counter.another("offline-2"), whose(counter, demo, "anna")
    before = strips_of(counter, demo, "anna")
    online(counter, "online-1", 120).borrow(demo.shown("anna"), item)
    back, again = taken_in(other, 60, item), lent(counter, 50, demo.shown("anna"), item)
    counter.tell(again)
    online(counter, "online-2", 30).do(Action.CHECK_IN, item=item)
    other.tell(back)
    assert history(counter, item) == [(anna, ago(counter, 120), back.at), (anna, again.at, ago(counter, 30))]
    assert strips_of(counter, demo, "anna") == before - 2
    assert counter.flags(back) == {"returned_earlier"}


@pytest.mark.parametrize(("due", "cents"), [(1, []), (2, []), (4, [5])])
def test_the_fine_of_a_later_return_gives_way_to_that_of_the_first(
    counter: Counter, demo: Demo, due: int, cents: list[int]
) -> None:
    """It lay in the bin three days ago and was taken in again elsewhere today: who brought it pays until then."""
    item, day = demo.book("late"), 24 * 60
    counter.now = counter.now.astimezone(ZoneInfo("Europe/Amsterdam")).replace(hour=12)  # not just after midnight
    change = "UPDATE loan SET due = ? WHERE item = ? AND returned_at IS NULL"
    counter.change(change, str(local_date(counter.now - timedelta(days=due), "Europe/Amsterdam")), item)
    back = taken_in(counter, 3 * day, item)
    online(counter, "online-1", 30).do(Action.CHECK_IN, item=item)
    assert len(fines(counter, item)) == 1
    assert counter.tell(back)["was_on_loan"] is True
    still = "SELECT f.cents FROM fee f JOIN loan l ON l.consortium = f.consortium AND l.loan = f.loan"
    assert [owed for (owed,) in counter.rows(f"{still} WHERE f.status = 'open' AND l.item = ?", item)] == cents
    assert counter.flags(back) == {"returned_earlier"}


@pytest.mark.parametrize("return_is_heard_first", [True, False])
def test_s8_a_late_return_is_fined_once_whoever_is_heard_first(
    counter: Counter, demo: Demo, return_is_heard_first: bool
) -> None:
    """It lay overdue in the bin of one kiosk, and another lent it on before either was heard."""
    item, other = demo.book("late"), counter.another("offline-2")
    [(before, since, _)] = history(counter, item)
    back, lent_on = taken_in(counter, 90, item), lent(other, 80, demo.shown("anna"), item)
    told = [(counter, back), (other, lent_on)]
    for kiosk, event in told if return_is_heard_first else reversed(told):
        kiosk.tell(event)
    assert history(counter, item) == [(before, since, back.at), (whose(counter, demo, "anna"), lent_on.at, None)]
    assert len(fines(counter, item)) == 1


def test_s8_a_fine_that_staff_waived_is_not_owed_again_by_an_earlier_return(counter: Counter, demo: Demo) -> None:
    item, back = demo.book("late"), taken_in(counter, 90, demo.book("late"))
    online(counter, "online-1", 30).do(Action.CHECK_IN, item=item)
    counter.change("UPDATE fee SET status = 'paid', waived_at = '2026-01-01' WHERE kind = 'fine' AND loan IS NOT NULL")
    counter.tell(back)
    assert len(fines(counter, item)) == 1


@pytest.mark.parametrize("kind", [Kind.FACT, Kind.REQUEST])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"])
def test_a_clock_at_an_end_of_the_calendar_is_believed_of_nothing(
    counter: Counter, demo: Demo, at: str, kind: Kind
) -> None:
    item = demo.book("oeroeg")
    out = replace(counter.event(demo.shown("anna"), item, kind), at=datetime.fromisoformat(at))
    assert counter.tell(out)["outcome"] == "checked_out"
    back = replace(counter.act(Action.CHECK_IN, None, item, kind=kind), at=datetime.fromisoformat(at))
    assert counter.tell(back)["outcome"] == "checked_in"
    assert all(counter.now - timedelta(days=401) < begun <= counter.now for _, begun, _ in history(counter, item))
