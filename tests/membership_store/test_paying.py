"""Money: a reference is booked once, a fee is paid once, no cent is lost, and what is paid stops nobody (F1 to F4)."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation.events import Action, Event, Kind, Payment
from tests.membership_store.counter import Counter
from tests.membership_store.running import Caller, Demo, StoreProcess

references = (f"T{n:06d}" for n in count(1))


def fees_of(counter: Counter, demo: Demo, name: str) -> dict[str, tuple[int, str]]:
    """Cents and status of all that is on that patron's name, by reference."""
    rows = counter.rows(
        "SELECT f.fee, f.cents, f.status FROM fee f JOIN pass p ON p.consortium = f.consortium AND p.patron = f.patron"
        " WHERE p.number = ? ORDER BY f.fee",
        demo.passes[name]["number"],
    )
    return {fee: (cents, status) for fee, cents, status in rows}


def told(
    counter: Counter, demo: Demo, name: str, cents: int, *fees: str, terminal: str | None = None
) -> tuple[Event, dict[str, Any]]:
    """The terminal took so many cents for these fees; the store's answer."""
    payment = Payment(fees, cents, terminal or next(references))
    event = counter.act(Action.PAY, demo.shown(name), None, payment, Kind.FACT)
    return event, counter.tell(event)


def a_fee(counter: Counter, demo: Demo, name: str, fee: str, cents: int, status: str = "open", at: str = "") -> str:
    """One fee more for that patron, of that institution or the kiosk's own."""
    counter.change(
        "INSERT INTO fee (consortium, fee, patron, institution, cents, status)"
        " SELECT consortium, ?, patron, ?, " + str(cents) + ", ? FROM pass WHERE number = ?",
        fee,
        at or "aa-en-hunze",
        status,
        demo.passes[name]["number"],
    )
    return fee


def test_a_payment_settles_its_fee_and_borrowing_goes_on_in_the_same_visit(counter: Counter, demo: Demo) -> None:
    assert counter.borrow(demo.shown("owes"), demo.book("oeroeg"))["reason"] == "open_amount"
    (fee,) = fees_of(counter, demo, "owes")
    event, paid = told(counter, demo, "owes", 1250, fee)
    assert paid == {
        "outcome": "paid", "terminal": event.payment and event.payment.terminal, "cents": 1250, "left": 0, "credit": 0,
    }  # fmt: skip
    assert counter.flags(event) == set()
    assert fees_of(counter, demo, "owes") == {fee: (1250, "paid")}
    assert counter.borrow(demo.shown("owes"), demo.book("oeroeg"))["outcome"] == "checked_out"


def test_a_payment_told_again_is_the_same_payment(counter: Counter, demo: Demo) -> None:
    (fee,) = fees_of(counter, demo, "owes")
    event, first = told(counter, demo, "owes", 1250, fee)
    assert [counter.tell(event) for _ in range(3)] == [first] * 3
    assert counter.rows("SELECT COUNT(*) FROM payment") == [(1,)]


def test_a_terminals_reference_is_booked_once_even_under_another_event(counter: Counter, demo: Demo) -> None:
    (fee,) = fees_of(counter, demo, "owes")
    told(counter, demo, "owes", 1250, fee, terminal="T-once")
    again, said = told(counter, demo, "owes", 1250, fee, terminal="T-once")
    assert (said["left"], said["credit"]) == (0, 0)
    assert counter.flags(again) == {"terminal_reference_again"}
    assert counter.rows("SELECT cents FROM payment") == [(1250,)]
    assert fees_of(counter, demo, "owes") == {fee: (1250, "paid")}


def test_chosen_fees_are_paid_and_the_others_stay(counter: Counter, demo: Demo) -> None:
    chosen, other = a_fee(counter, demo, "grace", "f-1", 300), a_fee(counter, demo, "grace", "f-2", 450)
    event, paid = told(counter, demo, "grace", 300, chosen)
    assert (paid["left"], paid["credit"], counter.flags(event)) == (450, 0, set())
    assert fees_of(counter, demo, "grace") == {chosen: (300, "paid"), other: (450, "open")}


