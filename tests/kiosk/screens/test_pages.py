"""Every screen, in every language and shape: nothing is cut off, too small or hidden, and only what is offered acts."""

import pytest

from circulation.outcomes import Refused
from kiosk.offered import offered
from kiosk.rows import NotLent
from kiosk.screens.look import look
from kiosk.ui import Borrowing, Intent, NoVisit
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box, faults, labels, missing_glyphs, unpainted, within
from tests.kiosk.screens.scenes import ALL_REFUSALS, LANGUAGES, LONG, MODES, PORTRAIT, SCENES, SIZES

SHAPES = dict(zip(SIZES, ("portrait", "landscape", "small"), strict=True))
REACH, REACH_LYING = 900, 700  # units: what a seated person can touch, of a screen that stands and one that lies
OFTEN = {"nl", "en", "ar"}  # measured in every shape by `make test`; the others only as a kiosk stands, upright
IN_EVERY_LANGUAGE_AND_SHAPE = pytest.mark.parametrize(
    ("language", "size"),
    [
        pytest.param(
            language,
            size,
            id=f"{language}-{shape}",
            marks=() if size == PORTRAIT or language in OFTEN else pytest.mark.system,
        )
        for size, shape in SHAPES.items()
        for language in LANGUAGES
    ],
)


@IN_EVERY_LANGUAGE_AND_SHAPE
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


MEASURED = {(language, PORTRAIT, mode) for language in ("nl", "ar") for mode in ("largest", "seated")}  # by `make test`


@pytest.mark.parametrize(
    ("language", "size", "mode"),
    [
        pytest.param(
            language,
            size,
            mode,
            id=f"{language}-{shape}-{mode}",
            marks=() if (language, size, mode) in MEASURED else pytest.mark.system,
        )
        for mode in MODES
        for size, shape in SHAPES.items()
        for language in LANGUAGES
    ],
)
def test_every_screen_is_whole_for_whoever_needs_it_otherwise(
    kiosk: Kiosk, language: str, size: tuple[int, int], mode: str
) -> None:
    """Large and largest letters, contrast, seated: nothing is cut off, and what is touched is within reach."""
    kiosk.resize(size)
    reach = look.u(REACH if size == PORTRAIT else REACH_LYING)
    found = {}
    for name, (screen, over) in SCENES.items():
        kiosk.show(screen, over, language, MODES[mode])
        wrong = faults(kiosk.stage) + missing_glyphs(kiosk.stage)
        if MODES[mode].low:
            low = [one for one in kiosk.stage.touchable() if not within(one, "CardList")]  # docs/accessibility.md
            wrong += [f"{one.text!r} is too high" for one in low if box(one).top > reach + 1]
        if wrong:
            found[name] = wrong
    assert found == {}


@IN_EVERY_LANGUAGE_AND_SHAPE
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
    assert unpainted(kiosk.stage, kiosk.window.width, kiosk.pixels()) == []


def test_every_screen_says_something_else_in_another_language(kiosk: Kiosk) -> None:
    for name, (screen, over) in SCENES.items():
        said = []
        for language in ("nl", "en"):  # that the others differ too is a matter of the catalogues
            kiosk.show(screen, over, language)
            said.append({one.text for one in labels(kiosk.stage)})
        assert said[0] != said[1], name


def test_a_refusal_that_came_without_its_values_still_says_why(kiosk: Kiosk) -> None:
    for no in ALL_REFUSALS:
        kiosk.show(NoVisit(Refused(no.reason, no.rule, no.next)))
        assert "{" not in kiosk.stage._page.title
        assert kiosk.stage._page.title
