"""Nobody knows this pass: whoever is a member elsewhere may become a guest here (G10)."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk.screens.message import MessagePage
from kiosk.texts import Texts
from kiosk.ui import GuestOffer


class GuestOfferPage(MessagePage):
    """Draws `GuestOffer`."""

    yes_text = StringProperty("")
    yes_spoken = StringProperty("")
    no_text = StringProperty("")
    no_spoken = StringProperty("")

    def draw(self, _: GuestOffer, texts: Texts) -> None:
        """What is not known, the question, and two answers."""
        self.icon, self.tone = "card", "good"
        self.title, self.text = texts.say("guest.title"), texts.say("guest.ask")
        self.yes_text, self.yes_spoken = texts.say("guest.yes"), texts.say("access.enrol")
        self.no_text = self.no_spoken = texts.say("guest.no")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
