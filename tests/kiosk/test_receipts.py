"""What goes on paper: where, what and until when; never who."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from kiosk.loans import RenewedLoan
from kiosk.receipts import loan_receipt
from kiosk.rows import Lent
from kiosk.texts import Texts

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
LOANS = (Lent("s2", "De vloek van de {Roemenen}", date(2026, 8, 5)), Lent("s1", "Oeroeg", date(2026, 8, 6)))


@pytest.mark.parametrize(
    ("language", "first", "second"), [("nl", "5 augustus", "6 augustus"), ("en", "5 August", "6 August")]
)
def test_every_loan_stands_on_the_receipt_with_its_date_oldest_first(language: str, first: str, second: str) -> None:
    receipt = loan_receipt(Texts(language), "Bibliotheek Annen", LOANS, 0, AT)
    texts = [line.text for line in receipt.lines]
    assert texts[0] == "Bibliotheek Annen"
    places = [texts.index(LOANS[1].title), texts.index(LOANS[0].title)]
    assert places == sorted(places)
    assert second in texts[places[0] + 1]
    assert first in texts[places[1] + 1]


def test_a_book_whose_title_is_not_known_any_more_is_a_book_all_the_same() -> None:
    texts, due = Texts("nl"), date(2026, 8, 26)
    paper = loan_receipt(texts, "Annen", [Lent("s1", "", due)], 0, AT, [RenewedLoan("", due)])
    assert [line.text for line in paper.lines].count("Een boek") == 2


def test_a_loan_of_the_next_year_says_so() -> None:
    receipt = loan_receipt(Texts("nl"), "Annen", [Lent("s1", "Oeroeg", date(2027, 11, 1))], 0, AT)
    assert any("2027" in line.text for line in receipt.lines)


def test_what_is_not_known_stands_on_the_receipt_too() -> None:
    texts = Texts("nl")
    known, unknown = (loan_receipt(texts, "Annen", LOANS, count, AT) for count in (0, 2))
    assert len(unknown.lines) > len(known.lines)
    assert any(line.text == texts.count("receipt.paper.not_known", 2) for line in unknown.lines)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_date_that_is_not_certain_is_said_to_be_so_and_why_once(language: str) -> None:
    texts = Texts(language)
    loans = [replace(LOANS[0], provisional=True), LOANS[1], Lent("s3", "Max", date(2026, 8, 5), provisional=True)]
    lines = [line.text for line in loan_receipt(texts, "Annen", loans, 0, AT).lines]
    day = texts.day(date(2026, 8, 5), AT.date())
    assert lines.count(texts.say("receipt.paper.due_provisional", day=day)) == 2
    assert lines.count(texts.say("receipt.paper.provisional")) == 1
    certain = [line.text for line in loan_receipt(texts, "Annen", LOANS, 0, AT).lines]
    assert texts.say("receipt.paper.provisional") not in certain


def test_a_receipt_of_many_loans_has_them_all() -> None:
    loans = [Lent(f"s{number}", f"Titel {number}", date(2026, 8, 5)) for number in range(60)]
    receipt = loan_receipt(Texts("nl"), "Annen", loans, 0, AT)
    assert {f"Titel {number}" for number in range(60)} <= {line.text for line in receipt.lines}
    assert any("60" in line.text for line in receipt.lines)


@pytest.mark.parametrize("language", ["nl", "en", "ar"])
def test_what_was_renewed_stands_under_what_was_borrowed_each_with_its_new_date(language: str) -> None:
    texts, renewed = Texts(language), [RenewedLoan("Max Havelaar", date(2026, 8, 26))]
    due = texts.say("receipt.paper.due", day=texts.day(date(2026, 8, 26), AT.date()))
    lines = [line.text for line in loan_receipt(texts, "Annen", LOANS, 0, AT, renewed).lines]
    assert lines[lines.index("Max Havelaar") + 1] == due
    assert lines.index("Max Havelaar") > lines.index("Oeroeg")
    assert texts.count("receipt.paper.renewed", 1) in lines
    alone = [line.text for line in loan_receipt(texts, "Annen", [], 0, AT, renewed).lines]
    assert alone[lines.index(texts.say("receipt.paper.made", day=texts.day(AT.date())))] == texts.say(
        "receipt.paper.made_renewed", day=texts.day(AT.date())
    )
    assert texts.count("receipt.paper.count", 0) not in alone
