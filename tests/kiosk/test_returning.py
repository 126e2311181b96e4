"""Items are brought back without a pass (K10): taken in, armed, read back, and only then shown as returned."""

from functools import partial

import pytest

from circulation.affairs import CheckedIn, Route
from circulation.identifiers import ItemBarcode
from circulation.outcomes import NextStep, Reason, Refused
from devices.ports import Health, PadItem, TagSecurity
from kiosk.rows import Back, Gate, NotAsked, NotKnown, NotTaken, PartsMissing, Row, Switching
from kiosk.ui import Borrowing, Closed, Finished, Intent, OutOfOrder, Rest, Returned, Returning, StillThere, Trouble
from kiosk.visit_pad import PadRules
from offline_cache.journal import JournalFault
from tests.kiosk.accounts import account, loan
from tests.kiosk.world import ANNA, BERT, KINDS, PASS_UNKNOWN, WITH_PAD, Kiosk, an_event, book, lost, tag, unreachable
from tests.kiosk.world import story as any_story

SECURED, UNSECURED = TagSecurity.SECURED, TagSecurity.UNSECURED
ELSEWHERE = Refused(Reason.RETURN_ELSEWHERE, "N6", NextStep.OTHER_BRANCH, {"place": "Zottegem"})
story = partial(any_story, kinds=WITH_PAD, returns=True)


def brought(number: int, part: int = 1, parts: int = 1) -> PadItem:
    """The tag of a book that was lent: the gate lets it pass."""
    return tag(book(number), part, parts, UNSECURED)


def screen(kiosk: Kiosk) -> Returning:
    found = kiosk.screen()
    assert isinstance(found, Returning), found
    return found


def row(kiosk: Kiosk) -> Row:
    [found] = screen(kiosk).rows
    return found


# ---- what everybody does


@story
async def test_a_stack_is_taken_in_one_by_one_and_each_is_armed(kiosk: Kiosk) -> None:
    stack = [brought(number) for number in (1, 2, 3)]
    await kiosk.touch(Intent.BRING_BACK)
    assert screen(kiosk).rows == ()
    await kiosk.lay(*stack)
    await kiosk.wait(1)
    assert kiosk.desk.returned == [book(1), book(2), book(3)]
    assert [kiosk.pad.bits[one.uid] for one in stack] == [SECURED] * 3
    assert (screen(kiosk).back, {type(one) for one in screen(kiosk).rows}) == (3, {Back})
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Returned(3, lying=True, can_print=True)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.asked == []


@story
async def test_it_is_shown_as_returned_only_after_its_bit_was_read_back_as_armed(kiosk: Kiosk) -> None:
    one = brought(1)
    kiosk.pad.delay_s = 1
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(one)
    assert kiosk.desk.returned == [book(1)]
    assert isinstance(row(kiosk), Switching)
    assert screen(kiosk).back == 0
    await kiosk.wait(1.1)
    assert isinstance(row(kiosk), Back)
    for _, shown in kiosk.ui.all:
        if isinstance(shown.screen, Returning) and shown.screen.back:
            assert kiosk.pad.bits[one.uid] is SECURED


