"""The list of one visit: which items were scanned and how each stands. Frozen; a change makes a new one."""

from dataclasses import field, replace
from typing import TYPE_CHECKING

from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from kiosk.rows import (
    Asking,
    Back,
    Gate,
    Lent,
    NotAsked,
    NotKnown,
    NotLent,
    NotTaken,
    PartsMissing,
    Row,
    Switching,
    Undone,
)
from values import dataclass

if TYPE_CHECKING:
    from circulation.affairs import CheckedIn
    from kiosk.loans import RenewedLoan


@dataclass(frozen=True, slots=True)
class Line:
    """One scanned item. `event` is set while its answer is lost."""

    item: ItemBarcode
    row: Row
    event: EventId | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Newest line first. `may_borrow` None is no maximum. `of_returns`: what is listed is brought back. `renewed`: what
    was renewed beside it; of `renewals_unclear` loans that is not known (yet). `read`: messages that the patron has
    read away (K3)."""

    may_borrow: int | None = None
    lines: tuple[Line, ...] = ()
    serial: int = 0
    of_returns: bool = False
    renewed: "tuple[RenewedLoan, ...]" = ()
    renewals_unclear: int = 0
    read: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, patron: Identified, resumed: tuple[Line, ...] = (), read: frozenset[str] = frozenset()) -> "Sheet":
        """The sheet at the beginning of a visit, with what an interrupted visit left."""
        lines = tuple(replace(one, row=replace(one.row, key=f"r{n}")) for n, one in enumerate(resumed))
        return cls(patron.may_borrow, lines, read=read)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the screen lists."""
        return tuple(one.row for one in self.lines)

    @property
    def lent(self) -> tuple[Lent, ...]:
        """What was lent in this visit, newest first."""
        return tuple(one.row for one in self.lines if isinstance(one.row, Lent))

    @property
    def back(self) -> tuple[Back, ...]:
        """What was taken in, newest first."""
        return tuple(one.row for one in self.lines if isinstance(one.row, Back))

    @property
    def switching(self) -> int:
        """How many items are lent, or taken in, whose tags are still being switched."""
        return sum(isinstance(one.row, Switching) for one in self.lines)

    @property
    def to_check(self) -> int:
        """At how many lent items the gate may call, and how many that were taken in may pass it."""
        rows = [one.row for one in self.lines if isinstance(one.row, Lent | Back)]
        return sum(one.gate is not Gate.SAFE for one in rows)

    @property
    def not_known(self) -> int:
        """How many items lie between yes and no; one that was not taken in for want of a connection must not be put on
        the trolley either."""
        kinds = NotKnown | Asking | NotAsked if self.of_returns else NotKnown | Asking
        return sum(isinstance(one.row, kinds) for one in self.lines)

    @property
    def says_something(self) -> bool:
        """Whether there is anything to say at the end of a visit."""
        return bool(self.lent or self.not_known or self.switching or self.renewed or self.renewals_unclear)

    def adds_to(self, before: "Sheet") -> bool:
        """Whether more was lent or renewed since it stood so."""
        known = {one.item for one in before.lines if isinstance(one.row, Lent)}
        lent = {one.item for one in self.lines if isinstance(one.row, Lent)}
        return bool(lent - known) or self.renewed != before.renewed

    @property
    def worth_keeping(self) -> tuple[Line, ...]:
        """What a visit that is taken up again shows: not the refusals."""
        return tuple(one for one in self.lines if isinstance(one.row, Lent | NotKnown))

    def row_of(self, item: ItemBarcode) -> Row | None:
        """How that item stands in this visit, if it was scanned."""
        return next((one.row for one in self.lines if one.item == item), None)

    def asking(self, item: ItemBarcode) -> "Sheet":
        """With the item on top, its answer awaited; an earlier line of the same item goes."""
        serial = self.serial + 1
        rest = tuple(one for one in self.lines if one.item != item)
        return replace(self, serial=serial, lines=(Line(item, Asking(f"s{serial}")), *rest))

    def on_top(self, item: ItemBarcode) -> "Sheet":
        """With that item's line moved to the top."""
        found = tuple(one for one in self.lines if one.item == item)
        return replace(self, lines=found + tuple(one for one in self.lines if one.item != item))

    def answered(self, item: ItemBarcode, answer: "CheckedOut | CheckedIn | Refused | Voided") -> "Sheet":
        """With the library system's answer for that item."""
        key = self._key(item)
        match answer:
            case CheckedOut():
                lent = Lent(
                    key,
                    answer.title,
                    answer.due,
                    answer.provisional,
                    borrowed_before=answer.borrowed_before,
                    hold_filled=answer.hold_filled,
                )
                return replace(self._with(item, lent), may_borrow=answer.may_borrow)
            case Refused():
                return self._with(item, NotTaken(key, answer) if self.of_returns else NotLent(key, answer))
            case Voided():
                return self._with(item, NotAsked(key))
            case _:
                return self._with(item, Back(key, answer.title, answer.route, answer.place, answer.provisional))

    def lost(self, item: ItemBarcode, event: EventId) -> "Sheet":
        """With the answer for that item lost."""
        return self._with(item, NotKnown(self._key(item)), event)

    def not_asked(self, item: ItemBarcode) -> "Sheet":
        """With nothing done for that item, for want of a connection."""
        return self._with(item, NotAsked(self._key(item)))

    def parts_missing(self, item: ItemBarcode, read: int, parts: int) -> "Sheet":
        """With that item waiting for the rest of it, on top where it is new."""
        if not isinstance(self.row_of(item), PartsMissing):
            return self.asking(item).parts_missing_of(item, read, parts)
        return self.parts_missing_of(item, read, parts)

    def parts_missing_of(self, item: ItemBarcode, read: int, parts: int) -> "Sheet":
        """The same, in the place where it stands."""
        return self._with(item, PartsMissing(self._key(item), read, parts))

    def without_missing(self, but: frozenset[ItemBarcode]) -> "Sheet":
        """Without the items that waited for the rest of them, but these."""
        lines = tuple(one for one in self.lines if not isinstance(one.row, PartsMissing) or one.item in but)
        return self if len(lines) == len(self.lines) else replace(self, lines=lines)

    def switching_item(self, item: ItemBarcode) -> "Sheet":
        """With that item's tags being cleared where it is lent, armed where it was taken in."""
        match self.row_of(item):
            case Lent() | Back() as row:
                return self._with(item, Switching(row.key, row))
            case _:
                return self

    def at_gate(self, item: ItemBarcode, gate: Gate) -> "Sheet":
        """With what the gate makes of that item; only from here on it is shown as lent, or as taken in."""
        match self.row_of(item):
            case Switching(done=done):
                return self._with(item, replace(done, gate=gate))
            case Lent() | NotLent() | Back() as row:
                return self._with(item, replace(row, gate=gate))
            case _:
                return self

    def undone(self, item: ItemBarcode) -> "Sheet":
        """With that loan ended again."""
        match self.row_of(item):
            case (Lent() as row) | Switching(done=Lent() as row):
                return self._with(item, Undone(row.key, row.title))
            case _:
                return self

    def undoing_lost(self, item: ItemBarcode) -> "Sheet":
        """With nobody knowing whether that loan was ended; a later answer changes nothing here."""
        return self._with(item, NotKnown(self._key(item)))

    def item_of(self, event: EventId) -> ItemBarcode | None:
        """The item whose answer is lost under that event."""
        return next((one.item for one in self.lines if one.event == event), None)

    def answered_late(self, event: EventId, answer: CheckedOut | Refused | Voided) -> "Sheet":
        """With a late answer, if this visit asked for it."""
        item = self.item_of(event)
        return self if item is None else self.answered(item, answer)

    def _key(self, item: ItemBarcode) -> str:
        return next(one.row.key for one in self.lines if one.item == item)

    def _with(self, item: ItemBarcode, row: Row, event: EventId | None = None) -> "Sheet":
        lines = tuple(Line(item, row, event) if one.item == item else one for one in self.lines)
        return replace(self, lines=lines)
