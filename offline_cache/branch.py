"""The kiosks of a branch together in one outage: own events and theirs in one list (house decision 3.4).

Off by default: it wants a network of the branch. What is told is sealed, and no more than each kiosk may know anyway.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from circulation.events import Told
from circulation.identifiers import KioskId
from offline_cache.journal import Entry
from offline_cache.keys import MirrorKey, derived
from offline_cache.mirror import MirrorReader, NoMirror, Picture
from offline_cache.neighbours import Contained, Heard, Neighbours
from offline_cache.sealing import Seal
from offline_cache.sharing import Address, Sharing
from offline_cache.standing import Marked


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


class Together:
    """Own events and those of the neighbours, in the order in which this kiosk came to know of them; is
    `offline_cache.standing.Marked`.

    What this kiosk did before its last start comes first: of the others it heard nothing before that. When an own event
    happened is read once; what was heard is in memory, and never changes.
    """

    def __init__(self, own: Marked, heard: Callable[[], Iterable[Heard]], now: Callable[[], Told]) -> None:
        self._own, self._heard, self._now = own, heard, now
        self._known: dict[str, int] = {}

    def marks(self, seq: int, /) -> list[tuple[int | Entry, str, str]]:
        """As there; the place of what was heard is the entry itself."""
        boot, known = self._now().boot, self._known
        own = self._own.marks(seq)
        self._known = times = {event: known[event] if event in known else self._ms(at, boot) for at, event, _ in own}
        # Read after own events: what is heard meanwhile stands behind them anyway.
        stamped: list[tuple[tuple[int, int, int], tuple[int | Entry, str, str]]]
        stamped = [((times[one[1]], 1, one[0]), one) for one in own]
        stamped += [
            ((one.at_ms, 0, one.entry.event.seq), (one.entry, one.entry.event.id, "heard")) for one in self._heard()
        ]
        return [one for _, one in sorted(stamped, key=lambda found: found[0])]

    def entry(self, place: int | Entry, /) -> Entry:
        """As there."""
        return place if isinstance(place, Entry) else self._own.entry(place)

    def _ms(self, seq: int, boot: str) -> int:
        told = self._own.entry(seq).event.told
        return told.since_boot_ms if told is not None and told.boot == boot else -1
