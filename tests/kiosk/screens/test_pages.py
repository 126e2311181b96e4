"""Every screen, in every language and shape: nothing is cut off, too small or hidden, and only what is offered acts."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from circulation.outcomes import Refused
from kiosk.access import Access
from kiosk.offered import offered
from kiosk.rows import NotLent
from kiosk.screens.look import look
from kiosk.ui import Borrowing, Intent, NoVisit
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box, faults, geometry, labels, missing_glyphs, movers, unpainted, within
from tests.kiosk.screens.scenes import ALL_REFUSALS, BOTH, LANGUAGES, LONG, LOOKS, MODES, OTHERS, SCENES, SIZES

SHAPES = dict(zip(("portrait", "landscape", "small"), SIZES, strict=True))
REACH, REACH_LYING = 900, 700  # units: what a seated person can touch, of a screen that stands and one that lies
# On 800x480 words are not enlarged (test_access.py).
MEASURED = [(mode, shape) for mode, one in LOOKS.items() for shape in SHAPES if shape != "small" or one.text == 100]


def _marked(shape: str, *case: str) -> Any:
    """What `make test` leaves to `make test-system`."""
    later = shape == "small" or bool({*case} & {*BOTH})
    return pytest.param(*case, shape, marks=pytest.mark.system if later else ())


BUT_SMALL = [_marked(one) for one in SHAPES]
pytestmark = pytest.mark.timeout(600)  # each measures a thousand screens


def _laid_out(kiosk: Kiosk, language: str, access: Access = LOOKS["normal"]) -> Iterator[str]:
    """Shows every screen, one after the other, and tells its name."""
    for name, (screen, over) in SCENES.items():
        kiosk.show(screen, over, language, access)
        if name == "waiting":
            kiosk.stage._page.dots = kiosk.stage._page.words = True  # that they come is seen in test_bridge.py
            kiosk.turn()
        yield name


def _out_of_reach(kiosk: Kiosk) -> list[str]:
    """What is touched above the reach of who sits; of a list, the buttons that cannot be drawn down into it."""
    reach = look.u(REACH if look.tall else REACH_LYING)
    shown = {one: within(one, "CardList") for one in [*kiosk.stage.touchable(), *movers(kiosk.stage)]}
    high = [one.text for one, cards in shown.items() if cards is None and box(one).top > reach + 1]
    for cards in {one for one in shown.values() if one is not None}:
        for at, card in enumerate(cards._cards):
            if card.act is not None:
                cards._offset = sum(cards._height_of(one) + look.u(24) for one in cards._cards[:at])
                cards._place()
                button = cards._views[card.key].button
                if not button.reached or box(button).top > reach + 1:
                    high.append(f"{card.act.text} of card {at}")
        cards._offset = 0.0
        cards._place()
    return [f"{one!r} is too high" for one in high]


def _wrong(kiosk: Kiosk, languages: Iterable[str], mode: str) -> dict[str, list[str]]:
    """All that is wrong with what is laid out, by screen and language."""
    found = {}
    for language in languages:
        for name in _laid_out(kiosk, language, LOOKS[mode]):
            wrong = faults(kiosk.stage) + missing_glyphs(kiosk.stage) + (_out_of_reach(kiosk) if look.low else [])
            if wrong:
                found[f"{name} {language}"] = wrong
    return found


@pytest.mark.parametrize(("mode", "shape"), [_marked(shape, mode) for mode, shape in MEASURED])
def test_every_screen_is_laid_out_without_a_fault(kiosk: Kiosk, mode: str, shape: str) -> None:
    """Nothing is cut off, too small, hidden or without its letters; and seated, what is touched is within reach."""
    kiosk.resize(SHAPES[shape])
    assert _wrong(kiosk, LANGUAGES, mode) == {}


@pytest.mark.parametrize(
    ("languages", "mode", "size"),
    [
        *((("nl", "ar"), "normal", size) for size in OTHERS[::3]),
        *(pytest.param(LANGUAGES, "normal", one, marks=pytest.mark.system) for one in OTHERS),
        *(pytest.param(("de", "uk", "ar"), "seated-largest", one, marks=pytest.mark.system) for one in OTHERS),
    ],
)
def test_every_screen_is_laid_out_without_a_fault_in_any_other_shape(
    kiosk: Kiosk, languages: tuple[str, ...], mode: str, size: tuple[int, int]
) -> None:
    kiosk.resize(size)
    assert _wrong(kiosk, languages, mode) == {}


@pytest.mark.parametrize("shape", BUT_SMALL)
def test_contrast_changes_the_place_and_size_of_nothing(kiosk: Kiosk, shape: str) -> None:
    """Whatever fits in the usual colours fits in these."""
    kiosk.resize(SHAPES[shape])
    usual = {name: geometry(kiosk.stage) for name in _laid_out(kiosk, "nl")}
    other = {name: geometry(kiosk.stage) for name in _laid_out(kiosk, "nl", MODES["contrast"])}
    assert [name for name in SCENES if usual[name] != other[name]] == []


@pytest.mark.parametrize("shape", BUT_SMALL)
def test_every_refusal_fits_its_page_and_its_card_in_every_language(kiosk: Kiosk, shape: str) -> None:
    kiosk.resize(SHAPES[shape])
    found = {}
    for language in LANGUAGES:
        for no in ALL_REFUSALS:
            kiosk.show(NoVisit(no), None, language)
            wrong = faults(kiosk.stage) + missing_glyphs(kiosk.stage)
            if wrong:
                found[f"{no.reason.value} {no.next.value} {language}"] = wrong
        for no in ALL_REFUSALS:
            kiosk.show(Borrowing((NotLent("1", no, LONG),)), None, language)
            wrong = faults(kiosk.stage)
            if wrong:
                found[f"{no.reason.value} {no.next.value} {language}, on a card"] = wrong
    assert found == {}


def test_what_is_offered_is_what_can_be_touched(kiosk: Kiosk) -> None:
    for name in _laid_out(kiosk, "nl"):
        assert {Intent(one.intent) for one in kiosk.stage.touchable()} == offered(*SCENES[name]), name


@pytest.mark.parametrize("mode", ["normal", "largest"])
@pytest.mark.parametrize("language", ["nl", "ar"])
def test_every_word_and_pictogram_that_is_laid_out_is_painted(kiosk: Kiosk, language: str, mode: str) -> None:
    found = {}
    for name in _laid_out(kiosk, language, LOOKS[mode]):
        wrong = unpainted(kiosk.stage, kiosk.window.width, kiosk.pixels())
        if wrong:
            found[name] = wrong
    assert found == {}


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
