"""Items that come back: accepted, routed, laid apart (K7, K8, K10, A4, N6)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace

import pytest

from circulation.affairs import Route
from circulation.identifiers import BranchCode, InstitutionCode, ItemBarcode
from circulation.model import GroupKind, ItemStatus
from circulation.outcomes import NextStep, Reason
from circulation.rules.facts import Policy
from circulation.rules.returns import goes_to_staff, internal_stays_open, must_let_go, next_hold, route_of, was_on_loan
from tests.circulation.worlds import (
    ANNA,
    BERT,
    HERZELE,
    OOSTERZELE,
    brought,
    here,
    hold,
    institutions,
    item,
    loan,
    passes,
    refusal,
    says,
)

ELSEWHERE = BranchCode("3551")


def test_K10_an_item_that_was_lent_comes_back_and_one_that_was_not_does_too() -> None:
    assert passes(brought(item(loan=loan(BERT))))
    assert passes(brought(item()))
    assert was_on_loan(brought(item(loan=loan(BERT))))
    assert not was_on_loan(brought(item()))
    assert not was_on_loan(brought())


def test_K10_an_item_of_this_branch_goes_to_its_shelf_and_one_of_another_branch_there() -> None:
    assert route_of(brought(item())) == (Route.SHELF, "")
    assert route_of(brought(item(branch=ELSEWHERE))) == (Route.OTHER_BRANCH, "3551")


@pytest.mark.parametrize("status", [ItemStatus.LENDABLE, ItemStatus.REFERENCE])
def test_K10_a_reference_copy_goes_back_to_its_shelf_like_any_other(status: ItemStatus) -> None:
    assert passes(brought(item(status=status)))
    assert route_of(brought(item(status=status))) == (Route.SHELF, "")


@pytest.mark.parametrize("status", [ItemStatus.MISSING, ItemStatus.DAMAGED])
def test_K7_a_missing_or_damaged_item_is_accepted_and_laid_apart(status: ItemStatus) -> None:
    facts = brought(item(status=status, wanted_by=(hold(BERT, False),)))
    assert passes(facts)
    assert goes_to_staff(facts)
    assert route_of(facts) == (Route.STAFF, "")


def test_K7_an_item_that_nobody_knows_is_not_taken_in() -> None:
    decided = refusal(brought(barcode=ItemBarcode("30000000000012")))
    assert (decided.rule, decided.reason, decided.next) == ("K7", Reason.ITEM_UNKNOWN, NextStep.DESK)
    assert refusal(brought(barcode=ItemBarcode("30000000000013"))).next is NextStep.SCAN_AGAIN
    assert goes_to_staff(brought())
    assert route_of(brought()) == (Route.STAFF, "")


def test_P3_a_pass_or_a_mandate_that_is_laid_down_has_a_sentence_of_its_own() -> None:
    assert says(brought(barcode=ItemBarcode("20000000000014"))) == ("P3", Reason.PASS_SHOWN_AS_ITEM)
    assert says(brought(barcode=ItemBarcode("6775991190016261"))) == ("P3", Reason.MANDATE_SHOWN)


def test_K12_an_interlibrary_item_is_laid_apart() -> None:
    assert not goes_to_staff(brought(item()))
    assert goes_to_staff(brought(item(interlibrary=True)))
    assert route_of(brought(item(interlibrary=True))) == (Route.STAFF, "")


def test_A4_an_internal_loan_is_accepted_laid_apart_and_left_open() -> None:
    facts = brought(item(loan=loan(ANNA, internal=True), wanted_by=(hold(BERT, False),)))
    assert passes(facts)
    assert internal_stays_open(facts)
    assert route_of(facts) == (Route.STAFF, "")
    assert not internal_stays_open(brought(item(loan=loan(ANNA))))
    assert not internal_stays_open(brought(item()))
    assert not internal_stays_open(brought())


def test_K8_an_item_that_somebody_waits_for_goes_to_the_hold_shelf_here_or_to_the_branch_of_the_hold() -> None:
    at = here(policy=Policy(hold_shelf="de blauwe plank"))
    waiting = hold(BERT, False)
    assert route_of(brought(item(wanted_by=(waiting,)), at)) == (Route.HOLD_SHELF, "de blauwe plank")
    mine = replace(waiting, branch=at.branch.code, shelf="kast 3")
    assert route_of(brought(item(wanted_by=(mine,)), at)) == (Route.HOLD_SHELF, "kast 3")
    theirs = replace(waiting, branch=ELSEWHERE, shelf="kast 4")
    assert route_of(brought(item(wanted_by=(theirs,)), at)) == (Route.OTHER_BRANCH, "3551")
    assert route_of(brought(item(branch=ELSEWHERE, wanted_by=(mine,)), at)) == (Route.HOLD_SHELF, "kast 3")


def test_K8_the_first_in_line_comes_first_and_whom_it_was_laid_apart_for_before_that() -> None:
    first, second = hold(ANNA, False), hold(BERT, False)
    assert next_hold(brought(item(wanted_by=(first, second)))) == first
    assert next_hold(brought(item(wanted_by=(first, second), hold=hold(BERT)))) == hold(BERT)
    assert next_hold(brought(item())) is None
    assert next_hold(brought()) is None


@pytest.mark.parametrize("kind", [GroupKind.THREE, GroupKind.THREE_A])
def test_N6_without_transport_a_copy_is_not_for_a_hold_that_is_fetched_at_another_institution(kind: GroupKind) -> None:
    at = here(institutions(kind), policy=Policy(hold_shelf="de blauwe plank"))
    afar = hold(ANNA, False, branch=BranchCode("3570"), institution=OOSTERZELE)
    near = hold(BERT, False, branch=at.branch.code, institution=at.branch.institution)
    assert next_hold(brought(item(wanted_by=(afar,)), at)) is None
    assert route_of(brought(item(wanted_by=(afar,)), at)) == (Route.SHELF, "")
    assert route_of(brought(item(wanted_by=(afar,), hold=afar), at)) == (Route.SHELF, "")
    assert next_hold(brought(item(wanted_by=(afar, near)), at)) == near
    standing = replace(afar, on_shelf=True)
    assert next_hold(brought(item(wanted_by=(standing, near), hold=standing), at)) == standing


def test_K8_N6_a_copy_lets_a_hold_go_that_it_cannot_come_to_and_no_other() -> None:
    afar = hold(ANNA, False, branch=BranchCode("3570"), institution=OOSTERZELE)
    near = hold(BERT, False)
    for kind, lets_go in ((GroupKind.THREE_A, True), (GroupKind.THREE_B, False)):
        at = here(institutions(kind))
        assert must_let_go(brought(item(wanted_by=(afar, near), hold=afar), at)) is lets_go
        assert not must_let_go(brought(item(wanted_by=(afar, near)), at))
        for stays in (near, replace(afar, on_shelf=True)):
            assert not must_let_go(brought(item(wanted_by=(stays,), hold=stays), at))
    assert not must_let_go(brought())


@pytest.mark.parametrize("kind", [GroupKind.THREE_B, GroupKind.THREE_C])
def test_N6_with_transport_the_copy_goes_to_whoever_waits_longest_in_the_group_and_to_nobody_outside(
    kind: GroupKind,
) -> None:
    at = here(institutions(kind))
    outside = hold(BERT, False, branch=BranchCode("3580"), institution=HERZELE)
    unknown = replace(outside, institution=InstitutionCode("closed-down"))
    afar = hold(ANNA, False, branch=BranchCode("3570"), institution=OOSTERZELE)
    assert route_of(brought(item(wanted_by=(outside, unknown, afar)), at)) == (Route.OTHER_BRANCH, "3570")
    assert next_hold(brought(item(wanted_by=(outside, unknown)), at)) is None


def test_N6_an_item_of_another_institution_is_sent_on_by_name_without_transport() -> None:
    decided = refusal(brought(item(institution=HERZELE)))
    assert (decided.rule, decided.reason, decided.next) == ("N6", Reason.RETURN_ELSEWHERE, NextStep.OTHER_BRANCH)
    assert decided.values == {"place": "Bibliotheek Herzele"}


def test_N6_with_transport_it_is_taken_in_and_goes_to_its_own_branch() -> None:
    facts = brought(item(institution=OOSTERZELE, branch=BranchCode("3560")), here(institutions(GroupKind.THREE_C)))
    assert passes(facts)
    assert route_of(facts) == (Route.OTHER_BRANCH, "3560")
