"""All languages of the kiosk, each by its own name: what one cannot read one cannot look for."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from kiosk.screens.look import look
from kiosk.screens.over import OverPage
from kiosk.screens.page import Tell, Today
from kiosk.screens.touch import Touch
from kiosk.texts import Texts, name_of
from kiosk.ui import LanguageCard

BESIDE = {True: 2, False: 3}  # by whether the window is tall: how many stand beside each other
GAP = 24  # units


class OneLanguage(Touch):
    """The button of a language."""

    language = StringProperty("")
    chosen = BooleanProperty(False)


class LanguagePage(OverPage):
    """Draws `LanguageCard`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        self._said: tuple[LanguageCard, Texts] | None = None
        self._laid: object = None
        self._buttons: dict[str, OneLanguage] = {}
        super().__init__(tell, today, **kwargs)
        self._close = self.ids.close.__self__  # between two rows nothing else holds it
        self.stacked = True

    def draw(self, fact: LanguageCard, texts: Texts) -> None:
        """One button a language; a tick on the one that is spoken now."""
        self.title = texts.say("language.title")
        self.close_text, self.close_spoken = texts.say("help.close"), texts.say("access.close")
        self._said = (fact, texts)
        self._lay(fact.languages)
        for language, button in self._buttons.items():
            button.chosen = language == texts.language
            button.spoken = texts.say("access.language", language=button.text)

    def _turn(self, *args: Any) -> None:
        super()._turn(*args)
        self.stacked = True
        if self._said is not None:
            self.draw(*self._said)

    def _lay(self, languages: tuple[str, ...]) -> None:
        if self._laid == (languages, self.tall):
            return
        self._laid = (languages, self.tall)
        rows, beside = self.ids.languages, BESIDE[self.tall]
        rows.clear_widgets()
        self._buttons = {one: OneLanguage(text=name_of(one), language=one) for one in languages}
        for button in self._buttons.values():
            button.bind(on_act=lambda touched: self.choose(touched.language))
        for at, button in enumerate(self._buttons.values()):
            if at % beside == 0:
                rows.add_widget(BoxLayout(size_hint_y=None, height=look.u(96), spacing=look.u(GAP)))
            rows.children[0].add_widget(button)
        last = rows.children[0]
        close = self._close
        if close.parent is not None:
            close.parent.remove_widget(close)
        (last if len(last.children) < beside else rows).add_widget(close)  # no row of its own where there is room


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
