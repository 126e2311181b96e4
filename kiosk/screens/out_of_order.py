"""Nobody can be served: something is broken on our side (red), or the kiosk is closed (calm). To the desk."""

from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import Closed, OutOfOrder


class OutOfOrderPage(MessagePage):
    """Draws `OutOfOrder`."""

    def draw(self, fact: OutOfOrder, texts: Texts) -> None:
        """What is, what to do, and a code word for staff."""
        self.icon, self.tone = "broken", "broken"
        self.title, self.text = texts.say("out_of_order.why"), texts.say("out_of_order.next")
        self.note = texts.say("out_of_order.code", reason=fact.reason) if fact.reason else ""


class ClosedPage(MessagePage):
    """Draws `Closed`."""

    def draw(self, fact: Closed, texts: Texts) -> None:
        """Why, where to go, and a code word for staff. Nobody did anything wrong, so that nothing is red."""
        self.icon, self.tone = "desk", "care"
        self.title = texts.say("closed.why")
        self.text = texts.count("closed.lent", fact.lent) if fact.lent else texts.say("closed.next")
        self.note = texts.say("out_of_order.code", reason=fact.reason)
