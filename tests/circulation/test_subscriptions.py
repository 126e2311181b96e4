"""What a membership gives: K6, S1, S2, S3, S5, S6, and how many items more."""
# ruff: noqa: N802 - a test bears the id of its rule

from datetime import date

import pytest

from circulation.model import MembershipStatus
from circulation.outcomes import NextStep, Reason
from circulation.rules.subscriptions import may_borrow
from tests.circulation.worlds import (
    HERZELE,
    OOSTERZELE,
    borrow,
    day,
    here,
    link,
    loans,
    membership,
    passes,
    patron,
    refusal,
    says,
)


def test_K6_a_membership_enrolled_online_waits_for_the_desk() -> None:
    decided = refusal(borrow(patron(membership(confirmed=False))))
    assert (decided.rule, decided.reason, decided.next) == ("K6", Reason.NOT_CONFIRMED, NextStep.DESK)


def test_K6_is_silent_if_another_membership_counts() -> None:
    assert passes(borrow(patron(membership(confirmed=False), membership("0053"))))
    assert passes(borrow(patron(membership(confirmed=False), membership(at=OOSTERZELE))))


def test_K6_another_membership_that_does_not_count_changes_nothing() -> None:
    others = (
        membership(ends=day(-1)),
        membership(status=MembershipStatus.INVALID),
        membership(starts=day(1)),
        membership(at=HERZELE),
        membership("0053", confirmed=False),
    )
    for other in others:
        assert says(borrow(patron(membership(confirmed=False), other))) == ("K6", Reason.NOT_CONFIRMED)


def test_K6_an_unconfirmed_membership_out_of_term_is_no_reason_to_confirm_it() -> None:
    assert says(borrow(patron(membership(confirmed=False, ends=day(-1))))) == ("N2", Reason.NO_MEMBERSHIP)
    assert says(borrow(patron(membership(confirmed=False, at=HERZELE)))) == ("N2", Reason.NO_MEMBERSHIP)


def test_S6_a_digital_subscription_borrows_no_physical_item() -> None:
    decided = refusal(borrow(patron(membership("0141", strips_left=0))))
    assert (decided.rule, decided.reason, decided.next) == ("S6", Reason.DIGITAL_ONLY, NextStep.DESK)


def test_S6_a_digital_subscription_is_not_refused_twice() -> None:
    for strips in (0, None):
        facts = borrow(patron(membership("0141", strips_left=strips)))
        assert says(facts) == ("S6", Reason.DIGITAL_ONLY)
        assert not passes(facts)


@pytest.mark.parametrize("subscription", ["0002", "0086", "0089", "0090"])
def test_S1_no_self_service_under_a_subscription_without_a_period(subscription: str) -> None:
    decided = refusal(borrow(patron(membership(subscription))))
    assert (decided.rule, decided.reason, decided.next) == ("S1", Reason.NO_SELF_SERVICE, NextStep.DESK)


@pytest.mark.parametrize(
    "subscription", ["JEUGD", "0001", "0021", "0045", "0049", "0052", "0053", "0082", "0083", "0091", "0345"]
)
def test_S1_every_subscription_with_a_period_lends(subscription: str) -> None:
    assert passes(borrow(patron(membership(subscription))))


def test_S5_0091_lends_only_when_it_is_paid() -> None:
    decided = refusal(borrow(patron(membership("0091", paid=False))))
    assert (decided.rule, decided.reason, decided.next) == ("S5", Reason.PAY_FIRST, NextStep.DESK)
    assert decided.values == {"cents": 1100}
    assert passes(borrow(patron(membership("0091", paid=True))))


@pytest.mark.parametrize(
    ("starts", "cents"), [(date(2024, 12, 31), 1000), (date(2025, 1, 1), 1100), (date(1999, 12, 31), 1100)]
)
def test_S1_S5_what_is_still_to_pay_is_the_price_of_the_day_on_which_it_began(starts: date, cents: int) -> None:
    row = membership("0091", starts=starts, ends=date(2025, 1, 31), paid=False)
    assert refusal(borrow(patron(row), at=here(today=date(2025, 1, 15)))).values == {"cents": cents}


