"""A receipt by mail (K9, K2): offered where it goes, by touch or by the patron's own choice; the loans stand anyway."""

from dataclasses import replace

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified
from circulation.presented import ReceiptChoice
from kiosk.ui import Borrowing, Finished, Intent, Receipt, ReceiptState, Rest, Trouble
from tests.kiosk.world import ANNA, BERT, Kiosk, book, story

MASKED = "r•••@b…nl"
MAILED = Identified(PatronRef("anna"), "nl", ReceiptChoice.ASK, may_borrow=10, mail_to=MASKED)


async def borrow(kiosk: Kiosk, patron: Identified = MAILED) -> None:
    """Anna borrows a book and is done."""
    kiosk.desk.patrons[ANNA] = patron
    await kiosk.tap(ANNA)
    await kiosk.take_away()
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)


@story
async def test_k9_it_is_offered_where_it_goes_and_sent_with_a_touch(kiosk: Kiosk) -> None:
    kiosk.mail.delay_s = 1
    await borrow(kiosk)
    assert kiosk.screen() == Finished(1, mail_to=MASKED)
    assert MASKED not in repr(kiosk.screen())
    await kiosk.touch(Intent.EMAIL)
    assert kiosk.screen() == Receipt(ReceiptState.MAILING, 1)
    await kiosk.wait(1)
    assert kiosk.screen() == Receipt(ReceiptState.MAILED, 1)
    assert (kiosk.mail.letters, kiosk.printer.jobs) == ([(ANNA, "nl", 1)], [])
    await kiosk.wait(6)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_k9_without_an_address_it_is_not_offered(kiosk: Kiosk) -> None:
    await borrow(kiosk, replace(MAILED, mail_to=""))
    assert kiosk.screen() == Finished(1)
    await kiosk.touch(Intent.EMAIL)
    assert kiosk.screen() == Finished(1)
    await kiosk.wait(21)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.mail.letters == []


@story
async def test_k2_who_chose_mail_and_cannot_be_mailed_is_told_and_may_print(kiosk: Kiosk) -> None:
    await borrow(kiosk, replace(MAILED, mail_to="", receipt=ReceiptChoice.EMAIL))
    assert kiosk.screen() == Finished(1)
    await kiosk.wait(10.1)
    assert kiosk.screen() == Receipt(ReceiptState.NOT_MAILED, 1, can_print=True)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 1)
    await kiosk.wait(8)
    assert isinstance(kiosk.screen(), Rest)
    assert (len(kiosk.printer.jobs), kiosk.mail.letters) == (1, [])


@story
async def test_k2_what_cannot_be_mailed_holds_up_nobody_who_comes_next(kiosk: Kiosk) -> None:
    await borrow(kiosk, replace(MAILED, mail_to="", receipt=ReceiptChoice.EMAIL))
    await kiosk.tap(BERT)
    assert isinstance(kiosk.screen(), Borrowing)
    assert kiosk.printer.jobs == []


@story
async def test_without_a_line_it_is_not_offered(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = MAILED
    await kiosk.tap(ANNA)
    await kiosk.line(False, lends=True)
    assert kiosk.borrowing().troubles == {Trouble.WITHOUT_LINE}
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(1)


@story
async def test_k2_who_chose_mail_is_sent_it_when_nothing_is_touched_and_not_when_it_is_refused(kiosk: Kiosk) -> None:
    await borrow(kiosk, replace(MAILED, receipt=ReceiptChoice.EMAIL))
    await kiosk.wait(10.1)
    assert kiosk.screen() == Receipt(ReceiptState.MAILED, 1)
    await kiosk.touch(Intent.CLOSE)
    await borrow(kiosk, replace(MAILED, receipt=ReceiptChoice.EMAIL))
    await kiosk.touch(Intent.NO_RECEIPT)
    assert isinstance(kiosk.screen(), Rest)
    assert len(kiosk.mail.letters) == 1


@story
async def test_what_cannot_be_mailed_can_be_printed_and_the_loan_stands(kiosk: Kiosk) -> None:
    kiosk.mail.takes = False
    await borrow(kiosk)
    await kiosk.touch(Intent.EMAIL)
    assert kiosk.screen() == Receipt(ReceiptState.NOT_MAILED, 1, can_print=True)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 1)
    assert (len(kiosk.printer.jobs), kiosk.desk.asked) == (1, [(ANNA, book(1))])


@story
async def test_a_question_about_the_receipt_stands_longer_than_what_is_only_told(kiosk: Kiosk) -> None:
    await borrow(kiosk)
    await kiosk.wait(19)
    assert isinstance(kiosk.screen(), Finished)
    await kiosk.touch(Intent.EMAIL)
    assert kiosk.screen() == Receipt(ReceiptState.MAILED, 1)
    await kiosk.wait(6)
    kiosk.mail.takes = False
    await borrow(kiosk)
    await kiosk.touch(Intent.EMAIL)
    await kiosk.wait(19)
    assert kiosk.screen() == Receipt(ReceiptState.NOT_MAILED, 1, can_print=True)
    await kiosk.wait(2)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_what_cannot_be_mailed_is_not_printed_unasked_nor_where_no_printer_is(kiosk: Kiosk) -> None:
    kiosk.mail.takes = False
    kiosk.printer.exists = False
    await borrow(kiosk)
    assert kiosk.screen() == Finished(1, can_print=False, mail_to=MASKED)
    await kiosk.touch(Intent.EMAIL)
    assert kiosk.screen() == Receipt(ReceiptState.NOT_MAILED, 1)
    await kiosk.wait(11)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.printer.jobs == []


@story
async def test_whoever_comes_next_is_served_while_it_is_sent(kiosk: Kiosk) -> None:
    kiosk.mail.delay_s = 2
    await borrow(kiosk)
    await kiosk.touch(Intent.EMAIL)
    await kiosk.tap(BERT)
    await kiosk.wait(2.1)
    assert isinstance(kiosk.screen(), Borrowing)
    assert len(kiosk.mail.letters) == 1


@story
async def test_who_closes_need_not_wait(kiosk: Kiosk) -> None:
    kiosk.mail.delay_s = 3
    await borrow(kiosk)
    await kiosk.touch(Intent.EMAIL)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)
    await kiosk.wait(5)
    assert isinstance(kiosk.screen(), Rest)
