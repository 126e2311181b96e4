"""How things stand without a line: the branch today, what the mirror is worth, and what it does not contain."""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from circulation.affairs import CheckedIn, Paid, Renewed, RenewedAll
from circulation.events import Action, Event, Kind, Payment
from circulation.identifiers import EventId, ItemBarcode, PatronRef
from circulation.outcomes import CheckedOut, Refused
from circulation.rules.facts import Here, PinState, Visit
from circulation.rules.offline import Offline
from offline_cache.age import AsOf
from offline_cache.journal import Entry
from offline_cache.masks import Masks
from offline_cache.mirror import Picture, Reading
from offline_cache.own_events import NOBODY, Own
from values import dataclass

_NOT_DONE = frozenset({"voided", "given_up"})


@dataclass(frozen=True, slots=True)
class Standing:
    """`outage`: what the branch allows, and what the mirror is worth. `own`: what was done here and is not contained in
    the mirror, oldest first."""

    here: Here
    outage: Offline
    own: tuple[Own, ...] = ()

    def with_lent(self, lent: int) -> Offline:
        """As the rules for this time want it where so many items were lent so to the patron at hand."""
        return replace(self.outage, lent=lent) if lent else self.outage


class Marked(Protocol):
    """A journal that tells cheaply which of its entries changed; see `offline_cache.journal.Journal`.

    `marks`: of each entry after that number its place, by which `entry` gives it, its id and its mark.
    """

    def marks(self, seq: int, /) -> Sequence[tuple[Any, str, str]]: ...
    def entry(self, place: Any, /) -> Entry: ...


class Remembered:
    """What own events come to, masked, as long as neither they nor the mirror change: an outage may last all day."""

    def __init__(self, journal: Marked) -> None:
        self._journal = journal
        self._cursor = ""
        self._known: dict[str, tuple[str, tuple[Own, ...]]] = {}

    def of(self, reading: "OwnEvents", acked_seq: int, cursor: str, apart_from: EventId | None) -> tuple[Own, ...]:
        """As `OwnEvents.of`, of all entries after that number."""
        if cursor != self._cursor:
            self._known, self._cursor = {}, cursor
        found: list[Own] = []
        for place, event, mark in self._journal.marks(acked_seq):
            known = self._known.get(event)
            if known is None or known[0] != mark:
                known = self._known[event] = mark, reading.of((self._journal.entry(place),))
            if event != apart_from:
                found += known[1]
        return tuple(found)


class OwnEvents:
    """Own entries as `Own`, without a number of anybody. Whose they are is looked up once for each picture.

    `owners` remembers that by EventId, masked: no identity outlives a visit in it.
    """

    def __init__(
        self, mirror: Reading, here: Here, picture: Picture, owners: MutableMapping[EventId, PatronRef]
    ) -> None:
        self._mirror, self._masks, self._here, self._picture, self._owners = mirror, mirror.masks, here, picture, owners

    def of(self, entries: Iterable[Entry], apart_from: EventId | None = None) -> tuple[Own, ...]:
        """All of them but those that were not done, and `apart_from`, the one that is just being decided."""
        counted = (one for one in entries if one.event.id != apart_from and one.state not in _NOT_DONE)
        return tuple(own for entry in counted for own in self._own(entry))

    def _own(self, entry: Entry) -> list[Own]:
        """One each; of a batch of renewals one for each item, of what changes nothing here none."""
        event = entry.event
        day: date = _when(event, self._picture.as_of).astimezone(self._picture.zone).date()
        offline = event.kind is Kind.FACT
        item = None if event.item is None else ItemBarcode(self._masks.item(event.item))
        done = entry.promised if entry.answer is None or isinstance(entry.answer, Refused) else entry.answer
        match done:
            case RenewedAll(renewed=renewed):
                owner = self._owner(event)
                masked = ((ItemBarcode(self._masks.item(one.item)), one) for one in renewed)
                return [Own(day, owner, item, _bare(item, one), offline) for item, one in masked]
            case Paid() if event.payment is not None:
                fees = masked_fees(self._masks, event.payment)
                paid = replace(done, terminal="")
                return [Own(day, self._owner(event), None, paid, offline, fees, event.payment.cents)]
            case CheckedOut() | CheckedIn() | Renewed() if item is not None:
                return [Own(day, self._owner(event), item, _bare(item, done), offline)]
            case None if event.action is Action.CHECK_OUT and entry.answer is None:
                return [Own(day, self._owner(event), item, None)]
            case _:
                return []

    def _owner(self, event: Event) -> PatronRef:
        if event.presented is None:
            return NOBODY
        known = self._owners.get(event.id)
        if known is None:
            visit = Visit(self._here, event.presented, self._mirror.found(event.presented), PinState.PROVED)
            known = NOBODY if visit.holder is None else visit.holder.patron.ref
            self._owners[event.id] = known
        return known


def _when(event: Event, as_of: AsOf) -> datetime:
    """When it was done, as the store will count it: by how long the kiosk had been running, else by its wall clock."""
    told = event.told
    if told is None or not told.boot or told.boot != as_of.told.boot:
        return event.at
    return as_of.at + timedelta(milliseconds=told.since_boot_ms - as_of.told.since_boot_ms)


def _bare(item: ItemBarcode, done: CheckedOut | CheckedIn | Renewed) -> CheckedOut | CheckedIn | Renewed:
    """The answer without barcode and title: what is remembered joins no title to anybody."""
    return replace(done, item=item, title="")


def masked_fees(masks: Masks, payment: Payment) -> frozenset[str]:
    """What the mirror calls the amounts that a payment was for."""
    return frozenset(masks.fee(one) for one in payment.fees)
