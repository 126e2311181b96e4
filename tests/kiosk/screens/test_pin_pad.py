"""The keys of the PIN pad: where they are seen, how fast they take a finger, and how many dots there are."""

from itertools import pairwise
from typing import Any

import pytest

from kiosk.access import Access
from kiosk.bus import Touched
from kiosk.screens.stage import BOUNCE_S
from kiosk.ui import HelpCard, Intent, PinPad, Rest
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import box
from tests.kiosk.screens.scenes import SIZES


def keys(kiosk: Kiosk) -> dict[str, Any]:
    return {one.what or one.intent: one for one in kiosk.stage.touchable() if hasattr(one, "what")}


def type_on(kiosk: Kiosk, digits: str, monkeypatch: pytest.MonkeyPatch, every_s: float) -> list[Touched]:
    """Touches these keys, one each so many seconds by the clock that the stage goes by."""
    from kivy.clock import Clock

    now = [Clock.time()]
    monkeypatch.setattr("kiosk.screens.stage.Clock", type("Still", (), {"time": lambda: now[0]}))
    kiosk.rested()
    for digit in digits:
        now[0] += every_s
        kiosk.tap(*kiosk.stage.to_parent(*keys(kiosk)[digit].center))
    monkeypatch.undo()
    return [one for one in kiosk.touched if isinstance(one, Touched)]


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_the_keys_are_seen_as_on_a_telephone_whichever_way_is_read(kiosk: Kiosk, language: str) -> None:
    kiosk.show(PinPad(5), None, language)
    places = {what: box(one) for what, one in keys(kiosk).items()}
    for row in ("123", "456", "789", ("erase", "0", "enter")):
        assert all(places[one].right < places[other].left for one, other in pairwise(row))
    for column in ("1470", "2580", "3690"):
        assert all(places[one].bottom > places[other].top for one, other in pairwise(column[:3]))
    assert all(one.text == what and one.text.isascii() for what, one in keys(kiosk).items() if what.isdigit())


def test_a_scrambled_pad_tells_the_digit_that_it_shows(kiosk: Kiosk) -> None:
    kiosk.show(PinPad(keys="7305918264"))
    row = sorted((one for what, one in keys(kiosk).items() if what in ("7", "3", "0")), key=lambda one: box(one).left)
    assert [one.text for one in row] == ["7", "3", "0"]
    kiosk.tap(*row[0].center)
    assert kiosk.touched == [Touched(Intent.DIGIT, "7")]


def test_the_same_digit_twice_fast_is_typed_twice(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk.show(PinPad())
    touched = type_on(kiosk, "7711", monkeypatch, 0.1)
    assert [one.what for one in touched] == ["7", "7", "1", "1"]


def test_one_touch_that_is_told_twice_is_typed_once(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk.show(PinPad())
    touched = type_on(kiosk, "771", monkeypatch, BOUNCE_S * 0.6)
    assert [one.what for one in touched] == ["7", "1"]


def test_the_touch_that_opened_the_pad_types_nothing(kiosk: Kiosk) -> None:
    kiosk.show(PinPad(), HelpCard())
    where = kiosk.stage.to_parent(*kiosk.button("close").center)
    kiosk.tap(*where)
    kiosk.show(PinPad())
    kiosk.tap(*where)
    kiosk.tap(*where)
    assert kiosk.touched == [Touched(Intent.CLOSE)]


def test_ok_may_follow_the_last_digit_at_once_and_counts_once(kiosk: Kiosk) -> None:
    kiosk.show(PinPad(4))
    kiosk.tap(*keys(kiosk)["5"].center)
    kiosk.tap_button("enter")
    kiosk.tap_button("enter")
    assert kiosk.touched == [Touched(Intent.DIGIT, "5"), Touched(Intent.ENTER)]


@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [0, 1, 12, 3])
def test_there_is_a_dot_for_each_digit_in_its_field_and_how_many_can_be_said(
    kiosk: Kiosk, count: int, size: tuple[int, int], low: bool
) -> None:
    kiosk.resize(size)
    kiosk.show(PinPad(7), access=Access(low=low))
    kiosk.show(PinPad(count), access=Access(low=low))
    field = kiosk.stage._page.ids.field
    from kivy.graphics import Ellipse

    dots = [one for one in field._dots.children if isinstance(one, Ellipse)]
    assert len(dots) == count
    assert all(field.x < dot.pos[0] and dot.pos[0] + dot.size[0] < field.right for dot in dots)
    assert field.spoken.startswith(f"{count} cijfer")


def test_nothing_of_what_was_typed_stays_when_the_pad_is_gone(kiosk: Kiosk) -> None:
    kiosk.show(PinPad(4))
    page = kiosk.stage._page
    kiosk.tap(*keys(kiosk)["5"].center)
    kiosk.show(Rest())
    assert page.count == 0
    assert kiosk.stage._told_key is None
    assert "5" not in repr(kiosk.touched)
