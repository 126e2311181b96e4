"""Speech, as the kiosk may ask for it; a part of `devices.ports` with a file of its own. No input or output."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol


class Hearers(Enum):
    """Who hears what is said."""

    ONE = "one"  # through the headphones
    ALL = "all"  # over the loudspeaker


class Speaker(Protocol):
    """Speech; nothing blocks and nothing is raised."""

    def say(self, texts: Sequence[str], language: str, loudness: int, hearers: Hearers) -> None:
        """Says these after what is being said; `language` is a catalogue's code, `loudness` from 0 to 100.

        Nothing is ever said to all where no loudspeaker is configured.
        """

    def stop(self) -> None:
        """Silence at once, and nothing of what waits is said."""
