"""The receipt is printed or mailed, or could not be: the loans stand all the same."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk import receipt_words
from kiosk.screens.icons import OF_RECEIPT
from kiosk.screens.message import ClosingPage
from kiosk.texts import Texts
from kiosk.ui import Receipt, ReceiptState

WELL = (ReceiptState.PRINTED, ReceiptState.PRINTING, ReceiptState.MAILED, ReceiptState.MAILING)


class ReceiptPage(ClosingPage):
    """Draws `Receipt`."""

    print_text = StringProperty("")
    print_spoken = StringProperty("")

    def on_kv_post(self, _: Any) -> None:
        """Keeps the button that is not always there, for the place before the other one."""
        self._print = self.ids.print.__self__
        self.keep_offered(self._print, offered=False)

    def draw(self, fact: Receipt, texts: Texts) -> None:
        """How it goes."""
        super().draw(fact, texts)
        self.icon = OF_RECEIPT[fact.state]
        self.tone = "good" if fact.state in WELL else "care"
        self.busy = fact.state in (ReceiptState.PRINTING, ReceiptState.MAILING)
        said = receipt_words.receipt(texts, fact)
        self.title, self.text = said.why, said.next
        self.note = texts.say("receipt.not_mailed.print") if fact.can_print else ""
        self.print_text, self.print_spoken = texts.say("finished.print"), texts.say("access.print")
        self.keep_offered(self._print, fact.can_print)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
