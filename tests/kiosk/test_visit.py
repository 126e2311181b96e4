"""A visit as a patron lives it, from pass to receipt, in virtual time and without a window."""

import logging
from dataclasses import replace
from datetime import date

import pytest

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused, Voided
from circulation.presented import ReceiptChoice
from devices.ports import Health, PassPresented, PassUnreadable, PrintOutcome, ScanUnreadable
from kiosk.presence import OFTEN
from kiosk.rows import Asking, Lent, NotAsked, NotKnown, NotLent
from kiosk.ui import (
    Borrowing,
    Closed,
    Finished,
    HelpCard,
    Intent,
    NoAnswer,
    Notice,
    NoVisit,
    OutOfOrder,
    Receipt,
    ReceiptState,
    Rest,
    StillThere,
    Trouble,
    Waiting,
)
from offline_cache.journal import JournalFault
from offline_cache.journal_faults import JournalFull
from tests.kiosk.world import (
    ANNA,
    BERT,
    DUE,
    HELD,
    ITEM_AS_PASS,
    PASS_UNKNOWN,
    UNKNOWN,
    Kiosk,
    an_event,
    book,
    lent,
    lost,
    story,
    unreachable,
    wants_receipt,
)

# ---- the pass


@story
async def test_a_pass_begins_a_visit(kiosk: Kiosk) -> None:
    assert kiosk.screen() == Rest()
    await kiosk.tap(ANNA)
    assert kiosk.screen() == Borrowing(may_borrow=10)


@story
async def test_a_pass_begins_a_visit_by_its_barcode_too(kiosk: Kiosk) -> None:
    await kiosk.scan(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_an_answer_that_comes_at_once_needs_no_picture_of_waiting(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    assert Waiting not in [type(one.screen) for _, one in kiosk.ui.all]


@story
async def test_while_the_store_takes_five_seconds_something_is_shown_and_stop_leaves(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 5
    await kiosk.tap(ANNA)
    await kiosk.wait(0.2)
    assert kiosk.screen() == Waiting()
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    await kiosk.wait(10)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)  # the answer came, and nobody waits for it any more


@story
async def test_a_refused_pass_is_told_why_until_it_is_closed(kiosk: Kiosk) -> None:
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_a_refusal_closes_by_itself_after_twenty_seconds(kiosk: Kiosk) -> None:
    await kiosk.tap(UNKNOWN)
    await kiosk.wait(19.9)
    assert isinstance(kiosk.screen(), NoVisit)
    await kiosk.wait(0.2)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_the_next_pass_need_not_wait_for_the_refusal_of_the_last_one(kiosk: Kiosk) -> None:
    await kiosk.tap(UNKNOWN)
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_without_a_connection_a_pass_is_told_so_and_may_try_again(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[BERT] = unreachable()
    await kiosk.tap(BERT)
    assert kiosk.screen() == NoAnswer()
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_a_second_pass_while_the_first_is_looked_up_is_served_instead(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 5
    kiosk.desk.patrons[BERT] = Identified(PatronRef("bert"), may_borrow=3)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    await kiosk.tap(BERT)
    await kiosk.wait(5.1)
    assert kiosk.borrowing().may_borrow == 3
    await kiosk.wait(5)
    assert kiosk.borrowing().may_borrow == 3


@story
async def test_a_pass_that_lies_still_for_a_minute_is_one_visit(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(65.1)
    assert kiosk.screen() == Rest(notice=Notice.ENDED_BY_TIME)
    await kiosk.wait(20)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    await kiosk.wait(600)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    await kiosk.take_away()
    assert kiosk.screen() == Rest()
    assert [type(one.screen) for _, one in kiosk.ui.all].count(Borrowing) >= 1


@story
async def test_a_pass_that_was_taken_away_while_the_next_one_waited_is_not_said_to_lie_there(kiosk: Kiosk) -> None:
    kiosk.printer.delay_s = 3
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.take_away()
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.PRINT)
    await kiosk.tap(UNKNOWN)  # shown and taken away again while the receipt is being printed
    await kiosk.take_away()
    await kiosk.wait(4)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.screen() == Rest()


@story
async def test_a_card_that_is_no_pass_is_told_so_and_a_pass_is_served_after_it(kiosk: Kiosk) -> None:
    await kiosk.put(PassUnreadable("pass_reader", "a Belgian identity card", 0.0))
    assert kiosk.screen() == Rest(notice=Notice.CARD_NOT_READ)
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)


@story
async def test_a_chip_that_says_nothing_is_told_so(kiosk: Kiosk) -> None:
    await kiosk.put(PassPresented("pass_reader", b"", None, False, 0.0))
    assert kiosk.screen() == Rest(notice=Notice.CHIP_UNREADABLE)


@story
async def test_a_reader_that_is_pulled_out_forgets_the_pass_that_lay_on_it(kiosk: Kiosk) -> None:
    await kiosk.tap(UNKNOWN)
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    await kiosk.health("pass_reader", Health.LOST)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_PASS_READER}))


