"""Paying (F1, F2, S5): what can be paid where one stands, and whether a payment fits it."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.catalogue import CATALOGUE
from circulation.events import Payment
from circulation.model import Fee, FeeStatus
from circulation.outcomes import NextStep, Reason
from circulation.rules.payments import borrows_from_the_start, contribution_status, credit, may_pay, owed, payable
from tests.circulation.worlds import (
    OOSTERZELE,
    ZOTTEGEM,
    borrow,
    day,
    fee,
    membership,
    passes,
    patron,
    says,
)

HERE = (fee(100), fee(250, FeeStatus.REGISTERED))


def pay(cents: int, *refs: str) -> Payment:
    """The terminal will take so much for these."""
    return Payment(refs, cents, "T1")


def test_F1_open_and_registered_amounts_are_payable_and_direct_debit_is_only_shown() -> None:
    rows = [fee(at + 1, status) for at, status in enumerate(FeeStatus)]
    assert {one.status for one in payable(patron(fees=tuple(rows)), ZOTTEGEM)} == (
        {FeeStatus.OPEN, FeeStatus.REGISTERED}
    )


def test_F1_only_amounts_of_the_institution_where_the_patron_stands_are_payable_there() -> None:
    who = patron(fees=(*HERE, fee(900, at=OOSTERZELE)))
    assert payable(who, ZOTTEGEM) == HERE
    assert owed(who, ZOTTEGEM) == 350
    assert owed(who, OOSTERZELE) == 900


def test_F1_the_oldest_comes_first_and_one_without_a_date_last() -> None:
    old, new, undated = (replace(fee(cents), since=since) for cents, since in ((1, day(-9)), (2, day(-1)), (3, None)))
    for rows in ((old, new, undated), (undated, new, old)):
        assert payable(patron(fees=rows), ZOTTEGEM) == (old, new, undated)
    two = (replace(old, ref="b"), replace(old, ref="a"))
    assert [one.ref for one in payable(patron(fees=two), ZOTTEGEM)] == ["a", "b"]


def test_F1_credit_is_counted_and_never_payable() -> None:
    who = patron(fees=(*HERE, fee(-50), fee(-5, at=OOSTERZELE), fee(-7, FeeStatus.PAID), fee(0)))
    assert credit(who, ZOTTEGEM) == 50
    assert payable(who, ZOTTEGEM) == HERE
    assert owed(who, ZOTTEGEM) == 300
    assert owed(patron(fees=(fee(100), fee(-500))), ZOTTEGEM) == 0
    assert credit(patron(fees=HERE), ZOTTEGEM) == 0


def test_F2_all_or_chosen_amounts_are_paid() -> None:
    at = borrow(patron(fees=HERE))
    assert may_pay(at, pay(350, "fee-100", "fee-250")) is None
    assert may_pay(at, pay(250, "fee-250")) is None


def test_F2_credit_makes_up_for_a_part() -> None:
    at = borrow(patron(fees=(*HERE, fee(-50))))
    assert may_pay(at, pay(300, "fee-100", "fee-250")) is None
    assert may_pay(at, pay(350, "fee-100", "fee-250")) is not None
    covered = may_pay(borrow(patron(fees=(*HERE, fee(-350)))), pay(350, "fee-100", "fee-250"))
    assert covered is not None
    assert covered.reason is Reason.NOTHING_TO_PAY


@pytest.mark.parametrize(
    ("fees", "payment", "reason", "step"),
    [
        ((), pay(1, "fee-1"), Reason.NOTHING_TO_PAY, NextStep.KEEP),
        ((fee(100, FeeStatus.DIRECT_DEBIT),), pay(100, "fee-100"), Reason.NOTHING_TO_PAY, NextStep.KEEP),
        (HERE, pay(900, "fee-900"), Reason.NOT_PAYABLE_HERE, NextStep.DESK),
        (HERE, pay(1000, "fee-100", "fee-900"), Reason.NOT_PAYABLE_HERE, NextStep.DESK),
        ((*HERE, fee(900, at=OOSTERZELE)), pay(900, "fee-900"), Reason.NOT_PAYABLE_HERE, NextStep.DESK),
        (HERE, pay(100), Reason.NOT_PAYABLE_HERE, NextStep.DESK),
        (HERE, pay(99, "fee-100"), Reason.AMOUNT_DIFFERS, NextStep.SCAN_AGAIN),
        (HERE, pay(101, "fee-100"), Reason.AMOUNT_DIFFERS, NextStep.SCAN_AGAIN),
        (HERE, pay(200, "fee-100", "fee-100"), Reason.AMOUNT_DIFFERS, NextStep.SCAN_AGAIN),
    ],
)
def test_F2_what_is_not_payable_here_or_another_amount_is_refused(
    fees: tuple[Fee, ...], payment: Payment, reason: Reason, step: NextStep
) -> None:
    decided = may_pay(borrow(patron(fees=fees)), payment)
    assert decided is not None
    assert (decided.rule, decided.reason, decided.next) == ("F2", reason, step)


def test_F2_a_fee_that_was_paid_is_not_paid_again() -> None:
    paid = replace(HERE[0], status=FeeStatus.PAID)
    decided = may_pay(borrow(patron(fees=(paid, HERE[1]))), pay(100, "fee-100"))
    assert decided is not None
    assert decided.reason is Reason.NOT_PAYABLE_HERE


@given(st.lists(st.integers(-500, 500), max_size=6, unique=True), st.randoms(use_true_random=False))
def test_F1_what_is_owed_does_not_depend_on_the_order_of_records(some: list[int], chance: object) -> None:
    rows = [fee(cents) for cents in some]
    mixed = chance.sample(rows, len(rows))  # type: ignore[attr-defined]
    who, other = patron(fees=tuple(rows)), patron(fees=tuple(mixed))
    assert payable(who, ZOTTEGEM) == payable(other, ZOTTEGEM)
    assert owed(who, ZOTTEGEM) == owed(other, ZOTTEGEM) == max(0, sum(some))


def test_S5_a_contribution_is_paid_now_or_registered_and_0091_always_at_once() -> None:
    for one in CATALOGUE:
        assert contribution_status(one, registers=False) is FeeStatus.OPEN
        later = FeeStatus.OPEN if one.code == "0091" else FeeStatus.REGISTERED
        assert contribution_status(one, registers=True) is later


def test_S5_only_0091_makes_the_first_loan_wait_for_the_money() -> None:
    waits = {one.code for one in CATALOGUE if not borrows_from_the_start(one, paid=False)}
    assert waits == {"0091"}
    assert all(borrows_from_the_start(one, paid=True) for one in CATALOGUE)
    assert says(borrow(patron(membership("0091", paid=False)))) == ("S5", Reason.PAY_FIRST)
    assert passes(borrow(patron(membership("0091", paid=True))))
    assert passes(borrow(patron(membership("0045", paid=False))))
