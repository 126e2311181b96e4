"""Guests from another library: G1, G2, G5, G7 and G8."""
# ruff: noqa: N802 - a test bears the id of its rule

from datetime import date

from circulation.catalogue import GUEST
from circulation.model import MembershipStatus, PatronType
from circulation.outcomes import NextStep, Reason
from circulation.rules.facts import Policy
from circulation.rules.verdict import due_date, on_borrow
from tests.circulation.worlds import (
    ANNEN,
    HERZELE,
    OOSTERZELE,
    TODAY,
    borrow,
    day,
    guest,
    here,
    membership,
    passes,
    patron,
    refusal,
    says,
)


def test_G1_a_guest_with_a_known_home_borrows() -> None:
    assert passes(borrow(guest()))


def test_G1_a_guest_without_or_with_an_unknown_home_goes_to_the_desk() -> None:
    assert says(borrow(guest(home=None))) == ("G1", Reason.GUEST_HOME_UNKNOWN)
    assert says(borrow(guest(home_known=False))) == ("G1", Reason.GUEST_HOME_UNKNOWN)


def test_G1_is_asked_of_guests_only() -> None:
    assert passes(borrow(patron(home=None, home_known=False)))


def test_G7_a_guest_is_valid_on_the_first_and_on_the_last_day_of_the_home_term() -> None:
    assert passes(borrow(guest(membership(GUEST, starts=TODAY, ends=TODAY, verified=TODAY))))


def test_G7_a_guest_whose_home_membership_ended_is_sent_home() -> None:
    decided = refusal(borrow(guest(membership(GUEST, ends=day(-1), verified=TODAY))))
    assert (decided.rule, decided.reason, decided.next) == ("G7", Reason.GUEST_ENDED, NextStep.OWN_LIBRARY)


def test_G2_a_guest_sent_home_hears_neither_the_reason_nor_an_amount() -> None:
    assert refusal(borrow(guest(membership(GUEST, ends=day(-1), verified=TODAY)))).values == {}


def test_G2_a_guest_whose_home_declared_the_membership_invalid_is_sent_home() -> None:
    invalid = membership(GUEST, status=MembershipStatus.INVALID, verified=TODAY)
    assert says(borrow(guest(invalid))) == ("G7", Reason.GUEST_ENDED)


def test_G2_a_guest_whose_home_took_it_back_on_the_day_of_enrolment_is_sent_home() -> None:
    invalid = membership(GUEST, starts=TODAY, status=MembershipStatus.INVALID, verified=TODAY)
    assert says(borrow(guest(invalid))) == ("G7", Reason.GUEST_ENDED)


def test_G7_a_guest_of_an_accepted_institution_is_recognised_here() -> None:
    assert passes(borrow(guest(membership(GUEST, at=OOSTERZELE, verified=TODAY))))


def test_G7_a_guest_of_the_region_whose_home_membership_ended_is_sent_home() -> None:
    assert says(borrow(guest(membership(GUEST, at=OOSTERZELE, ends=day(-1))))) == ("G7", Reason.GUEST_ENDED)


def test_G7_a_guest_of_another_region_is_no_guest_here_but_has_not_ended() -> None:
    assert says(borrow(guest(membership(GUEST, at=HERZELE, verified=TODAY)))) == ("N1", Reason.NOT_SHARED)


def test_G7_a_guest_who_was_not_enrolled_goes_to_the_desk() -> None:
    nobody = guest(membership(GUEST, starts=day(1)))
    assert says(borrow(nobody)) == ("N2", Reason.NO_MEMBERSHIP)
    assert says(borrow(guest(membership(GUEST, at=ANNEN, ends=day(-1))))) == ("N2", Reason.NO_MEMBERSHIP)


def test_G7_a_lapsed_guest_hears_it_once() -> None:
    verdict = on_borrow(borrow(guest(membership(GUEST, ends=day(-1)))))
    assert [one.rule for one in verdict.also] == []


def test_G7_is_asked_of_guests_only() -> None:
    assert says(borrow(patron(membership(ends=day(-1))))) == ("N2", Reason.LAPSED)


def test_S1_a_guest_with_a_subscription_that_the_catalogue_lacks_goes_to_the_desk() -> None:
    assert says(borrow(guest(membership("9999", verified=TODAY)))) == ("S1", Reason.NO_SELF_SERVICE)


def test_G8_six_unverified_nights_are_borne_and_seven_are_not() -> None:
    assert passes(borrow(guest(membership(GUEST, verified=day(-6)))))
    decided = refusal(borrow(guest(membership(GUEST, verified=day(-7)))))
    assert (decided.rule, decided.reason, decided.next) == ("G8", Reason.GUEST_UNVERIFIED, NextStep.DESK)
    assert decided.values == {"since": day(-7)}


def test_G8_the_home_answered_on_the_day_of_enrolment() -> None:
    assert passes(borrow(guest(membership(GUEST, starts=day(-6)))))
    assert says(borrow(guest(membership(GUEST, starts=day(-7))))) == ("G8", Reason.GUEST_UNVERIFIED)


def test_G8_the_last_word_counts_whatever_the_order_of_records() -> None:
    old, new = membership(GUEST, verified=day(-9)), membership(GUEST, at=OOSTERZELE, verified=day(-2))
    assert passes(borrow(guest(old, new)))
    assert passes(borrow(guest(new, old)))


def test_G8_a_word_about_a_membership_that_is_not_accepted_or_has_ended_does_not_count() -> None:
    old = membership(GUEST, verified=day(-9))
    for other in (membership(GUEST, at=HERZELE, verified=TODAY), membership(GUEST, ends=day(-1), verified=TODAY)):
        assert says(borrow(guest(old, other))) == ("G8", Reason.GUEST_UNVERIFIED)


def test_G8_the_number_of_nights_is_configuration() -> None:
    at = here(policy=Policy(unverified_nights=2))
    assert passes(borrow(guest(membership(GUEST, verified=day(-1))), at=at))
    assert says(borrow(guest(membership(GUEST, verified=day(-2))), at=at)) == ("G8", Reason.GUEST_UNVERIFIED)


def test_G8_is_asked_of_guests_only() -> None:
    assert passes(borrow(patron(membership(verified=day(-100)))))


def test_G5_a_guest_has_no_strips_before_they_are_booked() -> None:
    decided = refusal(borrow(guest(membership(GUEST, strips_left=0, verified=TODAY))))
    assert (decided.rule, decided.reason, decided.next) == ("S2", Reason.GUEST_WITHOUT_STRIPS, NextStep.DESK)
    assert passes(borrow(guest(membership(GUEST, strips_left=1, verified=TODAY))))


def test_G4_a_guest_borrows_for_three_weeks() -> None:
    assert due_date(borrow(guest(), at=here(today=date(2026, 7, 15)))) == date(2026, 8, 5)


def test_K6_a_guest_enrolled_online_goes_to_the_desk_first() -> None:
    unconfirmed = guest(membership(GUEST, confirmed=False, verified=TODAY))
    assert says(borrow(unconfirmed)) == ("K6", Reason.NOT_CONFIRMED)
    assert unconfirmed.type is PatronType.GUEST
