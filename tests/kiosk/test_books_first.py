"""Books come before a pass: "lend or return?". Nothing is done before that is said, and nobody scans twice."""

from functools import partial

from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from devices.ports import PassUnreadable, TagSecurity
from kiosk.ui import Borrowing, Intent, LendOrReturn, Notice, NoVisit, Rest, Returning, StillThere, Trouble
from tests.kiosk.world import ANNA, BERT, ITEM_AS_PASS, PASS_UNKNOWN, UNKNOWN, WITH_PAD, Kiosk, book, tag, unreachable
from tests.kiosk.world import story as any_story

story = partial(any_story, kinds=WITH_PAD, returns=True)
REST = Rest(takes_back=True)
MANDATE = "2000000000001234"
MANDATE_SHOWN = Refused(Reason.MANDATE_SHOWN, "P3", NextStep.PASS)


@story
async def test_books_on_the_pad_are_counted_and_left_alone_until_it_is_said_what_to_do(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)), tag(book(2)))
    assert kiosk.screen() == LendOrReturn(2)
    await kiosk.lay(tag(book(3)))
    assert kiosk.screen() == LendOrReturn(3)
    assert (kiosk.desk.asked, kiosk.desk.returned, kiosk.pad.tried) == ([], [], [])


@story
async def test_a_pass_is_the_answer_and_the_books_are_lent_at_once_without_a_touch(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)), tag(book(2)))
    await kiosk.scan(book(3))
    assert kiosk.screen() == LendOrReturn(3)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert sorted(kiosk.desk.asked) == [(ANNA, book(1)), (ANNA, book(2)), (ANNA, book(3))]
    assert kiosk.borrowing().lent == 3


@story
async def test_after_lend_the_pass_is_asked_for_and_what_was_scanned_is_lent_once(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1), book(2), book(1))
    assert kiosk.screen() == LendOrReturn(2)
    await kiosk.touch(Intent.LEND)
    assert kiosk.screen() == LendOrReturn(2, wants_pass=True)
    await kiosk.scan(ANNA)
    await kiosk.wait(1)
    assert kiosk.desk.asked == [(ANNA, book(1)), (ANNA, book(2))]


@story
async def test_lend_touched_a_moment_after_the_pass_is_yes_go_on(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 1
    await kiosk.scan(book(1))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.LEND)
    await kiosk.wait(3)
    assert kiosk.desk.asked == [(ANNA, book(1))]


@story
async def test_what_is_touched_instead_a_moment_after_the_pass_is_done_and_not_asked_again(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 1
    await kiosk.scan(book(1))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(3)
    assert isinstance(kiosk.screen(), Returning)
    assert (kiosk.desk.asked, kiosk.desk.returned) == ([], [book(1)])
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.CLOSE)
    await kiosk.scan(book(2))
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_another_pass_counts_in_the_last_seconds_after_the_first_was_refused(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))
    kiosk.desk.patrons[UNKNOWN] = PASS_UNKNOWN
    await kiosk.tap(UNKNOWN)
    assert isinstance(kiosk.screen(), NoVisit)
    await kiosk.touch(Intent.CLOSE)
    await kiosk.take_away()
    await kiosk.wait(25)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.tap(ANNA, uid="04A1B2C3D4E5F8")
    await kiosk.wait(1)
    assert kiosk.desk.asked == [(ANNA, book(1))]


@story
async def test_what_was_scanned_at_a_door_that_did_not_open_is_brought_back_with_the_rest(kiosk: Kiosk) -> None:
    kiosk.desk.pins[ANNA] = "7351"
    await kiosk.scan(book(1), book(2))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(3))
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == LendOrReturn(3)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(1)
    assert kiosk.desk.returned == [book(1), book(2), book(3)]


@story
async def test_to_bring_them_back_takes_all_in_without_another_scan(kiosk: Kiosk) -> None:
    one = tag(book(1), security=TagSecurity.UNSECURED)
    await kiosk.lay(one)
    await kiosk.scan(book(2))
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(1)
    assert isinstance(kiosk.screen(), Returning)
    assert sorted(kiosk.desk.returned) == [book(1), book(2)]
    assert kiosk.pad.bits[one.uid] is TagSecurity.SECURED


@story
async def test_whoever_says_lend_may_still_bring_them_back(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.LEND)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(1)
    assert (kiosk.desk.returned, kiosk.desk.asked) == ([book(1)], [])


