"""The PIN pad (P6): keys as on a telephone, in the low part of the screen, and a dot for each digit that was typed.

Its digits are written and placed alike in every language: a hand knows them by their place.
"""

from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Ellipse, InstructionGroup
from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk import ways_in
from kiosk.offered import offered
from kiosk.screens.direction import direction
from kiosk.screens.look import look
from kiosk.screens.page import Page, Tell, Today
from kiosk.screens.touch import Touch
from kiosk.texts import Texts
from kiosk.ui import PIN_MIN, Intent, PinPad

DOT, BETWEEN = 30, 22  # units
DIGIT = 64  # units, of its letters


class Key(Touch):
    """A key of the pad; `what` is its digit, empty on the other two."""

    what = StringProperty("")


class Typed(Widget):
    """A dot for each digit. `count`: how many; `spoken`: the same in words."""

    count = NumericProperty(0)
    spoken = StringProperty("")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._dots = InstructionGroup()
        self.canvas.add(self._dots)
        self.bind(pos=self._place, size=self._place, count=self._place)

    def _place(self, *_: Any) -> None:
        step = min(look.u(DOT + BETWEEN), (self.width - look.u(DOT)) / max(1, self.count))
        size = step * DOT / (DOT + BETWEEN)
        left = self.x + self.width / 2 - (self.count * step - step + size) / 2
        self._dots.clear()
        self._dots.add(Color(*look.c("ink")))
        for at in range(self.count):
            place = (left + at * step, self.y + (self.height - size) / 2)
            self._dots.add(Ellipse(segments=32, size=(size, size), pos=place))


class PinPadPage(Page):
    """Draws `PinPad`."""

    title = StringProperty("")
    text = StringProperty("")
    count = NumericProperty(0)
    key_u = NumericProperty(144)  # units, how high a key is
    words_part = NumericProperty(0.42)  # of a window that lies, beside the keys
    count_spoken = StringProperty("")
    wrong = BooleanProperty(False)
    checking = BooleanProperty(False)
    busy = BooleanProperty(False)  # it takes so long that something should move

    def __init__(self, tell: Tell, today: Today, **kwargs: Any) -> None:
        self._keys: list[Key] = []
        self._places: object = None
        super().__init__(tell, today, **kwargs)
        self._soon = Clock.create_trigger(lambda _: setattr(self, "busy", self.checking), 0.3)
        self._lay()

    def draw(self, fact: PinPad, texts: Texts) -> None:
        """The question, how much was typed, and the keys in their order."""
        self.title = texts.say("pin.title")
        self.wrong, self.checking = fact.wrong, fact.checking
        self.text = ways_in.of_pin(texts, fact)
        self.count, self.count_spoken = fact.typed, texts.count("pin.typed", fact.typed)
        if fact.checking:
            self._soon()
        else:
            self._soon.cancel()
            self.busy = False
        self._arrange()
        self._name(fact, texts)

    def leave(self) -> None:
        """Nothing stays of what was typed, and nothing moves."""
        self.count, self.busy = 0, False
        self._soon.cancel()

    def _lay(self) -> None:
        """The keys: ten digits, and one on each side of the last."""
        erase, enter = Key(intent=Intent.ERASE.value), Key(intent=Intent.ENTER.value, main=True)
        digits = [Key(intent=Intent.DIGIT.value) for _ in range(10)]
        for key in digits:
            key.ids.words.size_u = DIGIT
        self._keys = [*digits[:9], erase, digits[9], enter]
        for key in self._keys:
            key.bind(on_act=lambda touched: self.tell(touched.intent, touched.what))

    def _arrange(self) -> None:
        """In rows of three; on a mirrored stage each row the other way round, so that it is seen as everywhere."""
        if self._places == direction.to_the_left:
            return
        self._places = direction.to_the_left
        rows = self.ids.pad
        for row in list(rows.children):
            row.clear_widgets()
        rows.clear_widgets()
        for at in range(0, len(self._keys), 3):
            row = PadRow()
            for key in reversed(self._keys[at : at + 3]) if direction.to_the_left else self._keys[at : at + 3]:
                row.add_widget(key)
            rows.add_widget(row)

    def _name(self, fact: PinPad, texts: Texts) -> None:
        can = offered(fact)
        digits = iter(fact.keys)
        for key in self._keys:
            key.disabled = Intent(key.intent) not in can
            if key.intent == Intent.DIGIT.value:
                key.what = key.text = next(digits)
                key.spoken = texts.say("access.digit", name=key.what)
            else:
                key.text = texts.say("pin.ok" if key.intent == Intent.ENTER.value else "pin.erase")
                key.spoken = texts.say(f"access.{key.intent}")
                key.second = fact.typed < PIN_MIN or fact.checking


class PadRow(BoxLayout):
    """Three keys."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
