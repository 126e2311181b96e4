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
from kiosk.screens.look import look
from kiosk.screens.out_of_sight import OutOfSight
from kiosk.screens.touch import Touch
from kiosk.ui import Kind
from kiosk.veil import MASK

Tell = Callable[[Focused | Untouched], None]
Order = list[Touch | OutOfSight]
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
        self._last: tuple[int, object] = (0, None)  # where it stood, and on what
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
        at = self._next(order, forwards=key is Key.NEXT) % len(order)
        one = order[at]
        self._go_to(one.bring() if isinstance(one, OutOfSight) else one)
        self._last = (at, self.parent.drawn)
        if self._around is None:  # a list that would not bring it into sight
            tell(Untouched())
        self._say_where(self._order())

    def _next(self, order: Order, *, forwards: bool) -> int:
        """Beside where it stands; where that button is gone, from the place where it was; else from an end."""
        if self._around in order:
            return order.index(self._around) + (1 if forwards else -1)
        last, drawn = self._last
        if self.parent.drawn != drawn:
            return 0 if forwards else -1
        return min(last, len(order)) if forwards else last - 1

    def _say_where(self, order: Order) -> None:
        around = self._around
        if around is not None and around in order:
            kind = self.parent.shown.kind
            self._told = kind, around.spoken
            self._tell(Focused(around.spoken, order.index(around) + 1, len(order), kind))

    def _say_again_now(self, *_: Any) -> None:
        """Once what is new has found its place, for places make the order. A name that was only veiled, or is not any
        more, is no news."""
        order, around = self._order(), self._around
        now = None if around is None else (self.parent.shown.kind, around.spoken)
        if now is None or now == self._told:
            return
        if self._is_veiling(now):
            self._told = now
        else:
            self._say_where(order)

    def _is_veiling(self, now: tuple[Kind, str]) -> bool:
        """Whether nothing changed since it was told but that a title is masked, or is not any more: to another button
        the ring goes by a key only, and that is told."""
        return self._told is not None and self._told[0] == now[0] and (MASK in self._told[1]) is not (MASK in now[1])

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
            if self._around not in self._order():
                self._go_to(self._in_sight(_name(self._around)))
            self._say_again()
        self._draw()

    @property
    def known(self) -> tuple[bool, Tell, tuple[Kind, str] | None]:
        """What the ring of a screen that is built anew needs to know of this one."""
        return self._used, self._tell, self._told

    def take_over(self, old: "Ring") -> None:
        """The screen was built anew, with larger words say: whoever presses keys goes on where they were.

        Nothing is laid out yet, so that buttons of one kind are told apart by their order among themselves.
        """
        self._used, self._tell, self._told = old.known
        around = old.around
        if around is None or old.parent is None or self.parent is None:
            return
        before, now = (
            [one for one in stage.touchable() if one.intent == around.intent] for stage in (old.parent, self.parent)
        )
        self._acted_at = Clock.time()  # the second half of a double press is none here
        if len(before) == len(now):
            self._go_to(now[before.index(around)])

    def take_away(self) -> None:
        """Nobody presses keys any more."""
        self._used, self._last = False, (0, None)
        self._go_to(None)

    def on_touch_down(self, touch: Any) -> bool:
        """A finger needs no ring."""
        self._go_to(None)
        return False

    def _order(self) -> Order:
        return [] if self.parent is None else list(self.parent.reachable())

    def _in_sight(self, name: tuple[str, str] | None) -> Touch | None:
        """The button of that name, where it can be touched as it is drawn now."""
        return next((one for one in self._order() if isinstance(one, Touch) and _name(one) == name), None)

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
