"""Memberships that end soon (N8), and who is a child (K2)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.model import MembershipStatus
from circulation.rules.facts import Policy
from circulation.rules.notices import ends_soon, is_child, to_renew, told_end
from tests.circulation.worlds import (
    HERZELE,
    OOSTERZELE,
    TODAY,
    day,
    guest,
    here,
    institutions,
    link,
    membership,
    patron,
)

SOON = membership(ends=day(16))
THERE = membership(at=OOSTERZELE, ends=day(16))


@pytest.mark.parametrize(("ends", "warned"), [(-1, False), (0, True), (30, True), (31, False)])
def test_N8_a_membership_that_ends_within_thirty_days_is_warned_of(ends: int, warned: bool) -> None:
    row = membership(ends=day(ends))
    assert ends_soon(patron(row), here()) == ((row,) if warned else ())


def test_N8_how_many_days_ahead_is_the_librarys() -> None:
    assert ends_soon(patron(SOON), here(policy=Policy(ending_soon_days=15))) == ()
    assert ends_soon(patron(SOON), here(policy=Policy(ending_soon_days=16))) == (SOON,)


def test_N8_one_that_renews_itself_does_not_end() -> None:
    assert ends_soon(patron(membership("0049", ends=day(16))), here()) == ()
    assert to_renew(patron(membership("0049", ends=day(16))), here()) is None
    assert ends_soon(patron(membership("9999", ends=day(16))), here()) != ()


def test_N8_a_guest_renews_at_home_and_is_not_warned_here() -> None:
    row = membership("0345", ends=day(16), verified=TODAY)
    assert ends_soon(guest(row), here()) == ()
    assert to_renew(guest(row), here()) is None
    assert ends_soon(patron(row), here()) == (row,)


def test_N8_one_that_was_renewed_already_is_not_warned_of() -> None:
    after = membership(starts=day(17), ends=day(380))
    assert ends_soon(patron(SOON, after), here()) == ()
    assert to_renew(patron(SOON, after), here()) is None
    gap = membership(starts=day(18), ends=day(380))
    assert ends_soon(patron(SOON, gap), here()) == (SOON,)
    elsewhere = membership(at=OOSTERZELE, starts=day(17), ends=day(380))
    assert ends_soon(patron(SOON, elsewhere), here()) == (SOON,)
    cancelled = membership(starts=day(17), ends=day(380), status=MembershipStatus.INVALID)
    assert ends_soon(patron(SOON, cancelled), here()) == (SOON,)


def test_N8_only_memberships_that_count_in_this_group_are_warned_of() -> None:
    assert ends_soon(patron(membership(ends=day(16), confirmed=False)), here()) == ()
    assert ends_soon(patron(membership(at=HERZELE, ends=day(16))), here()) == ()
    assert ends_soon(patron(THERE), here()) == (THERE,)


def test_N8_of_several_that_end_only_one_needs_renewing_that_of_where_they_stand() -> None:
    strange, lapsed = membership(at=HERZELE), membership(at=OOSTERZELE, ends=day(-1))
    assert to_renew(patron(SOON, strange, lapsed), here()) == SOON
    who = patron(THERE, SOON)
    assert set(ends_soon(who, here())) == {SOON, THERE}
    assert to_renew(who, here()) == SOON
    assert to_renew(patron(THERE), here()) == THERE


def test_N8_else_that_of_the_main_library_else_the_first_to_end() -> None:
    known = institutions(accepts=frozenset({OOSTERZELE, HERZELE}))
    at = here({**known, HERZELE: replace(known[HERZELE], group=known[OOSTERZELE].group)})
    later = membership(at=HERZELE, ends=day(20))
    assert to_renew(patron(later, THERE), at) == THERE
    assert to_renew(patron(later, THERE, main_library=HERZELE), at) == later
    assert to_renew(patron(THERE, SOON, main_library=OOSTERZELE), at) == SOON
    assert to_renew(patron(THERE, SOON), here(at=HERZELE)) is None


def test_N8_where_one_goes_on_none_needs_renewing_although_its_end_is_told() -> None:
    goes_on = membership(at=OOSTERZELE)
    who = patron(SOON, goes_on)
    assert ends_soon(who, here()) == (SOON,)
    assert to_renew(who, here()) is None
    assert to_renew(patron(goes_on), here()) is None
    assert to_renew(patron(membership(ends=day(-1))), here()) is None


@pytest.mark.parametrize("subscription", ["0141", "0086"])
def test_N8_what_does_not_lend_and_goes_on_stands_in_for_none_that_lends(subscription: str) -> None:
    other = membership(subscription, strips_left=None)
    assert ends_soon(patron(SOON, other), here()) == (SOON,)
    assert to_renew(patron(SOON, other), here()) == SOON
    again = replace(other, starts=day(17), ends=day(380))
    assert ends_soon(patron(replace(other, ends=day(16)), again), here()) == ()
    assert to_renew(patron(other), here()) is None
    assert to_renew(patron(replace(other, ends=day(16)), membership(at=OOSTERZELE)), here()) is None
    assert to_renew(patron(replace(other, ends=day(16))), here()) == replace(other, ends=day(16))
    there = replace(THERE, ends=day(100), subscription=other.subscription)
    assert to_renew(patron(SOON, there), here(links=(link(subscription, subscription),))) == SOON
    assert to_renew(patron(SOON, there), here(links=())) is None  # what it is here nobody knows


@given(
    st.lists(st.integers(-2, 40), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
    st.sampled_from([None, OOSTERZELE]),
)
def test_N8_the_warning_does_not_depend_on_the_order_of_records(ends: list[int], chance: Random, main: object) -> None:
    rows = [membership(at=OOSTERZELE if at % 2 else SOON.institution, ends=day(one)) for at, one in enumerate(ends)]
    mixed = chance.sample(rows, len(rows))
    who, other = patron(*rows, main_library=main), patron(*mixed, main_library=main)
    assert ends_soon(who, here()) == ends_soon(other, here())
    assert to_renew(who, here()) == to_renew(other, here())
    assert all(TODAY <= one.ends <= day(30) for one in ends_soon(who, here()))


def test_N8_who_has_to_renew_is_told_the_last_day_and_a_child_for_nothing_is_not() -> None:
    assert told_end(patron(SOON), here()) == day(16)
    assert told_end(patron(membership(ends=day(200))), here()) is None
    assert told_end(patron(SOON, membership(starts=day(17), ends=day(380))), here()) is None
    child, paid = (
        tuple(replace(one, renews_itself=False, price=price) for one in here().catalogue) for price in (0, 500)
    )
    youth = membership("0049", ends=day(16))
    assert told_end(patron(youth), replace(here(), catalogue=child)) is None
    assert told_end(patron(youth), replace(here(), catalogue=paid)) == day(16)


def test_K2_a_child_is_who_has_a_first_name_on_file_or_a_term_for_youth() -> None:
    youth, adult = membership("JEUGD", strips_left=None), membership("0021", strips_left=12)
    assert is_child(patron(youth), here())
    assert is_child(patron(replace(youth, institution=OOSTERZELE)), here())
    assert is_child(patron(first_name="Daan"), here())
    assert is_child(patron(child=True), here())
    assert not is_child(patron(adult), here())
    assert not is_child(patron(membership("0053", strips_left=None)), here())
    assert not is_child(patron(memberships=()), here())
    assert not is_child(patron(membership("gone")), here())


def test_S4_whoever_came_of_age_is_no_child_any_more_and_who_lapsed_as_one_still_is() -> None:
    ended = membership("JEUGD", starts=day(-400), ends=day(-1), strips_left=None)
    followed = membership("0021", starts=TODAY, strips_left=12)
    for rows in ((ended, followed), (followed, ended)):
        assert not is_child(patron(*rows), here())
        assert not is_child(patron(*(replace(one, ends=one.ends - timedelta(500)) for one in rows)), here())
    assert is_child(patron(ended), here())
    for oldest, young in ((18, True), (19, False)):
        catalogue = tuple(replace(one, oldest=oldest) for one in here().catalogue if one.code == "JEUGD")
        assert is_child(patron(ended), here(catalogue=catalogue)) is young