@story
async def test_nothing_is_armed_before_the_library_took_it_in(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 3
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.wait(2.9)
    assert kiosk.pad.tried == []
    await kiosk.wait(1)
    assert len(kiosk.pad.tried) == 1


def test_without_a_pad_scanning_is_enough() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await kiosk.touch(Intent.BRING_BACK)
        await kiosk.scan(book(1), book(1))
        assert kiosk.desk.returned == [book(1)]  # scanned twice, it is asked once
        assert row(kiosk) == Back("s1", f"Title {book(1)}", Route.SHELF)

    story(tell, kinds=KINDS)()


@pytest.mark.parametrize(("route", "place"), [(Route.HOLD_SHELF, "blauw"), (Route.OTHER_BRANCH, "Borger")])
def test_k8_k10_where_it_goes_is_said_of_each(route: Route, place: str) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.return_replies[book(1)] = CheckedIn(ItemBarcode(book(1)), "Oeroeg", route, place, was_on_loan=False)
        await kiosk.touch(Intent.BRING_BACK)
        await kiosk.lay(brought(1))
        assert row(kiosk) == Back("s1", "Oeroeg", route, place)

    story(tell)()


@story
async def test_a_return_without_a_line_is_said_to_be_dealt_with_later(kiosk: Kiosk) -> None:
    kiosk.desk.return_replies[book(1)] = CheckedIn(ItemBarcode(book(1)), "Oeroeg", provisional=True)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    assert row(kiosk) == Back("s1", "Oeroeg", Route.SHELF, provisional=True)


# ---- when it does not go so well


@story
async def test_n6_what_is_not_taken_in_keeps_its_bit(kiosk: Kiosk) -> None:
    kiosk.desk.return_replies[book(1)] = ELSEWHERE
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.wait(2)
    assert row(kiosk) == NotTaken("s1", ELSEWHERE)
    assert kiosk.pad.tried == []
    await kiosk.touch(Intent.DONE)
    assert isinstance(kiosk.screen(), Rest)  # nothing was done that anybody could be thanked for


@story
async def test_a_bit_that_cannot_be_armed_is_the_desk_s_and_the_return_stands(kiosk: Kiosk) -> None:
    one = brought(1)
    kiosk.pad.rules = PadRules(undo=True)  # which is about loans alone
    kiosk.pad.stuck.add(one.uid)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert kiosk.pad.tried == [(one.uid, SECURED)] * 3
    assert row(kiosk) == Back("s1", f"Title {book(1)}", Route.SHELF, gate=Gate.OPEN)
    assert kiosk.desk.returned == [book(1)]
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Returned(1, to_check=1, lying=True, can_print=True)


@story
async def test_what_is_lifted_too_early_is_to_be_laid_back(kiosk: Kiosk) -> None:
    one = brought(1)
    kiosk.pad.delay_s = 1
    kiosk.pad.silent.add(one.uid)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(one)
    await kiosk.lift(one)
    await kiosk.wait(2)
    assert row(kiosk) == Back("s1", f"Title {book(1)}", Route.SHELF, gate=Gate.LAY_DOWN)
    kiosk.pad.silent.clear()
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert row(kiosk) == Back("s1", f"Title {book(1)}", Route.SHELF)
    assert kiosk.desk.returned == [book(1)]


@story
async def test_a_pad_that_goes_leaves_what_waits_to_the_desk(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 1
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.wait(2)
    assert row(kiosk) == Back("s1", f"Title {book(1)}", Route.SHELF, gate=Gate.OPEN)


@story
async def test_a_set_is_taken_in_when_all_of_it_lies_there(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1, 1, 2))
    assert row(kiosk) == PartsMissing("s1", 1, 2)
    await kiosk.lay(brought(1, 2, 2))
    await kiosk.wait(1)
    assert isinstance(row(kiosk), Back)
    assert set(kiosk.pad.bits.values()) == {SECURED}


@pytest.mark.parametrize(("fault", "kind"), [(unreachable(), NotAsked), (lost(an_event()), NotKnown)])
def test_an_answer_that_does_not_come_is_said(fault: BaseException, kind: type) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.return_fault = fault
        await kiosk.touch(Intent.BRING_BACK)
        await kiosk.lay(brought(1))
        assert type(row(kiosk)) is kind
        assert kiosk.pad.tried == []
        await kiosk.touch(Intent.DONE)
        assert isinstance(kiosk.screen(), Returned), "what to do with it is said once more"

    story(tell)()


@story
async def test_where_nothing_can_be_written_down_the_kiosk_closes(kiosk: Kiosk) -> None:
    kiosk.desk.return_fault = kiosk.desk.journal_fault = JournalFault("full")
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.wait(1)
    assert kiosk.screen() == Closed(JournalFault.word)


@story
async def test_a_fault_of_ours_ends_it_and_the_next_one_is_served(kiosk: Kiosk) -> None:
    kiosk.desk.return_fault = KeyError("x")
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    assert isinstance(kiosk.screen(), OutOfOrder)
    kiosk.desk.return_fault = None
    await kiosk.lift()
    await kiosk.wait(60)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    assert isinstance(row(kiosk), Back)


# ---- beginning and ending


def test_where_returns_are_not_taken_a_touch_does_nothing() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await kiosk.touch(Intent.BRING_BACK)
        assert kiosk.screen() == Rest()

    story(tell, returns=False)()


@story
async def test_without_anything_that_reads_items_none_are_taken_back(kiosk: Kiosk) -> None:
    assert kiosk.screen() == Rest(takes_back=True)
    await kiosk.health("item_scanner", Health.LOST)
    assert kiosk.screen() == Rest(takes_back=True)
    await kiosk.health("item_pad", Health.LOST)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_ITEMS}))
    await kiosk.health("item_pad", Health.READY)
    assert kiosk.screen() == Rest(takes_back=True)


@story
async def test_without_a_line_they_are_taken_back_where_the_kiosk_can(kiosk: Kiosk) -> None:
    await kiosk.line(False, lends=False)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_CONNECTION}))
    await kiosk.line(False, lends=True)
    assert kiosk.screen() == Rest(frozenset({Trouble.WITHOUT_LINE}), takes_back=True)


