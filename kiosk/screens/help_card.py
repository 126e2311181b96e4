"""Where help is: the desk. Staff are not called yet."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk.screens.over import OverPage
from kiosk.texts import Texts
from kiosk.ui import HelpCard


class HelpCardPage(OverPage):
    """Draws `HelpCard`."""

    close_text = StringProperty("")
    close_spoken = StringProperty("")

    def draw(self, _: HelpCard, texts: Texts) -> None:
        """Where to go."""
        self.title, self.text = texts.say("help.title"), texts.say("help.text")
        self.close_text, self.close_spoken = texts.say("help.close"), texts.say("access.close")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
