"""Somebody brings items back: how many were taken in, where each goes, and the way out."""

from kiosk import sentences
from kiosk.screens.item_list import ListPage
from kiosk.texts import Texts
from kiosk.ui import Returning


class ReturningPage(ListPage):
    """Draws `Returning`."""

    def draw(self, fact: Returning, texts: Texts) -> None:
        """All of it."""
        today = self._today()
        cards = tuple(self._card(one, sentences.row_of_returns(texts, one, today)) for one in fact.rows)
        self.draw_list(fact, self._troubles(fact, texts) + cards, texts)
        self.count = sentences.headline_of_returns(texts, fact)
        self.aside = sentences.aside_of_returns(texts, fact.troubles)
        self.done_text, self.done_spoken = texts.say("returning.done"), texts.say("access.done_returning")
        self.some_done = fact.back > 0

    def _empty(self) -> Returning:
        return Returning()