@story
async def test_what_was_brought_back_and_lies_there_is_not_lent_to_whoever_shows_a_pass(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.tap(ANNA)  # as people do: back with the old ones, and on
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.wait(5)
    assert kiosk.desk.asked == []
    await kiosk.lay(tag(book(2)))
    assert kiosk.desk.asked == [(ANNA, book(2))]


@story
async def test_a_pass_shown_while_an_answer_is_awaited_begins_its_visit_after_it(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 2
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.tap(ANNA)
    assert screen(kiosk).ending
    await kiosk.wait(5)
    assert isinstance(kiosk.screen(), Borrowing)
    assert kiosk.desk.returned == [book(1)]
    assert kiosk.pad.bits[brought(1).uid] is SECURED


async def a_pass_waits_while_something_is_read(kiosk: Kiosk) -> None:
    """A book that cannot be armed, and Anna's pass."""
    one = brought(1)
    kiosk.pad.stuck.add(one.uid)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(one)
    await kiosk.wait(2)
    await kiosk.tap(ANNA)
    assert kiosk.screen() == Returned(1, to_check=1, lying=True, can_print=True)


@story
async def test_who_must_still_do_something_reads_it_before_the_visit_of_the_pass(kiosk: Kiosk) -> None:
    await a_pass_waits_while_something_is_read(kiosk)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_of_two_passes_the_one_that_was_shown_last_begins_the_visit(kiosk: Kiosk) -> None:
    await a_pass_waits_while_something_is_read(kiosk)
    await kiosk.tap(BERT)
    assert kiosk.borrowing().notice is None
    await kiosk.scan(book(2))
    assert kiosk.desk.asked == [(BERT, book(2))]


@story
async def test_a_pass_that_is_scanned_after_another_was_shown_begins_the_visit(kiosk: Kiosk) -> None:
    await a_pass_waits_while_something_is_read(kiosk)
    await kiosk.scan(BERT)
    await kiosk.scan(book(2))
    assert kiosk.desk.asked == [(BERT, book(2))]


@story
async def test_what_was_lent_and_lies_there_is_not_taken_back_by_the_next_one(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(2)
    assert (kiosk.desk.returned, screen(kiosk).rows) == ([], ())


@story
async def test_a_visit_that_is_taken_up_again_does_not_list_what_came_back_meanwhile(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1), book(2))
    await kiosk.wait(66)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.CLOSE)
    await kiosk.tap(ANNA)
    assert kiosk.titles() == [f"Title {book(2)}"]


def test_what_was_renewed_and_came_back_meanwhile_is_no_more_on_the_receipt() -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.accounts[ANNA] = account(loan(1), loan(2))
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.ACCOUNT)
        await kiosk.touch(Intent.RENEW, "l0")
        await kiosk.touch(Intent.RENEW, "l1")
        await kiosk.wait(66)
        await kiosk.touch(Intent.BRING_BACK)
        await kiosk.scan(book(1))
        await kiosk.touch(Intent.DONE)
        await kiosk.touch(Intent.CLOSE)
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.DONE)
        screen = kiosk.screen()
        assert isinstance(screen, Finished)
        assert screen.renewed == 1

    story(tell, accounts=True)()


@story
async def test_books_that_lay_there_before_the_touch_are_taken_in(kiosk: Kiosk) -> None:
    await kiosk.lay(brought(1))
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(1)
    assert kiosk.desk.returned == [book(1)]


@story
async def test_silence_is_asked_about_and_ends_it(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.wait(46)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.wait(21)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_stop_leaves_with_a_word_of_thanks(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(brought(1))
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Returned(1, lying=True, can_print=True)
    await kiosk.wait(21)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_a_pass_that_is_refused_after_it_is_refused_as_ever(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.tap("20000000000998")
    assert PASS_UNKNOWN in [getattr(shown.screen, "refused", None) for _, shown in kiosk.ui.all]


@story
async def test_what_lay_on_a_pad_before_it_failed_is_not_taken_in_while_nobody_knows_of_it(kiosk: Kiosk) -> None:
    await kiosk.lay(brought(1))
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(1)
    assert kiosk.desk.returned == []
    await kiosk.scan(book(2))
    assert kiosk.desk.returned == [book(2)]


@story
async def test_what_was_scanned_before_stop_is_taken_in_all_the_same(kiosk: Kiosk) -> None:
    """It may lie in the bin already."""
    kiosk.desk.delay_s = 2
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1), book(2), book(3))
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(7)
    assert kiosk.desk.returned == [book(1), book(2), book(3)]
    found = kiosk.screen()
    assert isinstance(found, Returned)
    assert found.back == 3


@story
async def test_a_pass_waits_though_something_unreadable_is_scanned_after_it(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 2
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1))
    await kiosk.tap(ANNA)
    await kiosk.scan("%&")
    await kiosk.wait(5)
    assert isinstance(kiosk.screen(), Returned)  # what needs care is read first
    await kiosk.wait(20)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_what_could_not_be_asked_is_told_at_the_end_too(kiosk: Kiosk) -> None:
    kiosk.desk.return_fault = unreachable()
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    found = kiosk.screen()
    assert isinstance(found, Returned)
    assert (found.back, found.not_known) == (0, 1)
