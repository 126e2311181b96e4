"""My account within the visit, story by story: nothing that was asked is lost, and a book always goes before it."""

from dataclasses import replace

from circulation.affairs import HoldLine, Renewed
from circulation.identifiers import BranchCode, ItemBarcode, PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused, Voided
from kiosk.loans import Longer, LongerNotAsked, LongerNotKnown, NotLonger, RenewedLoan, Renewing
from kiosk.rows import Lent
from kiosk.ui import (
    AccountSection,
    Borrowing,
    Finished,
    Intent,
    MyAccount,
    NoAccount,
    Notice,
    OutOfOrder,
    Receipt,
    ReceiptState,
    Rest,
    StillThere,
    Trouble,
    Waiting,
)
from offline_cache.journal import JournalFault
from tests.kiosk.accounts import ENOUGH, OWES, WANTED, account, both, loan, loans, longer, not_longer, seen
from tests.kiosk.world import ANNA, BERT, LATER, WITH_PAD, Kiosk, an_event, book, lent, lost, story, tag, unreachable


async def opened(kiosk: Kiosk, numbers: int = 2) -> None:
    """Anna looks at her account with so many loans."""
    kiosk.desk.accounts[ANNA] = account(*(loan(one) for one in range(1, numbers + 1)))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert len(loans(kiosk)) == numbers


def accounts(tell: object) -> object:
    """A story at a kiosk where patrons see their accounts."""
    return story(tell, accounts=True)  # type: ignore[arg-type]


@accounts
async def test_the_account_is_opened_from_borrowing_and_left_to_it(kiosk: Kiosk) -> None:
    await opened(kiosk)
    assert seen(kiosk).section is AccountSection.LOANS
    await kiosk.touch(Intent.SECTION, "fees")
    assert seen(kiosk).section is AccountSection.FEES
    await kiosk.touch(Intent.SECTION, "nonsense")
    assert seen(kiosk).section is AccountSection.FEES
    await kiosk.touch(Intent.BACK)
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.scan(book(7))
    assert kiosk.titles() == [f"Title {book(7)}"]
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Finished)


@accounts
async def test_k13_a_loan_that_cannot_be_renewed_says_why_before_anybody_asks(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1, refused=WANTED), loan(2))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert [(one.refused, one.can_renew) for one in loans(kiosk)] == [(WANTED, False), (None, True)]
    assert (seen(kiosk).no_renewals, kiosk.desk.cases) == (None, [])
    await kiosk.touch(Intent.RENEW, "l0")
    assert kiosk.desk.asked_to_renew == []


@accounts
async def test_k13_where_nothing_of_theirs_can_be_renewed_that_is_said_once_with_the_code_of_the_case(
    kiosk: Kiosk,
) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1, refused=OWES), loan(2, refused=OWES))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert (seen(kiosk).no_renewals, [one.refused for one in loans(kiosk)]) == (OWES, [None, None])
    assert [one.reason for one in kiosk.desk.cases] == [OWES.reason]
    assert (seen(kiosk).code, seen(kiosk).code_of) == (kiosk.desk.code, OWES.reason)
    await kiosk.touch(Intent.BACK)
    await kiosk.touch(Intent.ACCOUNT)
    assert len(kiosk.desk.cases) == 1