def test_a_payment_for_what_was_settled_meanwhile_becomes_credit(counter: Counter, demo: Demo) -> None:
    (fee,) = fees_of(counter, demo, "owes")
    told(counter, demo, "owes", 1250, fee)
    event, paid = told(counter, demo, "owes", 1250, fee)
    assert (paid["left"], paid["credit"]) == (0, 1250)
    assert counter.flags(event) == {"fee_settled"}
    assert fees_of(counter, demo, "owes") == {
        fee: (1250, "paid"),
        f"credit-{counter.kiosk.id}/{event.id}": (-1250, "open"),
    }


@pytest.mark.parametrize(("cents", "credit", "left"), [(1300, 50, 0), (1000, 1000, 250), (1, 1, 1249)])
def test_an_amount_that_is_not_the_sum_is_flagged_and_no_cent_of_it_is_lost(
    counter: Counter, demo: Demo, cents: int, credit: int, left: int
) -> None:
    (fee,) = fees_of(counter, demo, "owes")
    event, paid = told(counter, demo, "owes", cents, fee)
    assert (paid["credit"], paid["left"]) == (credit, left)
    assert counter.flags(event) == {"amount_differs"}


def test_only_amounts_of_the_institution_here_are_payable_here(counter: Counter, demo: Demo) -> None:
    theirs = a_fee(counter, demo, "grace", "f-theirs", 300, at="borger-odoorn")
    debited = a_fee(counter, demo, "grace", "f-debit", 200, "direct_debit")
    event, paid = told(counter, demo, "grace", 500, theirs, debited)
    assert (paid["credit"], counter.flags(event)) == (500, {"not_payable_here"})
    kept = fees_of(counter, demo, "grace")
    assert (kept[theirs], kept[debited]) == ((300, "open"), (200, "direct_debit"))


def test_a_registered_amount_is_payable_here(counter: Counter, demo: Demo) -> None:
    fee = a_fee(counter, demo, "grace", "f-reg", 700, "registered")
    event, paid = told(counter, demo, "grace", 700, fee)
    assert (paid["left"], counter.flags(event)) == (0, set())


def test_another_patrons_fee_is_not_paid_by_mistake(counter: Counter, demo: Demo) -> None:
    (fee,) = fees_of(counter, demo, "owes")
    event, paid = told(counter, demo, "grace", 1250, fee)
    assert (paid["credit"], fees_of(counter, demo, "owes")) == (1250, {fee: (1250, "open")})
    assert counter.flags(event) == {"not_payable_here", "amount_differs"}


def test_credit_makes_up_what_is_lacking(counter: Counter, demo: Demo) -> None:
    debt, *_ = fees_of(counter, demo, "milan")
    event, paid = told(counter, demo, "milan", 750, debt)
    assert (paid["left"], paid["credit"], counter.flags(event)) == (0, 0, set())
    assert {status for _, status in fees_of(counter, demo, "milan").values()} == {"paid"}


def test_a_contribution_that_is_paid_opens_the_membership(counter: Counter, demo: Demo) -> None:
    assert counter.borrow(demo.shown("month-unpaid"), demo.book("oeroeg"))["reason"] == "pay_first"
    (fee,) = fees_of(counter, demo, "month-unpaid")
    told(counter, demo, "month-unpaid", 1100, fee)
    assert counter.borrow(demo.shown("month-unpaid"), demo.book("oeroeg"))["outcome"] == "checked_out"


def test_the_money_of_nobody_is_kept_and_staff_are_told(counter: Counter, demo: Demo) -> None:
    event, paid = told(counter, demo, "stranger", 500, "f-1")
    assert (paid["credit"], counter.flags(event)) == (500, {"pass_unknown", "parked"})
    assert counter.rows("SELECT patron, cents FROM payment") == [(None, 500)]


