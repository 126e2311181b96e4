"""What comes back: loans end, late ones are fined, holds are served, the bin is booked all the same (K10, K8, S8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from circulation.events import Action, Event, Kind
from circulation.identifiers import ItemBarcode
from membership_store.credentials import Kiosk, add_kiosk
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess

FLANDERS = "demo-vlaanderen"


def brought(counter: Counter, item: ItemBarcode, kind: Kind = Kind.REQUEST, days_ago: float = 0) -> Event:
    """The item is brought back, so many days before now."""
    event = counter.act(Action.CHECK_IN, item=item, kind=kind)
    return replace(event, at=counter.now - timedelta(days=days_ago))


def standing_in(counter: Counter, branch: str, consortium: str = DRENTHE) -> Counter:
    """The same counter, moved to another branch."""
    counter.kiosk = Kiosk(consortium, f"at-{branch}", branch)
    counter.database.write(lambda session: add_kiosk(session, counter.kiosk))
    counter.seq = 0
    return counter


def item_row(counter: Counter, item: ItemBarcode) -> tuple[Any, ...]:
    """Status and where it is on its way to."""
    return counter.rows("SELECT status, in_transit_to FROM item WHERE item = ?", item)[0]


def fines(counter: Counter, item: ItemBarcode) -> list[tuple[Any, ...]]:
    """What was booked for the loans of an item."""
    return counter.rows(
        "SELECT f.cents, f.kind, f.status, f.institution FROM fee f"
        " JOIN loan l ON l.consortium = f.consortium AND l.loan = f.loan WHERE l.item = ?",
        item,
    )


def test_what_is_brought_back_is_no_loan_any_more_and_gives_no_strip_back(counter: Counter, demo: Demo) -> None:
    strips = "SELECT membership, balance FROM strips ORDER BY membership"
    anna, item = demo.shown("anna"), demo.book("oeroeg")
    lent = counter.borrow(anna, item)
    before = counter.rows(strips)
    back = counter.do(Action.CHECK_IN, item=item)
    assert back == {
        "outcome": "checked_in",
        "item": item,
        "title": "Oeroeg",
        "route": "shelf",
        "place": "",
        "was_on_loan": True,
        "provisional": False,
    }
    assert [is_open for _, is_open in counter.loans(item)] == [False]
    assert counter.rows("SELECT returned_branch FROM loan WHERE item = ?", item) == [("9401",)]
    assert counter.rows(strips) == before
    again = counter.borrow(anna, demo.book("eline-vere"))
    assert (again["open_loans"], again["may_borrow"]) == (lent["open_loans"], lent["may_borrow"] - 1)


def test_nothing_in_the_answer_says_whose_loan_it_was(counter: Counter, demo: Demo) -> None:
    patron = counter.rows("SELECT patron FROM loan WHERE item = ?", demo.book("on-loan"))[0][0]
    said = str(counter.do(Action.CHECK_IN, item=demo.book("on-loan")))
    assert patron not in said
    assert demo.passes["bram"]["number"] not in said


def test_an_item_that_was_not_out_is_taken_in_and_routed(counter: Counter, demo: Demo) -> None:
    here = counter.do(Action.CHECK_IN, item=demo.book("oeroeg"))
    assert (here["route"], here["was_on_loan"]) == ("shelf", False)
    there = counter.do(Action.CHECK_IN, item=demo.book("other-branch"))
    assert (there["route"], there["place"]) == ("other_branch", "Bibliotheek Gieten")
    assert item_row(counter, demo.book("other-branch")) == ("lendable", "9402")


def test_an_item_on_its_way_arrives(counter: Counter, demo: Demo) -> None:
    item = demo.book("other-branch")
    counter.do(Action.CHECK_IN, item=item)
    assert standing_in(counter, "9402").do(Action.CHECK_IN, item=item)["route"] == "shelf"
    assert item_row(counter, item) == ("lendable", None)


def test_a_late_return_costs_what_the_subscription_says_and_is_owed_where_it_was_lent(
    counter: Counter, demo: Demo
) -> None:
    event = counter.act(Action.CHECK_IN, item=demo.book("late"))
    counter.tell(event)
    assert fines(counter, demo.book("late")) == [(20, "fine", "open", "aa-en-hunze")]
    assert counter.tell(event)["was_on_loan"] is True
    assert len(fines(counter, demo.book("late"))) == 1


def test_a_return_on_its_day_or_under_terms_without_fine_costs_nothing(counter: Counter, demo: Demo) -> None:
    counter.change("UPDATE loan SET due = ? WHERE item = ?", "2020-01-01", demo.book("on-loan"))
    for name in ("on-loan", "annas-own"):
        counter.do(Action.CHECK_IN, item=demo.book(name))
        assert fines(counter, demo.book(name)) == []


def test_the_terms_of_the_membership_that_it_was_lent_under_count_whatever_came_since(
    counter: Counter, demo: Demo
) -> None:
    item, school = demo.book("oeroeg"), demo.shown("school")
    counter.borrow(school, item)
    counter.change("UPDATE membership SET ends = starts WHERE subscription = '0082'")
    counter.change("UPDATE loan SET due = ? WHERE item = ?", "2020-01-01", item)
    counter.do(Action.CHECK_IN, item=item)
    assert fines(counter, item) == [(25, "fine", "open", "aa-en-hunze")]


def test_an_offline_return_is_fined_by_the_day_on_which_it_lay_in_the_bin(counter: Counter, demo: Demo) -> None:
    counter.tell(brought(counter, demo.book("late"), Kind.FACT, days_ago=3))
    assert [cents for cents, *_ in fines(counter, demo.book("late"))] == [5]


def test_two_kiosks_that_make_the_same_event_id_each_book_their_fine(counter: Counter, demo: Demo) -> None:
    late, item, other = demo.book("late"), demo.book("oeroeg"), counter.another("counter-2")
    counter.borrow(demo.shown("school"), item)
    counter.change("UPDATE loan SET due = ? WHERE item = ?", "2020-01-01", item)
    first = brought(counter, late)
    counter.tell(first)
    assert other.tell(replace(brought(other, item), id=first.id))["was_on_loan"] is True
    assert [cents for cents, *_ in (*fines(counter, late), *fines(counter, item))] == [20, 25]


def test_the_next_in_line_gets_it_on_the_shelf_here(counter: Counter, demo: Demo) -> None:
    item = demo.book("wanted-here")
    back = counter.do(Action.CHECK_IN, item=item)
    assert (back["route"], back["place"]) == ("hold_shelf", "de blauwe plank")
    assert counter.rows("SELECT status, shelf FROM hold WHERE item = ?", item) == [("on_shelf", "de blauwe plank")]
    refused = counter.borrow(demo.shown("anna"), item)
    assert (refused["rule"], refused["next"]) == ("K8", "hold_shelf")
    assert counter.borrow(demo.shown("hanna"), item)["hold_filled"] is True


def test_a_copy_that_is_taken_in_again_keeps_its_last_day_on_the_shelf(counter: Counter, demo: Demo) -> None:
    item, until = demo.book("wanted-here"), "SELECT shelf_until FROM hold WHERE item = ?"
    counter.do(Action.CHECK_IN, item=item)
    ((last_day,),) = counter.rows(until, item)
    counter.now += timedelta(days=2)
    assert counter.do(Action.CHECK_IN, item=item)["route"] == "hold_shelf"
    assert counter.rows(until, item) == [(last_day,)]


def test_k8_a_copy_that_wandered_from_its_shelf_has_all_its_days_there_when_it_comes_back(
    counter: Counter, demo: Demo
) -> None:
    item, kept = demo.book("wanted-here"), "SELECT status, shelf_until FROM hold WHERE item = ?"
    counter.change("UPDATE hold SET branch = '9401' WHERE title = (SELECT title FROM item WHERE item = ?)", item)
    counter.do(Action.CHECK_IN, item=item)
    ((_, last_day),) = counter.rows(kept, item)
    elsewhere = standing_in(counter.another("counter-2"), "9402")
    assert elsewhere.do(Action.CHECK_IN, item=item)["route"] == "other_branch"
    assert counter.rows(kept, item) == [("waiting", None)]
    counter.now += timedelta(days=9)
    assert counter.do(Action.CHECK_IN, item=item)["route"] == "hold_shelf"
    assert counter.rows(kept, item) == [("on_shelf", str(date.fromisoformat(last_day) + timedelta(days=9)))]


def test_a_hold_that_is_fetched_elsewhere_sends_the_item_there(counter: Counter, demo: Demo) -> None:
    item = demo.book("wanted-elsewhere")
    back = counter.do(Action.CHECK_IN, item=item)
    assert (back["route"], back["place"]) == ("other_branch", "Bibliotheek Gieten")
    assert item_row(counter, item) == ("lendable", "9402")
    assert standing_in(counter, "9402").do(Action.CHECK_IN, item=item)["route"] == "hold_shelf"
    assert counter.rows("SELECT status FROM hold WHERE item = ?", item) == [("on_shelf",)]


def held_afar(counter: Counter) -> ItemBarcode:
    """A copy of Zottegem's on whose title there is a hold, to be fetched at another library of the group."""
    item = counter.rows(
        "SELECT item FROM item WHERE consortium = ? AND branch = '3550' AND status = 'lendable' ORDER BY item", FLANDERS
    )[-1][0]
    counter.change(
        "INSERT INTO hold (consortium, hold, patron, title, status, branch) SELECT i.consortium, 'h-afar',"
        " (SELECT min(p.patron) FROM patron p WHERE p.consortium = i.consortium), i.title, 'waiting', '3560'"
        " FROM item i WHERE i.consortium = ? AND i.item = ?",
        FLANDERS,
        item,
    )
    return ItemBarcode(item)


