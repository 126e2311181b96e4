"""Nobody is being served: a greeting, what to do first, and a small picture of it that moves."""

from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.screens.icons import OF_NOTICE, OF_TROUBLE
from kiosk.screens.page import Page, Tell, Today
from kiosk.texts import Texts
from kiosk.ui import Rest, Trouble


class Picture(Widget):
    """A pass beside the reader and a pass at the reader, in turn."""

    STEP_S = 2.4

    at_reader = BooleanProperty(False)
    pass_works = BooleanProperty(True)


class RestPage(Page):
    """Draws `Rest`."""

    library_name = StringProperty("")
    title = StringProperty("")
    what_to_do = StringProperty("")
    or_else = StringProperty("")
    strip = StringProperty("")
    strip_icon = StringProperty("")

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        super().__init__(tell, today, **kwargs)
        self._clock = Clock.schedule_interval(self._step, Picture.STEP_S)
        self._clock.cancel()

    def draw(self, fact: Rest, texts: Texts) -> None:
        """A greeting; the notice of the moment, or else what is wrong, in a strip."""
        no_reader = Trouble.NO_PASS_READER in fact.troubles
        self.title = texts.say("rest.title")
        self.what_to_do = texts.say("rest.scan" if no_reader else "rest.do")
        self.or_else = "" if no_reader else texts.say("rest.or_scan")
        self.ids.picture.pass_works = not no_reader
        trouble = next((one for one in Trouble if one in fact.troubles and one is not Trouble.NO_PASS_READER), None)
        if fact.notice is not None:
            self.strip, self.strip_icon = texts.say(f"notice.{fact.notice.value}"), OF_NOTICE[fact.notice]
        elif trouble is not None:
            key = f"trouble.{trouble.value}"
            self.strip = texts.say(f"{key}.why") + " " + texts.say(f"{key}.next")
            self.strip_icon = OF_TROUBLE[trouble]
        else:
            self.strip = self.strip_icon = ""

    def enter(self) -> None:
        """The picture starts to move."""
        self._clock()

    def leave(self) -> None:
        """The picture rests."""
        self._clock.cancel()
        self.ids.picture.at_reader = False

    def _step(self, _: float) -> None:
        self.ids.picture.at_reader = not self.ids.picture.at_reader


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