@accounts
async def test_k4_who_has_chosen_it_sees_what_was_brought_back(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = replace(account(loan(1)), history=("Oeroeg", "Max Havelaar"))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert seen(kiosk).history == ("Oeroeg", "Max Havelaar")
    assert "Oeroeg" not in repr(kiosk.screen())


@accounts
async def test_a_loan_is_renewed_and_shows_its_new_date(kiosk: Kiosk) -> None:
    await opened(kiosk)
    kiosk.desk.delay_s = 3
    await kiosk.touch(Intent.RENEW, "l1")
    assert [one.renewal for one in loans(kiosk)] == [None, Renewing()]
    await kiosk.touch(Intent.RENEW, "l1")
    await kiosk.wait(4)
    assert [one.renewal for one in loans(kiosk)] == [None, Longer(LATER)]
    assert kiosk.desk.asked_to_renew == [book(2)]
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(0, renewed=1)
    await kiosk.touch(Intent.PRINT)
    assert kiosk.printed_renewals == [(RenewedLoan(f"Title {book(2)}", LATER),)]
    assert kiosk.screen() == Receipt(ReceiptState.PRINTING, 0, renewed=1)
    await kiosk.wait(3)
    assert kiosk.screen() == Receipt(ReceiptState.PRINTED, 0, renewed=1)


@accounts
async def test_a_loan_that_is_not_renewed_says_why_and_keeps_its_date(kiosk: Kiosk) -> None:
    await opened(kiosk)
    kiosk.desk.renewals[book(1)] = WANTED
    await kiosk.touch(Intent.RENEW, "l0")
    assert loans(kiosk)[0].renewal == NotLonger(WANTED)
    assert not loans(kiosk)[0].can_renew
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)


@accounts
async def test_several_loans_touched_in_a_row_are_each_renewed_once(kiosk: Kiosk) -> None:
    await opened(kiosk, 3)
    kiosk.desk.delay_s = 1
    await kiosk.put()
    for key in ("l2", "l0", "l2", "l1"):
        await kiosk.touch(Intent.RENEW, key)
    await kiosk.wait(5)
    assert kiosk.desk.asked_to_renew == [book(3), book(1), book(2)]
    assert all(one.renewal == Longer(LATER) for one in loans(kiosk))


@accounts
async def test_renewing_all_gives_each_loan_its_own_answer(kiosk: Kiosk) -> None:
    await opened(kiosk, 3)
    kiosk.desk.renewed_all = both(longer(2), no=(not_longer(3),))
    kiosk.desk.delay_s = 1
    await kiosk.touch(Intent.RENEW_ALL)
    assert [one.renewal for one in loans(kiosk)] == [Renewing()] * 3
    await kiosk.wait(2)
    assert [one.renewal for one in loans(kiosk)] == [None, Longer(LATER), NotLonger(ENOUGH)]
    assert kiosk.desk.asked_to_renew == ["all"]


@accounts
async def test_what_was_renewed_today_is_not_renewed_again_with_the_others(kiosk: Kiosk) -> None:
    await opened(kiosk, 3)
    await kiosk.touch(Intent.RENEW, "l1")
    await kiosk.touch(Intent.RENEW_ALL)
    assert kiosk.desk.asked_to_renew == [book(2), book(1), book(3)]
    await kiosk.touch(Intent.BACK)
    await kiosk.touch(Intent.ACCOUNT)
    assert [one.can_renew for one in loans(kiosk)] == [False] * 3
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(0, renewed=3)


@accounts
async def test_what_was_lent_just_now_loses_no_renewal_with_the_others(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1), loan(7))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(7))
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.touch(Intent.RENEW_ALL)
    assert kiosk.desk.asked_to_renew == [book(1)]
    assert [one.can_renew for one in loans(kiosk)] == [False, True]
    await kiosk.touch(Intent.RENEW_ALL)
    assert kiosk.desk.asked_to_renew == [book(1), book(7)], "who asks for nothing else is given it"


@accounts
async def test_nor_does_what_may_have_been_lent_just_now(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1), loan(7))
    kiosk.desk.replies[book(7)] = [lost(an_event())]
    await kiosk.tap(ANNA)
    await kiosk.scan(book(7))
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.touch(Intent.RENEW_ALL)
    assert kiosk.desk.asked_to_renew == [book(1)]


