"""A visit with a pad: yes, bit cleared, read back, shown as lent; in virtual time, over a pad that follows a script."""

from dataclasses import replace
from functools import partial

import pytest

from circulation.outcomes import NextStep, Reason, Refused
from devices.ports import Health, ItemsChanged, PadItem, PassPresented, TagSecurity
from kiosk.rows import Gate, Lent, NotKnown, NotLent, PartsMissing, Switching, Undone
from kiosk.ui import (
    Borrowing,
    Closed,
    Finished,
    Intent,
    LendOrReturn,
    Notice,
    OutOfOrder,
    Rest,
    Returning,
    StillThere,
    Trouble,
)
from kiosk.visit_pad import PadRules
from offline_cache.journal import JournalFault
from tests.kiosk.world import ANNA, BERT, HELD, WITH_PAD, Kiosk, an_event, book, lent, lost, tag, unreachable
from tests.kiosk.world import story as any_story

PAD_ONLY = ("item_pad", "receipt_printer")
SECURED, UNSECURED, UNKNOWN = TagSecurity.SECURED, TagSecurity.UNSECURED, TagSecurity.UNKNOWN
YOURS = Refused(Reason.ALREADY_YOURS, "K11", NextStep.KEEP)
ON_LOAN = Refused(Reason.ITEM_ON_LOAN, "K7", NextStep.DESK)
NOT_KNOWN_HERE = Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.DESK)
OWES = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK)
UNDO = PadRules(undo=True)
story = partial(any_story, kinds=WITH_PAD)


def bit(kiosk: Kiosk, one: PadItem) -> TagSecurity:
    return kiosk.pad.bits[one.uid]


def gates(kiosk: Kiosk) -> list[Gate]:
    return [row.gate for row in kiosk.rows() if isinstance(row, Lent | NotLent)]


# ---- one after the other, and nothing shown too early


@story
async def test_five_books_stacked_at_once_are_lent_one_by_one_each_after_its_bit_was_read_back(kiosk: Kiosk) -> None:
    stack = [tag(book(number)) for number in range(1, 6)]
    await kiosk.tap(ANNA)
    await kiosk.lay(*stack)
    await kiosk.wait(1)
    assert [number for _, number in kiosk.desk.asked] == [one.number for one in stack]
    assert [bit(kiosk, one) for one in stack] == [UNSECURED] * 5
    assert kiosk.borrowing().lent == 5
    assert gates(kiosk) == [Gate.SAFE] * 5