def work_together(counter: Counter, kind: str) -> None:
    """From now on the group works together in that manner."""
    counter.change("UPDATE cooperation SET kind = ? WHERE consortium = ?", kind, FLANDERS)
    counter.change("UPDATE network_version SET version = version + 1")


@pytest.mark.parametrize(("kind", "route"), [("3a", "shelf"), ("3b", "other_branch")])
def test_n6_a_copy_is_not_kept_for_who_waits_where_nothing_carries_it(counter: Counter, kind: str, route: str) -> None:
    item = held_afar(counter)
    work_together(counter, kind)
    assert standing_in(counter, "3550", FLANDERS).do(Action.CHECK_IN, item=item)["route"] == route
    kept = counter.rows("SELECT status, item FROM hold WHERE hold = 'h-afar'")
    assert kept == [("waiting", item if kind == "3b" else None)]


@pytest.mark.parametrize("chosen", [True, False])
def test_k8_n6_a_hold_whose_copy_nothing_carries_any_more_waits_for_the_next_copy(
    counter: Counter, chosen: bool
) -> None:
    """But one that staff asked for by its number is still the only one that will do."""
    item, hold = held_afar(counter), "SELECT status, item FROM hold WHERE hold = 'h-afar'"
    work_together(counter, "3b")
    counter = standing_in(counter, "3550", FLANDERS)
    if chosen:
        assert counter.do(Action.CHECK_IN, item=item)["route"] == "other_branch"
    else:
        counter.change("UPDATE hold SET item = ? WHERE hold = 'h-afar'", item)
    assert counter.rows(hold) == [("waiting", item)]
    work_together(counter, "3a")
    counter.change(
        "INSERT INTO item (consortium, item, title, institution, branch, status) SELECT i.consortium, '39409999999999',"
        " i.title, b.institution, b.branch, 'lendable' FROM item i JOIN branch b ON b.consortium = i.consortium"
        " WHERE i.item = ? AND b.branch = '3560'",
        item,
    )
    asked = "SELECT COUNT(*) FROM feed WHERE kind = 'item' AND ref = '39409999999999'"
    before = counter.rows(asked)
    assert counter.do(Action.CHECK_IN, item=item)["route"] == "shelf"
    assert (item_row(counter, item), counter.rows(hold)) == (
        ("lendable", None),
        [("waiting", None if chosen else item)],
    )
    assert (counter.rows(asked) != before) is chosen, "mirrors hear that every copy is wanted again"
    back = standing_in(counter, "3560", FLANDERS).do(Action.CHECK_IN, item=ItemBarcode("39409999999999"))
    assert (back["route"], counter.rows(hold)[0][0]) == (("hold_shelf", "on_shelf") if chosen else ("shelf", "waiting"))


