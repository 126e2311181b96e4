"""What a kiosk did: the facts that travel and are never lost. One EventId and one sequence number each."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from circulation.identifiers import EventId, ItemBarcode, KioskId
from circulation.model import Presented


class Kind(Enum):
    """A request asks, a fact tells what happened, a void gives up. One EventId may travel as each in turn."""

    REQUEST = "request"
    FACT = "fact"
    VOID = "void"


class Action(Enum):
    """What is done to the item."""

    CHECK_OUT = "check_out"


@dataclass(frozen=True, slots=True)
class Event:
    """One act at one kiosk. `seq` is dense for each kiosk and gives the order; `at` (UTC) informs, it never orders."""

    id: EventId
    kiosk: KioskId
    seq: int
    kind: Kind
    action: Action
    presented: Presented
    item: ItemBarcode
    at: datetime

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two bodies under one EventId the same act, however and whenever it is told (house decision 1)."""
        return (self.kiosk, self.action, self.presented, self.item)

    def as_kind(self, kind: Kind) -> "Event":
        """The same act, told in another way."""
        return replace(self, kind=kind)
