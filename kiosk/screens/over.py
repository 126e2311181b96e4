"""A card over the screen, behind which everything else waits."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from kiosk.screens.page import Page
from kiosk.screens.touch import Touch


class OverPage(Page):
    """What the cards over the screen share; what is under them cannot be touched."""

    title = StringProperty("")
    text = StringProperty("")
    foot_u = NumericProperty(176)  # units, from the lower edge to the card
    stacked = BooleanProperty(True)  # the buttons under what is said, not beside it

    def add_widget(self, widget: Any, *args: Any, **kwargs: Any) -> None:
        """What the .kv of a card adds takes its place on the card: buttons under, or beside, what is said."""
        if "card" not in self.ids:
            super().add_widget(widget, *args, **kwargs)
        elif isinstance(widget, Touch):
            self.ids.buttons.add_widget(widget, *args, **kwargs)
        else:
            self.ids.said.add_widget(widget, *args, **kwargs)

    def _turn(self, *args: Any) -> None:
        super()._turn(*args)
        self.stacked = self.tall

    def on_touch_down(self, touch: Any) -> bool:
        """Swallows every touch beside the card's buttons."""
        super().on_touch_down(touch)
        return True


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
