"""A visit cannot begin: the pass is refused, or the library system does not answer."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk import sentences
from kiosk.screens.icons import OF_STEP
from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import NoAnswer, NoVisit


class NoVisitPage(MessagePage):
    """Draws `NoVisit`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def draw(self, fact: NoVisit, texts: Texts) -> None:
        """Why, and what next."""
        no = sentences.refused(texts, fact.refused, self._today())
        self.icon, self.tone = OF_STEP[fact.refused.next], "care"
        self.title, self.text = no.why, no.next
        self.close_text, self.close_spoken = texts.say("close.button"), texts.say("access.close")


class NoAnswerPage(NoVisitPage):
    """Draws `NoAnswer`."""

    def draw(self, _: NoAnswer, texts: Texts) -> None:  # type: ignore[override]
        """We are at fault: the colour of what is broken."""
        self.icon, self.tone = "no_line", "broken"
        self.title, self.text = texts.say("no_answer.why"), texts.say("no_answer.next")
        self.close_text, self.close_spoken = texts.say("close.button"), texts.say("access.close")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