def hold_of(counter: Counter, demo: Demo, name: str, title_of: ItemBarcode) -> tuple[Any, ...]:
    """Status and copy of that patron's hold on the title of the item."""
    asked = "SELECT h.status, h.item FROM hold h JOIN item i ON i.consortium = h.consortium AND i.title = h.title"
    asked += " JOIN pass p ON p.consortium = h.consortium AND p.patron = h.patron WHERE i.item = ? AND p.number = ?"
    return counter.rows(asked, title_of, demo.passes[name]["number"])[0]


def test_k8_a_hold_whose_copy_another_takes_on_its_way_waits_for_the_next_copy(counter: Counter, demo: Demo) -> None:
    item = demo.book("wanted-elsewhere")
    assert counter.do(Action.CHECK_IN, item=item)["route"] == "other_branch"
    assert hold_of(counter, demo, "hanna", item) == ("waiting", item)
    assert counter.borrow(demo.shown("bram"), item)["outcome"] == "checked_out"
    assert hold_of(counter, demo, "hanna", item) == ("waiting", None)


@pytest.mark.parametrize("kind", [Kind.REQUEST, Kind.FACT])
def test_k8_a_hold_on_this_very_copy_goes_on_waiting_for_it_while_another_has_it(
    counter: Counter, demo: Demo, kind: Kind
) -> None:
    item = demo.book("wanted-here")
    counter.change("DELETE FROM loan WHERE item = ?", item)
    assert counter.tell(counter.event(demo.shown("bram"), item, kind))["outcome"] == "checked_out"
    assert hold_of(counter, demo, "hanna", item) == ("waiting", item)


