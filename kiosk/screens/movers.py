"""Two buttons that move a list longer than its place: whoever cannot drag reaches all of it too (WCAG 2.5.7)."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from kiosk.screens.touch import Touch  # noqa: F401 - named in the .kv
from kiosk.texts import Texts


class Movers(BoxLayout):
    """Beside each other, where and while their list, `cards`, is long; that at whose end it stands is not there.

    They tell no Intent, for nothing but the list changes. Event `on_moved`: somebody moved it.
    """

    __events__ = ("on_moved",)

    cards = ObjectProperty(None, allownone=True, rebind=True)
    up_text = StringProperty("")
    down_text = StringProperty("")
    up_spoken = StringProperty("")
    down_spoken = StringProperty("")
    worded = BooleanProperty(True)

    def name(self, texts: Texts) -> None:
        """What they are called in this language."""
        self.up_text, self.down_text = texts.say("list.up"), texts.say("list.down")
        self.up_spoken, self.down_spoken = texts.say("access.list_up"), texts.say("access.list_down")

    def go(self, up: bool) -> None:
        """One of them was touched."""
        self.cards.go(up)
        self.dispatch("on_moved")

    def on_moved(self) -> None:
        """Event: the list was moved."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
