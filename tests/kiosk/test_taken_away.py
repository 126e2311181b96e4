"""Borrowing without a touch: pass and books are laid down and taken away; the visit ends soon, by the patron's own
choice of a receipt (K2). What runs out of time is mailed, and never printed for whoever comes next."""

from dataclasses import replace
from functools import partial

import pytest

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified
from circulation.presented import ReceiptChoice
from devices.ports import PassPresented
from kiosk.aid import Aid
from kiosk.ui import Borrowing, Finished, Intent, Notice, Receipt, ReceiptState, Rest, StillThere
from tests.kiosk.accounts import account, loan
from tests.kiosk.test_aid import TODAY, Listener, plug
from tests.kiosk.world import ANNA, BERT, HELD, WITH_PAD, Kiosk, book, tag
from tests.kiosk.world import story as any_story

story = partial(any_story, kinds=WITH_PAD, returns=True)
FIVE = tuple(tag(book(number)) for number in range(1, 6))
PATRON = Identified(PatronRef("anna"), may_borrow=10, mail_to="r•••@b…nl")
PRINTS, MAILS, NEITHER = (
    replace(PATRON, receipt=one) for one in (ReceiptChoice.PRINT, ReceiptChoice.EMAIL, ReceiptChoice.NONE)
)


async def lay_all(kiosk: Kiosk, patron: Identified = PATRON) -> None:
    """The pass and five books, all of which are lent."""
    kiosk.desk.patrons[ANNA] = patron
    await kiosk.tap(ANNA)
    await kiosk.lay(*FIVE)
    await kiosk.wait(3)
    assert kiosk.borrowing().lent == 5


async def take_all(kiosk: Kiosk) -> None:
    await kiosk.lift()
    await kiosk.take_away()


@story
async def test_k2_who_takes_all_away_is_printed_the_receipt_soon_and_the_next_need_not_wait(kiosk: Kiosk) -> None:
    await lay_all(kiosk, PRINTS)
    await take_all(kiosk)
    await kiosk.wait(9.9)
    assert (type(kiosk.screen()), kiosk.shown().over) == (Borrowing, None)
    await kiosk.wait(0.2)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 5), "unasked: paper must come while they are near"
    await kiosk.wait(8)
    assert kiosk.screen() == Rest(takes_back=True)
    assert len(kiosk.printer.jobs) == 1


@story
async def test_who_takes_all_away_and_listens_is_not_waited_for_twice_until_all_was_said(kiosk: Kiosk) -> None:
    ears = Listener()
    kiosk.stage._aid = Aid(ears, ears, ("nl",), lambda: TODAY, clock=kiosk.loop.time)
    await plug(kiosk)
    await lay_all(kiosk, PRINTS)
    await take_all(kiosk)
    assert -(kiosk.stage.silent_s or 0) > kiosk.patience.idle
    await kiosk.wait(kiosk.patience.idle + kiosk.patience.taken - kiosk.stage.quiet_s - 0.1)
    assert (type(kiosk.screen()), kiosk.shown().over) == (Borrowing, None)
    await kiosk.wait(0.2)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 5)


@story
async def test_k2_who_takes_all_away_is_mailed_the_receipt_soon(kiosk: Kiosk) -> None:
    await lay_all(kiosk, MAILS)
    await take_all(kiosk)
    await kiosk.wait(30.1)
    assert kiosk.screen() == Receipt(ReceiptState.MAILED, 5)
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)
    assert (len(kiosk.mail.letters), kiosk.printer.jobs) == (1, [])


@story
async def test_who_has_no_choice_on_file_is_said_goodbye_and_asked(kiosk: Kiosk) -> None:
    await lay_all(kiosk)
    await take_all(kiosk)
    await kiosk.wait(30.1)
    assert isinstance(kiosk.screen(), Finished)
    await kiosk.wait(10)
    assert kiosk.screen() == Rest(takes_back=True)
    await lay_all(kiosk, NEITHER)
    await take_all(kiosk)
    await kiosk.wait(40.2)
    assert isinstance(kiosk.screen(), Rest)
    assert (kiosk.mail.letters, kiosk.printer.jobs) == ([], [])


