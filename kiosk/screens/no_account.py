"""The account cannot be shown: why, what next, and the way back to borrowing."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk import account_words, sentences
from kiosk.screens.icons import OF_STEP
from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import NoAccount


class NoAccountPage(MessagePage):
    """Draws `NoAccount`."""

    back_text = StringProperty("")
    back_spoken = StringProperty("")

    def draw(self, fact: NoAccount, texts: Texts) -> None:
        """Why, and what next; without an answer we are at fault."""
        said = account_words.no_account(texts, fact, self._today())
        self.title, self.text = said.why, said.next
        self.note, self.code = sentences.desk_code(texts, fact.code), sentences.spelled(fact.code)
        refused = fact.refused
        self.icon, self.tone = ("no_line", "broken") if refused is None else (OF_STEP[refused.next], "care")
        self.back_text, self.back_spoken = texts.say("account.back"), texts.say("access.back")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
