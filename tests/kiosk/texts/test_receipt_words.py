"""What a screen says when there is no receipt is true of what was done."""

from dataclasses import replace

import pytest

from kiosk.receipt_words import of_loans, receipt
from kiosk.texts import Texts, available
from kiosk.ui import Finished, Receipt, ReceiptState

WITHOUT = [ReceiptState.OUT_OF_PAPER, ReceiptState.FAILED, ReceiptState.NOT_SURE, ReceiptState.NOT_MAILED]


@pytest.mark.parametrize("state", WITHOUT)
@pytest.mark.parametrize("language", sorted(available()))
def test_without_a_receipt_it_is_said_what_stands_and_of_nothing_else(language: str, state: ReceiptState) -> None:
    texts = Texts(language)
    lent, renewed, both = (receipt(texts, Receipt(state, n, renewed=m)).next for n, m in ((2, 0), (0, 2), (1, 1)))
    assert lent.endswith(texts.say("receipt.stands.lent"))
    assert renewed.endswith(texts.say("receipt.stands.renewed"))
    assert both.endswith(texts.say("receipt.stands.both"))
    assert len({lent, renewed, both}) == 3


@pytest.mark.parametrize("language", sorted(available()))
def test_of_what_was_brought_back_nothing_is_called_lent_or_renewed(language: str) -> None:
    texts = Texts(language)
    said = receipt(texts, Receipt(ReceiptState.FAILED, 0, back=2)).next
    assert said == texts.say("receipt.stands.back")
    assert said not in {texts.say("receipt.stands.lent"), texts.say("receipt.stands.renewed")}


def test_nothing_is_called_lent_where_only_something_was_renewed() -> None:
    assert (
        receipt(Texts("nl"), Receipt(ReceiptState.OUT_OF_PAPER, 0, renewed=2)).next == "Je boeken zijn gewoon verlengd."
    )
    said = receipt(Texts("nl"), Receipt(ReceiptState.NOT_SURE, 1)).next
    assert said == "Kijk in de printer. Je boeken zijn gewoon geleend."


@pytest.mark.parametrize("state", [one for one in ReceiptState if one not in WITHOUT])
def test_where_there_is_a_receipt_it_says_so_and_nothing_of_what_stands(state: ReceiptState) -> None:
    texts = Texts("nl")
    assert receipt(texts, Receipt(state, 1)).next == texts.say(f"receipt.{state.value}.text")


def test_of_a_visit_in_which_nothing_was_lent_no_receipt_is_spoken_of() -> None:
    texts = Texts("nl")
    assert of_loans(texts, Finished(0, not_known=1, can_print=False)) == ""
    for done in (Finished(1), Finished(0, renewed=1)):
        assert of_loans(texts, done) == texts.say("finished.ask")
        assert of_loans(texts, replace(done, can_print=False)) == texts.say("finished.cannot_print")