@story
async def test_a_touch_another_book_or_the_pass_keeps_it_open(kiosk: Kiosk) -> None:
    await lay_all(kiosk, PRINTS)
    await take_all(kiosk)
    await kiosk.wait(9)
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.wait(9)
    await kiosk.lay(tag(book(6)))
    await kiosk.wait(30)
    assert kiosk.borrowing().lent == 6
    await kiosk.lift()
    await kiosk.wait(9)
    await kiosk.tap(ANNA)
    await kiosk.wait(30)
    assert kiosk.borrowing().lent == 6
    await kiosk.take_away()
    await kiosk.wait(10.1)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 6)


@story
async def test_it_is_counted_from_when_the_last_of_it_went_however_quiet_it_was_before(kiosk: Kiosk) -> None:
    await lay_all(kiosk, PRINTS)
    await kiosk.wait(35)
    await take_all(kiosk)
    await kiosk.wait(9.9)
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.wait(0.2)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 5)


@story
async def test_who_is_slow_is_asked_and_goes_on(kiosk: Kiosk) -> None:
    await lay_all(kiosk)
    await take_all(kiosk)
    await kiosk.wait(29)
    await kiosk.lay(tag(book(6)))
    await kiosk.wait(1)
    assert kiosk.borrowing().lent == 6
    await kiosk.lift()
    await kiosk.wait(29)
    await kiosk.touch(Intent.MORE_TIME)
    await kiosk.wait(9)
    assert (kiosk.borrowing().lent, kiosk.shown().over) == (6, None)


@pytest.mark.parametrize("seconds", [1, 15])
def test_the_next_one_s_pass_ends_it_at_once_and_the_receipt_is_mailed(seconds: float) -> None:
    async def tell(kiosk: Kiosk) -> None:
        await lay_all(kiosk, MAILS)
        await take_all(kiosk)
        await kiosk.wait(seconds)
        await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
        await kiosk.wait(1)
        assert kiosk.borrowing().rows == ()
        assert kiosk.mail.letters == [(ANNA, "nl", 1)]
        await kiosk.scan(book(7))
        assert kiosk.desk.asked[-1] == (BERT, book(7))

    story(tell)()


def test_the_next_one_waits_for_a_renewal_whose_answer_is_awaited() -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.accounts[ANNA] = account(loan(9))
        await lay_all(kiosk)
        await kiosk.touch(Intent.ACCOUNT)
        kiosk.desk.delay_s = 8
        await kiosk.touch(Intent.RENEW, "l0")
        await kiosk.touch(Intent.BACK)
        await take_all(kiosk)
        await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
        assert kiosk.borrowing().notice is Notice.OTHER_PASS
        await kiosk.wait(10)
        kiosk.desk.delay_s = 0
        await kiosk.wait(10)
        assert kiosk.borrowing().rows == (), "Bert's, as soon as the answer is there"
        await kiosk.scan(book(7))
        assert kiosk.desk.asked[-1] == (BERT, book(7))

    story(tell, accounts=True)()


def test_no_paper_comes_out_for_who_has_gone_whatever_else_was_taken_from_a_reader() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await lay_all(kiosk, PRINTS)
        await kiosk.put(PassPresented("item_pad", bytes.fromhex("04FFFFFFFFFFFF"), BERT, False, 0.0))
        await take_all(kiosk)  # Anna's pass was lifted last: what is said of Bert's goes
        await kiosk.wait(11)
        assert kiosk.borrowing().rows == ()
        assert kiosk.printer.jobs == []

    story(tell)()


@pytest.mark.parametrize("seconds", [1, 9])
def test_the_next_one_s_pass_ends_it_without_paper_that_they_would_read(seconds: float) -> None:
    async def tell(kiosk: Kiosk) -> None:
        await lay_all(kiosk, PRINTS)
        await take_all(kiosk)
        await kiosk.wait(seconds)
        await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
        await kiosk.wait(1)
        assert kiosk.borrowing().rows == ()
        assert kiosk.printer.jobs == []

    story(tell)()


