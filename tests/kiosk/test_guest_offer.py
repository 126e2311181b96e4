"""G10 at the kiosk: who is not known and may become a guest is asked kindly, and types the PIN of home."""

from dataclasses import replace

from circulation.outcomes import OFFERS_ENROLMENT, NextStep, Reason, Refused
from kiosk.rows import Lent
from kiosk.ui import Borrowing, GuestOffer, Intent, NoAnswer, NoVisit, PinPad, Rest
from tests.kiosk.world import ANNA, BERT, PASS_UNKNOWN, UNKNOWN, Kiosk, book, story, unreachable

PIN = "73519"
OFFERED = replace(PASS_UNKNOWN, values={OFFERS_ENROLMENT: 1})
SAYS_NO = Refused(Reason.HOME_SAYS_NO, "G2", NextStep.OWN_LIBRARY)


async def offered(kiosk: Kiosk) -> None:
    """A pass that nobody knows, where guests may enrol by themselves."""
    kiosk.desk.patrons[UNKNOWN] = OFFERED
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == GuestOffer()


@story
async def test_g10_a_guest_enrols_by_the_own_pin_and_the_visit_goes_on(kiosk: Kiosk) -> None:
    await offered(kiosk)
    await kiosk.touch(Intent.ENROL)
    assert kiosk.screen() == PinPad()
    await kiosk.scan(book(1))
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    assert [type(row) for row in kiosk.rows()] == [Lent]
    ((number, pin, _),) = kiosk.desk.enrolled
    assert (number, pin) == (UNKNOWN, PIN)
    assert PIN not in "".join(repr(shown) for _, shown in kiosk.ui.all)


@story
async def test_g10_who_says_no_reads_what_next_and_nothing_is_asked(kiosk: Kiosk) -> None:
    await offered(kiosk)
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.screen() == NoVisit(OFFERED)
    await kiosk.touch(Intent.CLOSE)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.enrolled == []


@story
async def test_g10_what_home_does_not_confirm_is_said_kindly_and_asked_once(kiosk: Kiosk) -> None:
    await offered(kiosk)
    kiosk.desk.enrolment = SAYS_NO
    await kiosk.touch(Intent.ENROL)
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    assert kiosk.screen() == NoVisit(SAYS_NO)
    assert len(kiosk.desk.enrolled) == 1


@story
async def test_g10_an_answer_that_is_lost_is_said_and_the_next_try_is_another_event(kiosk: Kiosk) -> None:
    kiosk.desk.enrolment = unreachable()
    for _ in range(2):
        await offered(kiosk)
        await kiosk.touch(Intent.ENROL)
        await kiosk.type(PIN)
        await kiosk.touch(Intent.ENTER)
        assert isinstance(kiosk.screen(), NoAnswer)
        await kiosk.touch(Intent.CLOSE)
    assert len({event for _, _, event in kiosk.desk.enrolled}) == 2


@story
async def test_g10_another_pass_silence_or_stop_ends_the_offer(kiosk: Kiosk) -> None:
    await offered(kiosk)
    await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.touch(Intent.STOP)
    await offered(kiosk)
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == GuestOffer(), "the same pass once more changes nothing"
    await kiosk.wait(21)
    assert isinstance(kiosk.screen(), Rest)
    await offered(kiosk)
    await kiosk.touch(Intent.ENROL)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.enrolled == []


@story
async def test_g10_where_it_is_off_nobody_is_offered_anything(kiosk: Kiosk) -> None:
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)
