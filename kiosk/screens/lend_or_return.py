"""Books came before a pass: are they to be lent or brought back?"""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from kiosk import sentences, ways_in
from kiosk.screens.icons import OF_NOTICE
from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import LendOrReturn


class LendOrReturnPage(MessagePage):
    """Draws `LendOrReturn`."""

    lend_text = StringProperty("")
    lend_spoken = StringProperty("")
    back_text = StringProperty("")
    back_spoken = StringProperty("")
    wants_pass = BooleanProperty(False)

    def on_kv_post(self, _: Any) -> None:
        """Keeps the button that is not always there."""
        self._lend = self.ids.lend.__self__

    def draw(self, fact: LendOrReturn, texts: Texts) -> None:
        """The question, and that a pass answers it too; or that the pass is awaited."""
        self.title, self.text = ways_in.books_first(texts, fact)
        self.note = sentences.aside(texts, fact.troubles)
        self.icon = OF_NOTICE[fact.notice] if fact.notice else "card" if fact.wants_pass else "book"
        self.tone = "care" if fact.notice else "good"
        self.lend_text, self.lend_spoken = texts.say("books_first.lend"), texts.say("access.lend")
        self.back_text, self.back_spoken = texts.say("rest.bring_back"), texts.say("access.bring_back")
        self.wants_pass = fact.wants_pass
        self.keep_offered(self._lend, not fact.wants_pass)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