def test_k8_whoever_takes_the_copy_on_its_way_to_them_has_what_they_waited_for(counter: Counter, demo: Demo) -> None:
    item = demo.book("wanted-elsewhere")
    counter.do(Action.CHECK_IN, item=item)
    assert counter.borrow(demo.shown("hanna"), item)["hold_filled"] is True
    assert hold_of(counter, demo, "hanna", item) == ("filled", item)
    assert counter.do(Action.CHECK_IN, item=item)["route"] == "shelf"


def test_a_hold_on_the_title_takes_the_copy_that_comes_first(counter: Counter, demo: Demo) -> None:
    item = demo.book("on-loan")
    counter.change(
        "INSERT INTO hold (consortium, hold, patron, title, status, placed_at)"
        " SELECT i.consortium, 'h-' || p.patron, p.patron, i.title, 'waiting', p.patron FROM item i, pass p"
        " WHERE i.item = ? AND p.consortium = i.consortium AND p.number IN (?, ?)",
        item,
        demo.passes["hanna"]["number"],
        demo.passes["iris"]["number"],
    )
    assert counter.do(Action.CHECK_IN, item=item)["route"] == "hold_shelf"
    kept = counter.rows("SELECT h.status, h.item FROM hold h WHERE h.hold LIKE 'h-%' ORDER BY h.placed_at")
    assert kept == [("on_shelf", item), ("waiting", None)]


def test_what_was_missing_turns_up_and_staff_are_told(counter: Counter, demo: Demo) -> None:
    event = counter.act(Action.CHECK_IN, item=demo.book("missing"))
    assert counter.tell(event)["route"] == "staff"
    assert counter.flags(event) == {"item_missing"}
    assert item_row(counter, demo.book("missing")) == ("lendable", None)


def test_an_internal_loan_stays_open_and_staff_are_told(counter: Counter, demo: Demo) -> None:
    event = counter.act(Action.CHECK_IN, item=demo.book("internal"))
    assert counter.tell(event)["route"] == "staff"
    assert counter.flags(event) == {"item_internal"}
    assert [is_open for _, is_open in counter.loans(demo.book("internal"))] == [True]


