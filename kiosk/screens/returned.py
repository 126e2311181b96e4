"""Thanks: how many were taken in, what care they need, and whether a receipt of it is wanted."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk import receipt_words, sentences
from kiosk.screens.message import ClosingPage
from kiosk.texts import Texts
from kiosk.ui import Returned


class ReturnedPage(ClosingPage):
    """Draws `Returned`."""

    print_text = StringProperty("")
    print_spoken = StringProperty("")

    def on_kv_post(self, _: Any) -> None:
        """Keeps the button that is not always there, for the place before the other one."""
        self._print = self.ids.print.__self__
        self.keep_offered(self._print, offered=False)

    def draw(self, fact: Returned, texts: Texts) -> None:
        """How it ended."""
        super().draw(fact, texts)
        care = fact.not_known or fact.to_check
        self.icon, self.tone = ("desk", "care") if care else ("check", "good")
        self.busy = fact.locking
        said = sentences.returned(texts, fact)
        self.title, self.text = said.why, said.next
        self.note = receipt_words.of_returns(texts, fact)
        self.print_text, self.print_spoken = texts.say("finished.print"), texts.say("access.print")
        self.keep_offered(self._print, fact.can_print)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
