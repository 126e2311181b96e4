"""The card on which somebody adjusts the screen, and what its choices do to the picture: at once, and back again."""

from typing import Any

import pytest

from kiosk.access import ACCESS_CHOICES, Access
from kiosk.bus import Touched
from kiosk.rows import Lent
from kiosk.screens.look import look
from kiosk.screens.parts import Words
from kiosk.theme import CONTRAST, NORMAL
from kiosk.ui import AccessCard, Borrowing, Intent, Rest
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box, faults, labels
from tests.kiosk.screens.scenes import DUE, LANDSCAPE, SCENES, SMALL

VISIT = Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9)


def _choices(kiosk: Kiosk) -> dict[str, Any]:
    return {one.choice: one for one in kiosk.stage.touchable() if hasattr(one, "choice")}


def _font(kiosk: Kiosk, text: str) -> float:
    return float(next(one.font_size for one in labels(kiosk.stage) if one.text == text))


def test_the_button_asks_for_the_card_from_every_screen_that_offers_it(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    kiosk.tap_button("access")
    assert kiosk.touched == [Touched(Intent.ACCESS, "")]


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_each_choice_tells_itself_and_shows_by_word_tick_and_voice_whether_it_is_made(
    kiosk: Kiosk, language: str
) -> None:
    kiosk.show(Rest(), AccessCard(Access(contrast=True, text=200)), language)
    found = _choices(kiosk)
    assert {*found} == {*ACCESS_CHOICES}
    assert {one for one, button in found.items() if button.icon == "check"} == {"contrast", "text:200"}
    assert found["contrast"].spoken != found["contrast"].text
    for choice, button in found.items():
        kiosk.rested()
        place = box(button)
        kiosk.tap((place.left + place.right) / 2, (place.bottom + place.top) / 2)
        assert kiosk.touched == [Touched(Intent.ACCESS, choice)]


def test_the_card_has_its_buttons_after_a_turn_of_the_screen(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), AccessCard())
    kiosk.resize(LANDSCAPE)
    kiosk.turn()
    assert {*_choices(kiosk)} == {*ACCESS_CHOICES}
    assert kiosk.button("close").offered


def test_where_larger_words_have_no_room_they_are_not_offered(kiosk: Kiosk) -> None:
    kiosk.resize(SMALL)
    kiosk.show(Rest(), AccessCard(), access=Access(text=200))
    assert {*_choices(kiosk)} == {"contrast", "low", "still"}
    assert look.text == 1
    assert faults(kiosk.stage) == []


def test_contrast_is_drawn_at_once_and_gone_with_the_patron(kiosk: Kiosk) -> None:
    kiosk.show(VISIT)
    before = kiosk.pixels()
    kiosk.show(VISIT, access=Access(contrast=True))
    assert look.colours == CONTRAST
    assert kiosk.pixels()[:3] == bytes(3), "a black ground"
    kiosk.show(VISIT)
    assert look.colours == NORMAL
    assert kiosk.pixels() == before


@pytest.mark.parametrize("percent", [140, 200])
def test_words_of_a_card_are_as_much_larger_as_was_asked_for(kiosk: Kiosk, percent: int) -> None:
    kiosk.show(VISIT)
    title, why = _font(kiosk, "Oeroeg"), _font(kiosk, "Geleend tot wo 12 augustus")
    kiosk.show(VISIT, access=Access(text=percent))
    assert abs(_font(kiosk, "Oeroeg") - title * percent / 100) <= 1
    assert abs(_font(kiosk, "Geleend tot wo 12 augustus") - why * percent / 100) <= 1


def test_what_was_held_for_a_moment_does_not_choose_twice(kiosk: Kiosk) -> None:
    """The stage is built anew by a choice; the second half of a double tap still finds none."""
    kiosk.show(Rest(), AccessCard())
    place = box(_choices(kiosk)["low"])
    where = (place.left + 40, place.bottom + 40)
    kiosk.tap(*where)
    low = Access(low=True)
    kiosk.show(Rest(), AccessCard(low), access=low)
    kiosk.stage._pause_s = 60  # so that a busy machine takes part
    kiosk.tap(*where)
    assert len(kiosk.touched) == 1
    kiosk.stage._told_at -= 60
    kiosk.tap(*where)
    assert len(kiosk.touched) == 2


def test_reduced_motion_lets_nothing_slide(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "moves", True)
    kiosk.show(VISIT, access=Access(still=True))
    assert not look.slides
    kiosk.show(VISIT)
    assert look.slides


def test_the_drawing_at_rest_stands_still_for_whoever_chose_that(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "moves", True)
    kiosk.show(VISIT)
    kiosk.show(Rest())
    assert kiosk.stage._page._clock.is_triggered
    kiosk.show(Rest(), access=Access(still=True))
    assert not kiosk.stage._page._clock.is_triggered


@pytest.mark.parametrize(("text", "least"), [(140, 1.2), (200, 1.5)])
def test_at_rest_what_to_do_is_enlarged_too_and_the_picture_makes_room(kiosk: Kiosk, text: int, least: float) -> None:
    rest, what_to_do = Rest(takes_back=True, sees_account=True), "Houd je pas voor de lezer."
    kiosk.show(rest)
    usual = _font(kiosk, what_to_do)
    try:
        kiosk.show(rest, access=Access(text=text))
        assert _font(kiosk, what_to_do) >= least * usual
    finally:
        kiosk.show(rest)


@pytest.mark.parametrize(
    ("name", "text", "least"),
    [
        ("borrow-begin", "what_to_do", 1.8),
        ("borrow-begin", "how", 1.7),
        ("finished", "title", 1.7),
        ("finished", "text", 1.9),
    ],
)
def test_largest_words_take_the_room_that_stands_empty(kiosk: Kiosk, name: str, text: str, least: float) -> None:
    """Title and sentence of a page without a list; titles stop at 128 units."""
    sizes = []
    for percent in (100, 200):
        kiosk.show(*SCENES[name], access=Access(text=percent))
        sizes.append(_font(kiosk, getattr(kiosk.stage._page, text)))
    assert sizes[1] >= least * sizes[0]


def test_words_that_are_too_high_shrink_no_further_than_they_must(kiosk: Kiosk) -> None:
    kiosk.show(*SCENES["finished-to-check-not-known"], access=Access(text=200))
    column = kiosk.stage._page.ids.column
    shrink = max(one.shrink for one in column.walk(restrict=True) if isinstance(one, Words))
    assert 0.2 < shrink < 1
    assert column.needed <= column.height
    column._shrink([one for one in column.walk(restrict=True) if isinstance(one, Words)], column.needed - 1)
    assert column._measured() <= column.needed - 1
    for one in (words := [one for one in column.walk(restrict=True) if isinstance(one, Words)]):
        one.shrink = round(shrink + 0.05, 2)
        one.texture_update()
    assert column._measured() > column.height, words
