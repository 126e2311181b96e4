"""Who chose a language or larger words needs longer to find the pass: nothing of it is taken from them unasked, and it
is there again for the visit that goes on."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from devices.ports import Health, PassPresented
from kiosk.access import Access
from kiosk.presence import OFTEN
from kiosk.ui import Borrowing, HelpCard, Intent, LendOrReturn, Notice, Rest, StillThere
from tests.kiosk.world import ANNA, BERT, WITH_PAD, Kiosk, book, story, tag
from tests.kiosk.world import story as any_story

LARGE = Access(text=200, low=True)
with_pad = partial(any_story, kinds=WITH_PAD)
Act = Callable[[Kiosk], Awaitable[None]]


async def _choose(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.ACCESS, "text:200")
    await kiosk.touch(Intent.ACCESS, "low")
    await kiosk.touch(Intent.CLOSE)
    await kiosk.touch(Intent.LANGUAGE, "en")


def _chosen(kiosk: Kiosk) -> tuple[str, Access]:
    return kiosk.shown().language, kiosk.shown().access


async def _is_asked(kiosk: Kiosk) -> None:
    await _choose(kiosk)
    await kiosk.wait(50)
    assert (kiosk.shown().over, kiosk.screen()) == (StillThere(15), Rest())


@story
async def test_whoever_looks_for_the_pass_is_asked_and_keeps_what_they_chose_by_saying_so(kiosk: Kiosk) -> None:
    await _choose(kiosk)
    for _ in range(3):
        await kiosk.wait(44.9)
        assert (kiosk.shown().over, _chosen(kiosk)) == (None, ("en", LARGE))
        await kiosk.wait(0.2)
        assert (kiosk.shown().over, _chosen(kiosk)) == (StillThere(20), ("en", LARGE))
        await kiosk.touch(Intent.MORE_TIME)
        assert (kiosk.screen(), kiosk.shown().over) == (Rest(), None)
    await kiosk.tap(ANNA)
    assert (type(kiosk.screen()), _chosen(kiosk)) == (Borrowing, ("en", LARGE))


@story
async def test_whoever_says_no_leaves_nothing_of_it_and_neither_does_silence(kiosk: Kiosk) -> None:
    await _is_asked(kiosk)
    await kiosk.touch(Intent.STOP)
    assert (kiosk.shown().over, _chosen(kiosk)) == (None, ("nl", Access()))
    await _is_asked(kiosk)
    await kiosk.wait(15)
    assert (kiosk.shown().over, _chosen(kiosk)) == (None, ("nl", Access()))


@story
async def test_help_is_an_answer_too(kiosk: Kiosk) -> None:
    await _is_asked(kiosk)
    await kiosk.touch(Intent.HELP)
    assert (kiosk.shown().over, _chosen(kiosk)) == (HelpCard(), ("en", LARGE))
    await kiosk.wait(44)
    assert _chosen(kiosk) == ("en", LARGE)


async def _shows_a_pass(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)


async def _lays_a_book_down(kiosk: Kiosk) -> None:
    await kiosk.lay(tag(book(1)))


@pytest.mark.parametrize(
    ("acts", "kind"), [(_shows_a_pass, Borrowing), (_lays_a_book_down, LendOrReturn)], ids=["pass", "book"]
)
@pytest.mark.parametrize("tried", [0, OFTEN[PassPresented]], ids=["at-once", "after-cards-that-say-nothing"])
def test_a_pass_or_a_book_is_an_answer_and_begins_what_it_begins(acts: Act, kind: type, tried: int) -> None:
    @partial(any_story, kinds=WITH_PAD, returns=True)
    async def somebody_comes(kiosk: Kiosk) -> None:
        await _choose(kiosk)
        for _ in range(tried):
            await kiosk.tap(None, uid="04A1")
            await kiosk.take_away()
        await kiosk.wait(50)
        assert kiosk.shown().over == StillThere(15)
        await acts(kiosk)
        assert (type(kiosk.screen()), kiosk.shown().over, _chosen(kiosk)) == (kind, None, ("en", LARGE))

    somebody_comes()


@with_pad
async def test_a_device_that_comes_and_goes_is_no_answer_and_is_said_below_the_question(kiosk: Kiosk) -> None:
    await _is_asked(kiosk)
    await kiosk.health("item_pad", Health.LOST)
    await kiosk.wait(1)
    assert (kiosk.shown().over, kiosk.screen()) == (StillThere(14), kiosk.stage.at_rest(None))
    await kiosk.wait(15)
    assert (kiosk.shown().over, _chosen(kiosk)) == (None, ("nl", Access()))


@story
async def test_a_visit_that_goes_on_is_in_the_language_and_the_letters_that_were_chosen_in_it(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await _choose(kiosk)
    await kiosk.scan(book(1))
    await kiosk.take_away()
    await kiosk.wait(66)
    assert (kiosk.screen(), _chosen(kiosk)) == (Rest(notice=Notice.ENDED_BY_TIME), ("nl", Access()))
    await kiosk.tap(ANNA)
    assert (kiosk.titles(), _chosen(kiosk)) == ([f"Title {book(1)}"], ("en", LARGE))


@story
async def test_anothers_visit_is_not_and_what_was_chosen_anew_counts(kiosk: Kiosk) -> None:
    for back, finds in ((BERT, ("nl", Access())), (ANNA, ("nl", Access(contrast=True)))):
        await kiosk.tap(ANNA)
        await _choose(kiosk)
        await kiosk.take_away()
        await kiosk.wait(66)
        if back is ANNA:
            await kiosk.touch(Intent.ACCESS, "contrast")
            await kiosk.touch(Intent.LANGUAGE, "nl")
        await kiosk.tap(back)
        assert (type(kiosk.screen()), _chosen(kiosk)) == (Borrowing, finds)
        await kiosk.take_away()
        await kiosk.touch(Intent.CLOSE)
        await kiosk.touch(Intent.STOP)
        await kiosk.wait(66)


def test_so_is_who_laid_books_down_before_they_look_for_the_pass() -> None:
    async def tell(kiosk: Kiosk) -> None:
        await _choose(kiosk)
        await kiosk.lay(tag(book(1)))
        assert isinstance(kiosk.screen(), LendOrReturn)
        await kiosk.wait(20.1)
        assert (kiosk.shown().over, _chosen(kiosk)) == (StillThere(20), ("en", LARGE))
        await kiosk.touch(Intent.MORE_TIME)
        assert (type(kiosk.screen()), kiosk.shown().over, _chosen(kiosk)) == (LendOrReturn, None, ("en", LARGE))

    any_story(tell, kinds=WITH_PAD, returns=True)()
