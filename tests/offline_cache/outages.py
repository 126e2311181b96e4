"""A mirror in memory, masked as the real one is, of facts that a test makes; and entries of a journal beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from circulation.affairs import CheckedIn, Paid, Route
from circulation.events import Action, ClockState, Event, Kind, Payment, Told
from circulation.identifiers import ItemBarcode, KioskId, new_event_id
from circulation.masking import masked_item, masked_patron
from circulation.model import Item, Pass, Patron
from circulation.outcomes import CheckedOut, Refused
from circulation.presented import Presented
from circulation.rules.facts import Here, Holder
from offline_cache.age import AsOf
from offline_cache.journal import Answer, Entry
from offline_cache.masks import Masks
from offline_cache.mirror import NoMirror, Picture
from offline_cache.offline_desk import OfflineDesk
from tests.circulation.worlds import day, here

K = bytes(range(1, 33))
ZONE = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 7, 15, 10, 0, tzinfo=UTC)  # worlds.TODAY
TOLD = Told("a-boot", 0, ClockState.SYNCHRONISED)
_numbers = count(1)


@dataclass
class Memory:
    """See `offline_cache.mirror.MirrorReader`. `patrons` and `items` are in the clear, and given out masked."""

    place: Here = field(default_factory=here)
    patrons: list[Patron] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    acked: int = 0
    branches: dict[str, str] = field(default_factory=dict)
    why_not: str = ""

    @property
    def masks(self) -> Masks:
        return Masks(K)

    @contextmanager
    def reading(self) -> Iterator[Memory]:
        self.picture()
        yield self

    def picture(self) -> Picture:
        if self.why_not:
            raise NoMirror(self.why_not)
        return Picture("g", 1, self.acked, AsOf(NOON, TOLD), ZONE, self.place, self.branches)

    def found(self, presented: Presented) -> tuple[Holder, ...]:
        holders = []
        for patron in self.patrons:
            masked = masked_patron(K, patron)
            cards = [
                self._shown(clear, card, presented) for clear, card in zip(patron.passes, masked.passes, strict=True)
            ]
            masked = replace(masked, passes=tuple(cards))
            holders += [
                Holder(card, masked)
                for card in cards
                if card.number == presented.number or (presented.uid is not None and presented.uid in card.chips)
            ]
        return tuple(holders)

    def item(self, barcode: ItemBarcode) -> Item | None:
        known = self.items.get(barcode)
        return None if known is None else replace(masked_item(K, known), barcode=barcode)

    def _shown(self, clear: Pass, masked: Pass, presented: Presented) -> Pass:
        number = clear.number if clear.number == presented.number else masked.number
        chips = {self.masks.chip(one): one for one in clear.chips}
        shown = frozenset(chips[one] if chips[one] == presented.uid else one for one in masked.chips)
        return replace(masked, number=number, chips=shown)


@dataclass
class Own:
    """What the kiosk did itself; `desk` decides with it. `marked`: by what it remembers of what did not change."""

    mirror: Memory
    entries: list[Entry] = field(default_factory=list)
    age: timedelta | None = timedelta(minutes=1)
    marked: bool = False
    kept: OfflineDesk | None = None

    @property
    def desk(self) -> OfflineDesk:
        if self.kept is None:
            self.kept = OfflineDesk(self.mirror, self if self.marked else self.since, lambda as_of, at: self.age)
        return self.kept

    def marks(self, seq: int) -> list[tuple[int, str, str]]:
        """See `offline_cache.journal.Journal`."""
        return [
            (one.event.seq, one.event.id, f"{one.state}{one.answer is None}{one.promised is None}")
            for one in self.since(seq)
        ]

    def entry(self, seq: int) -> Entry:
        return self.entries[seq - 1]

    def since(self, seq: int) -> list[Entry]:
        return [one for one in self.entries if one.event.seq > seq]

    def did(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        answer: Answer | None,
        *,
        state: str = "open",
        kind: Kind = Kind.FACT,
        payment: Payment | None = None,
        at: datetime = NOON,
    ) -> Entry:
        """Writes it down; an open fact was promised, everything else was answered."""
        seq = len(self.entries) + 1
        event = Event(
            new_event_id(next(_numbers), bytes(10)), KioskId("k"), seq, kind, action, presented, item, at, payment, TOLD
        )
        fact = kind is Kind.FACT and state == "open"
        self.entries.append(Entry(event, state, 0, None if fact else answer, answer if fact else None))
        return self.entries[-1]

    def lent(self, presented: Presented, item: ItemBarcode) -> Entry:
        """Lends it as the desk decides, and writes that down."""
        answer = self.desk.decide(Action.CHECK_OUT, presented, item, NOON)
        assert isinstance(answer, CheckedOut), answer
        return self.did(Action.CHECK_OUT, presented, item, answer)

    def taken_in(self, item: ItemBarcode) -> Entry:
        """Takes it in as the desk decides, and writes that down."""
        answer = self.desk.decide(Action.CHECK_IN, None, item, NOON)
        assert isinstance(answer, CheckedIn), answer
        return self.did(Action.CHECK_IN, None, item, answer)

    def paid(self, presented: Presented, payment: Payment) -> Paid:
        """Takes the money as the desk decides, and writes that down."""
        answer = self.desk.decide(Action.PAY, presented, None, NOON, payment=payment)
        assert isinstance(answer, Paid), answer
        self.did(Action.PAY, presented, None, answer, payment=payment)
        return answer

    def borrow(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        """What the desk says."""
        answer = self.desk.decide(Action.CHECK_OUT, presented, item, NOON)
        assert isinstance(answer, CheckedOut | Refused)
        return answer

    def bring(self, item: ItemBarcode) -> CheckedIn | Refused:
        """What the desk says."""
        answer = self.desk.decide(Action.CHECK_IN, None, item, NOON)
        assert isinstance(answer, CheckedIn | Refused)
        return answer


SHELF, STAFF, OTHER_BRANCH, HOLD_SHELF = Route.SHELF, Route.STAFF, Route.OTHER_BRANCH, Route.HOLD_SHELF
DUE = day(21)
