"""Every screen, in every language and shape: nothing is cut off, too small or hidden, and only what is offered acts."""

from typing import Any

import pytest

from circulation.outcomes import Refused
from kiosk.ui import Borrowing, Intent, NotLent, NoVisit, offered
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box, faults, ink, labels, missing_glyphs, within
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
    assert {Intent(one.intent) for one in kiosk.stage.touchable()} == offered(screen, over)


@pytest.mark.parametrize("name", SCENES)
def test_every_word_and_pictogram_that_is_laid_out_is_painted(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    if name == "waiting":
        kiosk.until(lambda: kiosk.stage._page.words, "for words")
    width, picture = kiosk.window.width, kiosk.pixels()
    unpainted = []
    for label in labels(kiosk.stage.ids.over if over else kiosk.stage):
        place = ink(label)
        middle = range(round(place.bottom), round(place.top), 3)
        rows = [picture[3 * (y * width + round(place.left)) : 3 * (y * width + round(place.right))] for y in middle]
        seen = {row[at : at + 3] for row in rows for at in range(0, len(row), 3)}
        if len(seen) < 3 and _in_sight(label):  # the ground, the letters, and what lies between at their edges
            unpainted.append(label.text)
    assert unpainted == []


def _in_sight(label: Any) -> bool:
    """Not a label of a card that is scrolled half away under the edge of its list."""
    listed = within(label, "CardList")
    return listed is None or box(listed).holds(ink(label))


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
