"""What can be chosen of how the screen is drawn: each choice acts at once, and again it is taken back (EN 301 549)."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from kiosk.screens.look import look
from kiosk.screens.over import OverPage
from kiosk.screens.page import Tell, Today
from kiosk.screens.touch import Touch
from kiosk.spoken_access import WORDS, name
from kiosk.texts import Texts
from kiosk.ui import AccessCard, Intent

ICONS = {"contrast": "contrast", "text:140": "text", "text:200": "text", "low": "low", "still": "still"}
BESIDE = {True: 2, False: 3}  # by whether the window is tall: how many stand beside each other
GAP = 24  # units
ROW = 128  # units: a word that needs two lines has room for them


class OneChoice(Touch):
    """The button of a choice; filled, and with a tick, where it is made."""

    choice = StringProperty("")
    chosen = BooleanProperty(False)


class AccessPage(OverPage):
    """Draws `AccessCard`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        self._tall: bool | None = None
        self._buttons = {one: OneChoice(choice=one) for one in look.access_choices}
        super().__init__(tell, today, **kwargs)
        for button in self._buttons.values():
            button.bind(on_act=lambda touched: self._tell(Intent.ACCESS, touched.choice))
        self._close = self.ids.close.__self__  # between two rows nothing else holds it
        self._turn()

    def draw(self, fact: AccessCard, texts: Texts) -> None:
        """One button a choice; a tick on each that is made."""
        self.title = texts.say("access.access")
        self.close_text, self.close_spoken = texts.say("help.close"), texts.say("access.close")
        for choice, button in self._buttons.items():
            button.text = texts.say(WORDS[choice])
            button.chosen = fact.access.has(choice)
            button.icon = "check" if button.chosen else ICONS[choice]
            button.spoken = name(texts, choice, made=button.chosen)

    def _turn(self, *args: Any) -> None:
        super()._turn(*args)
        self.stacked = True
        if "choices" not in self.ids or self._tall == self.tall:
            return
        self._tall, rows, beside = self.tall, self.ids.choices, BESIDE[self.tall]
        rows.clear_widgets()
        for at, button in enumerate([*self._buttons.values(), self._close]):
            if button.parent is not None:
                button.parent.remove_widget(button)
            if at % beside == 0:
                rows.add_widget(BoxLayout(size_hint_y=None, height=look.u(ROW), spacing=look.u(GAP)))
            rows.children[0].add_widget(button)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
