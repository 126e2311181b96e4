"""Of two languages a touch changes to the other; of more a card shows all, each by its own name."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from kiosk.bus import Touched
from kiosk.rows import Lent
from kiosk.spoken import choices_of
from kiosk.texts import name_of
from kiosk.ui import Borrowing, HelpCard, Intent, LanguageCard, Rest, StillThere
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box, labels
from tests.kiosk.screens.scenes import DUE, LANDSCAPE, LANGUAGES

CARD = LanguageCard(LANGUAGES)
VISIT = Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9)


@contextmanager
def _of(kiosk: Kiosk, *languages: str) -> Iterator[Kiosk]:
    """The same kiosk with these languages only."""
    usual, kiosk.app._languages = kiosk.app._languages, languages
    kiosk.app._build()
    kiosk.turn()
    try:
        yield kiosk
    finally:
        kiosk.app._languages = usual
        kiosk.show(Rest())
        kiosk.app._build()
        kiosk.turn()


@pytest.fixture
def of_two(kiosk: Kiosk) -> Iterator[Kiosk]:
    with _of(kiosk, "nl", "en") as changed:
        yield changed


def test_of_one_language_there_is_nothing_to_choose(kiosk: Kiosk) -> None:
    with _of(kiosk, "fy"):
        for screen, over in ((Rest(), None), (VISIT, None), (VISIT, StillThere(15))):
            kiosk.show(screen, over, "fy")
            assert "language" not in {one.intent for one in kiosk.stage.touchable()}
            assert choices_of(kiosk.stage.shown) == len(kiosk.stage.reachable()), "nor is it told of"


def _choices(kiosk: Kiosk) -> dict[str, Any]:
    from kiosk.screens.languages import OneLanguage

    return {one.language: one for one in kiosk.stage.touchable() if isinstance(one, OneLanguage)}


def _tap(kiosk: Kiosk, button: Any) -> None:
    place = box(button)
    kiosk.tap((place.left + place.right) / 2, (place.bottom + place.top) / 2)


def test_of_two_languages_the_button_names_and_tells_the_other(of_two: Kiosk) -> None:
    for language, other in (("nl", "en"), ("en", "nl")):
        of_two.rested()
        of_two.show(Rest(), language=language)
        assert of_two.button("language").text == name_of(other)
        assert name_of(other) in of_two.button("language").spoken
        of_two.tap_button("language")
        assert of_two.touched == [Touched(Intent.LANGUAGE, other)]


@pytest.mark.parametrize("over", [None, HelpCard()], ids=["screen", "help"])
def test_of_more_the_button_names_the_one_that_is_spoken_and_asks_for_all(kiosk: Kiosk, over: HelpCard | None) -> None:
    kiosk.show(Rest(), over, "fy")
    assert (kiosk.button("language").text, kiosk.button("language").spoken) == ("Frysk", "Kies dyn taal")
    kiosk.tap_button("language")
    assert kiosk.touched == [Touched(Intent.LANGUAGE, "")]


def test_over_a_question_that_counts_down_the_button_goes_to_the_next_language(kiosk: Kiosk) -> None:
    told = []
    for language in LANGUAGES:
        kiosk.rested()
        kiosk.show(VISIT, StillThere(9), language)
        name = kiosk.button("language").text
        kiosk.tap_button("language")
        (told_now,) = kiosk.touched
        assert isinstance(told_now, Touched)
        assert name == name_of(told_now.what)
        told.append(told_now.what)
    assert told == [*LANGUAGES[1:], LANGUAGES[0]]


def test_each_language_is_named_in_its_own_and_a_tick_stands_at_the_one_that_is_spoken(kiosk: Kiosk) -> None:
    for language in ("nl", "uk", "ar"):
        kiosk.show(Rest(), CARD, language)
        found = _choices(kiosk)
        assert {of: one.text for of, one in found.items()} == {of: name_of(of) for of in LANGUAGES}
        assert [of for of, one in found.items() if one.icon] == [language]
        assert all(name_of(of) in one.spoken for of, one in found.items())
        seen = [one.text for one in labels(kiosk.stage.ids.over)]
        assert all(name_of(of) in seen for of in LANGUAGES)


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_each_language_tells_itself_once(kiosk: Kiosk, language: str) -> None:
    kiosk.show(Rest(), CARD, language)
    for of, button in _choices(kiosk).items():
        kiosk.rested()
        _tap(kiosk, button)
        assert kiosk.touched == [Touched(Intent.LANGUAGE, of)]


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_the_card_closes_by_its_button_without_a_choice(kiosk: Kiosk, language: str) -> None:
    kiosk.show(VISIT, CARD, language)
    _tap(kiosk, kiosk.button("close"))
    assert kiosk.touched == [Touched(Intent.CLOSE)]


def test_the_card_has_the_same_buttons_after_a_turn_of_the_screen_and_with_other_languages(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), CARD)
    kiosk.resize(LANDSCAPE)
    kiosk.turn()
    assert {*_choices(kiosk)} == {*LANGUAGES}
    assert kiosk.button("close").offered
    for languages in (LANGUAGES[:3], LANGUAGES[:6], LANGUAGES):
        kiosk.show(Rest(), replace(CARD, languages=languages))
        assert {*_choices(kiosk)} == {*languages}
        assert len([one for one in kiosk.stage.touchable() if one.intent == "close"]) == 1


def test_the_button_that_closes_outlives_the_row_that_it_stood_in(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), CARD)
    usual = gc.get_threshold()
    gc.set_threshold(1)  # what nothing holds is gone at once
    try:
        for languages in (LANGUAGES[:3], LANGUAGES[:4]):
            kiosk.show(Rest(), replace(CARD, languages=languages))
    finally:
        gc.set_threshold(*usual)
    assert kiosk.button("close").offered


def test_a_language_that_the_kiosk_does_not_have_is_said_in_its_first(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), language="tlh")
    assert kiosk.stage._page.title == "Welkom"
    assert kiosk.button("language").text == "Nederlands"
