"""Thanks: how many were taken in, and what care they need."""

from kiosk import sentences
from kiosk.screens.message import ClosingPage
from kiosk.texts import Texts
from kiosk.ui import Returned


class ReturnedPage(ClosingPage):
    """Draws `Returned`."""

    def draw(self, fact: Returned, texts: Texts) -> None:
        """How it ended."""
        super().draw(fact, texts)
        care = fact.not_known or fact.to_check
        self.icon, self.tone = ("desk", "care") if care else ("check", "good")
        self.busy = fact.locking
        said = sentences.returned(texts, fact)
        self.title, self.text = said.why, said.next
