"""The receipt is printed, or could not be: the loans stand all the same."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk.screens.icons import OF_RECEIPT
from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import Receipt, ReceiptState


class ReceiptPage(MessagePage):
    """Draws `Receipt`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def draw(self, fact: Receipt, texts: Texts) -> None:
        """How it goes."""
        self.icon = OF_RECEIPT[fact.state]
        self.tone = "good" if fact.state in (ReceiptState.PRINTED, ReceiptState.PRINTING) else "care"
        self.busy = fact.state is ReceiptState.PRINTING
        self.title = texts.say(f"receipt.{fact.state.value}.title")
        self.text = texts.say(f"receipt.{fact.state.value}.text")
        self.close_text, self.close_spoken = texts.say("close.button"), texts.say("access.close")

    def leave(self) -> None:
        """Nothing moves any more."""
        super().leave()
        self.busy = False


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
