"""A list of cards, newest on top: it slides when one comes, follows a finger, and keeps only what is in sight.

For who reaches no higher than the lower part of the screen it `rises`: the newest at the bottom, the others above it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, RoundedRectangle, ScissorPop, ScissorPush
from kivy.properties import BooleanProperty
from kivy.uix.widget import Widget

from kiosk.screens.cards import NOTHING, Act, Card, CardView
from kiosk.screens.direction import direction
from kiosk.screens.look import look
from kiosk.screens.out_of_sight import OutOfSight
from kiosk.screens.touch import Touch

SLIDE_S = 0.18
FRAME_S = 1 / 60
FRICTION = 4.0  # part of its speed that a pushed list loses a second
SLOWEST = 40.0  # units a second: slower is standing still
PULLING = 24  # units: a finger that moved so far pulls the list, and means no button
TRIES = 8  # to bring a card into sight
BAR = 0.7  # opacity of the bar that says that there is more: 3:1 on what is under it (WCAG 2.2, 1.4.11)
GUESSED_HEIGHT = 164  # units, of a card that was not in sight yet


class CardList(Widget):
    """Draws `Card`s under each other from the top. Only cards in sight exist as widgets.

    `tell` takes what the button of a card says. A list that `pulls` can be drawn down until its first card stands at
    the bottom: what is touched there is in reach of who sits. One that `rises` begins there, and each of its cards can
    be drawn to that place. A finger is not needed for it: what is `long` has two buttons (`movers`), `up` and `down`
    tell whether it can be moved that way.
    """

    pulls = BooleanProperty(False)
    rises = BooleanProperty(False)
    long = BooleanProperty(False)
    up = BooleanProperty(False)
    down = BooleanProperty(False)
    tell: Callable[[str, str], None] | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._cards: tuple[Card, ...] = ()
        self._views: dict[str, CardView] = {}
        self._spare: list[CardView] = []  # with nothing on them: to build one takes longer than to draw three
        self._drawn: dict[str, Card] = {}
        self._heights: dict[str, float] = {}
        self._laid: object = None  # the width and the direction for which the cards were drawn
        self._offset = 0.0  # how far the beginning is scrolled away, in pixels
        self._begins = True  # it stands as it does before anybody moves it
        self._slide = 0.0  # 1: the newest card is still beyond the beginning; 0: it is there
        self._speed = 0.0
        self._moved_at = 0.0
        self._clock = Clock.schedule_interval(self._move, FRAME_S)
        self._clock.cancel()
        with self.canvas.before:
            self._scissor = ScissorPush()
        with self.canvas.after:
            ScissorPop()
            self._bar_colour = Color(*look.c("quiet", 0.0))
            self._bar = RoundedRectangle(radius=[look.u(4)], size=(1, 1))  # what is not seen is painted too: a pixel
        self.bind(pos=self._resized, size=self._resized)
        direction.bind(to_the_left=self._resized)

    # ---- what it shows

    def draw(self, cards: tuple[Card, ...]) -> None:
        """Shows these. A card that was not there before slides in at the beginning."""
        cards = _from_below(cards) if self.rises else cards
        known = {one.key for one in self._cards}
        newest_is_new = bool(cards) and bool(known) and cards[0].key not in known
        at_start = self._begins
        self._cards = cards
        for key in {*self._views} - {one.key for one in cards}:
            self._forget(key)  # first: what comes is drawn upon what leaves
        if newest_is_new:
            self._offset = self._speed = 0.0
            if look.slides:
                self._slide = 1.0
                self._clock()
        self._place()
        if at_start or newest_is_new:
            self._go_to_start()

    def wipe(self) -> None:
        """Forgets everything that was drawn."""
        self._cards = ()
        self._offset = self._speed = self._slide = 0.0
        self._clock.cancel()
        for key in list(self._views):
            self._forget(key)
        self._heights.clear()
        self._bar_colour.a = 0
        self.long = self.up = self.down = False
        self._begins = True

    @property
    def in_sight(self) -> list[CardView]:
        """The cards that exist as widgets, from the beginning."""
        return sorted(self._views.values(), key=lambda view: -self._way * float(view.y))

    # ---- for keys, which go from button to button wherever these are

    @property
    def buttons(self) -> list[Touch | OutOfSight]:
        """The buttons of all cards, from the first card to the last."""
        return [self._button(one, one.act) for one in self._cards if one.act is not None]

    def _button(self, card: Card, act: Act) -> Touch | OutOfSight:
        view = self._views.get(card.key)
        if view is not None and view.button is not None and view.button.offered:
            return view.button
        return OutOfSight(act.intent, act.spoken, partial(self._bring, card))

    def _bring(self, card: Card) -> Touch | None:
        """Draws the list until that card is seen, or of one higher than the list its button. How high a card is that
        was not seen yet is guessed: what is found on the way is measured, and it is tried again."""
        self._speed = self._slide = 0.0
        for _ in range(TRIES):
            view = self._views.get(card.key)
            if view is None:
                before = self._cards[: self._cards.index(card)]
                self._offset = sum(self._height_of(one) + look.u(24) for one in before)
            elif view.button is not None:
                fits = view.height <= self.height
                low, high = (view.y, view.top) if fits else (view.y + view.button.y, view.y + view.button.top)
                if self.y <= low + 1 and high <= self.y + self.height + 1 and view.button.reached:
                    return view.button
                self._offset += self._way * (self.y - low if low < self.y else self.y + self.height - high)
            self._place()
        return None

    # ---- where it is

    def _resized(self, *_: Any) -> None:
        edge = look.u(4)  # the line around a card lies half outside it
        self._scissor.x, self._scissor.y = round(self._left()) - edge, round(self.y)
        self._scissor.width, self._scissor.height = (
            max(0, round(self.width) + 2 * edge),
            max(0, round(self.height) + edge),
        )
        laid = (self.width, direction.to_the_left)
        if laid != self._laid:  # a card is as high as its width makes it; another place or height changes no card
            for key in list(self._views):
                self._forget(key)
            self._heights.clear()
        self._laid = laid
        began = self._begins
        self._place()
        if began:
            self._go_to_start()

    def _left(self) -> float:
        """Where it begins in pixels of the window, whatever is mirrored; known too while its page is not on the screen,
        which is when the language may change."""
        whole: Any = self
        while isinstance(whole.parent, Widget):
            whole = whole.parent
        return float(whole.width - self.right if direction.to_the_left else self.x)

    @property
    def window(self) -> tuple[float, float, float, float]:
        """Where what is on it can be seen: left, bottom, width and height in pixels of the window."""
        return (self._scissor.x, self._scissor.y, self._scissor.width, self._scissor.height)

    @property
    def _way(self) -> int:
        """1 where the list goes on downwards, and a finger that moves up scrolls its beginning away; else -1."""
        return -1 if self.rises else 1

    def _height_of(self, card: Card) -> float:
        return self._heights.get(card.key, look.u(GUESSED_HEIGHT))

    def _length(self) -> float:
        return sum(self._height_of(one) for one in self._cards) + look.u(24) * max(0, len(self._cards) - 1)

    def _beyond(self) -> float:
        """How much of it has no room."""
        return max(0.0, self._length() - self.height)

    def _furthest(self) -> float:
        """How far its beginning can be scrolled away: its end is seen then, or stands where it began."""
        last = self._length() - self._height_of(self._cards[-1]) if self.rises and self._cards else 0.0
        return max(last, self._beyond())

    def _start(self) -> float:
        """Where it stands before anybody moves it: a card that is higher than the list is read from its first line,
        unless its button stands below."""
        if not self.rises or not self._cards or self._cards[0].act is not None:
            return 0.0
        return max(0.0, self._height_of(self._cards[0]) - self.height)

    def _go_to_start(self) -> None:
        if self._offset != self._start():
            self._offset = self._start()
            self._place()

    def _least(self) -> float:
        """How far it can be pulled down; not above nothing."""
        pulls = self.pulls and not self.rises and self._cards
        return -max(0.0, self.height - self._height_of(self._cards[0])) if pulls else 0.0

    def _place(self) -> None:
        if self.width <= 1 or self.height <= 1:
            return
        self._offset = min(max(self._least(), self._offset), self._furthest())
        gap = look.u(24)
        seen = set()
        at = -self._offset  # of a card, from where the list begins
        if self._slide and self._cards:
            arriving = self._view_of(self._cards[0])
            seen.add(self._cards[0].key)
            at -= self._slide * (arriving.height + gap)
        for card in self._cards:
            if at > self.height:
                break
            if card.key in seen or at + self._height_of(card) >= 0:
                view = self._view_of(card)
                seen.add(card.key)
                view.pos = (self.x, self.y + (at if self.rises else self.height - at - view.height))
                view.reach(self.y, self.y + self.height)
            at += self._height_of(card) + gap
        for key in [key for key in self._views if key not in seen]:
            self._forget(key)
        self._begins = self._offset == self._start()
        self._draw_bar()
        self._tell_ways()

    def _view_of(self, card: Card) -> CardView:
        view = self._views.get(card.key)
        if view is None:
            view = self._views[card.key] = self._spare.pop() if self._spare else CardView(self.tell)
            view.width = self.width
            self.add_widget(view)
        if self._drawn.get(card.key) != card:
            view.draw(card)
            self._drawn[card.key] = card
            self._heights[card.key] = view.height
        return view

    def _forget(self, key: str) -> None:
        view = self._views.pop(key)
        self.remove_widget(view)
        view.draw(NOTHING)  # it may have been somebody's book
        self._drawn.pop(key, None)
        self._spare.append(view)

    def _draw_bar(self) -> None:
        """A bar beside the cards says that there is more, and where."""
        more = self._beyond() > 1
        self._bar_colour.a = BAR if more else 0.0
        if not more:
            self._bar.size = (1, 1)
        else:
            size = max(look.u(64), self.height * self.height / self._length())
            at = (self.height - size) * min(1.0, max(0.0, self._offset) / self._beyond())
            self._bar.pos = (self.x + self.width + look.u(16), self.y + (at if self.rises else self.height - size - at))
            self._bar.size = (look.u(8), size)

    # ---- by two buttons, for whoever cannot drag (WCAG 2.5.7)

    def go(self, up: bool) -> None:
        """Moves it as far as it can be read, less a card, so that the eye keeps its place. Where it `rises` no button
        of a card is passed over: only what stands lowest is surely in reach of who sits."""
        on = up is self.rises
        buttons = [begin for begin, _, card in self._places() if card.act is not None] if self.rises else []
        if on:
            step = min([self._on(), *(one for one in buttons if one > 1)])
        else:
            step = max([-self._back(), *(one for one in buttons if one < -1)])
        wanted = max(0.0, self._offset + step)
        self._speed = self._slide = 0.0
        for _ in range(TRIES):  # how high a card is that was not seen yet is guessed, and with it where the list ends
            self._offset = min(wanted, self._last())
            self._place()

    def _places(self) -> list[tuple[float, float, Card]]:
        """Where each card begins and ends, in pixels from where the list begins to be seen."""
        places, at = [], -self._offset
        for card in self._cards:
            places.append((at, at + self._height_of(card), card))
            at = places[-1][1] + look.u(24)
        return places

    def _on(self) -> float:
        """How far it moves away from its beginning: the last card that is seen whole is the first then; where there
        is none but the first, the next one; within a card that is higher than the list, half of that."""
        begins = [(begin, end) for begin, end, _ in self._places() if 1 < begin < self.height]
        whole = [begin for begin, end in begins if end <= self.height + 1]
        return whole[-1] if whole else begins[0][0] if begins else self.height / 2

    def _back(self) -> float:
        """How far it moves towards its beginning: the same the other way."""
        ends = [(begin, end) for begin, end, _ in self._places() if 0 < end < self.height - 1]
        whole = [end for begin, end in ends if begin >= -1]
        return self.height - (whole[0] if whole else ends[-1][1] if ends else self.height / 2)

    def _last(self) -> float:
        """How far the buttons move it: all of it was seen then, and the button of each card was in reach."""
        lowest = [begin for begin, _, card in self._places() if card.act is not None] if self.rises else []
        return min(self._furthest(), max([self._beyond(), *(begin + self._offset for begin in lowest)]))

    def _tell_ways(self) -> None:
        on, back = self._offset < self._last() - 1, self._offset > 1
        self.up, self.down = (on, back) if self.rises else (back, on)
        self.long = self._last() > 1

    # ---- what moves it

    def _move(self, dt: float) -> None:
        if self._slide:
            self._slide = max(0.0, self._slide - dt / SLIDE_S)
        if self._speed:
            self._offset += self._way * self._speed * dt
            self._speed *= max(0.0, 1 - FRICTION * dt)
            if abs(self._speed) < look.u(SLOWEST) or not self._least() < self._offset < self._furthest():
                self._speed = 0.0
        if not self._slide and not self._speed:
            self._clock.cancel()
        self._place()

    def on_touch_down(self, touch: Any) -> bool:
        """A finger on the list holds it."""
        if not self.collide_point(*touch.pos):
            return False
        button = getattr(touch, "button", "left")
        if button in ("scrollup", "scrolldown"):
            self._offset += self._way * look.u(120) * (1 if button == "scrollup" else -1)
            self._place()
            return True
        for view in self.in_sight:
            if view.on_touch_down(touch):
                break  # its button is held too, until the finger turns out to pull
        touch.grab(self)
        self._speed, self._moved_at = 0.0, Clock.time()
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """The list follows the finger."""
        if touch.grab_current is not self:
            return False
        if abs(touch.y - touch.oy) > look.u(PULLING):
            self._let_go(touch)
        now = Clock.time()
        self._speed = touch.dy / max(FRAME_S, now - self._moved_at)
        self._moved_at = now
        self._offset += self._way * touch.dy
        self._place()
        return True

    def _let_go(self, touch: Any) -> None:
        for view in self.in_sight:
            if view.button is not None:
                view.button.let_go(touch)

    def on_touch_up(self, touch: Any) -> bool:
        """Let go while moving, the list runs on for a little."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        if not look.slides or Clock.time() - self._moved_at > 0.1:
            self._speed = 0.0
        if self._speed:
            self._clock()
        return True


def _from_below(cards: tuple[Card, ...]) -> tuple[Card, ...]:
    """The same in the order in which they stand above each other: what heads others stands above them."""
    ordered: list[Card] = []
    heading: list[Card] = []
    for card in cards:
        if card.heads:
            ordered += heading
            heading = [card]
        else:
            ordered.append(card)
    return tuple(ordered + heading)
