"""A visit cannot begin: the pass is refused, or the library system does not answer."""

from kiosk import sentences
from kiosk.screens.icons import OF_STEP
from kiosk.screens.message import ClosingPage
from kiosk.texts import Texts
from kiosk.ui import NoAnswer, NoVisit


class NoVisitPage(ClosingPage):
    """Draws `NoVisit`."""

    def draw(self, fact: NoVisit, texts: Texts) -> None:
        """Why, and what next."""
        super().draw(fact, texts)
        no = sentences.refused(texts, fact.refused, self._today())
        self.icon, self.tone = OF_STEP[fact.refused.next], "care"
        self.title, self.text = no.why, no.next
        self.note, self.code = sentences.desk_code(texts, fact.code), sentences.spelled(fact.code)


class NoAnswerPage(ClosingPage):
    """Draws `NoAnswer`."""

    def draw(self, fact: NoAnswer, texts: Texts) -> None:
        """We are at fault: the colour of what is broken."""
        super().draw(fact, texts)
        self.icon, self.tone = "no_line", "broken"
        self.title, self.text = texts.say("no_answer.why"), texts.say("no_answer.next")
