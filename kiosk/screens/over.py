"""A card over the screen, behind which everything else waits."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import StringProperty

from kiosk.screens.page import Page


class OverPage(Page):
    """What the cards over the screen share; what is under them cannot be touched."""

    title = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("")

    def add_widget(self, widget: Any, *args: Any, **kwargs: Any) -> None:
        """What the .kv of a card adds takes its place on the card."""
        if "card" in self.ids:
            self.ids.card.add_widget(widget, *args, **kwargs)
        else:
            super().add_widget(widget, *args, **kwargs)

    def on_touch_down(self, touch: Any) -> bool:
        """Swallows every touch beside the card's buttons."""
        super().on_touch_down(touch)
        return True


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
