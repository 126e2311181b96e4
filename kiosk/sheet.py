"""The list of one visit: which items were scanned and how each stands. Frozen; a change makes a new one."""

from dataclasses import dataclass, replace

from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from kiosk.ui import Asking, Lent, NotAsked, NotKnown, NotLent, Row


@dataclass(frozen=True, slots=True)
class Line:
    """One scanned item. `event` is set while its answer is lost."""

    item: ItemBarcode
    row: Row
    event: EventId | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Newest line first. `may_borrow` None is no maximum."""

    may_borrow: int | None
    lines: tuple[Line, ...] = ()
    serial: int = 0

    @classmethod
    def of(cls, patron: Identified, resumed: tuple[Line, ...] = ()) -> "Sheet":
        """The sheet at the beginning of a visit, with what an interrupted visit left."""
        lines = tuple(replace(one, row=replace(one.row, key=f"r{n}")) for n, one in enumerate(resumed))
        return cls(patron.may_borrow, lines)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the screen lists."""
        return tuple(one.row for one in self.lines)

    @property
    def lent(self) -> tuple[Lent, ...]:
        """What was lent in this visit, newest first."""
        return tuple(one.row for one in self.lines if isinstance(one.row, Lent))

    @property
    def not_known(self) -> int:
        """How many items lie between yes and no."""
        return sum(isinstance(one.row, NotKnown | Asking) for one in self.lines)

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

    def answered(self, item: ItemBarcode, answer: CheckedOut | Refused | Voided) -> "Sheet":
        """With the library system's answer for that item."""
        if isinstance(answer, CheckedOut):
            lent = Lent(self._key(item), answer.title, answer.due, answer.provisional)
            return replace(self._with(item, lent), may_borrow=answer.may_borrow)
        if isinstance(answer, Refused):
            return self._with(item, NotLent(self._key(item), answer))
        return self._with(item, NotAsked(self._key(item)))

    def lost(self, item: ItemBarcode, event: EventId) -> "Sheet":
        """With the answer for that item lost."""
        return self._with(item, NotKnown(self._key(item)), event)

    def not_asked(self, item: ItemBarcode) -> "Sheet":
        """With nothing done for that item, for want of a connection."""
        return self._with(item, NotAsked(self._key(item)))

    def answered_late(self, event: EventId, answer: CheckedOut | Refused | Voided) -> "Sheet":
        """With a late answer, if this visit asked for it."""
        item = next((one.item for one in self.lines if one.event == event), None)
        return self if item is None else self.answered(item, answer)

    def _key(self, item: ItemBarcode) -> str:
        return next(one.row.key for one in self.lines if one.item == item)

    def _with(self, item: ItemBarcode, row: Row, event: EventId | None = None) -> "Sheet":
        lines = tuple(Line(item, row, event) if one.item == item else one for one in self.lines)
        return replace(self, lines=lines)
