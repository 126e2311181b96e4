"""What is on offer to whom, and coming of age (S4, S9, G4, N7)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.catalogue import CATALOGUE, START, YOUTH, on_day
from circulation.identifiers import SubscriptionCode
from circulation.model import Subscription
from circulation.rules.offers import (
    Applicant,
    after_coming_of_age,
    age_on,
    birthday,
    chosen_by_itself,
    on_offer,
    online_library,
    suits_age,
    suits_kind,
    suits_wishes,
    youth_ends,
)
from circulation.rules.region import effective
from circulation.rules.terms import counts
from tests.circulation.worlds import (
    OOSTERZELE,
    TODAY,
    ZOTTEGEM,
    borrow,
    code,
    day,
    here,
    loans,
    membership,
    passes,
    patron,
)

ADULTS = {"0001", "0045", "0053", "0090", "0091", "0141"}
INSTITUTIONS = {"0001", "0082", "0083", "0086", "0090", "0091"}
SCHOOL = Applicant(born=date(1980, 1, 1), is_institution=True)


def born(age: int) -> date:
    """Born so many years ago today."""
    return birthday(TODAY, -age)


def offers(applicant: Applicant, today: date = TODAY) -> set[str]:
    """The codes on offer."""
    return {str(one.code) for one in on_offer(applicant, today, CATALOGUE)}


def terms(text: str) -> Subscription:
    """The subscription of that code as it is now."""
    found = on_day(code(text), TODAY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("age", "extra"),
    [
        (0, {"JEUGD"}),
        (18, {"JEUGD"}),
        (19, {"0021", "0045", "0053"}),
        (30, {"0021", "0045", "0053"}),
        (31, {"0045", "0053"}),
        (99, {"0045", "0053"}),
        (100, {"0053"}),
        (110, {"0053"}),
        (111, set()),
    ],
)
def test_S4_both_bounds_of_an_age_are_inclusive(age: int, extra: set[str]) -> None:
    assert offers(Applicant(born(age))) == {"0001", "0090", "0091", "0141"} | extra


@pytest.mark.parametrize(("age", "code_"), [(19, "JEUGD"), (31, "0021"), (100, "0045")])
def test_S4_the_day_before_the_birthday_decides_as_the_year_before_did(age: int, code_: str) -> None:
    tomorrow = Applicant(born(age) + timedelta(days=1))
    assert code_ in offers(tomorrow)
    assert code_ not in offers(tomorrow, day(1))


def test_S4_the_start_is_on_offer_from_the_19th_birthday_until_the_day_before_the_31st() -> None:
    on = date(2000, 6, 1)
    days = [date(2019, 5, 31), date(2019, 6, 1), date(2031, 5, 31), date(2031, 6, 1)]
    assert ["0021" in offers(Applicant(on), one) for one in days] == [False, True, True, False]


def test_S4_who_is_born_on_29_february_has_a_birthday_on_1_march() -> None:
    on = date(2008, 2, 29)
    assert birthday(on, 19) == date(2027, 3, 1)
    assert birthday(on, 20) == date(2028, 2, 29)
    assert youth_ends(on) == date(2027, 2, 28)
    assert [age_on(on, one) for one in (date(2027, 2, 28), date(2027, 3, 1), date(2028, 2, 28), date(2028, 2, 29))] == [
        18,
        19,
        19,
        20,
    ]


@given(st.dates(date(1950, 1, 1), date(2020, 1, 1)), st.integers(0, 120))
def test_S4_an_age_is_reached_on_its_birthday_and_not_the_day_before(on: date, age: int) -> None:
    there = birthday(on, age)
    assert age_on(on, there) == age
    assert age_on(on, there - timedelta(days=1)) == age - 1


def test_S4_an_institution_is_told_by_its_field_and_exempt_from_every_age_rule() -> None:
    assert offers(SCHOOL) == INSTITUTIONS
    assert offers(replace(SCHOOL, born=None)) == INSTITUTIONS
    assert offers(replace(SCHOOL, born=born(5))) == INSTITUTIONS
    assert offers(Applicant(date(1980, 1, 1))) == ADULTS
    assert suits_age(terms("JEUGD"), SCHOOL, TODAY)


def test_S4_persons_never_choose_an_institutions_product() -> None:
    assert not suits_kind(terms("0082"), Applicant(born(40)))
    assert suits_kind(terms("0045"), Applicant(born(40)))
    assert suits_kind(terms("0082"), SCHOOL)
    assert suits_kind(terms("0091"), SCHOOL)
    assert not suits_kind(terms("0045"), SCHOOL)
    assert not suits_kind(terms("0141"), SCHOOL)
    assert not suits_kind(Subscription(code("X"), "x", youngest=1), SCHOOL)
    assert not suits_kind(Subscription(code("X"), "x", oldest=1), SCHOOL)


def test_S4_without_a_birth_date_nothing_with_an_age_is_on_offer() -> None:
    assert offers(Applicant()) == {"0001", "0090", "0091", "0141"}


def test_S4_one_bound_alone_is_a_bound_too() -> None:
    from_60, to_60 = Subscription(code("X"), "x", youngest=60), Subscription(code("X"), "x", oldest=60)
    assert [suits_age(from_60, Applicant(born(age)), TODAY) for age in (59, 60, 61)] == [False, True, True]
    assert [suits_age(to_60, Applicant(born(age)), TODAY) for age in (0, 60, 61)] == [True, True, False]


def test_S9_what_is_paid_by_the_month_is_on_offer_only_where_the_patron_asks_for_it() -> None:
    assert {one.code for one in CATALOGUE if one.on_request} == {"0049", "0052"}
    asking = Applicant(born(40), asks=frozenset({code("0049")}))
    assert offers(asking) == ADULTS | {"0049"}
    assert not suits_wishes(terms("0052"), asking)
    assert suits_wishes(terms("0049"), asking)


def test_S9_a_free_subscription_is_one_for_each_person_and_a_schools_second_is_0082() -> None:
    assert offers(Applicant(born(40), has=frozenset({code("0001")}))) == ADULTS - {"0001"}
    assert offers(replace(SCHOOL, has=frozenset({code("0086")}))) == {"0082"}
    assert offers(replace(SCHOOL, has=frozenset({code("0082")}))) == INSTITUTIONS
    assert offers(Applicant(born(40), has=frozenset({code("0086"), code("0045")}))) == ADULTS


def test_S9_the_catalogue_says_who_has_the_online_library_and_unlimited_holds() -> None:
    assert {one.code for one in CATALOGUE if one.online_library} == {"0045", "0049", "0052", "0053", "0141"}
    assert {one.code for one in CATALOGUE if one.unlimited_holds} == {"0082", "0083"}
    assert {one.code for one in CATALOGUE if one.renews_itself} == {"0049", "0052"}
    assert {one.code for one in CATALOGUE if not one.selectable} == {"0002", "0089"}


def test_S9_what_is_not_in_use_is_never_on_offer() -> None:
    everybody = [Applicant(born(age)) for age in (5, 25, 50)] + [SCHOOL, Applicant(is_guest=True)]
    assert all(offers(one).isdisjoint({"0002", "0089"}) for one in everybody)


def test_S1_the_offer_is_at_the_price_of_the_day() -> None:
    def price(today: date) -> int:
        return next(one.price for one in on_offer(Applicant(born(40)), today, CATALOGUE) if one.code == "0045")

    assert price(date(2024, 12, 31)) == 5200
    assert price(date(2025, 1, 1)) == 5600


def test_S1_what_is_not_valid_on_the_day_is_not_on_offer_and_the_order_is_that_of_the_codes() -> None:
    rows = (Subscription(code("B"), "b"), Subscription(code("A"), "a"), Subscription(code("C"), "c", valid_to=day(-1)))
    assert [one.code for one in on_offer(Applicant(), TODAY, rows)] == ["A", "B"]
    assert [one.code for one in on_offer(Applicant(), TODAY, iter(rows))] == ["A", "B"]


def test_G4_a_guest_from_outside_the_province_has_one_choice_that_is_made_by_itself() -> None:
    choices = on_offer(Applicant(born(40), is_guest=True), TODAY, CATALOGUE)
    assert [one.code for one in choices] == ["0345"]
    assert chosen_by_itself(choices) == choices[0]


def test_G4_a_guest_from_this_province_has_none() -> None:
    choices = on_offer(Applicant(born(40), is_guest=True, in_province=True), TODAY, CATALOGUE)
    assert choices == ()
    assert chosen_by_itself(choices) is None


def test_G4_of_two_choices_none_is_made_by_itself() -> None:
    both = (*on_offer(Applicant(is_guest=True), TODAY, CATALOGUE), terms("0045"))
    assert chosen_by_itself(both) is None
    assert "0345" not in offers(Applicant(born(40))) | offers(SCHOOL)


def test_S4_youth_is_filled_in_by_age_and_whoever_is_of_age_chooses() -> None:
    chosen = chosen_by_itself(on_offer(Applicant(born(18)), TODAY, CATALOGUE))
    assert chosen is not None
    assert chosen.code == "JEUGD"
    assert chosen_by_itself(on_offer(Applicant(born(19)), TODAY, CATALOGUE)) is None
    assert chosen_by_itself(on_offer(SCHOOL, TODAY, CATALOGUE)) is None


def test_N7_S9_the_online_library_comes_with_a_membership_of_this_institution_only() -> None:
    assert online_library(patron(membership("0045")), here())
    assert not online_library(patron(membership("0021")), here())
    assert not online_library(patron(membership("0045", ends=day(-1))), here())
    assert online_library(patron(membership("0021"), membership("0053")), here())
    assert not online_library(patron(membership("9999")), here())


def test_N7_a_regional_membership_gives_no_digital_collections_although_it_borrows_here() -> None:
    regional = patron(membership("0045", at=OOSTERZELE))
    assert passes(borrow(regional))
    assert not online_library(regional, here())


BORN = date(2007, 7, 15)  # 19 today
YOUNG = membership(YOUTH, ends=day(-1), strips_left=None)


def test_S4_on_the_19th_birthday_start_follows_youth_with_twelve_fresh_strips() -> None:
    rows = after_coming_of_age((YOUNG,), BORN, TODAY, CATALOGUE)
    start = membership(START, starts=TODAY, ends=date(2027, 7, 31), strips_left=12)
    assert rows == (YOUNG, start)


def test_S4_open_loans_cost_none_of_the_fresh_strips_and_the_patron_goes_on_borrowing() -> None:
    rows = after_coming_of_age((YOUNG,), BORN, TODAY, CATALOGUE)
    who = patron(*rows, loans=loans(30))
    assert rows[-1].strips_left == 12
    assert passes(borrow(who))


def test_S4_a_youth_row_that_would_run_on_is_cut_at_the_birthday() -> None:
    rows = after_coming_of_age((replace(YOUNG, ends=day(50)),), BORN, TODAY, CATALOGUE)
    assert [(one.subscription, one.ends) for one in rows] == [(YOUTH, day(-1)), (START, date(2027, 7, 31))]


@pytest.mark.parametrize("ends", [day(-1), day(5)])
def test_S4_a_next_term_of_youth_that_was_made_ahead_never_counts(ends: date) -> None:
    ahead = membership(YOUTH, starts=ends + timedelta(days=1), ends=day(364), strips_left=None)
    for rows in ((replace(YOUNG, ends=ends), ahead), (ahead, replace(YOUNG, ends=ends))):
        after = after_coming_of_age(rows, BORN, TODAY, CATALOGUE)
        assert [one.subscription for one in after] == [YOUTH, YOUTH, START]
        for later in (TODAY, day(6), day(300)):
            assert [one.subscription for one in after if counts(one, later)] == [START]
            found = effective(borrow(patron(*after), at=here(today=later)))
            assert found is not None
            assert found.membership.strips_left == 12
        assert after_coming_of_age(after, BORN, day(30), CATALOGUE) == after


def test_S4_of_two_rows_of_youth_in_one_place_start_follows_once_and_the_confirmed_one() -> None:
    waits = replace(YOUNG, confirmed=False)
    for rows in ((YOUNG, waits), (waits, YOUNG)):
        after = after_coming_of_age(rows, BORN, TODAY, CATALOGUE)
        assert [(one.subscription, one.confirmed) for one in after[2:]] == [(START, True)]


@pytest.mark.parametrize("ends", [day(-1), TODAY, day(5)])
def test_S7_youth_that_was_stopped_ends_on_the_day_that_was_said_and_is_followed_by_nothing(ends: date) -> None:
    stopped = replace(YOUNG, ends=ends)
    assert after_coming_of_age((stopped,), BORN, TODAY, CATALOGUE, {0}) == (stopped,)


def test_S7_of_two_rows_of_youth_only_the_one_that_was_not_stopped_is_followed() -> None:
    goes_on, elsewhere = replace(YOUNG, ends=day(50)), replace(YOUNG, ends=day(5), institution=OOSTERZELE)
    for rows, stopped in (((goes_on, elsewhere), {1}), ((elsewhere, goes_on), {0})):
        after = after_coming_of_age(rows, BORN, TODAY, CATALOGUE, stopped)
        assert [one.institution for one in after if one.subscription == START] == [ZOTTEGEM]
        assert elsewhere in after
        assert replace(goes_on, ends=day(-1)) in after
    ahead = replace(YOUNG, ends=day(9))
    after = after_coming_of_age((goes_on, ahead), BORN, TODAY, CATALOGUE, {1})
    assert after[:2] == (replace(goes_on, ends=day(-1)), ahead), "of one place too"


def test_K6_start_waits_for_the_desk_as_its_youth_did() -> None:
    after = after_coming_of_age((replace(YOUNG, confirmed=False),), BORN, TODAY, CATALOGUE)
    assert [(one.subscription, one.confirmed) for one in after[1:]] == [(START, False)]


def test_S4_a_row_of_youth_where_none_ran_on_the_last_day_is_left_alone() -> None:
    later = (membership(YOUTH, starts=day(10), ends=day(100)), replace(YOUNG, institution=OOSTERZELE))
    assert after_coming_of_age(later, BORN, TODAY, CATALOGUE)[0] == later[0]


def test_S4_asked_again_nothing_changes_and_before_the_birthday_nothing_does() -> None:
    once = after_coming_of_age((YOUNG,), BORN, TODAY, CATALOGUE)
    assert after_coming_of_age(once, BORN, day(30), CATALOGUE) == once
    assert after_coming_of_age((replace(YOUNG, ends=day(50)),), BORN, day(-1), CATALOGUE) == (
        replace(YOUNG, ends=day(50)),
    )


def test_S4_who_stopped_earlier_or_chose_another_subscription_gets_no_start() -> None:
    stopped = (replace(YOUNG, ends=day(-2)),)
    assert after_coming_of_age(stopped, BORN, TODAY, CATALOGUE) == stopped
    chose = (YOUNG, membership("0045", starts=TODAY))
    assert after_coming_of_age(chose, BORN, TODAY, CATALOGUE) == chose
    other = (membership("0045"),)
    assert after_coming_of_age(other, BORN, TODAY, CATALOGUE) == other
    elsewhere = (YOUNG, membership("0045", at=OOSTERZELE))
    assert [one.institution for one in after_coming_of_age(elsewhere, BORN, TODAY, CATALOGUE)][-1] == ZOTTEGEM
    assert len(after_coming_of_age(elsewhere, BORN, TODAY, CATALOGUE)) == 3


def test_S4_who_grew_up_long_ago_is_left_alone() -> None:
    before = replace(YOUNG, ends=day(-1))
    assert len(after_coming_of_age((before,), BORN, date(2027, 7, 31), CATALOGUE)) == 2
    assert after_coming_of_age((before,), BORN, date(2027, 8, 1), CATALOGUE) == (before,)
    assert after_coming_of_age((YOUNG,), BORN, TODAY, ()) == (YOUNG,)


def test_S4_age_never_stops_a_loan_in_a_running_term() -> None:
    for subscription in ("JEUGD", "0021", "0045"):
        assert passes(borrow(patron(membership(subscription))))


@given(st.frozensets(st.sampled_from(sorted({one.code for one in CATALOGUE}))), st.booleans(), st.booleans())
def test_S9_nothing_twice_nothing_unwanted(
    asks: frozenset[SubscriptionCode], is_institution: bool, is_guest: bool
) -> None:
    applicant = Applicant(born(40), is_institution, is_guest, asks)
    found = [one.code for one in on_offer(applicant, TODAY, CATALOGUE)]
    assert len(found) == len(set(found))
    assert set(found) & {"0049", "0052"} <= asks
