"""The library system is asked who this is. The picture says at once that the pass was seen; dots and words follow."""

from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from kiosk.screens.page import Page, Tell, Today
from kiosk.texts import Texts
from kiosk.ui import Waiting

DOTS_AFTER_S = 0.3
WORDS_AFTER_S = 2.0


class WaitingPage(Page):
    """Draws `Waiting`."""

    text = StringProperty("")
    dots = BooleanProperty(False)
    words = BooleanProperty(False)

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        super().__init__(tell, today, **kwargs)
        self._show_dots = Clock.create_trigger(lambda _: setattr(self, "dots", True), DOTS_AFTER_S)
        self._show_words = Clock.create_trigger(lambda _: setattr(self, "words", True), WORDS_AFTER_S)

    def draw(self, _: Waiting, texts: Texts) -> None:
        """The words, which may not be seen yet."""
        self.text = texts.say("waiting.looking")

    def enter(self) -> None:
        """Time starts to count."""
        self._show_dots()
        self._show_words()

    def leave(self) -> None:
        """All is as before."""
        self._show_dots.cancel()
        self._show_words.cancel()
        self.dots = self.words = False


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
