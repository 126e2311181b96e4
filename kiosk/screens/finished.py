"""The visit is over: what was borrowed, and whether to print a receipt."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from kiosk import receipt_words, sentences
from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import Finished


class FinishedPage(MessagePage):
    """Draws `Finished`."""

    print_text = StringProperty("")
    print_spoken = StringProperty("")
    no_text = StringProperty("")
    no_spoken = StringProperty("")

    mail_text = StringProperty("")
    mail_spoken = StringProperty("")

    asks = BooleanProperty(True)
    both = BooleanProperty(False)  # on paper and by mail: three buttons beside each other where it is not high

    def on_kv_post(self, _: Any) -> None:
        """Keeps the buttons that are not always there."""
        self._print, self._mail = self.ids.print.__self__, self.ids.mail.__self__

    def draw(self, fact: Finished, texts: Texts) -> None:
        """The count, what is still unclear, and the question."""
        care = fact.not_known or fact.to_check or fact.renewals_unclear
        self.icon, self.tone = ("desk", "care") if care else ("check", "good")
        self.busy = fact.unlocking
        self.title = sentences.finished(texts, fact)
        question = receipt_words.of_loans(texts, fact)
        if fact.mail_to:
            question = f"{question} {texts.say('finished.mail_to', address=fact.mail_to)}"
        if fact.unlocking:
            self.text = self.note = ""
        elif to_do := sentences.still_to_do(texts, fact):
            self.text, self.note = to_do, question
        elif fact.lying:
            self.text, self.note = texts.say("finished.take"), question
        else:
            self.text, self.note = question, ""
        self.both = fact.can_print and bool(fact.mail_to)
        self.asks = fact.can_print or bool(fact.mail_to)
        if fact.mail_to and self._mail.parent is None:
            self.keep_offered(self._print, offered=False)  # it stands before the other one
        self.keep_offered(self._mail, bool(fact.mail_to))
        self.keep_offered(self._print, fact.can_print)
        self.mail_text, self.mail_spoken = texts.say("finished.mail"), texts.say("access.email")
        self.print_text, self.print_spoken = texts.say("finished.print"), texts.say("access.print")
        no_key = "finished.no_receipt" if self.asks else "close.button"
        self.no_text, self.no_spoken = texts.say(no_key), texts.say("access.no_receipt")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