def test_another_librarys_item_goes_back_by_hand_where_there_is_no_transport(counter: Counter, demo: Demo) -> None:
    item = demo.book("of-the-partner")
    asked = counter.act(Action.CHECK_IN, item=item)
    no = counter.tell(asked)
    assert (no["outcome"], no["rule"], no["next"]) == ("refused", "N6", "other_branch")
    assert no["values"] == {"place": "Bibliotheek Borger-Odoorn"}
    told = counter.tell(asked.as_kind(Kind.FACT))
    assert (told["outcome"], told["route"], told["place"]) == ("checked_in", "other_branch", "Bibliotheek Borger")
    assert counter.flags(asked) == {"return_elsewhere", "happened_after_no"}
    assert counter.tell(asked) == no


def test_an_item_of_the_region_travels_where_there_is_transport(counter: Counter, demo: Demo) -> None:
    item = counter.rows(
        "SELECT item FROM item WHERE consortium = ? AND branch = '3560' AND status = 'lendable' ORDER BY item", FLANDERS
    )[-1][0]
    back = standing_in(counter, "3550", FLANDERS).do(Action.CHECK_IN, item=item)
    assert (back["route"], back["place"]) == ("other_branch", "Bibliotheek Oosterzele")
    assert item_row(counter, item) == ("lendable", "3560")


def test_what_lies_in_the_bin_and_is_in_no_catalogue_is_parked(counter: Counter, demo: Demo) -> None:
    item = demo.book("unknown-book")
    assert counter.do(Action.CHECK_IN, item=item)["reason"] == "item_unknown"
    event = brought(counter, item, Kind.FACT)
    assert counter.tell(event)["route"] == "staff"
    assert counter.flags(event) == {"item_unknown", "parked"}
    assert counter.rows("SELECT shown_pass, shown_item FROM staff_flag WHERE reason = 'parked'") == [(None, item)]


def test_a_return_of_an_earlier_time_leaves_the_loan_that_runs_now(counter: Counter, demo: Demo) -> None:
    item, other = demo.book("oeroeg"), counter.another("counter-2")
    other.now = counter.now
    other.borrow(demo.shown("bram"), item)
    early = brought(counter, item, Kind.FACT, days_ago=1)
    assert counter.tell(early)["was_on_loan"] is False
    assert counter.flags(early) == {"returned_before_loan"}
    assert [is_open for _, is_open in counter.loans(item)] == [True]


def test_a_loan_that_is_told_after_its_item_came_back_is_over_since_then(counter: Counter, demo: Demo) -> None:
    item, bram = demo.book("oeroeg"), demo.shown("bram")
    offline = replace(counter.act(Action.CHECK_OUT, bram, item, kind=Kind.FACT), at=counter.now - timedelta(hours=2))
    other = counter.another("counter-2")
    other.now = counter.now - timedelta(hours=1)
    assert other.do(Action.CHECK_IN, item=item)["was_on_loan"] is False
    assert counter.tell(offline)["outcome"] == "checked_out"
    assert [is_open for _, is_open in counter.loans(item)] == [False]
    assert counter.flags(offline) == {"returned_meanwhile"}
    later = counter.act(Action.CHECK_OUT, bram, item, kind=Kind.FACT)
    assert counter.tell(later)["outcome"] == "checked_out"
    assert [is_open for _, is_open in counter.loans(item)] == [False, True]


def strips_of(counter: Counter, demo: Demo, name: str) -> int:
    """How many strips that patron has left."""
    asked = (
        "SELECT s.balance - s.overdrawn FROM strips s"
        " JOIN membership m ON m.consortium = s.consortium AND m.membership = s.membership"
        " JOIN pass p ON p.consortium = m.consortium AND p.patron = m.patron WHERE p.number = ?"
    )
    return int(counter.rows(asked, demo.passes[name]["number"])[0][0])


