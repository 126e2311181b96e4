"""What a kiosk did: the facts that travel and are never lost, one EventId and one sequence number each.

And what it only asks: why would this be refused, and under which code does the desk find the case (N10)?
"""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import Enum

from circulation.identifiers import EventId, ItemBarcode, KioskId
from circulation.outcomes import Reason
from circulation.presented import Presented
from values import dataclass


class Kind(Enum):
    """A request asks, a fact tells what happened, a void gives up. One EventId may travel as each in turn."""

    REQUEST = "request"
    FACT = "fact"
    VOID = "void"


class Action(Enum):
    """What is done to the item."""

    CHECK_OUT = "check_out"
    CHECK_IN = "check_in"
    RENEW = "renew"
    RENEW_ALL = "renew_all"
    PAY = "pay"
    END_VISIT = "end_visit"


# What an event of each action names, no more and no less.
NEEDS: Mapping[Action, frozenset[str]] = {
    Action.CHECK_OUT: frozenset({"presented", "item"}),
    Action.CHECK_IN: frozenset({"item"}),
    Action.RENEW: frozenset({"presented", "item"}),
    Action.RENEW_ALL: frozenset({"presented"}),
    Action.PAY: frozenset({"presented", "payment"}),
    Action.END_VISIT: frozenset({"presented"}),
}


@dataclass(frozen=True, slots=True)
class Payment:
    """What the terminal says it took (F2, F3): the fees that were chosen, their sum in cents, and the terminal's own
    reference of the transaction, which is unique for ever."""

    fees: tuple[str, ...]
    cents: int
    terminal: str


class ClockState(Enum):
    """How far a kiosk's wall clock can be believed. Without a battery it begins anywhere after a power cut."""

    SYNCHRONISED = "synchronised"
    FREE = "free"
    BEHIND = "behind"  # it tells an instant before one that the kiosk has seen already


@dataclass(frozen=True, slots=True)
class Told:
    """By which clock `Event.at` was read: the kernel's id of this boot, milliseconds since it (CLOCK_BOOTTIME), and
    what the wall clock was worth. With the sign of life of the same boot the store finds the true instant."""

    boot: str
    since_boot_ms: int
    clock: ClockState


@dataclass(frozen=True, slots=True)
class Event:
    """One act at one kiosk. `seq` is dense for each kiosk and gives the order; `at` (UTC) informs, it never orders.

    A return needs no pass (K10); renewing all, paying and ending a visit name no item; only a payment has `payment`.
    """

    id: EventId
    kiosk: KioskId
    seq: int
    kind: Kind
    action: Action
    presented: Presented | None
    item: ItemBarcode | None
    at: datetime
    payment: Payment | None = None
    told: Told | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two bodies under one EventId the same act, however and whenever it is told (house decision 1)."""
        said: tuple[object, ...] = (self.kiosk, self.action, self.presented, self.item)
        return said if self.payment is None else (*said, self.payment)

    @property
    def shown(self) -> Presented:
        """The pass of an act that needs one. Raises ValueError where none was shown."""
        if self.presented is None:
            raise ValueError("no pass was shown for this act")
        return self.presented

    @property
    def scanned(self) -> ItemBarcode:
        """The item of an act that needs one. Raises ValueError where none was scanned."""
        if self.item is None:
            raise ValueError("no item was scanned for this act")
        return self.item

    @property
    def is_whole(self) -> bool:
        """Whether the event names just what its action needs."""
        given = frozenset(name for name in ("presented", "item", "payment") if getattr(self, name) is not None)
        return given == NEEDS[self.action]

    def as_kind(self, kind: Kind) -> "Event":
        """The same act, told in another way."""
        return replace(self, kind=kind)


@dataclass(frozen=True, slots=True)
class Question:
    """Would this act be refused now, and why? A question about borrowing may leave the item open."""

    action: Action
    presented: Presented | None = None
    item: ItemBarcode | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it names what its action needs; how much would be paid is no matter of the rules."""
        given = frozenset(name for name in ("presented", "item") if getattr(self, name) is not None)
        needed = NEEDS[self.action] - {"payment"}
        return given == needed or (self.action is Action.CHECK_OUT and given == {"presented"})


@dataclass(frozen=True, slots=True)
class HandOver:
    """N10: what failed at the kiosk, for the desk to go on with. `rule` and `reason` are those of the refusal."""

    id: EventId
    reason: Reason
    rule: str
    presented: Presented | None = None
    item: ItemBarcode | None = None


@dataclass(frozen=True, slots=True)
class MailedReceipt:
    """K9: a receipt for the mail, in the language in which it was shown. `id`: given again, it is the same one."""

    id: EventId
    presented: Presented
    language: str
    subject: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
