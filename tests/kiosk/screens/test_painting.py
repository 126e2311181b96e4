"""What a picture costs where the processor paints it: words drawn once, taken pixel by pixel, no corner unseen."""

from typing import Any

import pytest

from kiosk.rows import Lent
from kiosk.ui import Borrowing, Rest
from tests.kiosk.screens.conftest import Kiosk
from tests.kiosk.screens.scenes import DUE


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that are drawn anew from now on."""
    from kivy.core.text import LabelBase

    words: list[str] = []
    refresh = LabelBase.refresh

    def watched(self: Any) -> None:
        words.append(self.text)
        refresh(self)

    monkeypatch.setattr(LabelBase, "refresh", watched)
    return words


def test_the_picture_that_follows_a_pass_draws_no_words_but_the_patrons_own(kiosk: Kiosk, drawn: list[str]) -> None:
    kiosk.show(Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9))
    kiosk.turn()
    kiosk.show(Rest())
    kiosk.turn()
    drawn.clear()
    kiosk.show(Borrowing(may_borrow=7))
    kiosk.turn()
    assert set(drawn) == {"Je mag nog 7 boeken lenen."}


def test_words_and_pictograms_are_painted_one_to_one(kiosk: Kiosk) -> None:
    from kivy.uix.label import Label

    kiosk.show(Borrowing((Lent("1", "Oeroeg", DUE),), lent=1, may_borrow=9))
    kiosk.turn()
    labels = [one for one in kiosk.stage.walk() if isinstance(one, Label) and one.texture]
    assert len(labels) > 8
    assert {one.texture.mag_filter for one in labels} == {"nearest"}
    at = [instruction for one in labels for instruction in one.canvas.children if hasattr(instruction, "texture")]
    assert all(float(part).is_integer() for one in at if hasattr(one, "pos") for part in one.pos)
