"""The checks of the layout bite: each finds a fault that is put there."""

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.rows import Lent
from kiosk.ui import Borrowing, NoVisit, Rest, StillThere
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import faults, missing_glyphs
from tests.kiosk.screens.scenes import ALL_REFUSALS, DUE

LONGEST = "Dit is een veel te lange zin voor deze plek op het scherm. " * 60


def _page(kiosk: Kiosk) -> Any:
    return kiosk.stage._page


PLANTED: dict[str, tuple[Any, Callable[[Kiosk], None], str]] = {
    "a text that does not fit": (
        NoVisit(ALL_REFUSALS[0]),
        lambda kiosk: setattr(_page(kiosk), "title", LONGEST),
        "leaves the window",
    ),
    "a word too long for its line": (Rest(), lambda kiosk: setattr(_page(kiosk), "what_to_do", "x" * 90), "broken"),
    "a name that leaves the window": (
        Rest(),
        lambda kiosk: setattr(_page(kiosk), "library_name", LONGEST),
        "leaves the window",
    ),
    "a picture upon words": (
        Rest(),
        lambda kiosk: setattr(_page(kiosk).ids.picture, "y", _page(kiosk).ids.said.y),
        "the Picture lies upon",
    ),
    "a picture upon a button": (
        Rest(takes_back=True),
        lambda kiosk: setattr(_page(kiosk).ids.picture, "y", 0),
        "the Picture lies upon the button",
    ),
    "letters that are too small": (
        Rest(),
        lambda kiosk: setattr(next(_words(kiosk)), "font_size", 20),
        "smaller than 40",
    ),
    "a button that is too low": (Rest(), lambda kiosk: setattr(kiosk.button("help"), "height", 60), "too small"),
    "buttons too close": (Rest(), lambda kiosk: setattr(kiosk.button("help"), "x", 600), "too close"),
    "a button without a name": (Rest(), lambda kiosk: setattr(kiosk.button("help"), "spoken", ""), "no name"),
    "a button outside": (Rest(), lambda kiosk: setattr(kiosk.button("help"), "x", -50), "leaves the window"),
    "a card too low for its words": (
        Borrowing((Lent("1", "Oeroeg", DUE),), lent=1),
        lambda kiosk: setattr(_page(kiosk).ids.cards.in_sight[0], "height", 40),
        "leaves its CardView",
    ),
    "a card upon another": (
        Borrowing((Lent("2", "Oeroeg", DUE), Lent("1", "Max Havelaar", DUE)), lent=2),
        lambda kiosk: setattr(_page(kiosk).ids.cards.in_sight[1], "y", _page(kiosk).ids.cards.in_sight[0].y),
        "two cards",
    ),
}


def _words(kiosk: Kiosk) -> Any:
    from kiosk.screens.parts import Words

    return (one for one in _page(kiosk).walk(restrict=True) if isinstance(one, Words) and one.text)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(kiosk: Kiosk, name: str) -> None:
    screen, plant, finding = PLANTED[name]
    kiosk.show(screen)
    assert faults(kiosk.stage) == []
    plant(kiosk)
    kiosk.turn()
    found = faults(kiosk.stage)
    kiosk.app._build()  # what was broken does not stay so for the next test
    kiosk.turn()
    assert any(finding in one for one in found), found


def test_a_card_over_the_screen_is_measured_too(kiosk: Kiosk) -> None:
    kiosk.show(Rest(), StillThere(9))
    assert faults(kiosk.stage) == []
    kiosk.stage._over.title = LONGEST
    kiosk.turn()
    found = faults(kiosk.stage)
    kiosk.app._build()
    kiosk.turn()
    assert any("leaves the window" in one for one in found), found


def test_a_letter_that_the_typeface_does_not_have_is_found(kiosk: Kiosk) -> None:
    kiosk.show(Rest())
    assert missing_glyphs(kiosk.stage) == []
    kiosk.stage._page.what_to_do = "図書館へようこそ"  # no kiosk speaks Japanese
    kiosk.turn()
    found = missing_glyphs(kiosk.stage)
    kiosk.app._build()
    assert len(found) == 8
