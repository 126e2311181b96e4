"""Of which library is a guest a member (G1)? Up to six names, or stretches of the list."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from kiosk.screens.cards import ELLIPSIS
from kiosk.screens.lettering import Lettering
from kiosk.screens.look import SMALLEST, look
from kiosk.screens.page import Page, Tell, Today
from kiosk.screens.parts import UNLAID
from kiosk.screens.touch import Touch
from kiosk.texts import Texts
from kiosk.ui import ChooseHome

SIDE = 24  # units, from the side of a button to its name


class OneHome(Touch):
    """The button of a library, or of a stretch of the list; `what` is its place."""

    what = StringProperty("")


class ChooseHomePage(Page):
    """Draws `ChooseHome`."""

    title = StringProperty("")
    none_text = StringProperty("")
    back_text = StringProperty("")
    back_spoken = StringProperty("")
    narrowed = BooleanProperty(False)
    room = NumericProperty(0)
    stacked = BooleanProperty(False)  # the way back stands above what says that it is not there, and not beside it
    beside = NumericProperty(1)  # buttons in a row

    def __init__(self, tell: Tell, today: Today, **kwargs: object) -> None:
        self._buttons: list[OneHome] = []
        super().__init__(tell, today, **kwargs)

    def draw(self, fact: ChooseHome, texts: Texts) -> None:
        """The question, and a button for each choice."""
        self.title, self.none_text = texts.say("guest.which"), texts.say("guest.none")
        self.back_text, self.back_spoken = texts.say("guest.back"), texts.say("access.back_to_list")
        self.narrowed = fact.narrowed
        grid = self.ids.homes
        grid.clear_widgets()
        for at, (name, more) in enumerate(fact.choices):
            said = texts.say("guest.stretch", name=name) if more else name
            button = OneHome(text=self._on_one_line(said), spoken=said, what=str(at))
            button.bind(on_act=lambda touched: self.tell(touched.intent, touched.what))
            grid.add_widget(button)

    def _on_one_line(self, name: str) -> str:
        """A name as the library writes it may be longer than its button."""
        room = (self.width - look.u(128 + 24 * (self.beside - 1))) / self.beside - look.u(2 * SIDE)
        measure = Lettering(font_name=look.fonts.bold, font_size=look.u(SMALLEST))
        if self.width <= UNLAID or measure.get_extents(name)[0] <= room:
            return name
        while name and measure.get_extents(name + ELLIPSIS)[0] > room:
            name = name[:-1].rstrip()
        return name + ELLIPSIS

    def leave(self) -> None:
        """Nothing stays."""
        self.ids.homes.clear_widgets()


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
