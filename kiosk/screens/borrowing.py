"""The visit: how many were borrowed, the cards, what to do next, and the way out. Newest on top (LP#2148370)."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from circulation.outcomes import Reason
from kiosk import sentences
from kiosk.screens.card_list import CardList  # noqa: F401 - named in the .kv
from kiosk.screens.cards import Card
from kiosk.screens.icons import OF_GATE, OF_NOTICE, OF_STEP, OF_TROUBLE
from kiosk.screens.page import Page
from kiosk.texts import Texts
from kiosk.ui import (
    Asking,
    Borrowing,
    Gate,
    Lent,
    NotAsked,
    NotKnown,
    NotLent,
    PartsMissing,
    Row,
    Trouble,
    Undone,
    Unlocking,
)

# Those that matter once a visit runs.
TROUBLES = (
    Trouble.NOT_ADMITTED,
    Trouble.NO_CONNECTION,
    Trouble.NO_SCANNER,
    Trouble.NO_ITEMS,
    Trouble.NO_PAD,
    Trouble.NO_WAY_IN,
)


class BorrowingPage(Page):
    """Draws `Borrowing`."""

    count = StringProperty("")
    may_borrow = StringProperty("")
    what_to_do = StringProperty("")
    how = StringProperty("")
    notice = StringProperty("")
    notice_icon = StringProperty("")
    aside = StringProperty("")
    done_text = StringProperty("")
    done_spoken = StringProperty("")
    inviting = BooleanProperty(False)  # nothing on the list yet: what to do stands large in its place
    ending = BooleanProperty(False)
    some_lent = BooleanProperty(False)

    _texts: Texts | None = None  # of the last drawing

    def draw(self, fact: Borrowing, texts: Texts) -> None:
        """All of the visit."""
        self._texts = texts
        cards = self._standing(fact, texts) + tuple(self._card(one, texts) for one in fact.rows)
        self.count = sentences.headline(texts, fact)
        self.may_borrow = sentences.may_borrow(texts, fact)
        self.what_to_do = sentences.what_to_do(texts, fact)
        self.how = sentences.how(texts, fact)
        self.notice = texts.say(f"notice.{fact.notice.value}") if fact.notice else ""
        self.notice_icon = OF_NOTICE[fact.notice] if fact.notice else ""
        self.aside = sentences.aside(texts, fact.troubles)
        self.done_text, self.done_spoken = texts.say("borrow.done"), texts.say("access.done")
        self.inviting = not cards and bool(self.what_to_do) and not fact.ending
        self.ending, self.some_lent = fact.ending, fact.lent > 0
        self.ids.cards.draw(cards)

    def rehearse(self, texts: Texts) -> None:
        """Typefaces, dates and one card of each kind."""
        word, today = texts.say("row.asking"), self._today()
        self.draw(Borrowing((NotKnown("2"), Lent("1", word, today)), lent=1, may_borrow=1, first_name=word), texts)
        self.leave()

    def leave(self) -> None:
        """Nothing of a patron is kept; what is said to everybody stands ready for whoever comes next."""
        self.ids.cards.wipe()
        if self._texts is not None:
            self.draw(Borrowing(), self._texts)

    def _standing(self, fact: Borrowing, texts: Texts) -> tuple[Card, ...]:
        """The cards that stand above the rows: what is wrong, why nothing can be borrowed, messages for the patron."""
        cards = []
        for one in TROUBLES:
            if one in fact.troubles and not _said_by_a_row(one, fact):
                said = sentences.trouble(texts, one)
                tone = "care" if one is Trouble.NOT_ADMITTED else "broken"
                cards.append(Card(f"trouble:{one.value}", tone, OF_TROUBLE[one], "", said.why, said.next))
        if fact.cannot_borrow is not None:
            said = sentences.refused(texts, fact.cannot_borrow, self._today())
            cards.append(Card("cannot", "care", OF_STEP[fact.cannot_borrow.next], "", said.why, said.next))
        cards += [Card(f"message:{at}", "touch", "message", "", one) for at, one in enumerate(fact.messages)]
        return tuple(cards)

    def _card(self, one: Row, texts: Texts) -> Card:
        said = sentences.row(texts, one, self._today())
        well = isinstance(one, Asking | Unlocking) or (isinstance(one, Lent) and one.gate is Gate.SAFE)
        busy = isinstance(one, Asking | Unlocking)
        return Card(f"row:{one.key}", "good" if well else "care", _icon(one), said.title, said.why, said.next, busy)


def _said_by_a_row(trouble: Trouble, fact: Borrowing) -> bool:
    """Nobody needs to read the same twice."""
    of_rows = {one.refused.reason for one in fact.rows if isinstance(one, NotLent)}
    return trouble is Trouble.NOT_ADMITTED and Reason.KIOSK_NOT_ADMITTED in of_rows


def _icon(one: Row) -> str:
    match one:
        case Lent(gate=gate) | NotLent(gate=gate) if gate in OF_GATE:
            return OF_GATE[gate]
        case Lent():
            return "check"
        case Asking() | Unlocking():
            return ""
        case NotLent():
            return OF_STEP[one.refused.next]
        case NotKnown() | Undone():
            return "desk"
        case PartsMissing():
            return "stack"
        case NotAsked():
            return "no_line"


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