@story
async def test_whoever_walks_away_leaves_no_trace_and_tags_as_they_were(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.scan(book(2))
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.wait(41)
    assert kiosk.screen() == Rest(notice=Notice.BOOKS_LEFT, takes_back=True)
    assert (kiosk.shown().language, kiosk.desk.returned, kiosk.pad.tried) == ("nl", [], [])
    await kiosk.lift()
    assert kiosk.screen() == REST
    await kiosk.tap(BERT)
    await kiosk.wait(1)
    assert kiosk.desk.asked == []


@story
async def test_whoever_scanned_is_asked_before_it_is_lost_and_goes_on_by_a_touch_a_scan_or_a_book_laid_down(
    kiosk: Kiosk,
) -> None:
    await kiosk.scan(book(1))
    await kiosk.wait(20.5)
    assert (kiosk.screen(), kiosk.shown().over) == (LendOrReturn(1), StillThere(20))
    await kiosk.touch(Intent.MORE_TIME)
    assert (kiosk.screen(), kiosk.shown().over) == (LendOrReturn(1), None)
    await kiosk.wait(20.5)
    await kiosk.scan(book(2))
    assert (kiosk.screen(), kiosk.shown().over) == (LendOrReturn(2), None)
    await kiosk.wait(20.5)
    await kiosk.lay(tag(book(3)))
    assert (kiosk.screen(), kiosk.shown().over) == (LendOrReturn(3), None)
    await kiosk.wait(35)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert sorted(kiosk.desk.asked) == [(ANNA, book(1)), (ANNA, book(2)), (ANNA, book(3))]
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.scan(book(4))
    await kiosk.wait(21)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_a_book_lifted_again_takes_the_question_away_and_stop_does_too(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.lift()
    assert kiosk.screen() == REST
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == REST


@story
async def test_a_tag_that_comes_and_goes_keeps_no_question_open(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    for _ in range(10):
        await kiosk.lay(tag(book(2)))
        await kiosk.wait(1.5)
        await kiosk.lift(tag(book(2)))
        await kiosk.wait(1.5)
    assert not any(isinstance(one.screen, LendOrReturn) for at, one in kiosk.ui.all if 23 < at < 24)


@story
async def test_books_that_somebody_forgot_are_not_counted_with_those_of_the_next(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(21)
    await kiosk.scan(book(2))
    assert kiosk.screen() == LendOrReturn(1)


@story
async def test_p3_a_pass_with_the_number_of_a_book_is_asked_about_and_begins_a_visit_where_a_pass_is_awaited(
    kiosk: Kiosk,
) -> None:
    kiosk.desk.patrons[book(7)] = Identified(PatronRef("g"), may_borrow=5)
    await kiosk.scan(book(7))
    assert kiosk.screen() == LendOrReturn(1)
    await kiosk.touch(Intent.LEND)
    await kiosk.scan(book(7))
    await kiosk.wait(1)
    assert isinstance(kiosk.screen(), Borrowing)
    assert kiosk.desk.asked == []


@story
async def test_p3_another_book_where_a_pass_is_awaited_is_a_book(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.LEND)
    await kiosk.scan(book(2))
    await kiosk.wait(1)
    assert kiosk.screen() == LendOrReturn(2, wants_pass=True)
    kiosk.desk.patrons[book(3)] = unreachable()
    await kiosk.scan(book(3))
    await kiosk.wait(1)
    assert kiosk.screen() == LendOrReturn(3, wants_pass=True)


@story
async def test_another_pass_after_one_that_is_refused_lends_what_was_scanned_before(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert kiosk.desk.asked == [(ANNA, book(1))]


@story
async def test_after_a_refused_pass_that_was_closed_the_question_stands_again(kiosk: Kiosk) -> None:
    await kiosk.scan(book(1))
    await kiosk.tap(UNKNOWN)
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.screen() == LendOrReturn(1)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(1)
    assert kiosk.desk.returned == [book(1)]


@story
async def test_a_code_of_another_kind_keeps_its_own_sentence(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[MANDATE] = MANDATE_SHOWN
    await kiosk.scan(MANDATE)
    assert kiosk.screen() == NoVisit(MANDATE_SHOWN)
    await kiosk.touch(Intent.CLOSE)
    await kiosk.scan(book(1))
    await kiosk.noise()
    assert kiosk.screen() == LendOrReturn(1, notice=Notice.UNREADABLE_SCAN)
    await kiosk.put(PassUnreadable("pass_reader", "bank card", 0.0))
    assert kiosk.screen() == LendOrReturn(1, notice=Notice.CARD_NOT_READ)


@story
async def test_a_pass_that_was_left_there_is_named_when_the_pass_is_awaited(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.STOP)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.LEND)
    assert kiosk.screen() == LendOrReturn(1, wants_pass=True, notice=Notice.PASS_LEFT)


@story
async def test_without_a_line_it_is_asked_too_and_where_nothing_goes_it_is_not(kiosk: Kiosk) -> None:
    await kiosk.line(False, lends=True)
    await kiosk.lay(tag(book(1)))
    assert kiosk.screen() == LendOrReturn(1, troubles=frozenset({Trouble.WITHOUT_LINE}))
    await kiosk.line(False)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_a_scanner_gone_mad_gets_no_further_than_twenty_books(kiosk: Kiosk) -> None:
    await kiosk.scan(*(book(number) for number in range(1, 30)))
    assert kiosk.screen() == LendOrReturn(20, notice=Notice.UNREADABLE_SCAN)


@partial(any_story, kinds=WITH_PAD)
async def test_where_nothing_is_taken_back_a_pass_is_asked_for_as_ever(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    assert kiosk.screen() == Rest(notice=Notice.PASS_FIRST)
    await kiosk.scan(book(2))
    assert kiosk.screen() == NoVisit(ITEM_AS_PASS)
