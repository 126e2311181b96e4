"""What somebody chose of the screen: made at once, kept through the visit, forgotten with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.access import ACCESS_CHOICES, Access
from kiosk.ui import AccessCard, Borrowing, Intent, Rest, StillThere
from tests.kiosk.world import ANNA, Kiosk, book, story

LOW = Access(low=True)


@story
async def test_the_card_opens_each_choice_is_made_at_once_and_again_taken_back(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.ACCESS)
    assert (kiosk.shown().over, kiosk.shown().access) == (AccessCard(), Access())
    await kiosk.touch(Intent.ACCESS, "low")
    assert (kiosk.shown().over, kiosk.shown().access) == (AccessCard(LOW), LOW)
    await kiosk.touch(Intent.ACCESS, "contrast")
    assert kiosk.shown().access == Access(contrast=True, low=True)
    await kiosk.touch(Intent.ACCESS, "contrast")
    await kiosk.touch(Intent.CLOSE)
    assert (kiosk.shown().over, kiosk.shown().access) == (None, LOW)


@story
async def test_it_stays_through_the_visit_and_ends_with_it(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.ACCESS, "text:140")
    await kiosk.touch(Intent.CLOSE)
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert (type(kiosk.screen()), kiosk.shown().access) == (Borrowing, Access(text=140))
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert kiosk.shown().access == Access(text=140)
    await kiosk.touch(Intent.STOP)
    await kiosk.wait(30)
    assert (type(kiosk.screen()), kiosk.shown().access) == (Rest, Access())


@story
async def test_at_rest_it_goes_when_nobody_comes_and_not_before_that_is_asked(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.ACCESS, "low")
    await kiosk.wait(44.8)
    assert (type(kiosk.shown().over), kiosk.shown().access) == (AccessCard, LOW)
    await kiosk.wait(0.3)
    assert (kiosk.shown().over, kiosk.shown().access) == (StillThere(20), LOW)
    await kiosk.wait(19.6)
    assert (kiosk.shown().over, kiosk.shown().access) == (StillThere(1), LOW)
    await kiosk.wait(0.5)
    assert (kiosk.shown().over, kiosk.shown().access) == (None, Access())


@story
async def test_the_card_does_not_cover_what_counts_down(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.wait(50)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.touch(Intent.ACCESS)
    assert isinstance(kiosk.shown().over, StillThere)


@story
async def test_a_choice_that_there_is_not_changes_nothing(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.ACCESS, "text:9000")
    assert kiosk.shown().access == Access()


@given(st.lists(st.sampled_from(ACCESS_CHOICES)))
def test_a_choice_is_there_after_it_was_made_an_odd_number_of_times(choices: list[str]) -> None:
    access = Access()
    for choice in choices:
        had = access.has(choice)
        access = access.after(choice)
        assert access.has(choice) is not had


@pytest.mark.parametrize("text", [140, 200])
def test_of_two_sizes_the_one_takes_the_place_of_the_other(text: int) -> None:
    other = 340 - text
    assert Access(text=text).after(f"text:{other}") == Access(text=other)
