"""What reaches the screen from outside: every finger for itself, and a mouse; no key, no text, nothing that is dropped.

Kivy on a desktop hears a mouse that SDL makes of the first finger, so that a palm which rests there blocks all others.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from kivy.base import EventLoop
from kivy.input.motionevent import MotionEvent
from kivy.input.provider import MotionEventProvider

FINGERS = frozenset({"fingerdown", "fingermotion", "fingerup"})
MOUSE = ("mouse", "window")  # how the names of the other events begin that the window may see
QUIT = "quit"
# What SDL tells of a finger: what it does, its number, and where it is from the upper left, 0 to 1 of the window.
Told = tuple[str, int, float, float]


class Finger(MotionEvent):
    """One finger, from its touching the screen to its being lifted. Kivy's `sx` and `sy`: from the lower left."""

    def __init__(self, number: int, place: tuple[float, float]) -> None:
        super().__init__("fingers", f"finger{number}", place, is_touch=True, type_id="touch")

    def depack(self, place: tuple[float, float]) -> None:
        """Takes its place."""
        self.sx, self.sy = place
        self.profile, self.button = ("pos", "button"), "left"
        super().depack(place)


def steps(told: Told, down: dict[int, Finger]) -> Iterator[tuple[str, Finger]]:
    """What Kivy is to be told of it: ("begin", "update" or "end", the finger). `down` holds the fingers that are there.

    A finger that moves or is lifted and never touched is nobody's. One that touches twice was lifted unseen, where
    nothing is: it must not act.
    """
    what, number, x, y = told
    place = (x, 1 - y)
    finger = down.get(number)
    if what == "fingerdown":
        if finger is not None:
            finger.move((-1.0, -1.0))
            yield "update", finger
            finger.update_time_end()
            yield "end", finger
        down[number] = finger = Finger(number, place)
        yield "begin", finger
    elif finger is not None and what == "fingermotion":
        finger.move(place)
        yield "update", finger
    elif finger is not None:
        finger.move(place)
        yield "update", finger  # where it is lifted counts, also when it got there unseen
        finger.update_time_end()
        del down[number]
        yield "end", finger


class Fingers(MotionEventProvider):
    """Stands between SDL's window and Kivy's. `wake` is called for each finger: it is drawn in the next frame."""

    def __init__(self, window: Any, wake: Callable[[], None]) -> None:
        super().__init__("fingers", "")
        self._told: deque[Told] = deque()
        self._down: dict[int, Finger] = {}
        self._wake = wake
        self.count = 0  # of the touches that have reached the window
        window._win = _Gate(window._win, self._hear)  # noqa: SLF001 - the one place where all of SDL's events pass

    def update(self, dispatch_fn: Callable[[str, Finger], None]) -> None:
        """Kivy asks, before each frame, for what happened.

        Each step is passed on at once: what is kept until the frame ends would begin where the finger has got to.
        """
        while self._told:
            for kind, finger in steps(self._told.popleft(), self._down):
                EventLoop.post_dispatch_input(kind, finger)

    def _hear(self, event: Any) -> bool:
        """Whether the window may see this event."""
        what = event[0]
        if what in FINGERS:
            self.count += what == "fingerdown"
            self._told.append((what, *event[1:4]))
            self._wake()
            return False
        self.count += what == "mousebuttondown"
        return what == QUIT or what.startswith(MOUSE)


class _Gate:
    """SDL's window as Kivy knows it, but for the events."""

    def __init__(self, window: Any, may_pass: Callable[[Any], bool]) -> None:
        object.__setattr__(self, "_window", window)
        object.__setattr__(self, "_may_pass", may_pass)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._window, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._window, name, value)

    def poll(self) -> Any:
        """The next event that the window may see; None for one that it may not, False where there is none."""
        event = self._window.poll()
        return event if not event or self._may_pass(event) else None
