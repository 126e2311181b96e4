"""Thanks: how many were taken in, and what care they need."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk import sentences
from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import Returned


class ReturnedPage(MessagePage):
    """Draws `Returned`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def draw(self, fact: Returned, texts: Texts) -> None:
        """How it ended."""
        care = fact.not_known or fact.to_check
        self.icon, self.tone = ("desk", "care") if care else ("check", "good")
        self.busy = fact.locking
        said = sentences.returned(texts, fact)
        self.title, self.text = said.why, said.next
        self.close_text, self.close_spoken = texts.say("close.button"), texts.say("access.close")

    def leave(self) -> None:
        """Nothing moves any more."""
        super().leave()
        self.busy = False


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
