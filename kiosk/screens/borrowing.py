"""The list of a visit: how many were lent, what may still be borrowed, and the way out."""

from kiosk import sentences
from kiosk.rows import Lent, NotKnown, NotLent, Row
from kiosk.screens.cards import Act, Card
from kiosk.screens.icons import OF_STEP
from kiosk.screens.item_list import ListPage
from kiosk.texts import Texts
from kiosk.ui import Borrowing, Intent


class BorrowingPage(ListPage):
    """Draws `Borrowing`."""

    def draw(self, fact: Borrowing, texts: Texts) -> None:
        """All of the visit."""
        cards = tuple(self._card(one, self._said(one, fact, texts)) for one in fact.rows)
        self.draw_list(
            fact,
            (*self._troubles(fact, texts), *self._standing(fact, texts), *cards, *self._ending(fact, texts)),
            texts,
        )
        self.count = sentences.headline(texts, fact)
        self.may_borrow = sentences.may_borrow(texts, fact)
        self.aside = sentences.aside(texts, fact.troubles)
        self.done_text, self.done_spoken = texts.say("borrow.done"), texts.say("access.done")
        self.some_done = fact.lent > 0
        self.account_text, self.account_spoken = texts.say("account.title"), texts.say("access.account")
        self.sees_account = fact.sees_account and not fact.ending

    def rehearse(self, texts: Texts) -> None:
        """Typefaces, dates and one card of each kind."""
        word, today = texts.say("row.asking"), self._today()
        self.draw(Borrowing((NotKnown("2"), Lent("1", word, today)), lent=1, may_borrow=1, first_name=word), texts)
        self.leave()

    def _empty(self) -> Borrowing:
        return Borrowing()

    def _said(self, one: Row, fact: Borrowing, texts: Texts) -> sentences.RowWords:
        said = sentences.row(texts, one, self._today(), of_child=sentences.is_child(fact))
        return sentences.with_code(texts, said, one.refused, fact) if isinstance(one, NotLent) else said

    def _standing(self, fact: Borrowing, texts: Texts) -> tuple[Card, ...]:
        """The cards that stand above the rows for the whole visit: why nothing can be borrowed, messages (K3): a
        patron in a hurry reads them at the end."""
        cards = []
        if fact.cannot_borrow is not None:
            said = sentences.refused(texts, fact.cannot_borrow, self._today(), of_child=sentences.is_child(fact))
            code = sentences.desk_code(texts, fact.code) if fact.code_of is None else ""
            step = OF_STEP[fact.cannot_borrow.next]
            cards.append(Card("cannot", "care", step, "", said.why, f"{said.next} {code}".strip()))
        title = texts.say("borrow.message")
        left = len(fact.messages)
        for at, one in enumerate(fact.messages):
            # counted from the last, so that a card is the same one when those before it were read
            act = Act(Intent.READ.value, str(left), texts.say("borrow.read"), texts.say("access.read"))
            cards.append(Card(f"message:{left - at}", "touch", "message", title, one, act=None if at else act))
        return tuple(cards)

    def _ending(self, fact: Borrowing, texts: Texts) -> tuple[Card, ...]:
        """N8: first what is read, and under the rows as soon as there are some: a book that was scanned is seen."""
        said = sentences.membership_ends(texts, fact, self._today())
        return () if said is None else (Card("ends", "touch", "time", "", said.why, said.next),)
