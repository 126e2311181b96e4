"""Where help is: the desk; and that it knows, where a light tells it."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk import sentences
from kiosk.screens.over import OverPage
from kiosk.texts import Texts
from kiosk.ui import HelpCard, Reading


class HelpCardPage(OverPage):
    """Draws `HelpCard`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    code_text = StringProperty("")
    code = StringProperty("")

    read_text = StringProperty("")
    read_spoken = StringProperty("")

    def on_kv_post(self, _: Any) -> None:
        """Keeps the button that is not always there."""
        self._read = self.ids.read.__self__

    def draw(self, fact: HelpCard, texts: Texts) -> None:
        """Where to go, and that the screen can be read aloud, or need not be any more."""
        self.code_text, self.code = sentences.desk_code(texts, fact.code), sentences.spelled(fact.code)
        self.title, self.text = texts.say("help.title"), texts.say("help.called" if fact.called else "help.text")
        self.close_text, self.close_spoken = texts.say("help.close"), texts.say("access.close")
        if fact.reading is Reading.ON:
            self.read_text, self.read_spoken = texts.say("read_aloud.stop"), texts.say("access.read_aloud_stop")
        else:
            self.read_text, self.read_spoken = texts.say("read_aloud.button"), texts.say("access.read_aloud")
        self.keep_offered(self._read, fact.reading is not Reading.NONE)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