def test_a_payment_is_booked_without_the_pin_that_the_pass_asks_for(counter: Counter, demo: Demo) -> None:
    fee = a_fee(counter, demo, "pin", "f-pin", 300)
    event, paid = told(counter, demo, "pin", 300, fee)
    assert (paid["left"], counter.flags(event)) == (0, {"pin_needed"})


def test_two_kiosks_that_make_the_same_event_id_are_both_booked(counter: Counter, demo: Demo) -> None:
    other = counter.another("counter-2")
    event, _ = told(counter, demo, "bram", 100, "none")
    payment = Payment(("none",), 200, next(references))
    same = replace(other.act(Action.PAY, demo.shown("bram"), None, payment, Kind.FACT), id=event.id)
    assert other.tell(same)["credit"] == 200
    assert sorted(cents for cents, _ in fees_of(counter, demo, "bram").values()) == [-200, -100]


@pytest.mark.parametrize(("length", "status"), [(0, 422), (1, 200), (100, 200), (101, 422), (500, 422)])
def test_a_reference_that_no_terminal_gives_is_said_to_be_none(
    kiosk: Caller, demo: Demo, length: int, status: int
) -> None:
    event = kiosk.act(Action.PAY, demo.shown("owes"), None, Payment(("none",), 100, "r" * length), Kind.FACT)
    got, said = kiosk.tell(event)
    assert got == status, said
    assert b"rrrr" not in said or status == 200


def test_paying_is_never_asked_only_told(kiosk: Caller, demo: Demo) -> None:
    event = kiosk.act(Action.PAY, demo.shown("owes"), None, Payment(("x",), 100, next(references)))
    assert kiosk.tell(event)[0] == 422
    nothing = event | {"kind": "fact", "payment": {"fees": [], "cents": 100, "terminal": "t"}}
    assert kiosk.tell(nothing)[0] == 422
    assert kiosk.tell(event | {"kind": "fact"})[0] == 200


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    owed=st.lists(st.integers(-600, 1500).filter(bool), min_size=1, max_size=4),
    paid=st.lists(st.tuples(st.sets(st.integers(0, 3), min_size=1), st.integers(1, 2500)), min_size=1, max_size=3),
    twice=st.booleans(),
)
def test_whatever_is_paid_against_whatever_no_cent_is_lost_or_made(
    store: StoreProcess,
    kiosk: Caller,
    demo: Demo,
    owed: list[int],
    paid: list[tuple[set[int], int]],
    twice: bool,
) -> None:
    """What stands afterwards is what stood before less what was paid, credit being negative (F1, F2)."""
    number, stem = demo.passes["fatima"]["number"], next(references)
    for n, cents in enumerate(owed):
        store.change(
            "INSERT INTO fee (consortium, fee, patron, institution, cents, status)"
            " SELECT consortium, ?, patron, 'aa-en-hunze', ?, 'open' FROM pass WHERE number = ?",
            f"{stem}-{n}",
            cents,
            number,
        )
    standing = (
        "SELECT COALESCE(SUM(f.cents), 0) FROM fee f JOIN pass p ON p.consortium = f.consortium AND p.patron = f.patron"
        " WHERE p.number = ? AND f.status = 'open'"
    )
    before = store.rows(standing, number)[0][0]
    for chosen, cents in paid:
        fees = tuple(f"{stem}-{n}" for n in sorted(chosen))
        event = kiosk.act(Action.PAY, demo.shown("fatima"), None, Payment(fees, cents, next(references)), Kind.FACT)
        answers = [kiosk.tell(event) for _ in range(1 + twice)]
        assert set(answers) == {answers[0]}
        assert answers[0][0] == 200
        before -= cents
        assert store.rows(standing, number)[0][0] == before
        assert json.loads(answers[0][1])["left"] == max(0, before)
    twice_paid = "SELECT fee FROM payment_fee GROUP BY fee HAVING COUNT(*) > 1"
    assert store.rows(twice_paid) == []
