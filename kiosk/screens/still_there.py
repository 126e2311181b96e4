"""Nothing was done for a while: the visit ends in so many seconds, unless the patron says so (WCAG 2.2.1)."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk.screens.over import OverPage
from kiosk.texts import Texts
from kiosk.ui import StillThere


class StillTherePage(OverPage):
    """Draws `StillThere`."""

    seconds = StringProperty("")
    unit = StringProperty("")
    yes_text = StringProperty("")
    yes_spoken = StringProperty("")
    no_text = StringProperty("")
    no_spoken = StringProperty("")

    def draw(self, fact: StillThere, texts: Texts) -> None:
        """The question, the seconds, the two answers."""
        self.title = texts.say("still_there.title")
        self.seconds, self.unit = str(fact.seconds), texts.count("still_there.seconds", fact.seconds)
        self.yes_text, self.yes_spoken = texts.say("still_there.yes"), texts.say("access.more_time")
        self.no_text, self.no_spoken = texts.say("still_there.no"), texts.say("access.stop")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
