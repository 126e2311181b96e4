"""The subscription catalogue as data with validity dates (S1)."""
# ruff: noqa: N802 - a test bears the id of its rule

from datetime import date, timedelta

import pytest

from circulation.catalogue import CATALOGUE, on_day
from circulation.model import Fine, Subscription
from tests.circulation.worlds import TODAY, code, day

MONTHLY = {"0049", "0052", "0090", "0091"}
# code: price in cents, ages, strips, on the pass at once, loan days, fine
TABLE: dict[str, tuple[int, tuple[int | None, int | None], int | None, int | None, int | None, Fine | None]] = {
    "JEUGD": (0, (0, 18), None, None, 21, None),
    "0001": (0, (None, None), None, None, 21, None),
    "0002": (0, (None, None), None, None, None, None),
    "0021": (0, (19, 30), 12, None, 21, None),
    "0045": (5600, (19, 99), 125, None, 21, None),
    "0049": (500, (19, 99), 125, None, 21, None),
    "0052": (550, (19, 110), None, None, 21, None),
    "0053": (6500, (19, 110), None, None, 21, None),
    "0082": (6350, (None, None), 400, None, 42, Fine(5, 25)),
    "0083": (6350, (None, None), None, 30, 126, Fine(15, 450)),
    "0086": (0, (None, None), None, None, None, None),
    "0089": (0, (None, None), None, None, 0, None),
    "0090": (0, (None, None), None, None, None, None),
    "0091": (1100, (None, None), 20, None, 21, None),
    "0141": (4200, (None, None), 0, None, None, None),
    "0345": (0, (None, None), 0, None, 21, None),
}


@pytest.mark.parametrize("subscription", sorted(TABLE))
def test_S1_the_catalogue_says_what_the_table_says(subscription: str) -> None:
    one = on_day(code(subscription), TODAY)
    assert one is not None
    row = (one.price, (one.youngest, one.oldest), one.strips, one.on_pass, one.loan_days, one.fine)
    assert row == TABLE[subscription]


def test_S1_the_catalogue_has_no_other_subscription() -> None:
    assert {one.code for one in CATALOGUE} == set(TABLE)


@pytest.mark.parametrize(("subscription", "old"), [("0045", 5200), ("0091", 1000)])
def test_S1_the_price_is_the_one_of_the_day(subscription: str, old: int) -> None:
    def price(on: date) -> int:
        found = on_day(code(subscription), on)
        assert found is not None
        return found.price

    assert price(date(2024, 12, 31)) == old
    assert price(date(2025, 1, 1)) == TABLE[subscription][0]


def test_S1_every_subscription_is_the_same_product_without_a_gap_on_every_day() -> None:
    for one in CATALOGUE:
        on = date(2024, 6, 1)
        while on < date(2025, 6, 1):
            assert on_day(one.code, on) is not None
            on += timedelta(days=1)


def test_S1_the_first_and_the_last_day_of_a_row_count_and_no_other_row_does() -> None:
    rows = (Subscription(code("X"), "x", valid_from=day(0), valid_to=day(1)),)
    assert [on_day(code("X"), day(offset), rows) is not None for offset in (-1, 0, 1, 2)] == [False, True, True, False]
    assert on_day(code("Y"), TODAY, rows) is None


def test_S1_of_two_rows_that_overlap_the_later_one_counts_in_any_order() -> None:
    old, new = Subscription(code("X"), "x", price=1), Subscription(code("X"), "x", price=2, valid_from=day(-1))
    for rows in ((old, new), (new, old)):
        assert on_day(code("X"), TODAY, rows) == new
        assert on_day(code("X"), day(-2), rows) == old


def test_S5_only_0091_is_paid_at_once_and_only_0141_is_digital() -> None:
    assert {one.code for one in CATALOGUE if one.pay_at_once} == {"0091"}
    assert {one.code for one in CATALOGUE if one.digital_only} == {"0141"}


def test_S4_institutions_have_their_own_subscriptions() -> None:
    assert {one.code for one in CATALOGUE if one.for_institutions} == {"0002", "0082", "0083", "0086"}


def test_S1_terms_are_a_year_a_month_or_a_guests_three_months() -> None:
    assert {one.code for one in CATALOGUE if one.months == 1} == MONTHLY
    assert {one.code for one in CATALOGUE if one.months == 3} == {"0345"}
    assert {one.months for one in CATALOGUE} == {1, 3, 12}
