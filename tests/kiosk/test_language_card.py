"""The card of all languages lies over a visit, which goes on below: opened, chosen from, closed, forgotten."""

from circulation.presented import ReceiptChoice
from kiosk.ui import Borrowing, Finished, HelpCard, Intent, LanguageCard, Rest, StillThere
from tests.kiosk.world import ANNA, Kiosk, book, story, wants_receipt

CARD = LanguageCard(("nl", "en"))


@story
async def test_a_touch_without_a_choice_shows_all_languages(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.LANGUAGE)
    assert (kiosk.screen(), kiosk.shown().over, kiosk.shown().language) == (Rest(), CARD, "nl")


@story
async def test_a_choice_closes_the_card_and_stays_until_the_visit_ends(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.ASK, language="nl")
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert (kiosk.shown().over, kiosk.shown().language) == (None, "en")
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    assert (type(kiosk.screen()), kiosk.shown().language) == (Borrowing, "en")
    await kiosk.touch(Intent.DONE)
    assert (kiosk.screen(), kiosk.shown().language) == (Finished(1), "en")
    await kiosk.touch(Intent.NO_RECEIPT)
    assert (type(kiosk.screen()), kiosk.shown().language) == (Rest, "nl")


@story
async def test_the_language_that_is_spoken_can_be_chosen_too(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = wants_receipt(ReceiptChoice.ASK, language="en")
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.touch(Intent.LANGUAGE, "nl")
    assert kiosk.shown().over is None
    await kiosk.tap(ANNA)
    assert kiosk.shown().language == "nl", "chosen by hand"


@story
async def test_a_language_that_the_kiosk_does_not_speak_neither_opens_nor_closes_the_card(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.LANGUAGE, "tlh")
    assert kiosk.shown().over is None
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.touch(Intent.LANGUAGE, "tlh")
    assert (kiosk.shown().over, kiosk.shown().language) == (CARD, "nl")


@story
async def test_the_card_closes_without_a_choice_and_the_visit_is_as_it_was(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    before = kiosk.shown()
    await kiosk.touch(Intent.LANGUAGE)
    assert (kiosk.screen(), kiosk.shown().over) == (before.screen, CARD)
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.shown() == before


@story
async def test_what_the_card_covers_is_not_touched(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    before = kiosk.borrowing()
    await kiosk.touch(Intent.LANGUAGE)
    for intent in (Intent.STOP, Intent.DONE, Intent.HELP):
        await kiosk.touch(intent)
    assert (kiosk.borrowing(), kiosk.shown().over) == (before, CARD)


@story
async def test_the_visit_goes_on_below_the_card(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.scan(book(1))
    assert (kiosk.titles(), kiosk.shown().over) == ([f"Title {book(1)}"], CARD)
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert (kiosk.titles(), kiosk.shown().over) == ([f"Title {book(1)}"], None)


@story
async def test_a_pass_that_is_shown_closes_the_card(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.tap(ANNA)
    assert (type(kiosk.screen()), kiosk.shown().over) == (Borrowing, None)


@story
async def test_the_help_and_the_languages_take_each_others_place(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard()
    await kiosk.touch(Intent.LANGUAGE)
    assert kiosk.shown().over == CARD
    await kiosk.touch(Intent.CLOSE)
    assert kiosk.shown().over is None


@story
async def test_a_question_that_counts_down_is_not_covered(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.wait(50)
    assert isinstance(kiosk.shown().over, StillThere), "the question takes the place of the card"
    await kiosk.touch(Intent.LANGUAGE)
    assert isinstance(kiosk.shown().over, StillThere)
    await kiosk.touch(Intent.LANGUAGE, "en")
    assert isinstance(kiosk.shown().over, StillThere)
    assert kiosk.shown().language == "en"


@story
async def test_at_rest_it_goes_when_nobody_comes_and_so_does_what_was_chosen(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.LANGUAGE, "en")
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.wait(19.8)
    assert (kiosk.shown().over, kiosk.shown().language) == (CARD, "en")
    await kiosk.wait(0.3)
    assert (kiosk.screen(), kiosk.shown().over, kiosk.shown().language) == (Rest(), None, "nl")
