"""Something is broken on our side and nobody can be served: red, and the desk."""

from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import OutOfOrder


class OutOfOrderPage(MessagePage):
    """Draws `OutOfOrder`."""

    def draw(self, fact: OutOfOrder, texts: Texts) -> None:
        """What is, what to do, and a code word for staff."""
        self.icon, self.tone = "broken", "broken"
        self.title, self.text = texts.say("out_of_order.why"), texts.say("out_of_order.next")
        self.note = texts.say("out_of_order.code", reason=fact.reason) if fact.reason else ""