def test_S5_other_subscriptions_may_be_paid_later() -> None:
    assert passes(borrow(patron(membership("0045", paid=False))))


def test_S2_without_strips_nothing_is_lent_and_the_end_of_the_term_is_told() -> None:
    decided = refusal(borrow(patron(membership(strips_left=0))))
    assert (decided.rule, decided.reason, decided.next) == ("S2", Reason.NO_STRIPS, NextStep.DESK)
    assert decided.values == {"ends": day(100)}


def test_S2_the_last_strip_is_lent_and_a_debt_is_not() -> None:
    assert passes(borrow(patron(membership(strips_left=1))))
    assert says(borrow(patron(membership(strips_left=-1)))) == ("S2", Reason.NO_STRIPS)


def test_S2_no_balance_is_no_limit() -> None:
    assert passes(borrow(patron(membership(strips_left=None))))


def test_S2_a_subscription_without_strips_has_no_limit_whatever_the_balance() -> None:
    assert passes(borrow(patron(membership("0053", strips_left=0))))


def test_S2_the_balance_of_a_membership_elsewhere_counts_here() -> None:
    assert says(borrow(patron(membership(at=OOSTERZELE, strips_left=0)))) == ("S2", Reason.NO_STRIPS)


def test_S2_the_linked_subscription_says_whether_strips_count() -> None:
    unlimited_here = here(links=(link("0045", "0053"),))
    assert passes(borrow(patron(membership(at=OOSTERZELE, strips_left=0)), at=unlimited_here))
    limited_here = here(links=(link("0053", "0045"),))
    assert passes(borrow(patron(membership("0053", at=OOSTERZELE, strips_left=None)), at=limited_here))


def test_S2_the_strips_of_another_membership_do_not_help() -> None:
    mine, other = membership(strips_left=0), membership(at=OOSTERZELE, strips_left=9)
    assert says(borrow(patron(mine, other))) == ("S2", Reason.NO_STRIPS)


def test_S3_a_home_has_thirty_items_at_once_and_not_one_more() -> None:
    home = patron(membership("0083", strips_left=None))
    assert passes(borrow(patron(*home.memberships, loans=loans(29))))
    decided = refusal(borrow(patron(*home.memberships, loans=loans(30))))
    assert (decided.rule, decided.reason, decided.next) == ("S3", Reason.ON_PASS_MAXIMUM, NextStep.RETURN_SOMETHING)
    assert decided.values == {"count": 30, "maximum": 30}


def test_S3_the_maximum_is_that_of_the_linked_subscription() -> None:
    at = here(links=(link("0045", "0083"),))
    assert says(borrow(patron(membership(at=OOSTERZELE), loans=loans(31)), at=at)) == ("S3", Reason.ON_PASS_MAXIMUM)


def test_S3_a_subscription_without_a_maximum_has_none() -> None:
    assert passes(borrow(patron(loans=loans(99))))


def test_S2_S3_the_kiosk_can_say_how_many_more() -> None:
    def more(subscription: str, strips: int | None = None, count: int = 0) -> int | None:
        return may_borrow(borrow(patron(membership(subscription, strips_left=strips), loans=loans(count))))

    assert more("0053") is None
    assert more("0045", 3) == 3
    assert more("0045", 3, count=2) == 3
    assert more("0045", -1) == 0
    assert more("0053", 0) is None
    assert more("0083", count=29) == 1
    assert more("0083", count=31) == 0
    assert more("0141") == 0
    assert more("0086") == 0
    assert more("9999") == 0


def test_S2_S3_the_smaller_limit_counts() -> None:
    at = here(
        links=(), catalogue=tuple(type(one)(one.code, one.name, strips=50, on_pass=5) for one in here().catalogue)
    )
    assert may_borrow(borrow(patron(membership(strips_left=9), loans=loans(2)), at=at)) == 3
    assert may_borrow(borrow(patron(membership(strips_left=2), loans=loans(2)), at=at)) == 2