@accounts
async def test_an_answer_that_is_lost_is_said_and_turns_when_it_comes_late(kiosk: Kiosk) -> None:
    await opened(kiosk)
    event = an_event()
    kiosk.desk.renewals[book(1)] = lost(event)
    await kiosk.touch(Intent.RENEW, "l0")
    assert loans(kiosk)[0].renewal == LongerNotKnown()
    assert not loans(kiosk)[0].can_renew
    await kiosk.answer(event, longer(1))
    assert loans(kiosk)[0].renewal == Longer(LATER)
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(0, renewed=1)


@accounts
async def test_a_late_answer_to_all_of_them_turns_each(kiosk: Kiosk) -> None:
    await opened(kiosk, 3)
    event = an_event()
    kiosk.desk.renewed_all = lost(event)
    await kiosk.touch(Intent.RENEW_ALL)
    assert [one.renewal for one in loans(kiosk)] == [LongerNotKnown()] * 3
    assert Intent.RENEW_ALL not in kiosk.offers()
    await kiosk.answer(event, both(longer(1), longer(2), no=(not_longer(3),)))
    assert [one.renewal for one in loans(kiosk)] == [Longer(LATER), Longer(LATER), NotLonger(ENOUGH)]


@accounts
async def test_a_late_answer_is_taken_in_at_the_farewell_too(kiosk: Kiosk) -> None:
    await opened(kiosk)
    event = an_event()
    kiosk.desk.renewals[book(1)] = lost(event)
    await kiosk.touch(Intent.RENEW, "l0")
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(0, can_print=False, renewals_unclear=1)
    await kiosk.answer(event, longer(1))
    assert kiosk.screen() == Finished(0, renewed=1)


@accounts
async def test_without_a_line_nothing_is_renewed_and_it_can_be_tried_again(kiosk: Kiosk) -> None:
    await opened(kiosk)
    kiosk.desk.renewals[book(1)] = unreachable()
    await kiosk.touch(Intent.RENEW, "l0")
    assert loans(kiosk)[0].renewal == LongerNotAsked()
    await kiosk.answer(an_event(), Voided(an_event()))
    del kiosk.desk.renewals[book(1)]
    await kiosk.touch(Intent.RENEW, "l0")
    assert loans(kiosk)[0].renewal == Longer(LATER)


@accounts
async def test_a_renewal_goes_on_while_its_patron_borrows_and_is_awaited_when_they_are_done(kiosk: Kiosk) -> None:
    await opened(kiosk, 3)
    kiosk.desk.delay_s = 3
    await kiosk.touch(Intent.RENEW, "l0")
    await kiosk.touch(Intent.RENEW, "l1")
    await kiosk.touch(Intent.BACK)
    await kiosk.scan(book(9))
    await kiosk.touch(Intent.DONE)
    await kiosk.wait(12)
    assert kiosk.screen() == Finished(1, renewed=2)


@accounts
async def test_who_stops_is_told_of_the_renewal_that_was_asked_and_the_others_are_not_asked(kiosk: Kiosk) -> None:
    await opened(kiosk, 3)
    kiosk.desk.delay_s = 3
    await kiosk.touch(Intent.RENEW, "l0")
    await kiosk.touch(Intent.RENEW, "l1")
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(0, can_print=False, renewals_unclear=1)
    await kiosk.wait(4)
    assert kiosk.screen() == Finished(0, renewed=1)
    assert kiosk.desk.asked_to_renew == [book(1)]


@accounts
async def test_a_scanned_book_goes_back_to_borrowing_and_is_borrowed(kiosk: Kiosk) -> None:
    await opened(kiosk)
    await kiosk.scan(book(7), book(8))
    assert sorted(kiosk.titles()) == [f"Title {book(7)}", f"Title {book(8)}"]


