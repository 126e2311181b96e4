"""Every screen, in every language and shape: nothing is cut off, too small or hidden, and only what is offered acts."""

import pytest

from circulation.outcomes import Refused
from kiosk.ui import Borrowing, Finished, Intent, NotLent, NoVisit, offered
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import faults, labels, missing_glyphs
from tests.kiosk.screens.scenes import ALL_REFUSALS, LANGUAGES, LONG, SCENES, SIZES

SHAPES = pytest.mark.parametrize("size", SIZES, ids=("portrait", "landscape", "small"))


@SHAPES
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_laid_out_without_a_fault(kiosk: Kiosk, language: str, size: tuple[int, int]) -> None:
    kiosk.resize(size)
    found = {}
    for name, (screen, over) in SCENES.items():
        kiosk.show(screen, over, language)
        if name == "waiting":
            kiosk.until(lambda: kiosk.stage._page.words, "for words")
            kiosk.turn()
        wrong = faults(kiosk.stage) + missing_glyphs(kiosk.stage)
        if wrong:
            found[name] = wrong
    assert found == {}


@SHAPES
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_fits_its_page_and_its_card(kiosk: Kiosk, language: str, size: tuple[int, int]) -> None:
    kiosk.resize(size)
    found = {}
    for no in ALL_REFUSALS:
        kiosk.show(NoVisit(no), None, language)
        wrong = faults(kiosk.stage) + missing_glyphs(kiosk.stage)
        kiosk.show(Borrowing((NotLent("1", no, LONG),)), None, language)
        wrong += faults(kiosk.stage)
        if wrong:
            found[f"{no.reason.value} {no.next.value}"] = wrong
    assert found == {}


@pytest.mark.parametrize("name", SCENES)
def test_what_is_offered_is_what_can_be_touched(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    expected = set(offered(screen, over))
    if isinstance(screen, Finished) and not screen.can_print:
        expected -= {Intent.PRINT}
    if isinstance(screen, Borrowing) and screen.ending:
        expected -= {Intent.DONE}
    assert {Intent(one.intent) for one in kiosk.stage.touchable()} == expected


@pytest.mark.parametrize("name", SCENES)
def test_every_screen_paints_something(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    assert len(set(kiosk.pixels()[::3001])) > 3


def test_every_screen_says_something_else_in_another_language(kiosk: Kiosk) -> None:
    for name, (screen, over) in SCENES.items():
        said = []
        for language in LANGUAGES:
            kiosk.show(screen, over, language)
            said.append({one.text for one in labels(kiosk.stage)})
        assert said[0] != said[1], name


def test_a_refusal_that_came_without_its_values_still_says_why(kiosk: Kiosk) -> None:
    for no in ALL_REFUSALS:
        kiosk.show(NoVisit(Refused(no.reason, no.rule, no.next)))
        assert "{" not in kiosk.stage._page.title
        assert kiosk.stage._page.title
