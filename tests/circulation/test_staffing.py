"""What the desk may do (N9, N12, P4, P5, G3, K2, K3, K4, K9, K14, A1 to A6)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.identifiers import luhn_holds
from circulation.model import GroupKind, Membership, MembershipStatus, Message, PassKind, PatronType
from circulation.rules.numbers import NumberKind, kind_of
from circulation.rules.staffing import (
    Enrolment,
    activation_ends,
    counts_in_statistics,
    enrolment_need,
    follow_on_allowed,
    is_told_of_an_earlier_loan,
    may_become_administrative,
    may_change,
    may_edit_person,
    may_see_history,
    may_stop,
    must_be_acknowledged,
    must_be_replaced,
    next_administrative_number,
    out_on,
    shown_messages,
    usable_address,
)
from tests.circulation.worlds import (
    ANNEN,
    HERZELE,
    OOSTERZELE,
    TODAY,
    card,
    day,
    here,
    institutions,
    loans,
    membership,
    old_card,
    patron,
)

MINE, THEIRS, STRANGE = membership(), membership(at=OOSTERZELE), membership(at=HERZELE)


def test_N9_staff_stop_and_change_a_membership_of_their_own_or_of_their_group() -> None:
    assert may_stop(MINE, patron(MINE), here())
    assert may_change(MINE, here())
    assert may_stop(THEIRS, patron(THEIRS), here())
    assert may_change(THEIRS, here())


def test_N9_with_a_valid_membership_here_they_stop_only_their_own() -> None:
    who = patron(MINE, THEIRS)
    assert may_stop(MINE, who, here())
    assert not may_stop(THEIRS, who, here())
    lapsed = membership(ends=day(-1))
    assert may_stop(THEIRS, patron(lapsed, THEIRS), here())
    unconfirmed = membership(confirmed=False)
    assert may_stop(THEIRS, patron(unconfirmed, THEIRS), here())


@pytest.mark.parametrize("kind", list(GroupKind))
def test_N9_outside_a_group_3_another_institutions_membership_is_left_alone(kind: GroupKind) -> None:
    at = here(institutions(kind))
    assert may_stop(THEIRS, patron(THEIRS), at) is kind.shares_memberships
    assert may_change(THEIRS, at) is kind.shares_memberships
    assert not may_stop(STRANGE, patron(STRANGE), at)
    assert not may_change(STRANGE, at)


@pytest.mark.parametrize("kind", list(PassKind))
def test_P5_follow_on_passes_are_only_of_kinds_that_are_unique_in_the_network(kind: PassKind) -> None:
    unique = {PassKind.REGIONAL, PassKind.NATIONAL_NUMBER, PassKind.UITPAS, PassKind.A_KAART}
    assert follow_on_allowed(kind) is (kind in unique)


@pytest.mark.parametrize(
    ("rows", "need"),
    [
        ((MINE,), Enrolment.NOTHING),
        ((THEIRS,), Enrolment.NOTHING),
        ((membership(ends=day(-1)), THEIRS), Enrolment.NOTHING),
        ((membership(confirmed=False),), Enrolment.NOTHING),
        ((membership(starts=day(1)),), Enrolment.NOTHING),
        ((membership(ends=TODAY),), Enrolment.NOTHING),
        ((membership(starts=TODAY, ends=TODAY),), Enrolment.NOTHING),
        ((membership(ends=day(-1)),), Enrolment.REUSE_OLD_NUMBER),
        ((membership(ends=day(-1)), membership(at=OOSTERZELE, ends=day(-1))), Enrolment.REUSE_OLD_NUMBER),
        ((membership(status=MembershipStatus.INVALID),), Enrolment.REUSE_OLD_NUMBER),
        ((membership(starts=day(1), ends=day(0)),), Enrolment.REUSE_OLD_NUMBER),
        ((membership(at=OOSTERZELE, ends=day(-1)),), Enrolment.NEW_WITH_UNIQUE_PASS),
        ((STRANGE,), Enrolment.NEW_WITH_UNIQUE_PASS),
    ],
)
def test_N12_what_the_search_finds_decides_what_there_is_to_do(rows: tuple[Membership, ...], need: Enrolment) -> None:
    assert enrolment_need(patron(*rows), here()) is need


def test_N12_nobody_found_and_nothing_on_record_is_a_new_patron() -> None:
    assert enrolment_need(None, here()) is Enrolment.NEW
    assert enrolment_need(replace(patron(), memberships=()), here()) is Enrolment.NEW


@pytest.mark.parametrize("kind", [GroupKind.ONE, GroupKind.TWO])
def test_N11_in_groups_1_and_2_a_patron_of_the_other_institution_enrols_here(kind: GroupKind) -> None:
    assert enrolment_need(patron(THEIRS), here(institutions(kind))) is Enrolment.NEW_WITH_UNIQUE_PASS


def test_N12_a_pass_that_is_not_unique_is_replaced() -> None:
    assert must_be_replaced(old_card(ANNEN))
    assert not must_be_replaced(card())


@pytest.mark.parametrize("kind", list(PatronType))
def test_A6_only_a_special_patron_becomes_an_administrative_pass(kind: PatronType) -> None:
    assert may_become_administrative(kind) is (kind is PatronType.SPECIAL)


def test_A2_the_next_administrative_number_is_29999_and_checked() -> None:
    assert next_administrative_number(90000003) == "29999900000035"  # both as the manual shows them
    assert next_administrative_number(94080018) == "29999940800188"
    assert next_administrative_number(0) == "29999000000000"
    assert next_administrative_number(10**8 - 1)[:13] == "2999999999999"


@pytest.mark.parametrize("n", [-1, 10**8])
def test_A2_past_the_last_there_is_none(n: int) -> None:
    with pytest.raises(ValueError, match="administrative"):
        next_administrative_number(n)


@given(st.integers(0, 10**8 - 1))
def test_A2_every_administrative_number_is_one_by_its_looks_and_its_check_digit(n: int) -> None:
    number = next_administrative_number(n)
    assert len(number) == 14
    assert luhn_holds(number)
    assert kind_of(number) is NumberKind.ADMINISTRATIVE_PASS


@pytest.mark.parametrize("kind", list(PatronType))
def test_A3_only_an_administrative_pass_is_left_out_of_statistics_and_reminders(kind: PatronType) -> None:
    assert counts_in_statistics(kind) is (kind is not PatronType.ADMINISTRATIVE)


def test_A5_what_is_out_is_counted_from_the_loans() -> None:
    assert out_on(loans(3)) == 3
    assert out_on(()) == 0


def test_K14_an_activation_link_lives_twenty_four_hours_also_when_the_clock_changes() -> None:
    made = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert activation_ends(made) - made == timedelta(hours=24)


@pytest.mark.parametrize("kind", list(PatronType))
def test_G3_the_data_of_a_guest_are_not_edited_here(kind: PatronType) -> None:
    assert may_edit_person(kind) is (kind is not PatronType.GUEST)


def test_K4_history_and_borrowed_before_are_two_choices_of_the_patron() -> None:
    assert not may_see_history(patron())
    assert may_see_history(patron(keeps_history=True))
    assert not may_see_history(patron(tells_borrowed_before=True))
    assert is_told_of_an_earlier_loan(patron(tells_borrowed_before=True), borrowed_before=True)
    assert not is_told_of_an_earlier_loan(patron(tells_borrowed_before=True), borrowed_before=False)
    assert not is_told_of_an_earlier_loan(patron(keeps_history=True), borrowed_before=True)


def test_K3_only_a_message_for_the_patron_reaches_the_screen() -> None:
    who = patron(messages=(Message("a", for_patron=True), Message("b"), Message("c", for_patron=True)))
    assert shown_messages(who) == ("a", "c")
    assert shown_messages(patron()) == ()


def test_K3_a_message_on_an_administrative_pass_is_acknowledged_first() -> None:
    asks, tells = Message("a", acknowledge=True), Message("b")
    assert must_be_acknowledged(patron(type=PatronType.ADMINISTRATIVE, messages=(tells, asks)))
    assert not must_be_acknowledged(patron(type=PatronType.ADMINISTRATIVE, messages=(tells,)))
    assert not must_be_acknowledged(patron(messages=(asks,)))


@pytest.mark.parametrize("text", ["a@b.nl", " jan.de-wit+boek@bibliotheek.annen.nl ", "ä@ö.be", "x@1.2"])
def test_K9_an_address_with_something_on_both_sides_is_usable(text: str) -> None:
    assert usable_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "jan",
        "jan.nl",
        "@b.nl",
        "jan@",
        "jan@b",
        "a@b@c.nl",
        "jan de@b.nl",
        "jan@b .nl",
        "jan@.nl",
        "jan@b.",
        "a@b..nl",
        "a@[b.nl",
        "a@]b.nl",
        "a@[192.0.2.1]",
        "a@b(c).nl",
        "a@<b.nl>",
        "a@b.nl,c.nl",
        "a@b.nl;c.nl",
        "a@b:c.nl",
        "a@b\\c.nl",
        'a@"b".nl',
    ],
)
def test_K9_any_other_text_is_not_usable_and_breaks_nothing(text: str) -> None:
    assert not usable_address(text)


@given(st.text(max_size=30))
def test_K9_no_text_breaks_anything(text: str) -> None:
    assert usable_address(text) in (True, False)
    assert "@" in text or not usable_address(text)
