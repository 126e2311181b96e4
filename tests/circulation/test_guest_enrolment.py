"""Enrolling guests and what the night brings (G1, G2, G5, G7, G8, G10)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.outcomes import OFFERS_ENROLMENT, NextStep, Reason, Refused
from circulation.presented import Presented, Source
from circulation.rules.facts import Policy
from circulation.rules.guests import (
    HomeOutcome,
    HomeSays,
    after_night,
    first_term,
    is_that_pass,
    may_enrol,
    may_enrol_alone,
    strips_due,
)
from circulation.rules.passes import enrolment_offer, pass_is_known
from tests.circulation.worlds import (
    NUMBER,
    OLD_NUMBER,
    TODAY,
    UID,
    borrow,
    by_chip,
    day,
    guest,
    here,
    membership,
    passes,
    says,
    visit,
)

VALID, SILENT = HomeSays(HomeOutcome.VALID, day(200)), HomeSays(HomeOutcome.SILENT)
ROW = membership("0345", starts=TODAY, ends=first_term(TODAY)[1], verified=TODAY, strips_left=125)


def test_G2_a_guest_is_enrolled_on_the_word_of_the_home_library() -> None:
    assert may_enrol(VALID, isil_known=True) is None


@pytest.mark.parametrize("outcome", [HomeOutcome.ENDED, HomeOutcome.UNKNOWN])
def test_G2_who_is_not_valid_at_home_is_sent_there_without_the_reason(outcome: HomeOutcome) -> None:
    decided = may_enrol(HomeSays(outcome, day(-1)), isil_known=True)
    assert decided is not None
    assert (decided.rule, decided.reason, decided.next) == ("G2", Reason.HOME_SAYS_NO, NextStep.OWN_LIBRARY)
    assert decided.values == {}


def test_G2_while_the_home_library_is_silent_nobody_is_enrolled() -> None:
    decided = may_enrol(SILENT, isil_known=True)
    assert decided is not None
    assert (decided.rule, decided.reason, decided.next) == ("G2", Reason.HOME_SILENT, NextStep.DESK)


def test_G1_without_a_known_isil_nobody_is_enrolled() -> None:
    decided = may_enrol(VALID, isil_known=False)
    assert decided is not None
    assert (decided.rule, decided.reason, decided.next) == ("G1", Reason.GUEST_HOME_UNKNOWN, NextStep.DESK)


def test_G10_enrolling_at_the_kiosk_is_off_by_default_and_switched_on_by_the_library() -> None:
    decided = may_enrol_alone(here())
    assert decided is not None
    assert (decided.rule, decided.reason, decided.next) == ("G10", Reason.NO_SELF_ENROLMENT, NextStep.DESK)
    assert may_enrol_alone(here(policy=Policy(self_enrolment=True))) is None


@pytest.mark.parametrize(
    ("enrolled", "ends"),
    [
        (date(2026, 7, 15), date(2026, 10, 15)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_G7_the_first_term_is_three_months_safe_at_the_end_of_a_month(enrolled: date, ends: date) -> None:
    assert first_term(enrolled) == (enrolled, ends)


def test_G7_the_night_brings_the_term_of_the_home_library_and_leaves_the_strips() -> None:
    night = day(1)
    assert after_night(ROW, VALID, night) == replace(ROW, ends=day(200), verified=night)
    shorter = HomeSays(HomeOutcome.VALID, day(2))
    assert after_night(ROW, shorter, night).ends == day(2)


@pytest.mark.parametrize("outcome", [HomeOutcome.ENDED, HomeOutcome.UNKNOWN])
def test_G7_ended_at_home_is_ended_here(outcome: HomeOutcome) -> None:
    night = day(1)
    row = after_night(ROW, HomeSays(outcome), night)
    assert (row.ends, row.verified) == (TODAY, night)
    assert says(borrow(guest(row), at=here(today=night))) == ("G7", Reason.GUEST_ENDED)
    assert after_night(ROW, HomeSays(outcome, day(-30)), night).ends == day(-30)
    assert after_night(ROW, HomeSays(outcome, day(30)), night).ends == TODAY
    assert after_night(replace(ROW, ends=day(-60)), HomeSays(outcome, day(-30)), night).ends == day(-60)


def test_G7_a_home_that_says_valid_and_tells_no_day_gives_three_months_from_then() -> None:
    night = day(80)
    assert after_night(ROW, HomeSays(HomeOutcome.VALID), night).ends == first_term(night)[1]
    long = replace(ROW, ends=day(999))
    assert after_night(long, HomeSays(HomeOutcome.VALID), night).ends == day(999)


def test_G8_a_silent_night_leaves_all_as_it_was() -> None:
    assert after_night(ROW, SILENT, day(1)) == ROW


def test_G8_six_silent_nights_are_borne_and_the_seventh_stops_self_service_until_home_speaks() -> None:
    row = replace(ROW, ends=day(200))
    for night in range(1, 7):
        row = after_night(row, SILENT, day(night))
        assert passes(borrow(guest(row), at=here(today=day(night))))
    row = after_night(row, SILENT, day(7))
    assert says(borrow(guest(row), at=here(today=day(7)))) == ("G8", Reason.GUEST_UNVERIFIED)
    row = after_night(row, VALID, day(8))
    assert passes(borrow(guest(row), at=here(today=day(8))))


@given(st.lists(st.sampled_from(list(HomeOutcome)), max_size=12))
def test_G7_whatever_the_nights_bring_a_guest_is_valid_just_as_home_last_said(words: list[HomeOutcome]) -> None:
    row, last = ROW, HomeOutcome.VALID
    for night, outcome in enumerate(words, 1):
        until = day(200) if outcome is HomeOutcome.VALID else None
        row = after_night(row, HomeSays(outcome, until), day(night))
        last = outcome if outcome is not HomeOutcome.SILENT else last
    today = day(len(words))
    assert (row.starts <= today <= row.ends) is (last is HomeOutcome.VALID)
    assert row.strips_left == 125


def test_G5_the_strips_are_due_once_for_each_home_term() -> None:
    assert strips_due([], day(200), TODAY)
    assert strips_due([], None, TODAY)
    assert not strips_due([day(200)], day(200), TODAY)
    assert not strips_due([day(200)], day(565), TODAY)
    assert not strips_due([TODAY], day(365), TODAY)
    assert strips_due([day(-1)], day(364), TODAY)
    assert not strips_due([day(-1)], day(-1), TODAY)
    assert not strips_due([day(-400), day(200)], day(365), TODAY)
    assert strips_due([day(-400), day(-1)], day(364), TODAY)


def test_G1_P8_a_pass_is_known_by_its_number_and_by_its_chip_while_it_bears_no_other() -> None:
    shown = Presented(Source.CHIP, NUMBER, UID)
    assert is_that_pass(NUMBER, shown)
    assert is_that_pass(UID, shown), "until now it was known by its chip alone"
    assert not is_that_pass(OLD_NUMBER, shown), "home has vouched for another number"
    for number in (NUMBER, UID):
        assert is_that_pass(number, Presented(Source.CHIP, None, UID)), "all that was shown is the chip"


def test_G5_of_a_term_without_a_day_nobody_knows_when_a_new_one_begins() -> None:
    assert not strips_due([None], day(200), TODAY)
    assert not strips_due([day(-1)], None, TODAY)


def test_G5_a_guest_whose_strips_are_not_booked_goes_to_the_desk() -> None:
    assert says(borrow(guest(replace(ROW, strips_left=0)))) == ("S2", Reason.GUEST_WITHOUT_STRIPS)
    assert passes(borrow(guest(ROW)))
    assert passes(borrow(guest(replace(ROW, strips_left=1))))


def test_G10_every_chip_that_nobody_knows_is_offered_to_enrol_and_nothing_else_is() -> None:
    on = here(policy=Policy(self_enrolment=True))
    for shown in (by_chip(), by_chip(number=NUMBER)):
        assert enrolment_offer(visit(at=on, presented=shown)) == {OFFERS_ENROLMENT: 1}
        said = pass_is_known(visit(at=on, presented=shown))
        assert said == Refused(Reason.PASS_UNKNOWN, "K5", NextStep.DESK, {OFFERS_ENROLMENT: 1})
        assert enrolment_offer(visit(at=here(), presented=shown)) == {}, "it is off"
        assert enrolment_offer(visit(at=on, presented=replace(shown, source=Source.PAD))) == {OFFERS_ENROLMENT: 1}


def test_G6_what_is_scanned_or_has_no_chip_is_offered_nothing() -> None:
    on = here(policy=Policy(self_enrolment=True))
    printed = Presented(Source.BARCODE, NUMBER)
    for shown in (printed, replace(printed, uid=by_chip().uid), replace(printed, source=Source.CHIP)):
        assert enrolment_offer(visit(at=on, presented=shown)) == {}