@story
async def test_the_next_one_s_pass_ends_nothing_while_a_book_lies_there(kiosk: Kiosk) -> None:
    await lay_all(kiosk)
    await kiosk.take_away()
    await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
    await kiosk.wait(1)
    assert (kiosk.borrowing().lent, kiosk.borrowing().notice) == (5, Notice.OTHER_PASS)


@story
async def test_what_is_still_to_be_read_or_laid_back_leaves_the_usual_time(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(6)] = [HELD]
    await lay_all(kiosk, PRINTS)
    await kiosk.lay(tag(book(6)))
    await take_all(kiosk)
    await kiosk.wait(40)
    assert isinstance(kiosk.screen(), Borrowing)
    assert kiosk.printer.jobs == []


@story
async def test_books_that_were_scanned_tell_nothing_of_who_stands_there(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = PRINTS
    await kiosk.tap(ANNA)
    await kiosk.take_away()
    await kiosk.scan(book(1))
    await kiosk.wait(40)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_a_pass_that_was_scanned_lies_nowhere(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = PRINTS
    await kiosk.scan(ANNA)
    await kiosk.lay(*FIVE)
    await kiosk.wait(3)
    await kiosk.lift()
    await kiosk.wait(10.1)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 5)


@story
async def test_a_tag_that_comes_and_goes_keeps_no_visit_open(kiosk: Kiosk) -> None:
    await lay_all(kiosk, PRINTS)
    await take_all(kiosk)
    for _ in range(60):
        await kiosk.lay(FIVE[0])
        await kiosk.wait(1)
        await kiosk.lift()
        await kiosk.wait(1)
    assert not isinstance(kiosk.screen(), Borrowing)


# ---- out of time


@story
async def test_k2_a_visit_that_runs_out_of_time_is_mailed_in_its_language_and_never_printed(kiosk: Kiosk) -> None:
    for patron, letters in ((PRINTS, 0), (NEITHER, 0), (PATRON, 0), (replace(MAILS, mail_to=""), 0), (MAILS, 1)):
        await lay_all(kiosk, replace(patron, language="en"))
        await kiosk.wait(60)
        assert isinstance(kiosk.shown().over, StillThere)
        await kiosk.wait(5.1)
        assert isinstance(kiosk.screen(), Receipt if letters else Rest)
        assert len(kiosk.mail.letters) == letters
        await kiosk.wait(301)
        await take_all(kiosk)
    assert kiosk.mail.letters == [(ANNA, "en", 1)]
    assert kiosk.printer.jobs == []


@story
async def test_who_takes_the_visit_up_again_gets_another_letter_only_of_more_books(kiosk: Kiosk) -> None:
    await lay_all(kiosk, MAILS)
    for _ in range(2):
        await kiosk.wait(73)
        screen = kiosk.screen()
        assert isinstance(screen, Rest)
        assert screen.notice is Notice.ENDED_BY_TIME
        await kiosk.tap(ANNA)
        assert kiosk.borrowing().lent == 5
    assert len(kiosk.mail.letters) == 1
    await kiosk.touch(Intent.DONE)
    await kiosk.wait(11)
    assert isinstance(kiosk.screen(), Rest)
    assert len(kiosk.mail.letters) == 1


@story
async def test_a_letter_that_did_not_go_is_tried_again_and_more_books_are_mailed(kiosk: Kiosk) -> None:
    kiosk.mail.takes = False
    await lay_all(kiosk, MAILS)
    await kiosk.wait(66)
    assert kiosk.screen() == Receipt(ReceiptState.NOT_MAILED, 5), "nobody may print it for another"
    await kiosk.wait(10)
    for numbers in ((), (6,)):
        await kiosk.tap(ANNA)
        kiosk.mail.takes = True
        await kiosk.scan(*(book(number) for number in numbers))
        await kiosk.wait(73)
    assert len(kiosk.mail.letters) == 3


@story
async def test_whoever_comes_next_does_not_wait_for_that_letter(kiosk: Kiosk) -> None:
    kiosk.mail.delay_s = 1
    await lay_all(kiosk, MAILS)
    await kiosk.take_away()
    await kiosk.wait(62.5)
    assert kiosk.screen() == Receipt(ReceiptState.MAILING, 5)
    await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
    await kiosk.wait(1.1)
    assert isinstance(kiosk.screen(), Borrowing)
