"""What is drawn is also said, in the same sentences, and as many choices are told as can be touched."""

import pytest

from kiosk.screens.direction import direction
from kiosk.spoken import choices_of, everything
from kiosk.texts.aloud import AloudTexts, sayable
from kiosk.ui import AccessCard, Rest, Shown
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.layout import labels, within
from tests.kiosk.screens.scenes import PORTRAIT, SCENES, SMALL, TODAY

NOT_SAID = {"Bibliotheek Annen"}  # the library's name, on the wall too


class AsDrawn(AloudTexts):
    """Days, amounts and an address as they are drawn, so that they can be compared."""

    _weekdays = AloudTexts.__mro__[1]._weekdays  # type: ignore[attr-defined]
    money = AloudTexts.__mro__[1].money  # type: ignore[attr-defined]

    def mail_to(self, masked: str) -> str:
        return self.say("finished.mail_to", address=masked) if masked else ""


@pytest.mark.parametrize("name", SCENES)
def test_every_sentence_that_is_drawn_is_said(kiosk: Kiosk, name: str) -> None:
    from kiosk.screens.parts import Words

    screen, over = SCENES[name]
    kiosk.show(screen, over)
    assert not direction.to_the_left
    said = " ".join(one.text for one in everything(Shown(screen, over), AsDrawn("nl"), TODAY))
    drawn = [one for one in labels(kiosk.stage.ids.over if over else kiosk.stage.ids.pages) if isinstance(one, Words)]
    for label in drawn:
        if within(label, "Touch") is None and label.text not in NOT_SAID:
            for line in label.text.split("\n"):
                assert _bare(sayable(line)) in _bare(said), label.text


def _bare(said: str) -> str:
    """Without the stops that a drawn line does not need."""
    return " ".join(said.casefold().replace(".", " ").split())


@pytest.mark.parametrize("name", SCENES)
def test_as_many_choices_are_told_as_there_are_buttons(kiosk: Kiosk, name: str) -> None:
    screen, over = SCENES[name]
    kiosk.show(screen, over)
    assert choices_of(kiosk.stage.shown) == len(kiosk.stage.reachable())


@pytest.mark.parametrize("size", [SMALL, PORTRAIT])
def test_of_a_small_screen_no_larger_letters_are_told(kiosk: Kiosk, size: tuple[int, int]) -> None:
    kiosk.resize(size)
    kiosk.app._build()
    kiosk.turn()
    kiosk.show(Rest(), AccessCard(choices=kiosk.app.access_choices))
    assert choices_of(kiosk.stage.shown) == len(kiosk.stage.reachable())
    assert ("text:200" in kiosk.app.access_choices) == (size == PORTRAIT)
