"""What it costs to bring an item back late (S8, A4)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import date

import pytest

from circulation.catalogue import CATALOGUE, on_day
from circulation.model import Fine, Loan, Subscription
from circulation.rules.fines import at_rates_of, fine, terms_of
from tests.circulation.worlds import ANNA, TODAY, code, day, here, loan, membership, patron


def terms(text: str) -> Subscription:
    """The subscription of that code today."""
    found = on_day(code(text), TODAY)
    assert found is not None
    return found


def lent() -> Loan:
    """A loan that is due today."""
    return loan(ANNA, due=TODAY)


@pytest.mark.parametrize(("late", "cents"), [(-1, 0), (0, 0), (1, 5), (4, 20), (5, 25), (6, 25), (365, 25)])
def test_S8_a_school_pays_five_cents_a_day_and_at_most_a_quarter(late: int, cents: int) -> None:
    assert fine(lent(), terms("0082"), day(late)) == cents


@pytest.mark.parametrize(("late", "cents"), [(1, 15), (29, 435), (30, 450), (31, 450)])
def test_S8_a_home_pays_fifteen_cents_a_day_and_at_most_four_fifty(late: int, cents: int) -> None:
    assert fine(lent(), terms("0083"), day(late)) == cents


def test_S8_without_fine_data_nobody_is_fined() -> None:
    fined = {one.code for one in CATALOGUE if fine(lent(), one, day(100))}
    assert fined == {"0082", "0083"}


def test_S8_a_library_may_add_a_fine_and_its_maximum_may_cut_a_day_in_half() -> None:
    assert fine(lent(), Subscription(code("X"), "x", fine=Fine(15, 40)), day(3)) == 40


def test_S8_days_are_days_of_the_calendar_whatever_the_clock_did() -> None:
    over_summer_time = loan(ANNA, due=date(2027, 3, 27))
    assert fine(over_summer_time, terms("0083"), date(2027, 3, 29)) == 30
    over_winter_time = loan(ANNA, due=date(2027, 10, 30))
    assert fine(over_winter_time, terms("0083"), date(2027, 11, 1)) == 30
    over_a_leap_day = loan(ANNA, due=date(2028, 2, 28))
    assert fine(over_a_leap_day, terms("0083"), date(2028, 3, 1)) == 30


def test_A4_an_internal_loan_is_never_fined() -> None:
    assert fine(loan(ANNA, due=day(-100), internal=True), terms("0083"), TODAY) == 0


def test_S8_a_loan_is_under_the_subscription_that_counted_on_its_day() -> None:
    then = membership("0083", starts=day(-100), ends=day(-50))
    now = membership("0045", starts=day(-49), ends=day(100))
    terms = terms_of(patron(then, now), here(), day(-60))
    assert terms is not None
    assert terms.code == "0083"
    assert terms_of(patron(then, now), here(), day(-200)) is None


def test_S1_its_rates_are_those_of_the_day_of_the_return() -> None:
    old = terms("0083")
    dearer = replace(old, fine=Fine(20, 600))
    assert at_rates_of(old, here(catalogue=(dearer,))) == dearer
    assert at_rates_of(old, here(catalogue=())) == old