@accounts
async def test_a_book_scanned_while_the_account_is_awaited_is_borrowed(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 5
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.wait(1)
    assert isinstance(kiosk.screen(), Waiting)
    await kiosk.scan(book(7))
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.wait(6)
    assert kiosk.titles() == [f"Title {book(7)}"]


async def _a_book_laid_down(kiosk: Kiosk) -> None:
    one, other = tag(book(7)), tag(book(8))
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    assert kiosk.titles() == [f"Title {book(7)}"]
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.tell_pad()
    assert isinstance(kiosk.screen(), MyAccount), "what lay there before is no new book"
    await kiosk.lay(other)
    assert sorted(kiosk.titles()) == [f"Title {book(7)}", f"Title {book(8)}"]


test_a_book_laid_down_goes_back_to_borrowing = story(_a_book_laid_down, WITH_PAD, accounts=True)


@accounts
async def test_another_pass_is_said_and_changes_nothing(kiosk: Kiosk) -> None:
    await opened(kiosk)
    await kiosk.tap(BERT)
    assert seen(kiosk).notice is Notice.OTHER_PASS
    await kiosk.take_away()
    assert seen(kiosk).notice is None
    await kiosk.tap(ANNA)
    assert seen(kiosk).notice is None
    await kiosk.noise()
    assert seen(kiosk).notice is Notice.UNREADABLE_SCAN


@accounts
async def test_silence_asks_and_then_ends_the_visit(kiosk: Kiosk) -> None:
    await opened(kiosk)
    await kiosk.wait(46)
    assert kiosk.shown().over == StillThere(19)
    await kiosk.touch(Intent.MORE_TIME)
    assert kiosk.shown().over is None
    assert isinstance(kiosk.screen(), MyAccount)
    await kiosk.wait(46)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    await opened(kiosk)
    await kiosk.wait(70)
    assert isinstance(kiosk.screen(), Rest)


@accounts
async def test_a_book_scanned_at_that_question_is_borrowed(kiosk: Kiosk) -> None:
    await opened(kiosk)
    await kiosk.wait(46)
    await kiosk.scan(book(7))
    assert kiosk.titles() == [f"Title {book(7)}"]


@accounts
async def test_who_stops_while_the_account_is_awaited_leaves_at_once(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 5
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.wait(1)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)


@accounts
async def test_an_account_that_nobody_gives_is_said_with_a_way_back(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = unreachable()
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert kiosk.screen() == NoAccount()
    await kiosk.touch(Intent.BACK)
    assert isinstance(kiosk.screen(), Borrowing)
    no = Refused(Reason.PASS_BLOCKED, "P7", NextStep.DESK)
    kiosk.desk.accounts[ANNA] = no
    await kiosk.touch(Intent.ACCOUNT)
    assert kiosk.screen() == NoAccount(no)
    await kiosk.scan(book(7))
    assert kiosk.titles() == [f"Title {book(7)}"]


@accounts
async def test_who_cannot_borrow_sees_the_account_and_renews(kiosk: Kiosk) -> None:
    no = Refused(Reason.NO_STRIPS, "S2", NextStep.DESK)
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), cannot_borrow=no)
    await opened(kiosk)
    await kiosk.touch(Intent.RENEW, "l0")
    assert loans(kiosk)[0].renewal == Longer(LATER)


@accounts
async def test_the_account_wanted_at_rest_opens_with_the_next_pass(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1))
    await kiosk.touch(Intent.ACCOUNT)
    screen = kiosk.screen()
    assert isinstance(screen, Rest)
    assert screen.notice is Notice.PASS_FOR_ACCOUNT
    await kiosk.tap(ANNA)
    assert len(loans(kiosk)) == 1
    assert not any(isinstance(one.screen, Borrowing) for _, one in kiosk.ui.all)
    await kiosk.touch(Intent.BACK)
    assert isinstance(kiosk.screen(), Borrowing)


@accounts
async def test_the_account_touched_a_moment_after_the_pass_opens_with_that_visit(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1))
    kiosk.desk.delay_s = 1
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.wait(3)
    assert len(loans(kiosk)) == 1


@accounts
async def test_that_wish_is_forgotten_after_the_time_to_read_it(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.wait(21)
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)


