"""Where reading goes to: one for all that is drawn, as there is one language at a time."""

from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty


class Direction(EventDispatcher):
    """A property that the .kv of every screen can follow."""

    to_the_left = BooleanProperty(False)


direction = Direction()
