"""The card of all languages lies over a visit, which goes on below: opened, chosen from, closed, forgotten."""

from circulation.presented import ReceiptChoice
from kiosk.ui import Borrowing, Finished, HelpCard, Intent, LanguageCard, NoVisit, PinPad, Rest, StillThere, Waiting
from tests.kiosk.world import ANNA, BERT, PASS_UNKNOWN, PIN_NEEDED, Kiosk, book, story, wants_receipt

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
    for intent in (Intent.STOP, Intent.DONE, Intent.ACCOUNT):
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
async def test_a_card_that_was_opened_while_an_answer_is_awaited_stays_when_it_comes(kiosk: Kiosk) -> None:
    for answer, screen in ((kiosk.desk.patrons[ANNA], Borrowing), (PASS_UNKNOWN, NoVisit), (PIN_NEEDED, PinPad)):
        kiosk.desk.patrons[ANNA], kiosk.desk.delay_s = answer, 5
        await kiosk.tap(ANNA)
        await kiosk.wait(1)
        await kiosk.touch(Intent.LANGUAGE)
        assert (kiosk.screen(), kiosk.shown().over) == (Waiting(), CARD)
        await kiosk.wait(5)
        assert (type(kiosk.screen()), kiosk.shown().over) == (screen, CARD)
        await kiosk.touch(Intent.LANGUAGE, "en")
        assert (type(kiosk.screen()), kiosk.shown().over, kiosk.shown().language) == (screen, None, "en")
        kiosk.desk.delay_s = 0
        await kiosk.touch(Intent.CLOSE if screen is NoVisit else Intent.STOP)
        assert (type(kiosk.screen()), kiosk.shown().language) == (Rest, "nl")


@story
async def test_so_does_one_over_the_last_answers_and_none_over_another_visit(kiosk: Kiosk) -> None:
    await kiosk.tap(ANNA)
    kiosk.desk.delay_s = 5
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.DONE)
    await kiosk.touch(Intent.HELP)
    await kiosk.wait(5)
    assert (kiosk.screen(), kiosk.shown().over) == (Finished(1), HelpCard())
    await kiosk.tap(BERT)
    await kiosk.wait(1)
    assert (kiosk.screen(), kiosk.shown().over) == (Waiting(), None)
    await kiosk.touch(Intent.LANGUAGE)
    await kiosk.tap(ANNA)
    await kiosk.wait(1)
    assert (kiosk.screen(), kiosk.shown().over) == (Waiting(), None)


@story
async def test_the_help_and_the_languages_take_each_others_place(kiosk: Kiosk) -> None:
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard()
    await kiosk.touch(Intent.LANGUAGE)
    assert kiosk.shown().over == CARD
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard()
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
    await kiosk.wait(44.8)
    assert (kiosk.shown().over, kiosk.shown().language) == (CARD, "en")
    await kiosk.wait(0.3)
    assert (kiosk.shown().over, kiosk.shown().language) == (StillThere(20), "en")
    await kiosk.wait(20)
    assert (kiosk.screen(), kiosk.shown().over, kiosk.shown().language) == (Rest(), None, "nl")
