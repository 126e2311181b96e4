"""The receipt is printed, or could not be: the loans stand all the same."""

from kiosk.screens.icons import OF_RECEIPT
from kiosk.screens.message import ClosingPage
from kiosk.texts import Texts
from kiosk.ui import Receipt, ReceiptState


class ReceiptPage(ClosingPage):
    """Draws `Receipt`."""

    def draw(self, fact: Receipt, texts: Texts) -> None:
        """How it goes."""
        super().draw(fact, texts)
        self.icon = OF_RECEIPT[fact.state]
        self.tone = "good" if fact.state in (ReceiptState.PRINTED, ReceiptState.PRINTING) else "care"
        self.busy = fact.state is ReceiptState.PRINTING
        self.title = texts.say(f"receipt.{fact.state.value}.title")
        self.text = texts.say(f"receipt.{fact.state.value}.text")