def test_a_loan_that_is_told_after_another_has_the_item_takes_its_strip_and_is_over(
    counter: Counter, demo: Demo
) -> None:
    item, anna = demo.book("oeroeg"), demo.shown("anna")
    change = "UPDATE patron SET tells_borrowed_before = 1 WHERE patron = (SELECT patron FROM pass WHERE number = ?)"
    counter.change(change, demo.passes["anna"]["number"])
    before = strips_of(counter, demo, "anna")
    offline = replace(counter.act(Action.CHECK_OUT, anna, item, kind=Kind.FACT), at=counter.now - timedelta(hours=2))
    other = counter.another("counter-2")
    other.now = counter.now - timedelta(hours=1)
    other.do(Action.CHECK_IN, item=item)
    assert other.borrow(demo.shown("bram"), item)["outcome"] == "checked_out"
    told = counter.tell(offline)
    assert (told["outcome"], told["borrowed_before"], told["may_borrow"]) == ("checked_out", False, before - 1)
    assert counter.flags(offline) == {"item_on_loan"}
    assert [is_open for _, is_open in counter.loans(item)] == [False, True]
    assert strips_of(counter, demo, "anna") == before - 1
    under = counter.rows("SELECT membership IS NULL FROM loan WHERE item = ?", item)
    assert {bool(one) for (one,) in under} == {False}


def test_a_loan_told_late_leaves_the_item_on_the_way_that_it_went_since(counter: Counter, demo: Demo) -> None:
    item, anna = demo.book("oeroeg"), demo.shown("anna")
    offline = replace(counter.act(Action.CHECK_OUT, anna, item, kind=Kind.FACT), at=counter.now - timedelta(hours=2))
    other = standing_in(counter.another("counter-2"), "9402")
    other.now = counter.now - timedelta(hours=1)
    assert other.do(Action.CHECK_IN, item=item)["route"] == "other_branch"
    assert counter.tell(offline)["outcome"] == "checked_out"
    assert counter.flags(offline) == {"returned_meanwhile"}
    assert item_row(counter, item) == ("lendable", "9401")


def test_a_kiosk_whose_clock_went_back_still_ends_the_loan_that_it_made_before(counter: Counter, demo: Demo) -> None:
    item = demo.book("oeroeg")
    counter.borrow(demo.shown("bram"), item)
    assert counter.tell(brought(counter, item, Kind.FACT, days_ago=1))["was_on_loan"] is True
    assert counter.rows("SELECT returned_at >= lent_at FROM loan WHERE item = ?", item)[0][0] in (1, True)


@pytest.mark.parametrize("years", [-30, 30])
def test_a_return_with_a_wild_date_is_booked_within_reason(counter: Counter, demo: Demo, years: int) -> None:
    event = brought(counter, demo.book("late"), Kind.FACT)
    counter.tell(replace(event, at=event.at.replace(year=event.at.year + years, day=1)))
    returned = counter.rows("SELECT returned_at FROM loan WHERE item = ?", event.scanned)[0][0]
    if years > 0:
        assert date.fromisoformat(returned[:10]) == counter.now.date()
    else:
        assert returned is None
        assert counter.flags(event) == {"returned_before_loan"}


def test_the_mirrors_hear_of_the_item_and_of_whoever_had_it(counter: Counter, demo: Demo) -> None:
    item = demo.book("on-loan")
    patron = counter.rows("SELECT patron FROM loan WHERE item = ?", item)[0][0]
    head = counter.rows("SELECT head FROM feed_head WHERE consortium = ?", DRENTHE)[0][0]
    counter.do(Action.CHECK_IN, item=item)
    seen = counter.rows("SELECT kind, ref FROM feed WHERE consortium = ? AND seq > " + str(head), DRENTHE)
    assert sorted(seen) == [("item", item), ("patron", patron)]


def test_a_return_over_http_needs_no_pass_and_is_answered_alike_for_ever(
    store: StoreProcess, kiosk: Caller, demo: Demo
) -> None:
    event = kiosk.act(Action.CHECK_IN, item=demo.book("on-loan"))
    first = kiosk.tell(event)
    assert (first[0], b'"was_on_loan":true' in first[1]) == (200, True)
    assert [kiosk.tell(event | {"kind": kind}) for kind in ("request", "fact", "void")] == [first] * 3
    with_pass = event | {"presented": kiosk.act(Action.END_VISIT, demo.shown("anna"))["presented"]}
    assert kiosk.tell(with_pass)[0] == 422
    assert kiosk.post("/v1/checkouts", event)[0] == 422
