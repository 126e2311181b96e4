"""The PIN pad (P6): typed, wrong, locked, left; who comes between; and that the PIN is said nowhere."""

import logging
import traceback
from random import Random

import pytest

from circulation.desk import DeskUnreachable
from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from kiosk.bus import Happening
from kiosk.flows.pin import scrambled
from kiosk.rows import Lent
from kiosk.ui import DIGITS, Borrowing, Intent, NoAnswer, Notice, NoVisit, PinPad, Rest, StillThere, Waiting
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import ANNA, BERT, PIN_LOCKED, PIN_NEEDED, Kiosk, book, story

PIN = "73519"


async def at_the_pad(kiosk: Kiosk) -> None:
    """Anna has shown her pass, which needs a PIN."""
    kiosk.desk.pins[ANNA] = PIN
    await kiosk.tap(ANNA)
    assert kiosk.screen() == PinPad()


def pad(kiosk: Kiosk) -> PinPad:
    screen = kiosk.screen()
    assert isinstance(screen, PinPad), screen
    return screen


@story
async def test_the_right_pin_begins_the_visit_and_its_end_is_told(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type(PIN)
    assert pad(kiosk).typed == 5
    await kiosk.touch(Intent.ENTER)
    await kiosk.scan(book(1))
    assert kiosk.borrowing().lent == 1
    assert kiosk.desk.ended == []
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.NO_RECEIPT)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.ended == [ANNA]


