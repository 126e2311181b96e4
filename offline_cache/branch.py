"""The kiosks of a branch together in one outage: own events and theirs in one list (house decision 3.4).

Off by default: it wants a network of the branch. What is told is sealed, and no more than each kiosk may know anyway.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from circulation.events import Told
from circulation.identifiers import KioskId
from offline_cache.journal import Entry
from offline_cache.keys import MirrorKey, derived
from offline_cache.mirror import MirrorReader, NoMirror, Picture
from offline_cache.neighbours import Contained, Heard, Neighbours, merged
from offline_cache.sealing import Seal
from offline_cache.sharing import Address, Sharing

Own = Callable[[int], Sequence[Entry]]


class Telling(Protocol):
    """What is needed of the journal; see `offline_cache.journal.Journal`."""

    last: int
    """The number of the last event, 0 before the first."""

    def since(self, seq: int) -> list[Entry]: ...


def share(
    kiosk: KioskId,
    journal: Telling,
    mirror: MirrorReader,
    key: MirrorKey,
    now: Callable[[], Told],
    listen: Address,
    peers: Iterable[Address],
) -> Sharing:
    """Tells the branch's other kiosks from now on what this one does, and hears of them. Raises OSError."""

    def picture() -> Picture | None:
        try:
            return mirror.picture()
        except NoMirror:
            return None

    def branch() -> str:
        seen = picture()
        return "" if seen is None else seen.place.branch.code

    def contained() -> Contained | None:
        seen = picture()
        # The scope of a mirror stands behind its generation: it differs where kiosks are set up differently.
        return None if seen is None else Contained(seen.generation.partition("-")[0], seen.seq, seen.acked_seq)

    seal = Seal(derived(key.key, b"neighbours"))
    neighbours = Neighbours(kiosk, branch, seal, journal.since, lambda: journal.last, contained)
    sharing = Sharing(neighbours, listen, tuple(peers), lambda: now().since_boot_ms)
    sharing.start()
    return sharing


def together(own: Own, heard: Callable[[], Iterable[Heard]], now: Callable[[], Told]) -> Own:
    """Own events and those of the neighbours, in the order in which this kiosk came to know of them."""
    return lambda seq: merged(own(seq), heard(), now().boot)
