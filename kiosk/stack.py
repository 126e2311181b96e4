"""What lies on the item pad, tag by tag (ISO 28560), as items: which are whole, of which a part is missing. Pure.

Numbers on tags are untrusted text; a tag without a number that could be an item's is a strange one.
"""

from collections.abc import Collection, Iterable

from circulation.identifiers import IdentifierError, ItemBarcode, item_barcode
from devices.ports import PadItem
from values import dataclass


@dataclass(frozen=True, slots=True)
class Lying:
    """One item, with those of its tags that lie there. `parts`: how many it has in all."""

    item: ItemBarcode
    tags: tuple[PadItem, ...]

    @property
    def parts(self) -> int:
        """The most that a tag of it says."""
        return max(1, *(one.parts for one in self.tags))

    @property
    def read(self) -> int:
        """How many of its parts lie there; two tags in one part are one."""
        return len({one.part for one in self.tags})

    @property
    def whole(self) -> bool:
        """Whether nothing of it is missing."""
        return self.read >= self.parts


@dataclass(frozen=True, slots=True)
class Stack:
    """All that lies there, in the order in which it came. `strange`: tags that cannot be read, or are no item's.
    `seen`: the UIDs of all tags, of the strange ones, too: what cannot be read for a moment has not left."""

    items: tuple[Lying, ...] = ()
    strange: int = 0
    seen: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, tags: Iterable[PadItem]) -> "Stack":
        """The items of these tags."""
        found: dict[ItemBarcode, list[PadItem]] = {}
        strange, seen = 0, set[bytes]()
        for tag in tags:
            seen.add(tag.uid)
            number = _number(tag)
            if number is None:
                strange += 1
            else:
                found.setdefault(number, []).append(tag)
        return cls(tuple(Lying(item, tuple(parts)) for item, parts in found.items()), strange, frozenset(seen))

    def find(self, item: ItemBarcode) -> Lying | None:
        """That item, where any tag of it lies there."""
        return next((one for one in self.items if one.item == item), None)

    @property
    def numbers(self) -> frozenset[ItemBarcode]:
        """Which items lie there."""
        return frozenset(one.item for one in self.items)

    @property
    def uids(self) -> frozenset[bytes]:
        """Which of their tags lie there."""
        return self.uids_of(self.numbers)

    def uids_of(self, items: Collection[ItemBarcode]) -> frozenset[bytes]:
        """The tags of these, as far as they lie there."""
        return frozenset(tag.uid for one in self.items if one.item in items for tag in one.tags)


def _number(tag: PadItem) -> ItemBarcode | None:
    try:
        return item_barcode(tag.number) if tag.number else None
    except IdentifierError:
        return None
