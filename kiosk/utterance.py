"""One thing that is said (EN 301 549 5.1.3.9): all of it to one pair of ears, and what of it everybody may hear."""

from dataclasses import field

from kiosk.texts.aloud import sayable
from values import dataclass


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing to say. `aloud`: what is said of it where everybody hears; nothing where that is empty.

    `passing`: it only bridges the time until something else is said.
    """

    text: str = field(repr=False)
    aloud: str = field(repr=False)
    passing: bool = False

    @property
    def private(self) -> bool:
        """Whether it is for one pair of ears."""
        return self.aloud != self.text


def public(*parts: str) -> Utterance:
    """What everybody may hear."""
    said = sayable(*parts)
    return Utterance(said, said)
