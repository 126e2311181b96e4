"""What can be touched: it acts when the finger is lifted inside it, once, and shows at once that it is held."""

from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.screens.look import look
from kiosk.screens.parts import Words  # noqa: F401 - named in the .kv

LETTERS = "Aa"  # a sign and no word: what changes how letters look, in every language
SIDE = 36  # units, from the side of a button to its word
CLOSE = 16  # units, where a word would not stand on one line otherwise


class Touch(Widget):
    """What can be touched. It acts when the finger leaves it inside, and shows at once that it is held.

    Event `on_act`. `intent` is the value of the kiosk.ui.Intent that it tells; `spoken` its name when read aloud.
    """

    __events__ = ("on_act",)

    text = StringProperty("")
    icon = StringProperty("")
    intent = StringProperty("")
    spoken = StringProperty("")
    held = BooleanProperty(False)
    main = BooleanProperty(False)  # high, and filled
    second = BooleanProperty(False)  # high, and not filled: the other choice
    filled = BooleanProperty(False)
    opaque = BooleanProperty(False)  # not filled, but upon something darker than the ground
    solid = BooleanProperty(False)
    fits = BooleanProperty(False)  # its width is given, and not made of its word
    reached = BooleanProperty(True)  # not cut off by the edge of the list in which it stands
    most_u = NumericProperty(0)  # units, of its word when words are enlarged; 0: as its height allows
    icon_room = NumericProperty(0)
    side = NumericProperty(SIDE)
    content = NumericProperty(0)  # how wide pictogram and word are, pixels

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._inside: dict[int, bool] = {}  # each finger that holds it, and whether it is upon it now
        self._fit = Clock.create_trigger(self._fit_now, -1)
        self.bind(width=self._fit, text=self._fit, icon=self._fit)
        self._fit()

    def _fit_now(self, *_: Any) -> None:
        """A word too long for the button gets smaller, then comes closer to its sides, then wraps."""
        if self.size_hint_x is None and not self.fits:
            return
        words = self.ids.words
        words.shrink, words.wraps = 1, False
        words.texture_update()
        words.width = words.texture_size[0]  # it may have been wrapped in a place that was not laid out yet
        room = 0.0
        for side in (self.side, min(self.side, CLOSE)):
            room = self.width - look.u(2 * side) - self.icon_room
            if room <= 0 or words.texture_size[0] <= room:
                return
            words.shrink *= 0.98 * room / words.texture_size[0]  # letters do not shrink quite evenly
            words.texture_update()
        if words.texture_size[0] > room:
            words.shrink, words.wraps, words.width = 0, True, room  # two lines of the smallest

    @property
    def offered(self) -> bool:
        """Seen and touchable. What is only hidden is not `disabled`: its words would be drawn anew."""
        return bool(self.opacity) and not self.disabled and self.reached

    def on_touch_down(self, touch: Any) -> bool:
        """A finger or the left button: hold it. Of several fingers each holds it."""
        if not self.offered or not self.collide_point(*touch.pos) or getattr(touch, "button", "left") != "left":
            return False
        touch.grab(self)
        self._inside[touch.uid] = True
        self.held = True
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """The finger slides off, or back on."""
        if touch.grab_current is not self:
            return False
        if touch.uid in self._inside:
            self._inside[touch.uid] = self.collide_point(*touch.pos)
        self.held = any(self._inside.values())
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """Released: inside acts, outside does nothing; a button that has left the screen does nothing either.

        One act is all: whatever else rests upon the button then, a palm beside the finger, has no say any more.
        """
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        acts = self._inside.pop(touch.uid, False)
        if acts:
            self._inside.clear()
        self.held = any(self._inside.values())
        if acts and self.offered and self.get_root_window() is not None:
            self.dispatch("on_act")
        return True

    def let_go(self, touch: Any) -> None:
        """That finger turned out to mean something else: it holds this no more, whatever other finger still does."""
        touch.ungrab(self)
        self._inside.pop(touch.uid, None)
        self.held = any(self._inside.values())

    def on_act(self) -> None:
        """Event: touched and released."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
