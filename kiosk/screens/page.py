"""One screen of the stage: it draws a fact in a language, and forgets it again when it leaves."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from kivy.properties import BooleanProperty, ListProperty
from kivy.uix.floatlayout import FloatLayout

from kiosk.screens.look import look
from kiosk.screens.touch import Touch
from kiosk.texts import Texts
from kiosk.ui import Intent

Tell = Callable[[Intent, str], None]
Today = Callable[[], date]


class Page(FloatLayout):
    """Fills the window. `tall` is portrait; `tell` takes what was touched. `free`: from where to where, in pixels, the
    buttons that are on every screen leave room between them. Event `on_stirred`: somebody moved what is drawn, and no
    flow needs to know more of it than that somebody is there."""

    __events__ = ("on_stirred",)

    tall = BooleanProperty(True)
    free = ListProperty([0, 0])
    short = BooleanProperty(False)  # lying and so small that what matters least is left out where much must be said

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        self._tell = tell
        self._today = today
        super().__init__(**kwargs)
        self.bind(size=self._turn)

    def _turn(self, *_: Any) -> None:
        self.tall = self.height > self.width
        self.short = not self.tall and not look.enlarges

    def in_free(self, width: float, whole: float, free: Sequence[float]) -> float:
        """Where what is so wide begins: in the middle of the whole, or as near to it as there is room. All in pixels,
        and all given, so that Kivy sees what it depends on."""
        return max(free[0], min((whole - width) / 2, free[1] - width))

    def tell(self, intent: str, what: str = "") -> None:
        """Touched: the value of an Intent, and which of several (`kiosk.bus.Touched`)."""
        self._tell(Intent(intent), what)

    def on_stirred(self) -> None:
        """Event: somebody is there."""

    def choose(self, language: str) -> None:
        """Touched: one of the languages."""
        self._tell(Intent.LANGUAGE, language)

    def keep_offered(self, button: Touch, offered: bool) -> None:
        """Puts a button that is not always there before the others in the row of buttons, or takes it away."""
        buttons = self.ids.buttons
        if offered and button.parent is None:
            buttons.add_widget(button, len(buttons.children))
        elif not offered:
            buttons.remove_widget(button)

    def draw(self, fact: Any, texts: Texts) -> None:
        """Shows this fact in this language; called again for each change of either."""
        raise NotImplementedError

    def rehearse(self, texts: Texts) -> None:
        """Off the screen, in an idle moment: loads what the first patron would have to wait for."""

    def enter(self) -> None:
        """The page has come on the screen, drawn."""

    def leave(self) -> None:
        """The page has left the screen: nothing moves any more and nothing of a patron is kept."""
