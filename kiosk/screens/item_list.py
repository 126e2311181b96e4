"""A page with a list of items: how many, the cards, what to do next, and the way out. Newest on top (LP#2148370)."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from circulation.outcomes import Reason
from kiosk import sentences
from kiosk.rows import (
    Asking,
    Back,
    Gate,
    Lent,
    NotAsked,
    NotKnown,
    NotLent,
    NotTaken,
    PartsMissing,
    Row,
    Switching,
    Undone,
)
from kiosk.screens.card_list import CardList  # noqa: F401 - named in the .kv
from kiosk.screens.cards import Card
from kiosk.screens.icons import OF_GATE, OF_NOTICE, OF_ROUTE, OF_STEP, OF_TROUBLE
from kiosk.screens.lettering import forget
from kiosk.screens.movers import Movers  # noqa: F401 - named in the .kv
from kiosk.screens.page import Page, Tell, Today
from kiosk.texts import Texts
from kiosk.ui import Borrowing, Returning, Trouble


class ListPage(Page):
    """What the pages with a list of items share."""

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
    some_done = BooleanProperty(False)
    account_text = StringProperty("")
    account_spoken = StringProperty("")
    sees_account = BooleanProperty(False)

    _texts: Texts | None = None  # of the last drawing

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        super().__init__(tell, today, **kwargs)
        self.ids.cards.tell = self.tell

    def draw_list(self, fact: Borrowing | Returning, cards: tuple[Card, ...], texts: Texts) -> None:
        """What is drawn alike, whatever the list is of."""
        self._texts = texts
        self.ids.movers.name(texts)
        self.what_to_do = sentences.what_to_do(texts, fact)
        self.how = sentences.how(texts, fact)
        self.notice = texts.say(f"notice.{fact.notice.value}") if fact.notice else ""
        self.notice_icon = OF_NOTICE[fact.notice] if fact.notice else ""
        self.inviting = not cards and bool(self.what_to_do) and not fact.ending
        self.ending = fact.ending
        self.ids.cards.draw(cards)

    def leave(self) -> None:
        """Nothing of a patron is kept; what is said to everybody stands ready for whoever comes next."""
        self.ids.cards.wipe()
        forget()
        if self._texts is not None:
            self.draw(self._empty(), self._texts)

    def _empty(self) -> Borrowing | Returning:
        """The fact of a list with nothing on it."""
        raise NotImplementedError

    @staticmethod
    def _troubles(fact: Borrowing | Returning, texts: Texts) -> tuple[Card, ...]:
        """The cards of what is wrong on our side."""
        cards = []
        for one in sentences.IN_A_VISIT:
            if one in fact.troubles and not _said_by_a_row(one, fact):
                said = sentences.trouble(texts, one)
                tone = "care" if one is Trouble.NOT_ADMITTED else "broken"
                cards.append(Card(f"trouble:{one.value}", tone, OF_TROUBLE[one], "", said.why, said.next))
        return tuple(cards)

    @staticmethod
    def _card(one: Row, said: sentences.RowWords) -> Card:
        busy = isinstance(one, Asking | Switching)
        well = busy or (isinstance(one, Lent | Back) and one.gate is Gate.SAFE and not _is_apart(one))
        return Card(f"row:{one.key}", "good" if well else "care", _icon(one), said.title, said.why, said.next, busy)


def _said_by_a_row(trouble: Trouble, fact: Borrowing | Returning) -> bool:
    """Nobody needs to read the same twice."""
    of_rows = {one.refused.reason for one in fact.rows if isinstance(one, NotLent | NotTaken)}
    return trouble is Trouble.NOT_ADMITTED and Reason.KIOSK_NOT_ADMITTED in of_rows


def _is_apart(one: Lent | Back) -> bool:
    """Whether it is not to be put with the others (K8)."""
    return isinstance(one, Back) and one.route.value != "shelf"


def _icon(one: Row) -> str:
    match one:
        case Lent(gate=gate) | NotLent(gate=gate) | Back(gate=gate) if gate in OF_GATE:
            return OF_GATE[gate]
        case Lent():
            return "check"
        case Back(route=route):
            return OF_ROUTE[route.value]
        case Asking() | Switching():
            return ""
        case NotLent(refused=refused) | NotTaken(refused=refused):
            return OF_STEP[refused.next]
        case NotKnown() | Undone():
            return "desk"
        case PartsMissing():
            return "stack"
        case NotAsked():
            return "no_line"


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
