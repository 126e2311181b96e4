"""The rows of a list that a patron reads: what became of each item. Facts only, as in `ui`."""

from dataclasses import field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING

from circulation.outcomes import Refused
from values import dataclass

if TYPE_CHECKING:
    from circulation.affairs import Route  # for whom a kiosk's first picture need not wait


class Gate(Enum):
    """What the gate makes of an item, where it is not as it should be (`gate.<value>` in the catalogues)."""

    SAFE = "safe"  # as it should be: nothing is said
    LAY_DOWN = "lay_down"  # lent; its tag is still to be cleared, on the pad
    CALLS = "calls"  # lent; its tag could not be cleared
    ARMED = "armed"  # not lent; its tag would have passed, and was armed
    OPEN = "open"  # not lent; its tag may pass, and could not be armed


@dataclass(frozen=True, slots=True)
class Lent:
    """A row: this item is the patron's until `due`. `provisional`: the library system may set another date yet.
    `borrowed_before`: its title was theirs before, and they want to be told (K4). `hold_filled`: they had a hold on it.
    """

    key: str
    title: str = field(repr=False)
    due: date
    provisional: bool = False
    gate: Gate = Gate.SAFE
    borrowed_before: bool = False
    hold_filled: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A row: the library system has not answered yet."""

    key: str


@dataclass(frozen=True, slots=True)
class NotLent:
    """A row: no, with why and what next. `title` is empty where it is not known."""

    key: str
    refused: Refused
    title: str = field(default="", repr=False)
    gate: Gate = Gate.SAFE


@dataclass(frozen=True, slots=True)
class NotKnown:
    """A row: sent, but the answer was lost; it is not known whether the item is lent, lay it at the desk."""

    key: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A row: no connection, nothing was done; the item is not lent."""

    key: str


@dataclass(frozen=True, slots=True)
class PartsMissing:
    """A row: of an item of `parts` parts only `read` lie on the pad; it is not asked for before all do."""

    key: str
    read: int
    parts: int


@dataclass(frozen=True, slots=True)
class Undone:
    """A row: it was lent, its tag could not be cleared, and so the loan was ended again."""

    key: str
    title: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Back:
    """A row: taken in, and where it goes now (K8, K10). `place`: the name of a branch. `provisional`: taken in without
    the library system. `gate`: LAY_DOWN or OPEN where its tag is not armed."""

    key: str
    title: str = field(repr=False)
    route: "Route"
    place: str = ""
    provisional: bool = False
    gate: Gate = Gate.SAFE


@dataclass(frozen=True, slots=True)
class Switching:
    """A row: the library said yes, and the tag is not read back as cleared (lent) or armed (taken in) yet: it must lie
    there a moment more. `done`: the row that it then becomes."""

    key: str
    done: Lent | Back


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A row: it cannot be returned here, with why and what next (N6)."""

    key: str
    refused: Refused


Row = Lent | Asking | NotLent | NotKnown | NotAsked | PartsMissing | Undone | Back | Switching | NotTaken
