"""A page with one message: a round pictogram, a sentence of what is, one of what to do, and a button or two below."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from kiosk.screens.page import Page
from kiosk.screens.touch import Touch
from kiosk.texts import Texts


class MessagePage(Page):
    """What the pages with one message share. `tone` is care, good or broken; buttons go below."""

    icon = StringProperty("")
    tone = StringProperty("care")
    title = StringProperty("")
    text = StringProperty("")
    note = StringProperty("")
    code = StringProperty("")  # spelled large
    busy = BooleanProperty(False)
    stops = BooleanProperty(False)  # whether the button that stops stands above it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._code = self.ids.code.__self__
        self.bind(code=self._keep_code)
        self._keep_code()

    def _keep_code(self, *_: Any) -> None:
        """Without a code there is no room for one either."""
        column = self.ids.column
        if self.code and self._code.parent is None:
            column.add_widget(self._code, 1)
        elif not self.code:
            column.remove_widget(self._code)

    def add_widget(self, widget: Any, *args: Any, **kwargs: Any) -> None:
        """A button in the .kv of a page takes its place in the row of buttons."""
        if isinstance(widget, Touch):
            self.ids.buttons.add_widget(widget, *args, **kwargs)
        else:
            super().add_widget(widget, *args, **kwargs)

    def leave(self) -> None:
        """Nothing of a patron is kept and nothing moves any more."""
        self.title = self.text = self.note = self.code = ""
        self.busy = False


class ClosingPage(MessagePage):
    """A message that somebody reads and closes: one button, the same on every such page."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def draw(self, fact: Any, texts: Texts) -> None:
        """The word of its button; what is said is each page's own."""
        self.close_text, self.close_spoken = texts.say("close.button"), texts.say("access.close")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
