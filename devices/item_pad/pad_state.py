"""What lies on the pad, inventory by inventory: a tag that is missed once or twice has not left yet.

A faulty inventory is none: it is not reported here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devices.item_pad.obid_tags import Sighting
from devices.item_pad.tag_data import PATRON_CARD
from devices.ports import PadItem, TagSecurity
from values import dataclass

MISSES_UNTIL_GONE = 3
TRIES_UNTIL_TOLD = 3  # a tag that sees the field but cannot be read, or not believed, is then told as such


@dataclass(slots=True)
class _Tag:
    sighting: Sighting
    item: PadItem | None = None
    misses: int = 0
    tries: int = 0
    settled: bool = False
    seen: bool = False  # since the pad was opened


class PadState:
    """The tags that lie there, in the order in which they came."""

    def __init__(self) -> None:
        self._tags: dict[bytes, _Tag] = {}
        self._looked = False  # since the pad was opened

    def opened(self, *, anew: bool) -> None:
        """The pad was opened, and nobody has looked yet. `anew`: it was away for so long that all is read anew.

        What does not lie there any more has gone after as many misses as ever: by one bad inventory the books that
        somebody left there would have gone and come, and be anybody's.
        """
        self._looked = False
        for tag in self._tags.values():
            tag.seen = False
            if anew:
                tag.item, tag.misses, tag.tries, tag.settled = None, 0, 0, False

    def seen(self, sightings: Iterable[Sighting]) -> None:
        """Report one good inventory."""
        self._looked = True
        there = {one.uid: one for one in sightings}
        for uid, sighting in there.items():
            tag = self._tags.setdefault(uid, _Tag(sighting))
            tag.misses, tag.seen = 0, True
        for uid in [uid for uid in self._tags if uid not in there]:
            self._tags[uid].misses += 1
            if self._tags[uid].misses >= MISSES_UNTIL_GONE:
                del self._tags[uid]

    @property
    def misses(self) -> bool:
        """Whether the last inventory lacked a tag that has not been given up."""
        return any(tag.misses for tag in self._tags.values())

    def unread(self) -> list[Sighting]:
        """The tags that lie there and are still to be read, or read again."""
        return [tag.sighting for tag in self._tags.values() if not tag.settled and not tag.misses]

    def read(self, uid: bytes, item: PadItem | None) -> None:
        """Report what reading a tag gave; None when it did not answer, which is tried again while it lies there."""
        tag = self._tags.get(uid)
        if tag is None:
            return
        tag.tries += 1
        believed = item is not None and (item.number is not None or not item.model)
        tag.settled = believed or (item is not None and tag.tries >= TRIES_UNTIL_TOLD)
        if believed or tag.tries >= TRIES_UNTIL_TOLD:
            tag.item = item or PadItem(uid, None, 1, 1, None, "", TagSecurity.UNKNOWN)

    def switched(self, uid: bytes, security: TagSecurity) -> None:
        """Report what was read back of a tag's gate bit; where nothing was, the tag is read again."""
        tag = self._tags.get(uid)
        if tag is not None and tag.item is not None:
            tag.item = replace(tag.item, security=security)
            if security is TagSecurity.UNKNOWN:
                tag.settled, tag.tries = False, 0

    @property
    def is_known(self) -> bool:
        """Whether somebody looked since the pad was opened, and each tag was seen since, and read or given up.

        Not all in one look: of a high stack one or another is missed now and then.
        """
        return self._looked and all(tag.item is not None and tag.seen for tag in self._tags.values())

    @property
    def items(self) -> tuple[PadItem, ...]:
        """The items; tags that are still to be read are not among them, nor are patrons' passes."""
        return tuple(tag.item for tag in self._tags.values() if tag.item is not None and not _is_pass(tag.item))

    @property
    def presented(self) -> PadItem | None:
        """The pass that lies there; of several the one that came first."""
        return next((tag.item for tag in self._tags.values() if tag.item is not None and _is_pass(tag.item)), None)


def _is_pass(item: PadItem) -> bool:
    return item.usage == PATRON_CARD and item.number is not None
