"""What is owed and whether it stops borrowing (F1, F4)."""
# ruff: noqa: N802 - a test bears the id of its rule

import pytest

from circulation.model import FeeStatus
from circulation.outcomes import NextStep, Reason
from circulation.rules.fees import open_amount
from tests.circulation.worlds import OOSTERZELE, ZOTTEGEM, borrow, fee, here, passes, patron, refusal, says


def test_F4_the_limit_itself_does_not_stop_borrowing_and_one_cent_more_does() -> None:
    assert passes(borrow(patron(fees=(fee(1000),))))
    decided = refusal(borrow(patron(fees=(fee(1001),))))
    assert (decided.rule, decided.reason, decided.next) == ("F4", Reason.OPEN_AMOUNT, NextStep.DESK)
    assert decided.values == {"cents": 1001, "limit": 1000}


def test_F4_open_amounts_are_added() -> None:
    assert says(borrow(patron(fees=(fee(600), fee(401))))) == ("F4", Reason.OPEN_AMOUNT)
    assert passes(borrow(patron(fees=(fee(600), fee(400)))))


def test_F4_credit_is_taken_off() -> None:
    assert passes(borrow(patron(fees=(fee(1500), fee(-500)))))
    assert refusal(borrow(patron(fees=(fee(1500), fee(-499))))).values["cents"] == 1001


@pytest.mark.parametrize("status", [FeeStatus.REGISTERED, FeeStatus.DIRECT_DEBIT, FeeStatus.PAID])
def test_F4_only_open_amounts_count(status: FeeStatus) -> None:
    assert passes(borrow(patron(fees=(fee(99999, status), fee(1000)))))
    assert says(borrow(patron(fees=(fee(-99999, status), fee(1001))))) == ("F4", Reason.OPEN_AMOUNT)


def test_F4_amounts_and_credit_of_another_institution_do_not_count() -> None:
    assert passes(borrow(patron(fees=(fee(99999, at=OOSTERZELE),))))
    assert says(borrow(patron(fees=(fee(1001), fee(-500, at=OOSTERZELE))))) == ("F4", Reason.OPEN_AMOUNT)


def test_F4_the_limit_is_the_branchs() -> None:
    assert says(borrow(patron(fees=(fee(1),)), at=here(limit=0))) == ("F4", Reason.OPEN_AMOUNT)
    assert passes(borrow(at=here(limit=0)))


def test_F4_paying_lifts_it_at_once() -> None:
    assert passes(borrow(patron(fees=(fee(2000, FeeStatus.PAID),))))


def test_F1_the_open_amount_is_told_in_cents_and_may_be_a_credit() -> None:
    assert open_amount(patron(fees=(fee(150), fee(-200))), ZOTTEGEM) == -50
    assert open_amount(patron(), ZOTTEGEM) == 0
