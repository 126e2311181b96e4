"""The few things that every screen is made of: words, pictograms, what can be touched, what moves while waiting."""

from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Ellipse
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.screens.lettering import Lettering
from kiosk.screens.look import look

UNLAID = 100  # pixels; Kivy's width and height of what was not laid out yet, into which nothing should be fitted


class Sharp(Label):
    """Text drawn one to one: its pixels are taken as they are, which costs half of mixing each with its neighbours."""

    def _create_label(self) -> None:
        """Kivy asks here, once, for what draws the letters."""
        if getattr(self, "_label", None) is None:
            options = {name: getattr(self, name) for name in self._font_properties}
            self._label = Lettering(**options, usersize=self.text_size)

    def on_texture(self, _: Any, texture: Any) -> None:
        """A new picture of the text."""
        if texture is not None:
            texture.mag_filter = texture.min_filter = "nearest"


class Words(Sharp):
    """A sentence that `wraps`. `size_u` is its size in units, of which `shrink` is a part where room is short; enlarged
    for whoever wants it, it is at most `most_u`."""

    size_u = NumericProperty(48)
    most_u = NumericProperty(128)
    shrink = NumericProperty(1)
    strong = BooleanProperty(False)
    wraps = BooleanProperty(True)
    centred = BooleanProperty(False)
    long = BooleanProperty(False)  # longer than its place is wide: needs more lines, and a picture as wide as the place
    whole = NumericProperty(1)  # part of its size at which its longest word still fits on one line

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bind(text=self._measure, width=self._measure, size_u=self._measure, font_name=self._measure)

    def _measure(self, *_: Any) -> None:
        if not self.wraps or self.width <= UNLAID:
            self.whole, self.long = 1, False
            return
        measure = Lettering(font_name=self.font_name, font_size=look.words(self.size_u, self.most_u))
        widths = [measure.get_extents(line)[0] for line in self.text.split("\n")]
        self.long = max(widths, default=0) > self.width
        longest = max((measure.get_extents(word)[0] for word in self.text.split()), default=0) if self.long else 0
        self.whole = min(1, 0.97 * self.width / longest) if longest else 1  # letters do not shrink quite evenly


class Icon(Sharp):
    """A pictogram by its name in `icons`."""

    name = StringProperty("")
    size_u = NumericProperty(56)


class Badge(Widget):
    """A pictogram in a round field; `tone` is care, good, broken or touch."""

    name = StringProperty("")
    tone = StringProperty("care")
    fill = ColorProperty()
    stroke = ColorProperty()
    part = NumericProperty(0.52)  # of its height, that the pictogram takes


class Strip(BoxLayout):
    """A sentence beside what the screen is about, with its pictogram; without text it takes no room."""

    text = StringProperty("")
    icon = StringProperty("")
    tone = StringProperty("care")


class Aside(BoxLayout):
    """A quiet line with its pictogram, for what is good to know and changes nothing; without text it takes no room."""

    text = StringProperty("")
    icon = StringProperty("")


class Dots(Widget):
    """Eight dots in a round that take turns: something is being done.

    Where the processor paints, each step costs some twenty frames' worth of work, so that there they are few: what
    else is on the screen stays as quick as without them.
    """

    DOTS = 8
    CORNERS = 32  # of each dot
    STEP_S = 0.12
    STEP_PAINTED_S = 0.6

    colour = ColorProperty()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._at = 0
        self._colours: list[Color] = []
        self._shapes: list[Ellipse] = []
        with self.canvas:
            for _ in range(self.DOTS):
                self._colours.append(Color())
                self._shapes.append(Ellipse(segments=self.CORNERS))
        self._clock = Clock.schedule_interval(self._step, self.STEP_PAINTED_S if look.painted else self.STEP_S)
        self._clock.cancel()
        self.bind(
            pos=self._place, size=self._place, colour=self._paint, parent=self._in_or_out, opacity=self._in_or_out
        )

    def _in_or_out(self, *_: Any) -> None:
        if self.parent is not None and self.opacity:
            self._clock()
        else:
            self._clock.cancel()

    def _place(self, *_: Any) -> None:
        from math import cos, pi, sin

        size = min(self.size) / 5
        radius = (min(self.size) - size) / 2
        for at, dot in enumerate(self._shapes):
            turn = pi / 2 - 2 * pi * at / self.DOTS
            dot.pos = (self.center_x + radius * cos(turn) - size / 2, self.center_y + radius * sin(turn) - size / 2)
            dot.size = (size, size)
        self._paint()

    def _step(self, _: float) -> None:
        self._at = (self._at + 1) % self.DOTS
        self._paint()

    def _paint(self, *_: Any) -> None:
        red, green, blue, _ = self.colour
        for at, colour in enumerate(self._colours):
            behind = (self._at - at) % self.DOTS
            colour.rgba = (red, green, blue, max(0.15, 1 - behind / 6))


class Column(BoxLayout):
    """Sentences under each other. Where they need more height than there is they shrink, down to the smallest size.

    `needed` is the height that they take; `most`, where it is set, the height that there is instead of the column's.
    """

    SHRINKS = tuple(part / 20 for part in range(19, 3, -1))

    needed = NumericProperty(0)
    most = NumericProperty(0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._fit = Clock.create_trigger(self._fit_now, -1)
        self.bind(minimum_height=self._fit, height=self._fit, width=self._fit, most=self._fit)

    def _fit_now(self, *_: Any) -> None:
        words = [one for one in self.walk(restrict=True) if isinstance(one, Words)]
        room = self.most or self.height
        if self.width <= UNLAID or (room <= UNLAID and not self.most and not self.needed):
            return  # nothing was laid out yet: all this would be done for a height that nobody has
        if self._measured() > room or any(one.shrink != 1 for one in words):
            self._shrink(words, room)
        self.needed = self._measured()

    def _shrink(self, words: list[Words], room: float) -> None:
        """To the largest part that fits, found by halves: each try draws all the letters."""

        def fits(shrink: float) -> bool:
            for one in words:
                one.shrink = shrink
                one.texture_update()
            return self._measured() <= room

        if fits(1.0):
            return
        first, last = 0, len(self.SHRINKS) - 1
        while first < last:
            middle = (first + last) // 2
            first, last = (first, middle) if fits(self.SHRINKS[middle]) else (middle + 1, last)
        fits(self.SHRINKS[first])

    def _measured(self) -> float:
        seen = [one for one in self.children if one.size_hint_y is None and one.height]
        gaps = self.spacing * max(0, len(self.children) - 1)
        return float(sum(one.height for one in seen) + gaps + self.padding[1] + self.padding[3])


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
