"""How long a term runs, and when it is stopped (S7, G7)."""
# ruff: noqa: N802 - a test bears the id of its rule

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.catalogue import CATALOGUE, on_day
from circulation.model import MembershipStatus, Subscription
from circulation.rules.terms import (
    add_months,
    cancelled_end,
    contribution_ends,
    counts,
    in_term,
    is_reckonable,
    month_end,
)
from tests.circulation.worlds import TODAY, borrow, code, day, membership, passes, patron

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def terms(text: str) -> Subscription:
    """The subscription of that code as it is now."""
    found = on_day(code(text), TODAY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2021, 4, 15), 12, date(2022, 4, 15)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_S7_months_are_added_safe_at_the_end_of_a_month(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2027, 2, 1), date(2027, 2, 28)),
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_S7_every_month_has_its_last_day(day: date, last: date) -> None:
    assert month_end(day) == last


@pytest.mark.parametrize(
    ("subscription", "begin", "ends"),
    [
        ("0045", date(2021, 4, 15), date(2022, 4, 30)),
        ("0053", date(2027, 2, 28), date(2028, 2, 29)),
        ("0049", date(2027, 1, 31), date(2027, 2, 28)),
        ("0052", date(2026, 12, 15), date(2027, 1, 31)),
        ("0091", date(2027, 1, 31), date(2027, 2, 28)),
        ("0091", date(2026, 7, 15), date(2026, 8, 15)),
        ("0345", date(2026, 11, 30), date(2027, 2, 28)),
    ],
)
def test_S7_a_contribution_runs_to_the_end_of_a_month_and_a_temporary_one_does_not(
    subscription: str, begin: date, ends: date
) -> None:
    assert contribution_ends(begin, terms(subscription)) == ends


def test_S7_only_three_products_are_temporary() -> None:
    assert {one.code for one in CATALOGUE if one.temporary} == {"0090", "0091", "0345"}


@given(DAYS, st.sampled_from(CATALOGUE))
def test_S7_a_term_is_never_shorter_than_its_months_nor_a_month_longer(begin: date, one: Subscription) -> None:
    ends, exact = contribution_ends(begin, one), add_months(begin, one.months)
    assert exact <= ends <= month_end(exact)
    assert one.temporary or ends == month_end(ends)
    assert ends > begin


def test_S7_cancelled_now_it_ended_yesterday_and_a_running_visit_notices() -> None:
    row = membership(ends=cancelled_end(TODAY, from_next_month=False))
    assert row.ends == day(-1)
    assert passes(borrow(patron(membership())))
    assert not passes(borrow(patron(row)))


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2021, 4, 15), date(2021, 4, 30)),
        (date(2021, 4, 30), date(2021, 4, 30)),
        (date(2021, 5, 1), date(2021, 5, 31)),
        (date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_S7_cancelled_per_the_first_of_next_month_the_last_valid_day_is_the_day_before(today: date, last: date) -> None:
    assert cancelled_end(today, from_next_month=True) == last
    row = membership(starts=today, ends=last)
    assert in_term(row, last)
    assert not in_term(row, last + timedelta(days=1))


def test_S7_cancelled_on_the_day_that_it_began_it_never_counted() -> None:
    row = membership(starts=TODAY, ends=cancelled_end(TODAY, from_next_month=False))
    assert not any(in_term(row, day(offset)) for offset in range(-2, 3))


@pytest.mark.parametrize("status", list(MembershipStatus))
def test_S7_normal_and_invoiced_count_and_invalid_does_not(status: MembershipStatus) -> None:
    assert in_term(membership(status=status), TODAY) is (status is not MembershipStatus.INVALID)


def test_S7_both_days_of_a_term_count_and_none_beside_them() -> None:
    row = membership(starts=day(0), ends=day(1))
    assert [in_term(row, day(offset)) for offset in (-1, 0, 1, 2)] == [False, True, True, False]


def test_K6_what_is_not_confirmed_is_in_term_and_does_not_count() -> None:
    row = membership(confirmed=False)
    assert in_term(row, TODAY)
    assert not counts(row, TODAY)
    assert counts(membership(), TODAY)


def test_S7_days_are_reckoned_from_within_these_centuries() -> None:
    said = {year: is_reckonable(date(year, 12, 31)) for year in (1, 1849, 1850, 2999, 3000, 9999)}
    assert said == {1: False, 1849: False, 1850: True, 2999: True, 3000: False, 9999: False}
