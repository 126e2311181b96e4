"""May this item be lent to this patron: A4, K7, K8, K11 and P3."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace

import pytest

from circulation.identifiers import ItemBarcode
from circulation.model import ItemStatus, Loan
from circulation.outcomes import NextStep, Reason
from circulation.rules.items import fills_hold
from circulation.rules.verdict import on_borrow, told
from tests.circulation.worlds import (
    ANNA,
    BARCODE,
    BERT,
    OOSTERZELE,
    borrow,
    day,
    hold,
    item,
    loan,
    membership,
    passes,
    patron,
    refusal,
    says,
)


def test_K7_a_lendable_item_is_lent() -> None:
    assert passes(borrow())


def test_K7_before_anything_is_scanned_no_item_is_refused() -> None:
    facts = borrow()
    assert passes(type(facts)(facts.here, facts.patron))


@pytest.mark.parametrize(
    ("status", "reason", "next_step"),
    [
        (ItemStatus.REFERENCE, Reason.ITEM_REFERENCE, NextStep.SHELF),
        (ItemStatus.DAMAGED, Reason.ITEM_DAMAGED, NextStep.DESK),
        (ItemStatus.MISSING, Reason.ITEM_MISSING, NextStep.DESK),
    ],
)
def test_K7_an_item_that_is_not_lendable_is_refused_with_where_to_take_it(
    status: ItemStatus, reason: Reason, next_step: NextStep
) -> None:
    decided = refusal(borrow(what=item(status=status)))
    assert (decided.rule, decided.reason, decided.next) == ("K7", reason, next_step)


def test_K7_an_unknown_item_goes_to_the_desk() -> None:
    for number in ("30000000000012", "9789029578264", "ABC-1"):
        decided = refusal(borrow(barcode=ItemBarcode(number)))
        assert (decided.rule, decided.reason, decided.next) == ("K7", Reason.ITEM_UNKNOWN, NextStep.DESK)


def test_P2_an_unknown_item_with_a_failing_check_digit_is_to_be_scanned_again() -> None:
    decided = refusal(borrow(barcode=ItemBarcode("30000000000013")))
    assert (decided.rule, decided.reason, decided.next) == ("K7", Reason.ITEM_UNKNOWN, NextStep.SCAN_AGAIN)


def test_P2_a_known_item_with_a_failing_check_digit_is_lent() -> None:
    assert passes(borrow(what=item(barcode=ItemBarcode("30000000000013"))))


@pytest.mark.parametrize("number", ["20000000000014", "29999900000035", "29401000075801", "20000000000015"])
def test_P3_a_pass_on_the_item_screen_has_its_own_sentence(number: str) -> None:
    decided = refusal(borrow(barcode=ItemBarcode(number)))
    assert (decided.rule, decided.reason, decided.next) == ("P3", Reason.PASS_SHOWN_AS_ITEM, NextStep.SCAN_ITEM)


def test_P3_a_mandate_on_the_item_screen_has_its_own_sentence() -> None:
    decided = refusal(borrow(barcode=ItemBarcode("1234567890123456")))
    assert (decided.rule, decided.reason, decided.next) == ("P3", Reason.MANDATE_SHOWN, NextStep.SCAN_ITEM)


@pytest.mark.parametrize("number", ["20000000000014", "1234567890123456"])
def test_P3_an_item_that_looks_like_a_pass_or_a_mandate_is_an_item_if_it_is_known(number: str) -> None:
    assert passes(borrow(what=item(barcode=ItemBarcode(number))))


def test_A4_an_internal_loan_goes_to_the_desk() -> None:
    for who in (ANNA, BERT):
        internal = item(loan=loan(who, internal=True))
        assert says(borrow(what=internal)) == ("A4", Reason.ITEM_INTERNAL)
        assert on_borrow(borrow(what=internal)).also == ()


def test_A4_comes_before_the_state_of_the_item() -> None:
    damaged = item(loan=loan(internal=True), status=ItemStatus.DAMAGED)
    assert says(borrow(what=damaged)) == ("A4", Reason.ITEM_INTERNAL)


def test_K11_an_item_that_is_already_yours_is_never_renewed_in_silence() -> None:
    decided = refusal(borrow(what=item(loan=loan(ANNA))))
    assert (decided.rule, decided.reason, decided.next) == ("K11", Reason.ALREADY_YOURS, NextStep.KEEP)
    assert decided.values == {"due": day(14)}
    assert on_borrow(borrow(what=item(loan=loan(ANNA)))).also == ()


def test_K7_an_item_on_loan_to_another_goes_to_the_desk_and_nobody_is_named() -> None:
    decided = refusal(borrow(what=item(loan=loan(BERT))))
    assert (decided.rule, decided.reason, decided.next) == ("K7", Reason.ITEM_ON_LOAN, NextStep.DESK)
    assert decided.values == {}
    assert on_borrow(borrow(what=item(loan=loan(BERT)))).also == ()


@pytest.mark.parametrize(("lent", "out"), [(loan(ANNA), True), (loan(BERT), True), (loan(internal=True), False)])
def test_K7_whatever_refuses_it_is_told_of_an_item_whether_it_is_lent(lent: Loan, out: bool) -> None:
    nothing_left = patron(membership(strips_left=0))
    for facts in (borrow(what=item(loan=lent)), borrow(nothing_left, item(loan=lent))):
        assert told(facts, refusal(facts)) == replace(refusal(facts), on_loan=out)
    for facts in (borrow(nothing_left), borrow(nothing_left, barcode=BARCODE), borrow(what=item(hold=hold(BERT)))):
        assert not told(facts, refusal(facts)).on_loan


def test_K8_an_item_on_the_hold_shelf_for_this_patron_is_lent() -> None:
    assert passes(borrow(what=item(hold=hold(ANNA))))


def test_K8_an_item_on_the_hold_shelf_for_another_goes_back_and_nobody_is_named() -> None:
    decided = refusal(borrow(what=item(hold=hold(BERT))))
    assert (decided.rule, decided.reason, decided.next) == ("K8", Reason.HELD_FOR_ANOTHER, NextStep.HOLD_SHELF)
    assert decided.values == {}


def test_K8_a_hold_on_the_title_alone_does_not_stop_lending() -> None:
    assert passes(borrow(what=item(hold=hold(BERT, on_shelf=False))))


def test_K8_a_copy_that_stands_ready_or_was_chosen_for_the_patron_fills_the_hold_and_no_other_does() -> None:
    assert fills_hold(borrow(what=item(hold=hold(ANNA))))
    assert fills_hold(borrow(what=item(hold=hold(ANNA, on_shelf=False))))
    assert not fills_hold(borrow(what=item(hold=hold(BERT))))
    assert not fills_hold(borrow(what=item()))
    assert not fills_hold(replace(borrow(), item=None))


def test_K8_comes_before_the_question_whose_item_it_is() -> None:
    from_herzele = item(hold=hold(BERT), institution="herzele")
    assert says(borrow(what=from_herzele)) == ("K8", Reason.HELD_FOR_ANOTHER)
    assert [one.rule for one in on_borrow(borrow(what=from_herzele)).also] == ["N6"]


def test_K8_holds_for_items_of_the_region_too() -> None:
    assert says(borrow(what=item(hold=hold(BERT), institution=OOSTERZELE))) == ("K8", Reason.HELD_FOR_ANOTHER)