@story
async def test_another_pin_is_asked_again_with_an_empty_field(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type("1357")
    await kiosk.touch(Intent.ENTER)
    assert kiosk.screen() == PinPad(wrong=True)
    await kiosk.type("7")
    assert kiosk.screen() == PinPad(1)
    await kiosk.type(PIN[1:])
    await kiosk.touch(Intent.ENTER)
    assert isinstance(kiosk.screen(), Borrowing)
    assert kiosk.desk.tries == [ANNA, ANNA]


@story
async def test_a_locked_pass_says_for_how_long_and_no_end_is_told(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type("1357")
    kiosk.desk.locked.add(ANNA)
    await kiosk.touch(Intent.ENTER)
    assert kiosk.screen() == NoVisit(PIN_LOCKED)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.ended == []


@story
async def test_who_has_no_pin_at_all_is_sent_to_the_desk_and_not_asked_for_ever(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = PIN_NEEDED
    await kiosk.tap(ANNA)
    await kiosk.type("1357")
    await kiosk.touch(Intent.ENTER)
    assert kiosk.screen() == NoVisit(PIN_NEEDED)


@story
async def test_the_last_digit_can_be_taken_away_and_a_key_that_does_nothing_is_none(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.touch(Intent.ERASE)
    await kiosk.type("735")
    await kiosk.touch(Intent.ENTER)
    assert kiosk.screen() == PinPad(3, short=True), "three digits are no PIN"
    await kiosk.type("8")
    await kiosk.touch(Intent.ERASE)
    await kiosk.type("19")
    await kiosk.touch(Intent.ENTER)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_no_more_than_twelve_digits_are_taken_and_nothing_but_digits(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    for what in ("", "12", "x", "\u0661"):
        await kiosk.touch(Intent.DIGIT, what)
    assert pad(kiosk).typed == 0
    await kiosk.type("1" * 15)
    assert pad(kiosk).typed == 12


@story
async def test_whoever_stops_at_the_pad_is_gone_and_so_is_what_was_typed(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type("735")
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    await kiosk.tap(ANNA)
    assert kiosk.screen() == PinPad()
    assert kiosk.desk.tries == []


@story
async def test_silence_at_the_pad_is_asked_about_and_ends_it(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type("735")
    await kiosk.wait(45.5)
    assert kiosk.shown().over == StillThere(20)
    await kiosk.touch(Intent.MORE_TIME)
    assert kiosk.shown().over is None
    assert pad(kiosk).typed == 3
    await kiosk.wait(45.5)
    await kiosk.wait(20)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_another_pass_at_the_pad_begins_anew_with_that_pass(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type("735")
    await kiosk.tap(ANNA)
    assert pad(kiosk).typed == 3, "her own pass once more changes nothing"
    await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
    await kiosk.scan(book(1))
    assert kiosk.desk.asked == [(BERT, book(1))]


@story
async def test_a_pass_that_was_scanned_gives_way_to_the_next_scanned_one(kiosk: Kiosk) -> None:
    kiosk.desk.pins[ANNA] = PIN
    await kiosk.scan(ANNA)
    await kiosk.scan(BERT)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_a_book_that_is_scanned_at_the_pad_belongs_to_the_visit(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.scan(book(1))
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    assert [type(row) for row in kiosk.rows()] == [Lent]


@story
async def test_p1_a_book_scanned_at_the_pad_of_a_scanned_pass_is_no_other_pass_and_leaves_what_was_typed(
    kiosk: Kiosk,
) -> None:
    kiosk.desk.pins[ANNA] = PIN
    await kiosk.scan(ANNA)
    await kiosk.type(PIN[:3])
    await kiosk.scan(book(1), ANNA)
    assert pad(kiosk).typed == 3
    await kiosk.type(PIN[3:])
    await kiosk.touch(Intent.ENTER)
    assert [type(row) for row in kiosk.rows()] == [Lent]


@story
async def test_no_scan_before_the_visit_is_lost_without_a_word(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), may_borrow=None)
    await kiosk.scan(*(book(number) for number in range(1, 25)), book(1))
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    await kiosk.wait(1)
    assert kiosk.borrowing().notice is Notice.UNREADABLE_SCAN
    await kiosk.scan(*(book(number) for number in range(1, 25)))
    await kiosk.wait(1)
    assert len(kiosk.titles()) == 24
    assert sorted(item for _, item in kiosk.desk.asked) == [book(number) for number in range(1, 25)]


@story
async def test_a_line_that_falls_while_the_pin_is_looked_at_says_so_and_the_end_is_told_all_the_same(
    kiosk: Kiosk,
) -> None:
    await at_the_pad(kiosk)
    await kiosk.type(PIN)
    kiosk.desk.patrons[ANNA] = DeskUnreachable("ReadTimeout", sent=True)
    await kiosk.touch(Intent.ENTER)
    assert isinstance(kiosk.screen(), NoAnswer)
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.desk.ended == [ANNA]


@story
async def test_without_a_line_the_refusal_stands_as_it_is(kiosk: Kiosk) -> None:
    no = Refused(Reason.OFFLINE_PIN, "P6", NextStep.DESK)
    kiosk.desk.patrons[ANNA] = no
    await kiosk.tap(ANNA)
    assert kiosk.screen() == NoVisit(no)


@story
async def test_whoever_stops_while_the_pin_is_looked_at_is_gone_and_the_end_is_told(kiosk: Kiosk) -> None:
    await at_the_pad(kiosk)
    await kiosk.type(PIN)
    kiosk.desk.delay_s = 5
    await kiosk.touch(Intent.ENTER)
    assert pad(kiosk).checking
    assert not any(isinstance(shown.screen, Waiting) for _, shown in kiosk.ui.all)
    await kiosk.type("1")
    assert pad(kiosk).checking
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.ended == [ANNA]


@story
async def test_where_the_library_wants_it_the_keys_change_places_at_each_try(kiosk: Kiosk) -> None:
    chance = Random(1)
    kiosk.new_keys = lambda: scrambled(chance)
    await kiosk.restart()
    kiosk.desk.pins[ANNA] = PIN
    await kiosk.tap(ANNA)
    first = pad(kiosk).keys
    await kiosk.type("1357")
    assert pad(kiosk).keys == first, "not while somebody types"
    await kiosk.touch(Intent.ENTER)
    second = pad(kiosk).keys
    assert len({first, second, DIGITS}) == 3
    assert sorted(first) == sorted(second) == sorted(DIGITS)
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    assert isinstance(kiosk.screen(), Borrowing)


@pytest.mark.parametrize("fault", [None, "unreachable", "fault"])
def test_the_pin_is_in_no_log_no_picture_no_happening_and_no_exception(
    caplog: pytest.LogCaptureFixture, fault: str | None
) -> None:
    caplog.set_level(logging.DEBUG)
    loop = VirtualLoop()
    loop.set_debug(True)
    kiosk = Kiosk(loop)
    said: list[str] = []
    put = kiosk.bus.put

    def heard(happening: Happening) -> None:
        said.append(repr(happening))
        put(happening)

    kiosk.bus.put = heard  # type: ignore[method-assign]

    async def tell() -> None:
        await kiosk.begin()
        await at_the_pad(kiosk)
        await kiosk.type("998877")
        await kiosk.touch(Intent.ENTER)
        faults = {"unreachable": DeskUnreachable("ReadTimeout", sent=True), "fault": KeyError("x")}
        if fault is not None:
            kiosk.desk.patrons[ANNA] = faults[fault]
        await kiosk.type(PIN)
        await kiosk.touch(Intent.ENTER)
        await kiosk.wait(1)

    play(tell(), loop)
    pictures = [repr(shown) for _, shown in kiosk.ui.all]
    logged = [record.getMessage() for record in caplog.records]
    traced = ["".join(traceback.format_exception(*record.exc_info)) for record in caplog.records if record.exc_info]
    everything = "\n".join([*pictures, *said, *logged, *traced, caplog.text])
    assert len(pictures) > 10
    for pin in ("998877", PIN):
        assert pin not in everything
    assert not [one for one in said if "Touched" in one and any(digit in one for digit in DIGITS)]
