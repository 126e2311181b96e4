"""G10 at the kiosk: who is not known and may become a guest is asked kindly, and types the PIN of home."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from circulation.affairs import GuestHomes, HomeChoice
from circulation.identifiers import Isil
from circulation.outcomes import OFFERS_ENROLMENT, NextStep, Reason, Refused
from kiosk.flows.choose_home import AT_ONCE, NOT_LISTED, stretches
from kiosk.rows import Lent
from kiosk.ui import Borrowing, ChooseHome, GuestOffer, Intent, NoAnswer, NoVisit, PinPad, Rest, StillThere
from tests.kiosk.world import ANNA, BERT, PASS_UNKNOWN, PIN_NEEDED, UNKNOWN, Kiosk, book, story, unreachable

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
    ((number, pin, home, _),) = kiosk.desk.enrolled
    assert (number, pin, home) == (UNKNOWN, PIN, "NL-070288")
    assert PIN not in "".join(repr(shown) for _, shown in kiosk.ui.all)


@story
async def test_p6_g10_who_enrolled_by_the_own_pin_is_not_asked_for_one_again_and_it_ends_with_the_visit(
    kiosk: Kiosk,
) -> None:
    for answer in (kiosk.desk.enrolment, PIN_NEEDED):
        kiosk.desk.enrolment = answer
        await offered(kiosk)
        await kiosk.touch(Intent.ENROL)
        await kiosk.type(PIN)
        await kiosk.touch(Intent.ENTER)
        if answer is PIN_NEEDED:
            assert kiosk.screen() == NoVisit(PIN_NEEDED), "the desk helps whoever has no PIN here"
        else:
            assert isinstance(kiosk.screen(), Borrowing)
            assert kiosk.desk.ended == []
            await kiosk.touch(Intent.STOP)
            assert kiosk.desk.ended == [UNKNOWN]
    assert kiosk.desk.tries == []


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
    assert len({event for *_, event in kiosk.desk.enrolled}) == 2


@story
async def test_g10_another_pass_silence_or_stop_ends_the_offer(kiosk: Kiosk) -> None:
    await offered(kiosk)
    await kiosk.tap(BERT, uid="04FFFFFFFFFFFF")
    assert isinstance(kiosk.screen(), Borrowing)
    await kiosk.touch(Intent.STOP)
    await offered(kiosk)
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == GuestOffer(), "the same pass once more changes nothing"
    await kiosk.wait(41)
    assert isinstance(kiosk.screen(), Rest)
    await offered(kiosk)
    await kiosk.touch(Intent.ENROL)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    assert kiosk.desk.enrolled == []


@story
async def test_g10_g1_silence_is_asked_about_before_the_offer_or_the_list_goes(kiosk: Kiosk) -> None:
    kiosk.desk.homes = homes(2)
    await offered(kiosk)
    await kiosk.wait(20.5)
    assert (kiosk.screen(), kiosk.shown().over) == (GuestOffer(), StillThere(20))
    await kiosk.touch(Intent.MORE_TIME)
    assert (kiosk.screen(), kiosk.shown().over) == (GuestOffer(), None)
    await kiosk.touch(Intent.ENROL)
    listed = kiosk.screen()
    await kiosk.wait(45.5)
    assert (kiosk.screen(), kiosk.shown().over) == (listed, StillThere(20))
    await kiosk.touch(Intent.MORE_TIME)
    assert (kiosk.screen(), kiosk.shown().over) == (listed, None)
    await kiosk.wait(46)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)
    await offered(kiosk)
    await kiosk.wait(21)
    await kiosk.touch(Intent.STOP)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_g10_books_scanned_before_the_pad_belong_to_the_visit_of_the_guest(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[UNKNOWN] = OFFERED
    kiosk.desk.homes = homes(2)
    await kiosk.scan(UNKNOWN)
    await kiosk.scan(book(1))
    assert kiosk.screen() == GuestOffer()
    await kiosk.touch(Intent.ENROL)
    await kiosk.scan(book(2))
    await kiosk.touch(Intent.CHOOSE, "1")
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    await kiosk.wait(1)
    assert [type(row) for row in kiosk.rows()] == [Lent, Lent]


@story
async def test_g10_where_it_is_off_nobody_is_offered_anything(kiosk: Kiosk) -> None:
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    await kiosk.tap(ANNA)
    assert isinstance(kiosk.screen(), Borrowing)


@story
async def test_g1_of_several_libraries_the_patron_says_which_and_of_many_a_stretch_first(kiosk: Kiosk) -> None:
    kiosk.desk.homes = homes(20)
    await offered(kiosk)
    await kiosk.touch(Intent.ENROL)
    first = kiosk.screen()
    assert isinstance(first, ChooseHome)
    assert first.choices[0] == ("Library 00", True)
    await kiosk.touch(Intent.CHOOSE, "99")
    await kiosk.touch(Intent.CHOOSE, "1")
    part = ChooseHome((("Library 03", False), ("Library 04", False), ("Library 05", False)), narrowed=True)
    assert kiosk.screen() == part
    await kiosk.touch(Intent.CHOOSE, "2")
    await kiosk.type(PIN)
    await kiosk.touch(Intent.ENTER)
    assert isinstance(kiosk.screen(), Borrowing)
    assert [one[2] for one in kiosk.desk.enrolled] == ["NL-000005"]


@story
async def test_g1_whoever_chose_a_wrong_stretch_goes_back_a_step_at_a_time(kiosk: Kiosk) -> None:
    kiosk.desk.homes = homes(200)
    await offered(kiosk)
    await kiosk.touch(Intent.ENROL)
    seen = [kiosk.screen()]
    await kiosk.touch(Intent.BACK)
    assert kiosk.screen() == seen[0], "there is nothing before the whole list"
    for at in ("1", "3"):
        await kiosk.touch(Intent.CHOOSE, at)
        seen.append(kiosk.screen())
    assert len(set(seen)) == 3
    while seen:
        assert kiosk.screen() == seen.pop()
        await kiosk.touch(Intent.BACK)
    await kiosk.touch(Intent.CHOOSE, "5")
    assert isinstance(kiosk.screen(), ChooseHome)
    assert kiosk.desk.enrolled == []


@story
async def test_g1_a_library_that_is_not_listed_leads_to_the_desk_before_any_pin(kiosk: Kiosk) -> None:
    for listed in (homes(0), homes(3)):
        kiosk.desk.homes = listed
        await offered(kiosk)
        await kiosk.touch(Intent.ENROL)
        if listed.homes:
            await kiosk.touch(Intent.CLOSE)
        assert kiosk.screen() == NoVisit(NOT_LISTED)
        await kiosk.touch(Intent.CLOSE)
    assert kiosk.desk.enrolled == []


@story
async def test_n10_a_guest_whom_nobody_knows_here_fills_no_list_of_the_desk(kiosk: Kiosk) -> None:
    kiosk.desk.code, kiosk.desk.homes = "K7-42", homes(0)
    await offered(kiosk)
    await kiosk.touch(Intent.ENROL)
    await kiosk.wait(1)
    assert kiosk.screen() == NoVisit(NOT_LISTED)
    assert kiosk.desk.cases == []


@given(st.integers(1, 400))
def test_every_library_can_be_reached_by_few_touches(count: int) -> None:
    listed = homes(count).homes
    parts = stretches(listed)
    assert tuple(one for part in parts for one in part) == listed
    assert all(parts)
    assert len(parts) <= AT_ONCE
    touches, longest = 0, listed
    while len(longest) > 1:
        touches, longest = touches + 1, max(stretches(longest), key=len)
    assert touches <= 4


def homes(count: int) -> GuestHomes:
    return GuestHomes(tuple(HomeChoice(Isil(f"NL-{at:06}"), f"Library {at:02}") for at in range(count)))
