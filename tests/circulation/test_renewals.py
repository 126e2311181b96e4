"""Renewing (K11, K12, N5, S2): whose loan, who waits for it, how often, and until when."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import date

import pytest

from circulation.identifiers import BranchCode, ItemBarcode
from circulation.model import Fee, GroupKind, Membership
from circulation.outcomes import NextStep, Reason
from circulation.rules.facts import Policy, Renew
from circulation.rules.verdict import due_date, on_renew, renewed_due
from tests.circulation.worlds import (
    ANNA,
    BERT,
    HERZELE,
    OOSTERZELE,
    TODAY,
    borrow,
    day,
    fee,
    guest,
    here,
    hold,
    institutions,
    item,
    loan,
    membership,
    passes,
    patron,
    refusal,
    renew,
    says,
)


def test_K11_a_loan_of_ones_own_is_renewed() -> None:
    assert passes(renew())


def test_K11_what_is_not_ones_own_loan_is_not_renewed() -> None:
    facts = Renew(here(), patron(), item(), None)
    decided = refusal(facts)
    assert (decided.rule, decided.reason, decided.next) == ("K11", Reason.NOT_ON_LOAN, NextStep.SCAN_ITEM)
    assert says(renew(own=loan(BERT))) == ("K11", Reason.NOT_ON_LOAN)
    assert says(replace(facts, loan=loan(ANNA), item=None)) == ("K11", Reason.NOT_ON_LOAN)


def test_K11_not_while_another_patron_waits_for_it() -> None:
    decided = refusal(renew(what=item(wanted_by=(hold(ANNA, False), hold(BERT, False)))))
    assert (decided.rule, decided.reason, decided.next) == (
        "K11",
        Reason.WANTED_BY_ANOTHER,
        NextStep.RETURN_SOMETHING,
    )
    assert decided.values == {}
    assert says(renew(what=item(hold=hold(BERT)))) == ("K11", Reason.WANTED_BY_ANOTHER)


def test_K11_ones_own_hold_does_not_stand_in_the_way() -> None:
    assert passes(renew(what=item(wanted_by=(hold(ANNA, False),), hold=hold(ANNA))))


@pytest.mark.parametrize(("kind", "waits"), [(GroupKind.THREE_A, False), (GroupKind.THREE_B, True)])
def test_N6_whoever_waits_where_the_copy_cannot_come_does_not_wait_for_it(kind: GroupKind, waits: bool) -> None:
    afar = hold(BERT, False, branch=BranchCode("3570"), institution=OOSTERZELE)
    for what in (item(wanted_by=(afar,)), item(wanted_by=(afar,), hold=afar)):
        facts = renew(what=what, at=here(institutions(kind)))
        assert passes(facts) is not waits
        if waits:
            assert says(facts) == ("K11", Reason.WANTED_BY_ANOTHER)


@pytest.mark.parametrize(("renewals", "most", "allowed"), [(1, 2, True), (2, 2, False), (3, 2, False), (0, 0, False)])
def test_K11_not_past_the_maximum_number_of_renewals(renewals: int, most: int, allowed: bool) -> None:
    facts = renew(own=loan(ANNA, renewals=renewals), at=here(policy=Policy(max_renewals=most)))
    assert passes(facts) is allowed
    if not allowed:
        decided = refusal(facts)
        assert (decided.rule, decided.reason, decided.next) == ("K11", Reason.RENEWED_ENOUGH, NextStep.DESK)
        assert decided.values == ({"count": renewals} if renewals else {})


def test_K11_a_renewal_counts_from_today() -> None:
    assert renewed_due(renew(own=loan(ANNA, due=TODAY))) == day(21)
    assert renewed_due(renew(own=loan(ANNA, due=day(-40)))) == day(21)


def test_K11_a_renewal_is_never_earlier_than_it_was_due_already() -> None:
    assert renewed_due(renew(own=loan(ANNA, due=day(21)))) == day(21)
    assert renewed_due(renew(own=loan(ANNA, due=day(30)))) == day(30)


def test_K11_without_a_loan_there_is_no_new_due_date() -> None:
    with pytest.raises(ValueError, match="no loan"):
        renewed_due(Renew(here(), patron(), item(), None))


def test_K11_lending_again_what_one_has_already_is_no_renewal() -> None:
    assert says(borrow(what=item(loan=loan(ANNA)))) == ("K11", Reason.ALREADY_YOURS)


def test_K11_a_renewed_loan_falls_due_on_a_day_that_the_branch_is_open() -> None:
    closed = replace(here(), closed=frozenset({day(21), day(22)}))
    assert renewed_due(renew(at=closed, own=loan(ANNA, due=TODAY))) == day(23)


def test_S1_a_loan_falls_due_on_a_day_that_the_branch_is_open() -> None:
    assert due_date(borrow(at=replace(here(), closed=frozenset({day(20), day(22)})))) == day(21)
    assert due_date(borrow(at=replace(here(), closed=frozenset({day(21), day(22), day(24)})))) == day(23)


def test_A4_an_internal_loan_is_due_on_its_own_date_open_or_not() -> None:
    who = patron(membership("0089", strips_left=None))
    assert due_date(borrow(who, at=replace(here(), closed=frozenset({TODAY})))) == TODAY


def test_K12_an_interlibrary_item_is_not_renewed_here() -> None:
    decided = refusal(renew(what=item(interlibrary=True)))
    assert (decided.rule, decided.reason, decided.next) == ("K12", Reason.INTERLIBRARY, NextStep.DESK)


def test_N5_renewing_an_item_of_another_institution_names_that_library() -> None:
    decided = refusal(renew(what=item(institution=HERZELE)))
    assert (decided.rule, decided.reason, decided.next) == ("N5", Reason.NOT_RENEWED_HERE, NextStep.OTHER_BRANCH)
    assert decided.values == {"place": "Bibliotheek Herzele"}


def test_N5_an_old_barcode_is_not_renewed_elsewhere_not_even_with_transport() -> None:
    old = ItemBarcode("35500000000012")
    assert says(renew(what=item(institution=OOSTERZELE, barcode=old))) == ("N5", Reason.NOT_RENEWED_HERE)
    assert passes(renew(what=item(barcode=old)))
    assert passes(renew(what=item(institution=OOSTERZELE)))


def test_S2_a_renewal_takes_no_strip() -> None:
    assert passes(renew(patron(membership(strips_left=0))))


def test_S2_where_renewals_take_a_strip_one_must_be_left() -> None:
    counting = here(policy=Policy(renewal_takes_strip=True))
    decided = refusal(renew(patron(membership(strips_left=0)), at=counting))
    assert (decided.rule, decided.reason, decided.next) == ("S2", Reason.NO_STRIPS, NextStep.DESK)
    assert decided.values == {"ends": day(100)}
    assert passes(renew(patron(membership(strips_left=1)), at=counting))
    assert passes(renew(patron(membership("0053", strips_left=0)), at=counting))
    assert says(renew(patron(membership(ends=day(-1))), at=counting)) == ("N2", Reason.LAPSED)


@pytest.mark.parametrize(
    ("row", "fees", "rule"),
    [
        (membership(ends=day(-1)), (), "N2"),
        (membership(confirmed=False), (), "K6"),
        (membership("0141"), (), "S6"),
        (membership("0086"), (), "S1"),
        (membership(), (fee(1001),), "F4"),
    ],
)
def test_F4_a_renewal_needs_a_valid_membership_and_no_open_amount_over_the_limit(
    row: Membership, fees: tuple[Fee, ...], rule: str
) -> None:
    assert refusal(renew(patron(row, fees=fees))).rule == rule


def test_G7_a_guest_whose_home_membership_ended_renews_nothing() -> None:
    assert says(renew(guest(membership("0345", ends=day(-1))))) == ("G7", Reason.GUEST_ENDED)


def test_S5_what_is_not_paid_and_what_is_full_stops_no_renewal() -> None:
    assert passes(renew(patron(membership("0091", paid=False, strips_left=0))))


def test_K11_what_is_wrong_with_a_renewal_is_told_in_order() -> None:
    at = here(policy=Policy(renewal_takes_strip=True))
    who = patron(membership(strips_left=0), fees=(fee(1001),))
    what = item(institution=HERZELE, interlibrary=True, wanted_by=(hold(BERT),))
    verdict = on_renew(renew(who, what, at, loan(ANNA, renewals=2)))
    assert verdict.decided is not None
    assert [verdict.decided.reason, *(one.reason for one in verdict.also)] == [
        Reason.OPEN_AMOUNT,
        Reason.NO_STRIPS,
        Reason.WANTED_BY_ANOTHER,
        Reason.RENEWED_ENOUGH,
        Reason.INTERLIBRARY,
        Reason.NOT_RENEWED_HERE,
    ]


def test_K11_a_renewal_passes_the_ends_of_february() -> None:
    row = membership(starts=date(2028, 1, 1), ends=date(2028, 12, 31))
    facts = renew(patron(row), at=here(today=date(2028, 2, 8)), own=loan(ANNA, due=date(2028, 2, 8)))
    assert renewed_due(facts) == date(2028, 2, 29)
