"""What keys go to and is not drawn now. In a module of its own: the first picture has no list."""

from collections.abc import Callable
from dataclasses import field

from kiosk.screens.touch import Touch
from values import dataclass


@dataclass(frozen=True, slots=True)
class OutOfSight:
    """The button of a card that is not in sight. `bring` draws the list there, and gives the button."""

    intent: str
    spoken: str = field(repr=False)
    bring: Callable[[], Touch | None]