# ---- borrowing


@story
async def test_each_item_is_asked_as_it_is_scanned_and_the_newest_is_on_top(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.scan(book(2))
    assert [(row.title, row.due) for row in kiosk.rows() if isinstance(row, Lent)] == [
        (f"Title {book(2)}", DUE),
        (f"Title {book(1)}", DUE),
    ]
    assert (kiosk.borrowing().lent, kiosk.borrowing().may_borrow) == (2, 9)
    assert kiosk.desk.asked == [(ANNA, book(1)), (ANNA, book(2))]


@story
async def test_k4_what_was_theirs_before_or_reserved_is_told_on_its_row(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [replace(lent(book(1)), borrowed_before=True)]
    kiosk.desk.replies[book(2)] = [replace(lent(book(2)), hold_filled=True)]
    await kiosk.tap(ANNA)
    for number in (1, 2, 3):
        await kiosk.scan(book(number))
    rows = [one for one in kiosk.rows() if isinstance(one, Lent)]
    assert [(one.borrowed_before, one.hold_filled) for one in rows] == [(False, False), (False, True), (True, False)]


@story
async def test_while_the_store_thinks_the_row_says_so_and_more_can_be_scanned(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 5
    await kiosk.scan(book(1), book(2))
    assert [type(row) for row in kiosk.rows()] == [Asking, Asking]
    await kiosk.wait(5.1)
    assert [type(row) for row in kiosk.rows()] == [Asking, Lent]
    await kiosk.wait(5)
    assert [type(row) for row in kiosk.rows()] == [Lent, Lent]


@story
async def test_a_row_keeps_its_key_when_its_answer_comes(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 1
    await kiosk.scan(book(1))
    (before,) = kiosk.rows()
    await kiosk.wait(2)
    (after,) = kiosk.rows()
    assert before.key == after.key


@story
async def test_a_refused_item_says_why_and_can_be_scanned_again(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [HELD, lent(book(1))]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    (row,) = kiosk.rows()
    assert isinstance(row, NotLent)
    assert row.refused == HELD
    assert kiosk.borrowing().lent == 0
    await kiosk.scan(book(1))
    assert [type(row) for row in kiosk.rows()] == [Lent]


@story
async def test_an_item_scanned_twice_is_asked_once(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 1
    await kiosk.scan(book(1), book(1))
    await kiosk.scan(book(1))
    await kiosk.wait(5)
    await kiosk.scan(book(1))
    assert len(kiosk.desk.asked) == 1
    assert kiosk.borrowing().lent == 1


@story
async def test_a_scanner_gone_mad_gets_no_further_than_a_few_items(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 1
    await kiosk.scan(*(book(number) for number in range(200)))
    assert len(kiosk.rows()) <= 25
    assert kiosk.borrowing().notice is Notice.UNREADABLE_SCAN
    await kiosk.touch(Intent.STOP)
    assert not isinstance(kiosk.screen(), Borrowing)


@story
async def test_an_unreadable_scan_is_told_and_goes_with_the_next_one(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.noise()
    assert kiosk.borrowing().notice is Notice.UNREADABLE_SCAN
    await kiosk.scan("|AB|\r")
    assert kiosk.borrowing().notice is Notice.UNREADABLE_SCAN
    await kiosk.scan(book(1))
    assert kiosk.borrowing().notice is None
    assert kiosk.desk.asked == [(ANNA, book(1))]


@story
async def test_another_pass_during_a_visit_changes_nothing_but_is_told(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.take_away()
    await kiosk.tap(BERT)
    assert kiosk.borrowing().notice is Notice.OTHER_PASS
    await kiosk.scan(book(2))
    assert kiosk.desk.asked == [(ANNA, book(1)), (ANNA, book(2))]


@story
async def test_the_same_pass_during_a_visit_is_nothing_special(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.tap(BERT)
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().notice is None


@story
async def test_a_patron_who_may_not_borrow_is_told_and_the_visit_goes_on(kiosk: Kiosk) -> None:
    lapsed = Refused(Reason.LAPSED, "N2", NextStep.DESK)
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), cannot_borrow=lapsed, messages=("Your book is here",))
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().cannot_borrow == lapsed
    assert kiosk.borrowing().messages == ("Your book is here",)


@story
async def test_what_was_scanned_while_the_pass_was_looked_up_is_asked_in_order(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 2
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(0.5)
    await kiosk.scan(book(2))
    kiosk.desk.delay_s = 0
    await kiosk.wait(2)
    assert kiosk.desk.asked == [(ANNA, book(1)), (ANNA, book(2))]
    assert kiosk.borrowing().lent == 2


@story
async def test_what_was_scanned_before_a_refused_pass_is_asked_for_nobody(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 2
    await kiosk.tap(UNKNOWN)
    await kiosk.scan(book(1))
    await kiosk.wait(3)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    await kiosk.tap(ANNA)
    await kiosk.wait(3)
    assert kiosk.rows() == ()
    assert kiosk.desk.asked == []


@story
async def test_a_pass_whose_barcode_is_read_twice_is_not_taken_for_an_item(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 1
    await kiosk.scan(ANNA, ANNA)
    await kiosk.wait(2)
    assert kiosk.rows() == ()


@story
async def test_an_item_shown_at_rest_is_told_and_the_pass_asked_for(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))
    assert kiosk.screen() == NoVisit(ITEM_AS_PASS)
    assert kiosk.desk.asked == []


@story
async def test_noise_at_rest_is_told_for_a_while(kiosk: Kiosk) -> None:
    await kiosk.wait(19)
    await kiosk.noise()
    assert kiosk.screen() == Rest(notice=Notice.UNREADABLE_SCAN)
    await kiosk.wait(19)
    assert kiosk.screen() == Rest(notice=Notice.UNREADABLE_SCAN)
    await kiosk.wait(2)
    assert kiosk.screen() == Rest()


# ---- the answer is lost


@story
async def test_a_lost_answer_is_not_known_and_becomes_lent_when_it_comes_late(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert [type(row) for row in kiosk.rows()] == [NotKnown]
    await kiosk.answer(event, lent(book(1)))
    assert kiosk.titles() == [f"Title {book(1)}"]
    assert kiosk.borrowing().lent == 1


@story
async def test_a_lost_answer_that_turns_out_a_refusal_says_why(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.answer(event, HELD)
    (row,) = kiosk.rows()
    assert isinstance(row, NotLent)


@story
async def test_a_late_answer_that_comes_before_anybody_knows_that_it_was_lost_is_not_missed(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 1
    await kiosk.scan(book(1))
    await kiosk.answer(event, lent(book(1)))
    await kiosk.wait(2)
    assert kiosk.titles() == [f"Title {book(1)}"]


@story
async def test_an_item_whose_answer_was_lost_is_not_asked_again_by_a_second_scan(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [lost(an_event())]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.scan(book(1))
    assert len(kiosk.desk.asked) == 1


@story
async def test_an_item_that_was_not_asked_is_not_lent_and_may_be_scanned_again(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [unreachable(), lent(book(1))]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert [type(row) for row in kiosk.rows()] == [NotAsked]
    assert kiosk.borrowing().lent == 0
    await kiosk.scan(book(1))
    assert kiosk.borrowing().lent == 1


@story
async def test_a_late_answer_of_a_visit_that_is_over_reaches_nobody_else(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.tap(BERT)
    await kiosk.answer(event, lent(book(1)))
    assert kiosk.rows() == ()
    await kiosk.touch(Intent.DONE)
    assert isinstance(kiosk.screen(), Rest)


# ---- the end


@story
async def test_done_shows_the_count_and_leaves_by_no_receipt(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2), book(3))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(3)
    await kiosk.touch(Intent.NO_RECEIPT)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.printer.jobs == []


@story
async def test_done_waits_for_the_last_answers(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 5
    await kiosk.scan(book(1), book(2))
    await kiosk.touch(Intent.DONE)
    assert kiosk.borrowing().ending
    await kiosk.wait(9.9)
    assert kiosk.borrowing().ending
    await kiosk.wait(0.2)
    assert kiosk.screen() == Finished(2)


@story
async def test_a_scan_after_done_goes_on_with_the_visit(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 5
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.scan(book(2))
    assert not kiosk.borrowing().ending
    await kiosk.wait(11)
    assert kiosk.borrowing().lent == 2


@story
async def test_stop_does_not_wait_and_what_was_not_asked_yet_is_not_asked_any_more(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    kiosk.desk.delay_s = 5
    await kiosk.scan(book(2), book(3))
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(1, not_known=1)
    await kiosk.wait(5)
    assert kiosk.screen() == Finished(2)  # the answer that was on its way came while the patron still stood there
    await kiosk.wait(60)
    assert [item for _, item in kiosk.desk.asked] == [book(1), book(2)]


@story
async def test_an_answer_after_stop_and_rest_reaches_nobody(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 8
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    kiosk.desk.delay_s = 0
    await kiosk.tap(BERT)
    await kiosk.wait(10)
    assert kiosk.rows() == ()


@story
async def test_stop_or_done_without_a_loan_goes_to_rest_at_once(kiosk: Kiosk) -> None:
    for intent in (Intent.STOP, Intent.DONE):
        await kiosk.tap(ANNA)
        await kiosk.touch(intent)
        assert isinstance(kiosk.screen(), Rest)


@story
async def test_items_that_are_not_known_are_counted_at_the_end(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(0, not_known=1, can_print=False)
    await kiosk.answer(event, lent(book(1)))
    assert kiosk.screen() == Finished(1)


@story
async def test_a_touch_meant_for_the_screen_before_does_nothing_on_the_next(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    for _ in range(3):
        await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(1)
    for _ in range(3):
        await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.take_away()
    assert kiosk.screen() == Rest()


# ---- receipts


@story
async def test_a_receipt_is_printed_when_it_is_asked_for(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 2)
    await kiosk.wait(2)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTED, 2)
    ((language, loans, not_known),) = kiosk.receipts
    assert (language, [one.title for one in loans], not_known) == ("nl", [f"Title {book(2)}", f"Title {book(1)}"], 0)
    await kiosk.wait(5)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_a_receipt_is_in_the_kiosks_first_language_where_the_printer_has_no_letters(kiosk: Kiosk) -> None:
    kiosk.printer.writes = False
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.PRINT, language="en")
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.PRINT)
    await kiosk.wait(2)
    assert kiosk.shown().language == "en"
    assert [language for language, loans, _ in kiosk.receipts if loans] == ["en", "nl"]
    assert len(kiosk.printer.jobs) == 1


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (PrintOutcome.OUT_OF_PAPER, ReceiptState.OUT_OF_PAPER),
        (PrintOutcome.COVER_OPEN, ReceiptState.FAILED),
        (PrintOutcome.NOT_PRINTED, ReceiptState.FAILED),
        (PrintOutcome.UNKNOWN, ReceiptState.NOT_SURE),
    ],
)
def test_a_receipt_that_was_not_printed_is_told_and_the_loans_stand(
    outcome: PrintOutcome, state: ReceiptState, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.printer.outcome = outcome
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.touch(Intent.DONE)
        await kiosk.touch(Intent.PRINT)
        await kiosk.wait(3)
        assert kiosk.screen() == Receipt(state, 1)
        await kiosk.touch(Intent.CLOSE)
        assert isinstance(kiosk.screen(), Rest)

    story(tell)()
    assert f"receipt job-1: {outcome.value}" in caplog.text


@story
async def test_who_does_not_wait_for_the_printer_may_leave(kiosk: Kiosk) -> None:
    kiosk.printer.delay_s = 6
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.PRINT)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)
    await kiosk.wait(10)
    assert len(kiosk.printer.jobs) == 1


@pytest.mark.parametrize("choice", list(ReceiptChoice))
def test_the_patrons_own_default_is_printed_when_nothing_is_touched(choice: ReceiptChoice) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.patrons[ANNA] = wants_receipt(choice)
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.touch(Intent.DONE)
        await kiosk.wait(9.9)
        assert kiosk.screen() == Finished(1)
        assert kiosk.printer.jobs == []
        await kiosk.wait(0.2)
        assert len(kiosk.printer.jobs) == (choice is ReceiptChoice.PRINT)

    story(tell)()


@story
async def test_the_patrons_own_default_gives_way_to_no_receipt(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.PRINT)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.wait(20)
    assert kiosk.printer.jobs == []


@story
async def test_the_patrons_own_default_is_printed_even_if_the_next_one_is_quick(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.PRINT)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.tap(BERT)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 1)
    await kiosk.wait(2.1)
    assert kiosk.rows() == ()  # Bert's visit
    assert len(kiosk.printer.jobs) == 1


@story
async def test_the_next_pass_ends_the_last_screen(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.tap(BERT)
    assert kiosk.rows() == ()
    assert kiosk.printer.jobs == []


@story
async def test_without_a_printer_none_is_offered_and_a_stale_touch_prints_nothing(kiosk: Kiosk) -> None:
    kiosk.printer.exists = False
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(1, can_print=False)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.printer.jobs == []


# ---- time


@story
async def test_after_45_quiet_seconds_the_patron_is_asked_and_after_20_more_the_visit_ends(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(44.9)
    assert kiosk.shown().over is None
    await kiosk.wait(0.2)
    assert kiosk.shown().over == StillThere(20)
    await kiosk.wait(19.8)
    assert kiosk.shown().over == StillThere(1)
    await kiosk.wait(0.2)
    assert kiosk.screen() == Rest(notice=Notice.ENDED_BY_TIME)
    counted = [one.over.seconds for _, one in kiosk.ui.all if isinstance(one.over, StillThere)]
    assert counted == list(range(20, 0, -1))
    assert kiosk.printer.jobs == []


@story
async def test_more_time_goes_on_and_counts_anew_as_often_as_wanted(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    for _ in range(12):
        await kiosk.wait(50)
        assert isinstance(kiosk.shown().over, StillThere)
        await kiosk.touch(Intent.MORE_TIME)
        assert kiosk.shown().over is None
    await kiosk.wait(44.9)
    assert kiosk.shown().over is None


@story
async def test_a_scan_or_a_pass_is_an_answer_to_are_you_still_there(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(50)
    await kiosk.scan(book(1))
    assert (kiosk.shown().over, kiosk.borrowing().lent) == (None, 1)
    await kiosk.wait(50)
    await kiosk.tap(ANNA)
    assert kiosk.shown().over is None


@story
async def test_stop_leaves_from_are_you_still_there(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(50)
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(1)


@story
async def test_what_only_devices_do_neither_keeps_a_visit_open_nor_shortens_it(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    for _ in range(OFTEN[ScanUnreadable]):
        await kiosk.noise()  # until here it may be somebody
    for second in range(64):
        await kiosk.wait(1)
        await kiosk.line(online=bool(second % 2))
        await kiosk.health("item_scanner", Health.LOST if second % 2 else Health.READY)
        await kiosk.noise()
        await kiosk.take_away()
        await kiosk.answer(event, lent(book(1)))
        assert isinstance(kiosk.screen(), Borrowing)
        assert (kiosk.shown().over is None) == (second < 44)
    await kiosk.wait(1)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_choosing_a_language_or_reading_the_help_shows_that_somebody_is_there(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(40)
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.wait(40)
    await kiosk.touch(Intent.HELP)
    await kiosk.wait(40)
    assert kiosk.shown().over == HelpCard()
    await kiosk.wait(10)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.wait(10)
    await kiosk.touch(Intent.LANGUAGE, "nl")  # the question is read anew, in the other language
    await kiosk.wait(1)
    assert kiosk.shown().over in (StillThere(19), StillThere(20))
    await kiosk.wait(18.9)
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.wait(0.2)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_time_does_not_run_out_while_an_answer_is_awaited(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 100
    await kiosk.scan(book(1))
    await kiosk.wait(99)
    assert (kiosk.shown().over, type(kiosk.screen())) == (None, Borrowing)
    await kiosk.wait(45)
    assert kiosk.shown().over is None
    await kiosk.wait(2)
    assert isinstance(kiosk.shown().over, StillThere)


@story
async def test_the_same_pass_takes_up_what_ran_out_of_time(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(2)] = [lost(event)]
    kiosk.desk.replies[book(3)] = [HELD]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2), book(3))
    await kiosk.wait(66)
    await kiosk.take_away()
    await kiosk.wait(200)
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().resumed
    assert [type(row) for row in kiosk.rows()] == [NotKnown, Lent]
    await kiosk.answer(event, lent(book(2)))
    assert kiosk.borrowing().lent == 2
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.PRINT)
    assert len(kiosk.receipts[0][1]) == 2


@story
async def test_an_answer_that_comes_while_nobody_is_there_stands_when_the_visit_is_taken_up(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(66)
    await kiosk.answer(event, lent(book(1)))
    await kiosk.tap(ANNA)
    assert kiosk.titles() == [f"Title {book(1)}"]


@story
async def test_another_pass_of_the_same_patron_takes_up_the_visit_too(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[BERT] = kiosk.desk.patrons[ANNA]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(66)
    await kiosk.tap(BERT)
    assert kiosk.borrowing().resumed


@story
async def test_another_patron_never_sees_what_ran_out_of_time_and_wipes_it(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(66)
    await kiosk.tap(BERT)
    assert (kiosk.rows(), kiosk.borrowing().resumed) == ((), False)
    await kiosk.touch(Intent.STOP)
    await kiosk.tap(ANNA)
    assert (kiosk.rows(), kiosk.borrowing().resumed) == ((), False)


@story
async def test_what_ran_out_of_time_is_wiped_after_five_minutes(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.wait(65.1)
    await kiosk.wait(299)
    assert kiosk.parked._left.lines
    await kiosk.wait(22)
    assert kiosk.parked._left.lines == ()
    await kiosk.tap(ANNA)
    assert kiosk.rows() == ()


@story
async def test_a_visit_that_was_ended_by_hand_is_not_taken_up(kiosk: Kiosk) -> None:
    for ending in (Intent.DONE, Intent.STOP):
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1))
        await kiosk.touch(ending)
        await kiosk.touch(Intent.NO_RECEIPT)
        await kiosk.tap(ANNA)
        assert (kiosk.rows(), kiosk.borrowing().resumed) == ((), False)
        await kiosk.touch(Intent.STOP)


@story
async def test_the_time_of_one_visit_is_not_counted_in_the_next(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(40)
    await kiosk.touch(Intent.STOP)
    await kiosk.tap(BERT)
    await kiosk.wait(44)
    assert kiosk.shown().over is None


# ---- language and help


@story
async def test_a_visit_speaks_the_patrons_language_and_the_rest_the_kiosks(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.PRINT, language="en")
    await kiosk.tap(ANNA)
    assert kiosk.shown().language == "en"
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.receipts[0][0] == "en"
    await kiosk.wait(10)
    assert (type(kiosk.screen()), kiosk.shown().language) == (Rest, "nl")
    assert [one.language for _, one in kiosk.ui.all if isinstance(one.screen, Borrowing | Finished)].count("nl") == 0


@pytest.mark.parametrize("written", ["en", "EN", "en-GB"])
def test_k2_the_patrons_language_is_known_however_a_library_system_writes_it(written: str) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.ASK, language=written)
        await kiosk.tap(ANNA)
        assert kiosk.shown().language == "en"

    story(tell)()


@story
async def test_a_language_that_the_kiosk_does_not_speak_changes_nothing(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.ASK, language="tlh")
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.LANGUAGE, "tlh")
    assert kiosk.shown().language == "nl"


@story
async def test_a_language_chosen_by_hand_wins_over_the_patrons_own_until_the_visit_ends(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.ASK, language="nl")
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.tap(ANNA)
    assert kiosk.shown().language == "en"
    await kiosk.touch(Intent.STOP)
    assert kiosk.shown().language == "nl"


@story
async def test_a_language_can_be_chosen_on_every_screen(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.LANGUAGE, "en")
    before = kiosk.borrowing()
    assert kiosk.shown().language == "en"
    await kiosk.touch(Intent.LANGUAGE, "nl")
    assert (kiosk.borrowing(), kiosk.shown().language) == (before, "nl")
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert (kiosk.screen(), kiosk.shown().language) == (Finished(1), "en")


@story
async def test_a_help_card_at_rest_goes_when_nobody_comes(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.HELP)
    await kiosk.wait(19.9)
    assert kiosk.shown().over == HelpCard()
    await kiosk.wait(0.2)
    assert kiosk.shown().over is None


@story
async def test_the_help_card_lies_over_the_visit_which_goes_on_below(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.HELP)
    await kiosk.touch(Intent.DONE)  # not offered under the card
    await kiosk.scan(book(1))
    assert (kiosk.shown().over, kiosk.borrowing().lent) == (HelpCard(), 1)
    await kiosk.touch(Intent.CLOSE)
    assert (kiosk.shown().over, kiosk.borrowing().lent) == (None, 1)


@story
async def test_the_help_card_of_one_visit_does_not_lie_over_the_next(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.HELP)
    await kiosk.wait(45.1)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.wait(20)
    assert kiosk.shown().over is None
    await kiosk.touch(Intent.HELP)
    await kiosk.tap(BERT)
    assert (type(kiosk.screen()), kiosk.shown().over) == (Borrowing, None)


# ---- trouble


@story
async def test_troubles_are_told_at_rest_and_in_the_visit(kiosk: Kiosk) -> None:
    await kiosk.line(online=False)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_CONNECTION}))
    await kiosk.line(online=True)
    await kiosk.tap(ANNA)
    await kiosk.health("item_scanner", Health.LOST)
    assert kiosk.borrowing().troubles == {Trouble.NO_SCANNER}
    await kiosk.health("pass_reader", Health.FAULT)
    assert kiosk.borrowing().troubles == {Trouble.NO_WAY_IN}
    await kiosk.health("item_scanner", Health.DEGRADED)
    assert kiosk.borrowing().troubles == {Trouble.NO_PASS_READER}
    await kiosk.health("receipt_printer", Health.LOST)
    assert kiosk.borrowing().troubles == {Trouble.NO_PASS_READER}


@story
async def test_an_outage_in_which_one_can_borrow_changes_one_calm_line_and_nothing_else(kiosk: Kiosk) -> None:
    await kiosk.line(online=False, lends=True)
    assert kiosk.screen() == Rest(frozenset({Trouble.WITHOUT_LINE}))
    await kiosk.tap(ANNA)
    kiosk.desk.replies[book(1)] = [replace(lent(book(1)), provisional=True)]
    await kiosk.scan(book(1))
    await kiosk.line(online=True)
    await kiosk.scan(book(2))
    assert [(row.title, row.provisional) for row in kiosk.rows() if isinstance(row, Lent)] == [
        (f"Title {book(2)}", False),
        (f"Title {book(1)}", True),
    ]
    assert kiosk.borrowing().troubles == set()
    await kiosk.line(online=False, lends=True)
    assert kiosk.borrowing().troubles == {Trouble.WITHOUT_LINE}
    assert kiosk.borrowing().lent == 2
    await kiosk.line(online=False, lends=False)  # the mirror has become too old meanwhile
    assert kiosk.borrowing().troubles == {Trouble.NO_CONNECTION}


@story
async def test_every_device_may_go_and_come_at_every_screen(kiosk: Kiosk) -> None:
    async def flicker() -> None:
        before = kiosk.screen()
        for kind in ("pass_reader", "item_scanner", "receipt_printer"):
            await kiosk.health(kind, Health.LOST)
            await kiosk.health(kind, Health.READY)
        assert type(kiosk.screen()) is type(before)

    await flicker()
    await kiosk.tap(UNKNOWN)
    await flicker()
    await kiosk.tap(ANNA)
    await flicker()
    await kiosk.scan(book(1))
    await kiosk.wait(46)
    await flicker()
    await kiosk.touch(Intent.MORE_TIME)
    await kiosk.touch(Intent.DONE)
    await flicker()
    await kiosk.touch(Intent.PRINT)
    await flicker()
    await kiosk.wait(3)
    await flicker()
    await kiosk.wait(20)
    assert isinstance(kiosk.screen(), Rest)


# ---- faults of our own


@story
async def test_without_a_journal_lending_closes_and_opens_when_it_can_be_written_again(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [JournalFault("the journal cannot be written: OperationalError")]
    kiosk.desk.journal_fault = JournalFault("still")
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert kiosk.screen() == Closed("journal")
    await kiosk.wait(100)
    assert kiosk.screen() == Closed("journal")
    kiosk.desk.journal_fault = None
    await kiosk.take_away()
    await kiosk.wait(16)
    assert kiosk.screen() == Rest()
    await kiosk.tap(BERT)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_who_borrowed_before_the_kiosk_closed_reads_that_it_stands_and_nobody_after_them_does(
    kiosk: Kiosk,
) -> None:
    kiosk.desk.replies[book(2)] = [JournalFault("the journal cannot be written: OperationalError")]
    kiosk.desk.journal_fault = JournalFault("still")
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2))
    assert kiosk.screen() == Closed("journal", lent=1)
    await kiosk.wait(12)
    assert kiosk.screen() == Closed("journal", lent=1)
    await kiosk.wait(15)
    assert kiosk.screen() == Closed("journal")
    await kiosk.touch(Intent.LANGUAGE, "en")  # whoever comes next
    await kiosk.wait(6)
    assert (kiosk.screen(), kiosk.shown().language) == (Closed("journal"), "en")


@story
async def test_who_borrowed_reads_that_it_stands_where_nothing_can_be_written_down_at_the_end(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(3)] = [JournalFault("x")]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2))
    kiosk.desk.delay_s = 2
    await kiosk.scan(book(3))
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Finished)
    kiosk.desk.journal_fault = JournalFault("x")
    await kiosk.wait(3)
    assert kiosk.screen() == Closed("journal", lent=2)


@story
async def test_a_kiosk_that_starts_on_a_full_disk_invites_nobody_until_there_is_room(kiosk: Kiosk) -> None:
    kiosk.desk.journal_fault = JournalFull("the journal cannot be written: no room on the disk")
    await kiosk.restart()
    assert kiosk.screen() == Closed("disk-full")
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.wait(15)
    assert (kiosk.screen(), kiosk.shown().language) == (Closed("disk-full"), "en")
    await kiosk.wait(20)
    assert kiosk.shown().language == "nl", "of somebody who has gone"
    await kiosk.tap(ANNA)
    assert kiosk.said_closed == ["disk-full"] * len(kiosk.said_closed)
    kiosk.desk.journal_fault = None
    await kiosk.take_away()
    await kiosk.wait(6)
    assert (kiosk.screen(), kiosk.said_closed[-1], kiosk.desk.asked) == (Rest(), "", [])


@story
async def test_what_is_done_while_out_of_order_is_not_kept_for_afterwards(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [JournalFault("gone"), lent(book(1))]
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2), book(3))
    assert kiosk.screen() == Closed("journal")
    assert kiosk.shown().language == "nl"
    await kiosk.tap(BERT)
    await kiosk.scan(ANNA, book(4))
    await kiosk.touch(Intent.DONE)
    await kiosk.wait(20)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)
    assert [item for _, item in kiosk.desk.asked] == [book(1)]


def test_a_fault_of_our_own_is_logged_without_its_values_and_the_next_visit_begins(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.replies[book(1)] = [ValueError(f"cannot lend {book(1)} to {ANNA}")]
        kiosk.desk.patrons[UNKNOWN] = KeyError(UNKNOWN)
        for number in (ANNA, UNKNOWN):
            await kiosk.tap(number)
            if number == ANNA:
                await kiosk.scan(book(1))
            assert kiosk.screen() == OutOfOrder("fault")
            await kiosk.wait(16)
            assert isinstance(kiosk.screen(), Rest)
        await kiosk.tap(BERT)
        assert isinstance(kiosk.screen(), Borrowing)

    with caplog.at_level(logging.DEBUG):
        story(tell)()
    assert "a visit failed: ValueError at ScriptedDesk.check_out" in caplog.text
    for value in (ANNA, UNKNOWN, book(1)):
        assert value not in caplog.text


def test_a_visit_leaves_no_value_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.replies[book(2)] = [HELD]
        kiosk.desk.replies[book(3)] = [lost(an_event())]
        await kiosk.tap(ANNA)
        await kiosk.scan(book(1), book(2), book(3))
        await kiosk.touch(Intent.DONE)
        await kiosk.touch(Intent.PRINT)
        await kiosk.wait(30)
        await kiosk.tap(UNKNOWN)

    with caplog.at_level(logging.DEBUG):
        story(tell)()
    assert "refused: K8" in caplog.text
    for value in (ANNA, UNKNOWN, book(1), book(2), book(3), "Title", "anna", "04A1"):
        assert value not in caplog.text


@story
async def test_a_void_of_something_given_up_changes_no_row(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [unreachable()]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    event = an_event()
    await kiosk.answer(event, Voided(event))
    assert [type(row) for row in kiosk.rows()] == [NotAsked]


@story
async def test_k3_a_message_stands_until_it_is_read_away_one_by_one_and_stays_away_in_this_visit(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), messages=("Je tas ligt hier.", "Je jas ook."))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert kiosk.borrowing().messages == ("Je tas ligt hier.", "Je jas ook.")
    await kiosk.touch(Intent.READ, "2")
    assert kiosk.borrowing().messages == ("Je jas ook.",)
    await kiosk.touch(Intent.READ, "2")
    assert kiosk.borrowing().messages == ("Je jas ook.",), "a touch of the first card is none of the second"
    await kiosk.touch(Intent.READ, "1")
    assert kiosk.borrowing().messages == ()
    assert Intent.READ not in kiosk.offers()
    await kiosk.scan(book(2))
    assert kiosk.borrowing().messages == ()
    await kiosk.wait(45 + 20 + 1)
    assert isinstance(kiosk.screen(), Rest)
    await kiosk.tap(ANNA)
    assert (kiosk.borrowing().resumed, kiosk.borrowing().messages) == (True, ()), "the same visit goes on"
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.tap(ANNA)
    assert len(kiosk.borrowing().messages) == 2, "nobody was told that they were read"


@story
async def test_k3_n8_messages_and_the_end_of_a_membership_stand_from_first_to_last(kiosk: Kiosk) -> None:
    ends = date(2026, 8, 31)
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), messages=("Je tas ligt hier.",), ends=ends)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert kiosk.borrowing().lent == 1
    for _, shown in kiosk.ui.all:
        if isinstance(shown.screen, Borrowing):
            assert (shown.screen.messages, shown.screen.ends) == (("Je tas ligt hier.",), ends)
