"""A receipt of what was brought back: only when asked for, of nobody by name, and the returns stand without it."""

from datetime import UTC, datetime

import pytest

from circulation.affairs import CheckedIn, Route
from circulation.identifiers import ItemBarcode
from devices.ports import PrintOutcome
from kiosk.receipts import return_receipt
from kiosk.rows import Back
from kiosk.texts import Texts, available
from kiosk.ui import Borrowing, Intent, Receipt, ReceiptState, Rest, Returned
from tests.kiosk.world import ANNA, Kiosk, an_event, book, lost, story

AT = datetime(2026, 7, 22, 16, 5, tzinfo=UTC)


def returns(tell: object) -> object:
    """A story at a kiosk that takes books back."""
    return story(tell, returns=True)  # type: ignore[arg-type]


async def two_back(kiosk: Kiosk) -> None:
    """Two books were brought back, and somebody is done."""
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1), book(2))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Returned(2, can_print=True)


@returns
async def test_who_asks_is_given_a_receipt_of_what_was_brought_back(kiosk: Kiosk) -> None:
    await two_back(kiosk)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 0, back=2)
    await kiosk.wait(3)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTED, 0, back=2)
    assert kiosk.returned_receipts == [("nl", (f"Title {book(2)}", f"Title {book(1)}"), 0)]
    assert [job for _, job in kiosk.printer.jobs] == ["job-1"]
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)


@pytest.mark.parametrize("then", [Intent.CLOSE, None])
def test_nobody_who_does_not_ask_gets_one(then: Intent | None) -> None:
    async def tell(kiosk: Kiosk) -> None:
        await two_back(kiosk)
        if then is not None:
            await kiosk.touch(then)
        await kiosk.wait(20)
        assert isinstance(kiosk.screen(), Rest)
        assert kiosk.printer.jobs == []

    story(tell, returns=True)()


@returns
async def test_where_nothing_was_taken_in_or_nothing_prints_there_is_none(kiosk: Kiosk) -> None:
    kiosk.desk.return_replies[book(1)] = lost(an_event())
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Returned(0, 1)
    assert Intent.PRINT not in kiosk.offers()
    await kiosk.touch(Intent.CLOSE)
    kiosk.printer.exists = False
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(2))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Returned(1)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.printer.jobs == []


@returns
async def test_without_paper_it_says_so_and_the_next_pass_is_served_at_once(kiosk: Kiosk) -> None:
    kiosk.printer.outcome = PrintOutcome.OUT_OF_PAPER
    await two_back(kiosk)
    await kiosk.touch(Intent.PRINT)
    await kiosk.wait(3)
    assert kiosk.screen() == Receipt(ReceiptState.OUT_OF_PAPER, 0, back=2)
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)


@returns
async def test_a_printer_without_those_letters_prints_in_the_kiosks_first_language(kiosk: Kiosk) -> None:
    kiosk.printer.writes = False
    await kiosk.touch(Intent.LANGUAGE, "en")
    await two_back(kiosk)
    await kiosk.touch(Intent.PRINT)
    await kiosk.wait(3)
    assert [language for language, titles, _ in kiosk.returned_receipts if titles] == ["en", "nl"]


def test_a_title_that_is_not_known_is_a_book_all_the_same() -> None:
    brought = (Back("s2", "", Route.SHELF, provisional=True), Back("s1", "Oeroeg", Route.SHELF))
    lines = [line.text for line in return_receipt(Texts("nl"), "Bibliotheek Annen", brought, 1, AT).lines]
    assert lines == [
        "Bibliotheek Annen",
        "Ingeleverd op wo 22 juli om 16:05",
        "",
        "2 boeken ingeleverd",
        "",
        "Oeroeg",
        "Een boek",
        "Ingeleverd. We verwerken het later.",
        "",
        "Van 1 boek weten we het nog niet. Vraag de balie.",
        "",
        "Tot ziens!",
    ]


@pytest.mark.parametrize("language", sorted(available()))
def test_it_says_in_every_language_where_when_and_what(language: str) -> None:
    brought = (Back("s1", "Oeroeg", Route.OTHER_BRANCH, "Gieten"),)
    lines = [line.text for line in return_receipt(Texts(language), "Bibliotheek Annen", brought, 0, AT).lines]
    assert lines[0] == "Bibliotheek Annen"
    assert "16:05" in lines[1]
    assert "Oeroeg" in lines


def test_what_goes_to_another_branch_is_on_it_too() -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.return_replies[book(1)] = CheckedIn(ItemBarcode(book(1)), "Oeroeg", Route.OTHER_BRANCH, "Gieten")
        await two_back(kiosk)
        await kiosk.touch(Intent.PRINT)
        await kiosk.wait(3)
        assert kiosk.returned_receipts[-1][1] == (f"Title {book(2)}", "Oeroeg")

    story(tell, returns=True)()
