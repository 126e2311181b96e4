"""For a language that is read from right to left the whole stage stands mirrored, and only its letters do not.

So a page is laid out once, for both directions, and what stood at the side where reading begins stands there again.
"""

from typing import Any

from kivy.graphics import PopMatrix, PushMatrix, Scale, Translate
from kivy.uix.floatlayout import FloatLayout

from kiosk.screens.direction import direction


class Mirror(FloatLayout):
    """Holds the pages; its own place is the whole window. Touches reach them where they are seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.canvas.before:
            PushMatrix()
            self._shift = Translate()
            self._scale = Scale()
        with self.canvas.after:
            PopMatrix()
        self.bind(width=self._turn)
        direction.bind(to_the_left=self._turn)
        self._turn()

    def _turn(self, *_: Any) -> None:
        self._shift.x = self.width if direction.to_the_left else 0
        self._scale.x = -1 if direction.to_the_left else 1

    def to_local(self, x: float, y: float, **_: Any) -> tuple[float, float]:
        """Where a point of the window lies for what is in here."""
        return (self.width - x if direction.to_the_left else x, y)

    def to_parent(self, x: float, y: float, **_: Any) -> tuple[float, float]:
        """Where a point of what is in here lies in the window."""
        return self.to_local(x, y)

    def on_touch_down(self, touch: Any) -> bool:
        """A finger, where it is seen to be."""
        return self._where_seen(super().on_touch_down, touch)

    def on_touch_move(self, touch: Any) -> bool:
        """It moves."""
        return self._where_seen(super().on_touch_move, touch)

    def on_touch_up(self, touch: Any) -> bool:
        """It is lifted."""
        return self._where_seen(super().on_touch_up, touch)

    def _where_seen(self, what: Any, touch: Any) -> bool:
        touch.push()
        touch.apply_transform_2d(self.to_local)
        taken = bool(what(touch))
        touch.pop()
        return taken