async def _books_before(kiosk: Kiosk) -> None:
    kiosk.desk.accounts[ANNA] = account(loan(1))
    await kiosk.lay(tag(book(7)))
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.tap(ANNA)
    assert len(loans(kiosk)) == 1
    await kiosk.touch(Intent.BACK)
    assert kiosk.titles() == [f"Title {book(7)}"]


test_books_that_lay_there_before_are_borrowed_before_the_account_opens = story(_books_before, WITH_PAD, accounts=True)


@accounts
async def test_a_loan_answered_late_while_the_account_stood_there_is_seen_on_the_list(kiosk: Kiosk) -> None:
    event = an_event()
    kiosk.desk.replies[book(7)] = [lost(event)]
    kiosk.desk.accounts[ANNA] = account(loan(1))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(7))
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.answer(event, lent(book(7)))
    await kiosk.touch(Intent.BACK)
    assert isinstance(kiosk.rows()[0], Lent)


@accounts
async def test_without_a_journal_the_kiosk_closes_and_with_a_fault_it_says_so(kiosk: Kiosk) -> None:
    await opened(kiosk)
    kiosk.desk.renewals[book(1)] = KeyError("x")
    await kiosk.touch(Intent.RENEW, "l0")
    assert isinstance(kiosk.screen(), OutOfOrder)
    await kiosk.wait(30)
    await opened(kiosk)
    kiosk.desk.renewals[book(1)] = kiosk.desk.journal_fault = JournalFault("disk full")
    await kiosk.touch(Intent.RENEW, "l0")
    assert kiosk.said_closed


@accounts
async def test_what_is_ready_and_where_another_branch_is_are_shown_as_told(kiosk: Kiosk) -> None:
    hold = HoldLine("Oeroeg", BranchCode("3540"), "Annen", True, "blauw")
    kiosk.desk.accounts[ANNA] = account(loan(1), elsewhere=(loan(2),), holds=(hold,))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert seen(kiosk).holds == (hold,)
    assert [(one.code, len(one.loans)) for one in seen(kiosk).loans] == [("3540", 1), ("3550", 1)]
    await kiosk.touch(Intent.RENEW, "l1")
    assert kiosk.desk.asked_to_renew == [book(2)]


@accounts
async def test_an_account_is_not_offered_where_the_line_is_down(kiosk: Kiosk) -> None:
    await kiosk.line(False)
    await kiosk.touch(Intent.ACCOUNT)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_CONNECTION}))


def test_no_title_stands_in_the_repr_of_an_account() -> None:
    one = Renewed(ItemBarcode(book(1)), "Oeroeg", LATER)
    assert "Oeroeg" not in repr(one) + repr(RenewedLoan("Oeroeg", LATER))


@accounts
async def test_a_visit_that_is_taken_up_again_knows_what_it_renewed(kiosk: Kiosk) -> None:
    await opened(kiosk)
    await kiosk.touch(Intent.RENEW, "l0")
    await kiosk.wait(1)
    await kiosk.take_away()
    await kiosk.wait(90)
    assert isinstance(kiosk.screen(), Rest)
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().resumed
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.touch(Intent.RENEW_ALL)
    await kiosk.wait(1)
    assert kiosk.desk.asked_to_renew == [book(1), book(2)], "not all of them: a second time would cost a renewal"
    await kiosk.touch(Intent.BACK)
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(0, can_print=True, renewed=2)
    await kiosk.touch(Intent.PRINT)
    assert len(kiosk.printed_renewals[-1]) == 2


@accounts
async def test_a_late_answer_to_a_renewal_of_a_visit_that_ran_out_is_known_when_it_is_taken_up(kiosk: Kiosk) -> None:
    event = an_event()
    await opened(kiosk)
    kiosk.desk.renewals[book(1)] = lost(event)
    await kiosk.touch(Intent.RENEW, "l0")
    await kiosk.wait(90)
    await kiosk.answer(event, Renewed(ItemBarcode(book(1)), "Deel 1", LATER))
    await kiosk.take_away()
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(0, can_print=True, renewed=1)