@story
async def test_a_book_is_shown_as_lent_only_after_its_bit_was_read_back(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.delay_s = 1
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    assert [type(row) for row in kiosk.rows()] == [Switching]
    assert kiosk.borrowing().lent == 0
    await kiosk.wait(1.1)
    assert [type(row) for row in kiosk.rows()] == [Lent]
    for _, shown in kiosk.ui.all:
        if isinstance(shown.screen, Borrowing) and shown.screen.lent:
            assert bit(kiosk, one) is UNSECURED


@story
async def test_a_loan_without_a_line_keeps_its_provisional_date_past_the_gate(kiosk: Kiosk) -> None:
    kiosk.desk.replies[book(1)] = [replace(lent(book(1)), provisional=True)]
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    [row] = kiosk.rows()
    assert isinstance(row, Lent)
    assert (row.provisional, row.gate) == (True, Gate.SAFE)


@story
async def test_nothing_is_unlocked_before_the_library_said_yes(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 3
    await kiosk.tap(ANNA)
    await kiosk.wait(4)
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(2.9)
    assert kiosk.pad.tried == []
    await kiosk.wait(1)
    assert len(kiosk.pad.tried) == 1


@story
async def test_books_that_lay_there_before_the_pass_are_handled_after_it(kiosk: Kiosk) -> None:
    one = tag(book(1))
    await kiosk.lay(one)
    assert kiosk.screen() == Rest(notice=Notice.PASS_FIRST)
    assert kiosk.desk.asked == []
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().lent == 1
    assert bit(kiosk, one) is UNSECURED


@story
async def test_a_book_that_stays_there_and_one_that_is_scanned_too_are_asked_once(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.scan(book(1))
    await kiosk.tell_pad()
    await kiosk.lay(tag(book(2)))
    assert [number for _, number in kiosk.desk.asked] == [book(1), book(2)]


@story
async def test_a_refused_book_is_asked_again_when_it_is_laid_there_anew_and_not_before(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [HELD]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.tell_pad()
    assert len(kiosk.desk.asked) == 1
    await kiosk.lift(one)
    await kiosk.lay(one)
    assert len(kiosk.desk.asked) == 2


# ---- lent, and the bit does not do as it should


@story
async def test_a_bit_that_cannot_be_cleared_is_tried_three_times_and_the_desk_looks_at_it(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert kiosk.pad.tried == [(one.uid, UNSECURED)] * 3
    assert gates(kiosk) == [Gate.CALLS]
    await kiosk.touch(Intent.DONE)
    screen = kiosk.screen()
    assert isinstance(screen, Finished)
    assert (screen.lent, screen.to_check) == (1, 1)


@story
async def test_a_bit_that_does_as_it_should_at_the_third_try_is_enough(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.stuck.add(one.uid)
    kiosk.pad.on_switch = lambda _: kiosk.pad.stuck.clear() if len(kiosk.pad.tried) == 3 else None
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert gates(kiosk) == [Gate.SAFE]


@story
async def test_where_the_branch_wants_it_such_a_loan_is_undone_after_its_bit_was_armed(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.rules = UNDO
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert kiosk.desk.returned == [book(1)]
    assert kiosk.pad.tried[-1] == (one.uid, SECURED)
    assert [type(row) for row in kiosk.rows()] == [Undone]
    assert kiosk.borrowing().lent == 0
    await kiosk.scan(book(1))
    await kiosk.lift(one)
    await kiosk.lay(one)
    assert len(kiosk.desk.asked) == 1  # undone once, it is the desk's


@story
async def test_a_loan_whose_bit_cannot_be_armed_either_stands(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.rules = UNDO
    kiosk.pad.silent.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(5)
    assert kiosk.desk.returned == []
    assert gates(kiosk) == [Gate.CALLS]


@story
async def test_a_loan_of_which_a_cleared_part_was_lifted_is_not_undone(kiosk: Kiosk) -> None:
    cleared, stubborn = tag(book(1), 1, 2), tag(book(1), 2, 2)
    kiosk.pad.rules, kiosk.pad.delay_s = UNDO, 0.5
    kiosk.pad.stuck.add(stubborn.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(cleared, stubborn)
    await kiosk.wait(1.2)  # it is being tried again
    await kiosk.lift(cleared)
    await kiosk.wait(6)
    assert bit(kiosk, cleared) is UNSECURED
    assert (kiosk.desk.returned, gates(kiosk)) == ([], [Gate.CALLS])


@pytest.mark.parametrize(("fault", "row"), [(unreachable(), Lent), (lost(an_event()), NotKnown)])
def test_an_undoing_that_nobody_answers_leaves_the_bit_armed_and_goes_to_the_desk(
    fault: BaseException, row: type
) -> None:
    async def tell(kiosk: Kiosk) -> None:
        one = tag(book(1))
        kiosk.pad.rules, kiosk.desk.return_fault = UNDO, fault
        kiosk.pad.stuck.add(one.uid)
        await kiosk.tap(ANNA)
        await kiosk.lay(one)
        await kiosk.wait(5)
        assert [type(found) for found in kiosk.rows()] == [row]
        assert gates(kiosk) == ([Gate.CALLS] if row is Lent else [])
        assert bit(kiosk, one) is SECURED

    story(tell)()


@story
async def test_a_pad_that_is_back_when_the_visit_runs_out_of_time_hides_nothing_that_was_said(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(2)
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.wait(60)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.health("item_pad", Health.READY)
    await kiosk.wait(10)
    assert kiosk.screen() == Rest(notice=Notice.ENDED_BY_TIME)
    last = [shown.screen for _, shown in kiosk.ui.all if isinstance(shown.screen, Borrowing)][-1]
    assert [row.gate for row in last.rows if isinstance(row, Lent)] == [Gate.CALLS]
    assert kiosk.pad.tried == [(one.uid, UNSECURED)] * 6  # once more, now that the pad is back
    kiosk.pad.stuck.clear()
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert gates(kiosk) == [Gate.SAFE]


@pytest.mark.parametrize(("works", "gate"), [(True, Gate.SAFE), (False, Gate.CALLS)])
def test_a_loan_known_only_in_the_last_seconds_still_says_what_the_gate_makes_of_it(works: bool, gate: Gate) -> None:
    async def tell(kiosk: Kiosk) -> None:
        event = an_event()
        kiosk.desk.replies[book(1)] = [lost(event)]
        await kiosk.tap(ANNA)
        await kiosk.lay(tag(book(1)))
        if not works:
            await kiosk.health("item_pad", Health.LOST)
        await kiosk.wait(64.5)
        assert isinstance(kiosk.shown().over, StillThere)
        await kiosk.answer(event, lent(book(1)))
        await kiosk.wait(1)
        assert gates(kiosk) == [gate]

    story(tell)()


@story
async def test_a_book_lifted_too_early_is_to_be_laid_back_and_is_then_switched(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.delay_s = 1
    kiosk.pad.silent.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.lift(one)
    await kiosk.wait(2)
    assert gates(kiosk) == [Gate.LAY_DOWN]
    kiosk.pad.silent.clear()
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert gates(kiosk) == [Gate.SAFE]
    assert len(kiosk.desk.asked) == 1


@story
async def test_a_book_lifted_before_its_turn_came_is_said_to_be_laid_back(kiosk: Kiosk) -> None:
    first, second = tag(book(1)), tag(book(2))
    kiosk.pad.delay_s = 2
    await kiosk.tap(ANNA)
    await kiosk.lay(first, second)
    await kiosk.lift(second)
    assert Gate.LAY_DOWN in gates(kiosk)
    await kiosk.wait(3)
    assert kiosk.pad.tried == [(first.uid, UNSECURED)]


@story
async def test_a_pad_unplugged_in_between_leaves_no_loan_without_a_word_and_goes_on_when_it_is_back(
    kiosk: Kiosk,
) -> None:
    stack = [tag(book(1)), tag(book(2))]
    kiosk.pad.delay_s = 1
    kiosk.pad.silent.update(one.uid for one in stack)
    await kiosk.tap(ANNA)
    await kiosk.lay(*stack)
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.wait(3)
    assert gates(kiosk) == [Gate.CALLS] * 2
    assert kiosk.borrowing().troubles == {Trouble.NO_PAD}
    kiosk.pad.silent.clear()
    await kiosk.health("item_pad", Health.READY)
    await kiosk.wait(3)
    assert gates(kiosk) == [Gate.SAFE] * 2
    assert kiosk.borrowing().troubles == frozenset()


@story
async def test_an_answer_that_comes_late_unlocks_what_still_lies_there(kiosk: Kiosk) -> None:
    event, one = an_event(), tag(book(1))
    kiosk.desk.replies[book(1)] = [lost(event)]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    assert [type(row) for row in kiosk.rows()] == [NotKnown]
    assert kiosk.pad.tried == []
    await kiosk.answer(event, lent(book(1)))
    assert gates(kiosk) == [Gate.SAFE]
    assert bit(kiosk, one) is UNSECURED


# ---- the end of a visit


@story
async def test_who_stops_while_a_book_is_being_switched_waits_for_it_a_moment(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.delay_s = 1
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Finished(0, can_print=False, lying=True, unlocking=True)
    await kiosk.wait(1.1)
    assert kiosk.screen() == Finished(1, lying=True)
    assert bit(kiosk, one) is UNSECURED


@story
async def test_no_silence_ends_a_visit_while_a_book_is_being_switched(kiosk: Kiosk) -> None:
    kiosk.pad.delay_s = 100
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(99)
    assert (type(kiosk.screen()), kiosk.shown().over) == (Borrowing, None)
    await kiosk.wait(2)
    assert kiosk.borrowing().lent == 1


@story
async def test_who_leaves_while_a_pad_hangs_reads_that_the_gate_may_call(kiosk: Kiosk) -> None:
    kiosk.pad.delay_s = 60
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.wait(5.1)
    assert kiosk.screen() == Finished(1, to_check=1, lying=True)
    await kiosk.touch(Intent.NO_RECEIPT)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_what_a_pad_does_after_its_patron_has_left_undoes_no_loan(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.rules, kiosk.pad.delay_s = UNDO, 4
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.wait(60)
    assert kiosk.desk.returned == []
    assert Finished(1, to_check=1, lying=True) in [shown.screen for _, shown in kiosk.ui.all]


@story
async def test_a_book_whose_bit_stayed_is_tried_again_when_it_was_lifted(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(2)
    kiosk.pad.stuck.clear()
    await kiosk.tell_pad()
    assert gates(kiosk) == [Gate.CALLS]
    await kiosk.lift(one)
    await kiosk.lay(one)
    assert gates(kiosk) == [Gate.SAFE]


@story
async def test_nothing_is_undone_after_a_visit_that_broke_off(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.pad.rules, kiosk.pad.delay_s = UNDO, 2
    kiosk.pad.stuck.add(one.uid)
    kiosk.desk.replies[book(2)] = [KeyError("x")]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.scan(book(2))
    assert isinstance(kiosk.screen(), OutOfOrder)
    await kiosk.wait(60)
    assert kiosk.desk.returned == []


@story
async def test_of_books_on_a_pad_that_does_not_work_nothing_is_taken_until_it_works_again(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert kiosk.desk.asked == []  # whoever laid it there may have taken it away meanwhile
    await kiosk.health("item_pad", Health.READY)
    await kiosk.wait(1)
    assert [number for _, number in kiosk.desk.asked] == [book(1)]


@story
async def test_of_books_on_a_pad_that_does_not_work_nothing_is_said(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.health("item_pad", Health.LOST)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_PAD}))


@story
async def test_whoever_comes_next_waits_for_a_pad_that_hangs_and_not_for_long(kiosk: Kiosk) -> None:
    kiosk.pad.delay_s = 60
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.touch(Intent.STOP)
    await kiosk.tap(BERT)
    await kiosk.wait(5.1)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_a_book_laid_down_goes_on_with_a_visit_that_was_about_to_end(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(50)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.lay(tag(book(1)))
    assert kiosk.shown().over is None
    assert kiosk.borrowing().lent == 1
    await kiosk.wait(40)
    assert kiosk.shown().over is None


@story
async def test_a_tag_that_comes_and_goes_keeps_no_visit_open(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [HELD]
    await kiosk.tap(ANNA)
    for _ in range(12):
        await kiosk.lay(one)
        await kiosk.wait(5)
        await kiosk.lift(one)
    await kiosk.wait(20)
    assert isinstance(kiosk.screen(), Rest)


@pytest.mark.parametrize("seconds", [3, 7])
def test_nor_does_one_that_cannot_be_written_whoever_it_was_lent_to_has_gone(seconds: float) -> None:
    async def tell(kiosk: Kiosk) -> None:
        one = tag(book(1))
        kiosk.pad.stuck.add(one.uid)
        await kiosk.tap(ANNA)
        for _ in range(round(130 / seconds)):
            await kiosk.lay(one)
            await kiosk.wait(seconds / 2)
            await kiosk.lift(one)
            await kiosk.wait(seconds / 2)
        assert isinstance(kiosk.screen(), Rest)
        assert len(kiosk.desk.asked) == 1

    story(tell)()


@story
async def test_books_left_behind_are_reminded_of_and_those_of_the_next_patron_are_welcome(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.take_away()
    await kiosk.lay(tag(book(1)))
    await kiosk.touch(Intent.DONE)
    assert kiosk.screen() == Finished(1, lying=True)
    await kiosk.touch(Intent.NO_RECEIPT)
    assert kiosk.screen() == Rest(notice=Notice.BOOKS_LEFT)
    await kiosk.lay(tag(book(2)))
    assert kiosk.screen() == Rest(notice=Notice.PASS_FIRST)
    await kiosk.lift()
    assert kiosk.screen() == Rest()


@story
async def test_what_somebody_borrowed_and_left_there_is_not_asked_for_the_next_patron(kiosk: Kiosk) -> None:
    one = tag(book(1))
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.touch(Intent.STOP)
    kiosk.desk.replies[book(1)] = [OWES]
    await kiosk.tap(BERT)
    assert kiosk.rows() == ()
    await kiosk.lay(tag(book(2)))
    assert [number for _, number in kiosk.desk.asked] == [book(1), book(2)]
    assert bit(kiosk, one) is UNSECURED
    await kiosk.lift(one)
    await kiosk.lay(one)
    assert len(kiosk.desk.asked) == 3


@story
async def test_where_nothing_can_be_written_down_only_what_passes_the_gate_counts_as_lent(kiosk: Kiosk) -> None:
    first, second = tag(book(1)), tag(book(2))
    kiosk.pad.stuck.add(first.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(first)
    await kiosk.wait(3)
    await kiosk.lay(second)
    kiosk.desk.replies[book(3)] = [JournalFault("x")]
    kiosk.desk.journal_fault = JournalFault("x")
    await kiosk.scan(book(3))
    screen = kiosk.screen()
    assert isinstance(screen, Closed)
    assert screen.lent == 1


async def _settles(kiosk: Kiosk) -> None:
    """Anna has left, and the gate still switches her book, which nobody listens to."""
    kiosk.pad.delay_s = 4
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.touch(Intent.STOP)
    await kiosk.touch(Intent.NO_RECEIPT)
    assert isinstance(kiosk.screen(), Finished)


@story
async def test_a_pad_that_goes_and_comes_while_the_gate_still_switches_is_used_again(kiosk: Kiosk) -> None:
    await _settles(kiosk)
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.health("item_pad", Health.READY)
    await kiosk.wait(10)
    assert kiosk.stage.by_pad
    await kiosk.take_away()
    await kiosk.tap(BERT)
    assert (kiosk.borrowing().by_pad, kiosk.borrowing().troubles) == (True, frozenset())


def test_books_that_the_next_one_lays_down_meanwhile_are_theirs() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await _settles(kiosk)
        await kiosk.lift()
        await kiosk.take_away()
        await kiosk.lay(tag(book(2)))
        await kiosk.wait(6)
        assert isinstance(kiosk.screen(), LendOrReturn)

    story(tell, returns=True)()


# ---- not lent


@story
async def test_a_refused_book_stays_armed_and_nothing_is_tried(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [HELD]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    assert (bit(kiosk, one), kiosk.pad.tried, gates(kiosk)) == (SECURED, [], [Gate.SAFE])


@pytest.mark.parametrize("no", [HELD, OWES])
@pytest.mark.parametrize("security", [UNSECURED, UNKNOWN])
def test_a_refused_book_that_the_gate_would_let_through_is_armed_and_said_to_be(
    no: Refused, security: TagSecurity
) -> None:
    async def tell(kiosk: Kiosk) -> None:
        one = tag(book(1), security=security)
        kiosk.desk.replies[book(1)] = [no]
        await kiosk.tap(ANNA)
        await kiosk.lay(one)
        assert (bit(kiosk, one), gates(kiosk)) == (SECURED, [Gate.ARMED])

    story(tell)()


@story
async def test_a_refused_book_that_cannot_be_armed_is_for_the_desk(kiosk: Kiosk) -> None:
    one = tag(book(1), security=UNSECURED)
    kiosk.desk.replies[book(1)] = [HELD]
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(2)
    assert gates(kiosk) == [Gate.OPEN]
    assert len(kiosk.pad.tried) == 3


@pytest.mark.parametrize("no", [ON_LOAN, NOT_KNOWN_HERE, replace(OWES, on_loan=True)])
def test_a_book_that_is_somebody_s_or_of_another_library_is_left_as_it_is(no: Refused) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.replies[book(1)] = [no]
        await kiosk.tap(ANNA)
        await kiosk.lay(tag(book(1), security=UNSECURED))
        assert (kiosk.pad.tried, gates(kiosk)) == ([], [Gate.SAFE])

    story(tell)()


@story
async def test_a_book_that_is_theirs_already_and_still_armed_is_let_through(kiosk: Kiosk) -> None:
    """So ends what a power cut between the yes and the bit began: the patron lays it there again."""
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [YOURS]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    assert (bit(kiosk, one), gates(kiosk)) == (UNSECURED, [Gate.SAFE])


@story
async def test_a_book_of_which_nobody_answered_stays_armed(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [unreachable()]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    assert (bit(kiosk, one), kiosk.pad.tried) == (SECURED, [])


# ---- several parts, and strange tags


@story
async def test_an_item_of_five_parts_waits_for_the_fifth_and_all_five_are_switched(kiosk: Kiosk) -> None:
    parts = [tag(book(1), part, 5) for part in range(1, 6)]
    await kiosk.tap(ANNA)
    await kiosk.lay(*parts[:4])
    assert kiosk.rows() == (PartsMissing(kiosk.rows()[0].key, 4, 5),)
    assert kiosk.desk.asked == []
    await kiosk.lay(parts[4])
    await kiosk.wait(1)
    assert [number for _, number in kiosk.desk.asked] == [book(1)]
    assert [bit(kiosk, one) for one in parts] == [UNSECURED] * 5
    assert gates(kiosk) == [Gate.SAFE]


@story
async def test_parts_that_are_taken_away_again_leave_nothing_on_the_list(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1), 1, 2))
    assert len(kiosk.rows()) == 1
    await kiosk.lift()
    assert kiosk.rows() == ()


@story
async def test_one_part_that_keeps_its_bit_keeps_the_whole_item_at_the_gate(kiosk: Kiosk) -> None:
    parts = [tag(book(1), part, 2) for part in (1, 2)]
    kiosk.pad.stuck.add(parts[1].uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(*parts)
    await kiosk.wait(2)
    assert gates(kiosk) == [Gate.CALLS]


@story
async def test_of_a_scanned_item_the_parts_that_come_later_are_switched_too(kiosk: Kiosk) -> None:
    parts = [tag(book(1), part, 2) for part in (1, 2)]
    await kiosk.tap(ANNA)
    await kiosk.lay(parts[0])
    await kiosk.scan(book(1))
    assert gates(kiosk) == [Gate.LAY_DOWN]
    await kiosk.lay(parts[1])
    assert (gates(kiosk), bit(kiosk, parts[1])) == ([Gate.SAFE], UNSECURED)


@story
async def test_a_strange_tag_is_a_calm_sentence_as_long_as_it_lies_there(kiosk: Kiosk) -> None:
    strange = tag(None)
    await kiosk.tap(ANNA)
    await kiosk.lay(strange, tag(book(1)))
    assert kiosk.borrowing().notice is Notice.TAG_UNREADABLE
    assert kiosk.borrowing().lent == 1
    await kiosk.health("item_pad", Health.LOST)
    assert kiosk.borrowing().notice is None
    await kiosk.health("item_pad", Health.READY)
    assert kiosk.borrowing().notice is Notice.TAG_UNREADABLE
    await kiosk.lift(strange)
    assert kiosk.borrowing().notice is None


@story
async def test_a_number_that_can_be_no_item_s_is_a_strange_one(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.lay(tag("ĳ;drop"))
    assert kiosk.borrowing().notice is Notice.TAG_UNREADABLE
    assert kiosk.desk.asked == []


# ---- scanned, at a kiosk with a pad


@story
async def test_what_was_scanned_is_to_be_laid_down_too_and_then_is_let_through(kiosk: Kiosk) -> None:
    one = tag(book(1))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert gates(kiosk) == [Gate.LAY_DOWN]
    await kiosk.lay(one)
    assert (gates(kiosk), bit(kiosk, one)) == ([Gate.SAFE], UNSECURED)


@story
async def test_where_items_without_tags_are_lent_too_nothing_is_said_of_a_scanned_one(kiosk: Kiosk) -> None:
    kiosk.pad.rules = PadRules(all_tagged=False)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert gates(kiosk) == [Gate.SAFE]


@story
async def test_where_items_without_tags_are_lent_too_a_scanned_one_is_let_through_when_it_is_laid_down(
    kiosk: Kiosk,
) -> None:
    kiosk.pad.rules = PadRules(all_tagged=False)
    one = tag(book(1))
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.lay(one)
    assert (gates(kiosk), bit(kiosk, one)) == ([Gate.SAFE], UNSECURED)
    await kiosk.wait(2)
    assert kiosk.pad.tried == [(one.uid, UNSECURED)]


@pytest.mark.parametrize("state", [Health.DEGRADED, Health.LOST])
@pytest.mark.parametrize("first", [True, False], ids=["before the scan", "after it"])
def test_where_items_without_tags_are_lent_too_a_pad_that_may_have_missed_the_tag_leaves_nobody_without_a_word(
    state: Health, first: bool
) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.pad.rules = PadRules(all_tagged=False)
        one = tag(book(1))
        await kiosk.tap(ANNA)
        if first:
            await kiosk.health("item_pad", state)
        await kiosk.scan(book(1))
        if not first:
            await kiosk.health("item_pad", state)
        assert gates(kiosk) == [Gate.CALLS]
        await kiosk.health("item_pad", Health.READY)
        await kiosk.lay(one)
        assert (gates(kiosk), bit(kiosk, one)) == ([Gate.SAFE], UNSECURED)
        await kiosk.scan(book(2))
        assert gates(kiosk) == [Gate.SAFE, Gate.SAFE]

    story(tell)()


@story
async def test_where_items_without_tags_are_lent_too_one_lifted_before_the_yes_is_to_be_laid_back(kiosk: Kiosk) -> None:
    kiosk.pad.rules = PadRules(all_tagged=False)
    one = tag(book(1))
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 1
    await kiosk.lay(one)
    await kiosk.lift(one)
    await kiosk.wait(2)
    assert gates(kiosk) == [Gate.LAY_DOWN]
    await kiosk.lay(one)
    await kiosk.wait(1)
    assert (gates(kiosk), bit(kiosk, one)) == ([Gate.SAFE], UNSECURED)


@story
async def test_a_library_without_a_gate_lends_by_its_pad_and_switches_nothing(kiosk: Kiosk) -> None:
    kiosk.pad.switches = False
    await kiosk.tap(ANNA)
    await kiosk.lay(tag(book(1)))
    await kiosk.scan(book(2))
    assert (kiosk.pad.tried, gates(kiosk)) == ([], [Gate.SAFE] * 2)


# ---- the pad as a way in


@story
async def test_a_pass_on_the_pad_begins_a_visit_as_a_pass_does(kiosk: Kiosk) -> None:
    await kiosk.put(PassPresented("item_pad", bytes.fromhex("e004010012345678"), ANNA, False, 0.0))
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_a_scanner_that_fails_beside_a_pad_is_no_trouble_and_a_pad_that_fails_beside_it_is_one(
    kiosk: Kiosk,
) -> None:
    await kiosk.health("item_scanner", Health.LOST)
    assert kiosk.screen() == Rest()
    await kiosk.tap(ANNA)
    assert (kiosk.borrowing().by_pad, kiosk.borrowing().by_scan) == (True, False)
    await kiosk.health("item_pad", Health.LOST)
    assert kiosk.borrowing().troubles == {Trouble.NO_ITEMS}
    await kiosk.health("item_scanner", Health.READY)
    assert kiosk.borrowing().troubles == {Trouble.NO_PAD}
    assert (kiosk.borrowing().by_pad, kiosk.borrowing().by_scan) == (False, True)


async def _a_kiosk_with_a_pad_alone(kiosk: Kiosk) -> None:
    assert kiosk.screen() == Rest(lay_pass=True)
    await kiosk.health("item_pad", Health.LOST)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_WAY_IN}))


test_a_kiosk_with_a_pad_alone_asks_for_the_pass_there = story(
    _a_kiosk_with_a_pad_alone, kinds=PAD_ONLY, passes_on_pad=True
)


async def _nobody_can_sign_in(kiosk: Kiosk) -> None:
    await kiosk.health("pass_reader", Health.LOST)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_WAY_IN}))


test_a_pad_that_reads_no_passes_is_no_way_in_without_a_reader = story(
    _nobody_can_sign_in, kinds=("pass_reader", "item_pad")
)


@story
async def test_a_pass_left_on_the_pad_is_told_apart_from_one_on_the_reader(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.put(PassPresented("item_pad", bytes.fromhex("e004010012345678"), ANNA, False, 0.0))
    await kiosk.take_away()
    await kiosk.touch(Intent.STOP)
    assert kiosk.screen() == Rest(notice=Notice.PASS_LEFT)


@story
async def test_what_was_refused_and_left_there_is_the_next_patron_s_only_once_it_is_lifted(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [OWES, lent(book(1))]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.touch(Intent.DONE)
    await kiosk.take_away()
    await kiosk.tap(BERT)
    assert kiosk.rows() == ()
    assert kiosk.borrowing().notice is Notice.LIFT_FIRST
    await kiosk.lay(tag(book(2)))
    assert [number for _, number in kiosk.desk.asked] == [book(1), book(2)]
    await kiosk.lift(one)
    assert kiosk.borrowing().notice is None
    await kiosk.lay(one)
    assert [number for _, number in kiosk.desk.asked] == [book(1), book(2), book(1)]


@story
async def test_what_was_not_asked_when_its_patron_stopped_is_not_lent_to_the_next_one(kiosk: Kiosk) -> None:
    kiosk.desk.delay_s = 2
    await kiosk.tap(ANNA)
    await kiosk.wait(2.5)
    await kiosk.lay(*(tag(book(number)) for number in (1, 2, 3)))
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(15)
    kiosk.desk.delay_s = 0
    await kiosk.tap(BERT)
    await kiosk.wait(1)
    assert [number for _, number in kiosk.desk.asked] == [book(1)]
    assert kiosk.borrowing().notice is Notice.LIFT_FIRST


@story
async def test_whoever_laid_books_while_the_last_patron_s_end_was_shown_need_not_lift_them(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.take_away()
    await kiosk.touch(Intent.DONE)
    await kiosk.lay(tag(book(2)))
    await kiosk.tap(BERT)
    await kiosk.wait(1)
    assert [number for _, number in kiosk.desk.asked] == [book(1), book(2)]
    assert kiosk.borrowing().lent == 1


@partial(story, returns=True)
async def test_a_loan_that_the_gate_would_call_for_and_that_lies_there_is_not_ended_by_the_next_return(
    kiosk: Kiosk,
) -> None:
    one = tag(book(1))
    kiosk.pad.stuck.add(one.uid)
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.wait(7)
    await kiosk.touch(Intent.DONE)
    await kiosk.wait(7)
    await kiosk.touch(Intent.NO_RECEIPT)
    await kiosk.take_away()
    await kiosk.wait(10)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.wait(5)
    assert kiosk.desk.returned == []
    screen = kiosk.screen()
    assert isinstance(screen, Returning)
    assert screen.notice is Notice.LIFT_FIRST


@partial(story, returns=True)
async def test_books_that_nobody_claimed_at_rest_are_not_lent_to_who_comes_later(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(21)  # nobody said whether they are to be lent
    assert kiosk.screen() == Rest(notice=Notice.BOOKS_LEFT, takes_back=True)
    await kiosk.wait(15)
    await kiosk.tap(ANNA)  # who had to look for the pass
    await kiosk.wait(1)
    assert kiosk.borrowing().lent == 1


@story
async def test_who_laid_books_there_has_the_time_to_look_for_the_pass(kiosk: Kiosk) -> None:
    await kiosk.wait(19)  # nobody was there
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(35)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert kiosk.borrowing().lent == 1


@story
async def test_books_that_nobody_claimed_must_be_lifted_where_none_are_taken_back(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(600)
    assert kiosk.screen() == Rest(notice=Notice.BOOKS_LEFT)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert kiosk.desk.asked == []
    assert kiosk.borrowing().notice is Notice.LIFT_FIRST


@story
async def test_a_tag_that_comes_and_goes_keeps_no_book_from_being_left_there(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    for _ in range(10):
        await kiosk.wait(5)
        await kiosk.lay(tag(book(2)))
        await kiosk.wait(5)
        await kiosk.lift(tag(book(2)))
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert kiosk.desk.asked == []


@partial(story, returns=True)
async def test_after_a_while_books_that_nobody_claimed_must_be_lifted(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(60)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert kiosk.desk.asked == []
    assert kiosk.borrowing().notice is Notice.LIFT_FIRST


async def away_at_rest(kiosk: Kiosk) -> None:
    """A book lies there, the pad is lost, and the book is lifted: nobody sees it."""
    await kiosk.lay(tag(book(1)))
    await kiosk.wait(5)
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.lift()
    await kiosk.wait(8)


@pytest.mark.parametrize("returns", [False, True])
def test_a_book_that_was_lifted_while_the_pad_was_away_is_not_lent_to_who_comes_next(returns: bool) -> None:
    async def tell(kiosk: Kiosk) -> None:
        await away_at_rest(kiosk)
        await kiosk.tap(BERT)
        await kiosk.state("item_pad", Health.READY)  # as it is told: before it has looked
        await kiosk.wait(3)
        assert not kiosk.borrowing().by_pad
        await kiosk.health("item_pad", Health.READY)
        await kiosk.wait(3)
        assert kiosk.borrowing().by_pad
        assert kiosk.borrowing().troubles == frozenset()
        assert kiosk.desk.asked == []

    story(tell, returns=returns)()


@partial(story, returns=True)
async def test_a_book_that_was_lifted_while_the_pad_was_away_is_not_taken_in(kiosk: Kiosk) -> None:
    await away_at_rest(kiosk)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.state("item_pad", Health.READY)
    await kiosk.wait(3)
    await kiosk.health("item_pad", Health.READY)
    await kiosk.wait(3)
    assert kiosk.desk.returned == []


@story
async def test_a_pad_that_works_and_has_not_looked_since_invites_nobody_to_lay_books_there(kiosk: Kiosk) -> None:
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.put(ItemsChanged("item_pad", (), 0.0))  # late, and of before
    await kiosk.state("item_pad", Health.READY)
    assert kiosk.screen() == Rest(frozenset({Trouble.NO_PAD}))
    await kiosk.health("item_pad", Health.READY)
    assert kiosk.screen() == Rest()


@partial(story, returns=True)
async def test_a_pad_that_comes_back_gives_nobody_what_another_left_there(kiosk: Kiosk) -> None:
    one = tag(book(1), security=UNSECURED)
    await kiosk.touch(Intent.BRING_BACK)
    await kiosk.lay(one)
    await kiosk.wait(1)
    await kiosk.touch(Intent.DONE)
    await kiosk.wait(60)
    await kiosk.tap(BERT)
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.wait(3)
    await kiosk.health("item_pad", Health.READY)
    await kiosk.wait(3)
    assert (kiosk.desk.returned, kiosk.desk.asked, bit(kiosk, one)) == ([book(1)], [], SECURED)


@story
async def test_what_somebody_left_there_is_nobody_s_though_it_could_not_be_read_for_a_moment(kiosk: Kiosk) -> None:
    one = tag(book(1))
    kiosk.desk.replies[book(1)] = [HELD]
    await kiosk.tap(ANNA)
    await kiosk.lay(one)
    await kiosk.touch(Intent.STOP)
    await kiosk.tap(BERT, uid="04A1B2C3D4E5F7")
    await kiosk.lay(replace(one, number=None))
    assert kiosk.borrowing().notice is Notice.TAG_UNREADABLE
    await kiosk.lay(one)
    await kiosk.wait(1)
    assert kiosk.borrowing().notice is Notice.LIFT_FIRST
    assert kiosk.desk.asked == [(ANNA, book(1))]
