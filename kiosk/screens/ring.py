"""A ring around what keys act on (EN 301 549 8.4, WCAG 2.4.7, 2.4.13): there after the first key, gone with the visit.

Two lines, one dark and one light, so that one of them is seen upon whatever lies there.
"""

from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, InstructionGroup, Line
from kivy.uix.widget import Widget

from devices.ports import Key
from kiosk.bus import Focused, Untouched
from kiosk.screens.direction import direction
from kiosk.screens.look import look
from kiosk.screens.touch import Touch
from kiosk.ui import Kind

Tell = Callable[[Focused | Untouched], None]
LINE = 6  # units, each of the two
GAP = 6  # units, between a button and the ring
BOUNCE_S = 0.3  # between two touches by OK
CORNER = 28  # units, of a button


class Ring(Widget):
    """Lies over the stage and takes no touch. `stage` is what it goes around in; a page's own buttons come first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._around: Touch | None = None
        self._used = False  # keys are pressed in this visit
        self._tell: Tell = lambda _: None
        self._told: tuple[Kind, str] | None = None  # of which picture, and by which name, it was told where the ring is
        self._acted_at = -BOUNCE_S
        self._lines = InstructionGroup()
        self.drawn: list[tuple[float, float, float, float]] = []  # the place and size of each line
        self.canvas.add(self._lines)
        self._draw = Clock.create_trigger(self._draw_now, -1)
        self._say_again = Clock.create_trigger(self._say_again_now)

    @property
    def around(self) -> Touch | None:
        """What an OK would touch, where that can still be touched."""
        return self._around if self._around in self._order() else None

    def press(self, key: Key, tell: Tell) -> None:
        """PREVIOUS and NEXT go around, and `tell` what is there; OK touches it. No key is left without an answer."""
        order = self._order()
        self._used, self._tell = True, tell
        if key is Key.OK:
            if not self._act():
                tell(Untouched())
            return
        if not order:
            tell(Untouched())
            return
        step = 1 if key is Key.NEXT else -1
        at = order.index(self._around) + step if self._around in order else (0 if step > 0 else -1)
        self._go_to(order[at % len(order)])
        self._say_where(order)

    def _say_where(self, order: list[Touch]) -> None:
        around = self._around
        if around is not None:
            kind = self.parent.shown.kind
            self._told = kind, around.spoken
            self._tell(Focused(around.spoken, order.index(around) + 1, len(order), kind))

    def _say_again_now(self, *_: Any) -> None:
        """Once what is new has found its place, for places make the order."""
        order, around = self._order(), self._around
        if around is not None and around in order and self._told != (self.parent.shown.kind, around.spoken):
            self._say_where(order)

    def _act(self) -> bool:
        around, now = self.around, Clock.time()
        if around is None or now - self._acted_at < BOUNCE_S:
            return False
        self._acted_at = now
        around.dispatch("on_act")
        return True

    def follow(self) -> None:
        """What is drawn changed: around what left there is no ring, and a button that was drawn anew keeps it. Whoever
        hears another page hears then where the ring still is, and what it stands around where that has another name."""
        if not self._used:
            return
        if self._around is not None:
            order = self._order()
            if self._around not in order:
                self._go_to(next((one for one in order if _name(one) == _name(self._around)), None))
            self._say_again()
        self._draw()

    @property
    def at(self) -> tuple[bool, Tell, tuple[Kind, str] | None, tuple[str, str] | None]:
        """Where it stands, for the ring of a screen that is built anew."""
        return self._used, self._tell, self._told, _name(self._around)

    def take_over(self, old: "Ring") -> None:
        """The screen was built anew, with larger words say: whoever presses keys goes on where they were."""
        self._used, self._tell, self._told, name = old.at
        self._go_to(next((one for one in self._order() if _name(one) == name), None))

    def take_away(self) -> None:
        """Nobody presses keys any more."""
        self._used = False
        self._go_to(None)

    def on_touch_down(self, touch: Any) -> bool:
        """A finger needs no ring."""
        self._go_to(None)
        return False

    def _order(self) -> list[Touch]:
        """What can be touched now, each once: of the card or the page from the top, then what is on every screen."""
        stage = self.parent
        if stage is None:
            return []
        bars = list(stage.ids.bars.walk(restrict=True))
        side = -1 if direction.to_the_left else 1
        touches = sorted(
            stage.touchable(), key=lambda one: (one in bars, one.intent == "stop", -round(one.top), side * one.x)
        )
        return list({_name(one): one for one in reversed(touches)}.values())[::-1]

    def _go_to(self, touch: Touch | None) -> None:
        if self._around is not None:
            self._around.unbind(pos=self._draw, size=self._draw)
        self._around = touch
        if touch is not None:
            touch.bind(pos=self._draw, size=self._draw)
        self._draw()

    def _draw_now(self, *_: Any) -> None:
        self._lines.clear()
        self.drawn = []
        one = self._around
        if one is None or one.get_root_window() is None:
            return
        left, bottom = self.to_widget(*one.to_window(one.x, one.y))
        right, top = self.to_widget(*one.to_window(one.right, one.top))
        left, right = min(left, right), max(left, right)
        for at, colour in enumerate(("ink", "ground")):
            out = look.u(GAP + LINE * at) + look.u(LINE) / 2
            box = (left - out, bottom - out, right - left + 2 * out, top - bottom + 2 * out)
            self.drawn.append(box)
            self._lines.add(Color(*look.c(colour)))
            shape = (*box, look.u(CORNER) + out)
            self._lines.add(Line(rounded_rectangle=shape, width=max(1.0, look.u(LINE) / 2)))


def _name(touch: Touch | None) -> tuple[str, str] | None:
    """By which one button is told from another, and known again when it was drawn anew."""
    return None if touch is None else (touch.intent, touch.spoken)
