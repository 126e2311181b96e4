"""What keys go to and is not drawn now. In a module of its own: the first picture has no list."""

from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.screens.touch import Touch


@dataclass(frozen=True, slots=True)
class OutOfSight:
    """The button of a card that is not in sight. `bring` draws the list there, and gives the button."""

    intent: str
    spoken: str = field(repr=False)
    bring: Callable[[], Touch | None]
