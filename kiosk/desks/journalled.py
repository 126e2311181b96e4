"""The only Desk that flows receive: journal, send, journal, answer (house decisions 1 and 3).

One lock over journal and line: the sequence is dense, and a new request never overtakes an unanswered one.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from circulation.desk import Desk, DeskFault, DeskUnreachable
from circulation.events import Action, Event, Kind
from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from circulation.presented import Presented
from offline_cache.journal import Entry

log = logging.getLogger(__name__)
Answer = CheckedOut | Refused | Voided
UNCLEAR_LIMIT = 3


class Book(Protocol):
    """What the desk needs of the journal; see `offline_cache.journal.Journal`."""

    def append(self, action: Action, presented: Presented, item: ItemBarcode, at: datetime) -> Event: ...
    def answered(self, event: Event, answer: Answer) -> None: ...
    def give_up(self, event: Event) -> None: ...
    def unclear(self, event: Event) -> int: ...
    def settle(self, event: Event) -> None: ...
    def undelivered(self) -> list[Event]: ...
    def entry(self, seq: int) -> Entry: ...
    def probe(self) -> None: ...


class AnswerLost(DeskUnreachable):
    """The request may have been done and nobody said so: the same EventId is repeated until it is answered."""

    def __init__(self, why: str, event: EventId) -> None:
        super().__init__(why, sent=True)
        self.event = event


class JournalledDesk:
    """Lends once, whatever breaks. Raises AnswerLost where it is not known, DeskUnreachable where it was not done,
    and JournalFault where nothing can be written down: then nothing is asked.

    `on_late` is told, on the caller's thread, each answer that came after `check_out` had to leave it open.
    """

    def __init__(
        self,
        desk: Desk,
        journal: Book,
        now: Callable[[], datetime],
        deadline_s: float,
        on_late: Callable[[EventId, Answer], None],
    ) -> None:
        self._desk, self._journal, self._now, self._deadline_s = desk, journal, now, deadline_s
        self._on_late = on_late
        self._delivery = threading.Lock()
        self._changes = 0  # grows whenever what waits may have changed
        self._seen: tuple[int, bool] | None = None

    def identify(self, presented: Presented) -> Identified | Refused:
        """Who is this? Changes nothing, so nothing is journalled. Raises DeskUnreachable."""
        try:
            return self._desk.identify(presented, self._deadline_s)
        except DeskFault as fault:
            log.error("identify: unusable answer: %s", fault)
            raise DeskUnreachable("unusable answer", sent=False) from None
        except DeskUnreachable as fault:
            log.warning("identify: no answer: %s", fault)
            raise

    def is_reachable(self) -> bool:
        """Whether the library system answers, in the time that a patron would be asked to wait."""
        return self._desk.is_reachable(self._deadline_s)

    def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        """Lends the item. What was not answered before is settled first."""
        ends = time.monotonic() + self._deadline_s
        if not self._delivery.acquire(timeout=self._deadline_s):
            raise DeskUnreachable("an earlier request still waits", sent=False)
        try:
            self._drain(ends)
            if time.monotonic() >= ends:
                raise DeskUnreachable("no time left", sent=False)
            event = self._journal.append(Action.CHECK_OUT, presented, item, self._now())
            answer = self._ask(event, ends)
        finally:
            self._changes += 1
            self._delivery.release()
        if isinstance(answer, Voided):
            raise DeskUnreachable("given up before", sent=False)
        return answer

    def redeliver(self) -> None:
        """Repeats what was not answered, in sequence. Stops at the first silence, quietly. Raises JournalFault."""
        if not self._delivery.acquire(blocking=False):
            return
        try:
            self._drain(time.monotonic() + self._deadline_s)
        except DeskUnreachable as fault:
            log.info("redelivery stopped: %s", fault)
        finally:
            self._changes += 1
            self._delivery.release()

    def has_undelivered(self) -> bool:
        """Whether anything waits for its answer. Cheap where nothing was done since. Raises JournalFault."""
        changes, seen = self._changes, self._seen
        if seen is None or seen[0] != changes or self._delivery.locked():
            seen = self._seen = (changes, bool(self._journal.undelivered()))
        return seen[1]

    def check_journal(self) -> None:
        """Raises JournalFault unless something can be written down now."""
        self._journal.probe()

    def _drain(self, ends: float) -> None:
        """Raises DeskUnreachable (not sent: of the new request nothing left) when the oldest stays unanswered."""
        for event in self._journal.undelivered():
            try:
                answer = self._deliver(event, ends)
            except DeskUnreachable as fault:
                raise DeskUnreachable(f"an earlier event waits: {fault}", sent=False) from None
            except DeskFault:
                if self._is_settled(event):
                    continue
                raise DeskUnreachable("an earlier event waits: unusable answer", sent=False) from None
            if event.kind is Kind.VOID and isinstance(answer, CheckedOut):
                log.error("event %s was given up, and the library system had lent", event.id)
            log.info("event %s delivered late: %s", event.id, type(answer).__name__)
            self._on_late(event.id, answer)

    def _ask(self, event: Event, ends: float) -> Answer:
        """The first sending, and one quick repetition where the line broke under it (the EventId makes it safe)."""
        try:
            return self._deliver(event, ends)
        except DeskUnreachable as fault:
            if not fault.sent:
                self._journal.give_up(event)
                log.warning("event %s not sent: %s", event.id, fault)
                raise
        except DeskFault as fault:
            raise AnswerLost(str(fault), event.id) from None
        try:
            return self._deliver(event, ends)
        except (DeskUnreachable, DeskFault) as fault:
            log.warning("event %s sent, answer lost: %s", event.id, fault)
            raise AnswerLost(str(fault), event.id) from None

    def _deliver(self, event: Event, ends: float) -> Answer:
        try:
            answer = self._tell(event, ends)
        except DeskFault as fault:
            self._note_fault(event, fault)
            raise
        self._journal.answered(event, answer)
        return answer

    def _tell(self, event: Event, ends: float) -> Answer:
        try:
            return self._desk.deliver(event, _left(ends))
        except DeskFault as fault:
            missing = fault.expected_seq
            if missing is None or missing >= event.seq:
                raise
        self._fill_gap(missing, event.seq, ends)
        return self._desk.deliver(event, _left(ends))

    def _fill_gap(self, first: int, before: int, ends: float) -> None:
        """The library system lost earlier events (a restored backup): they are told again, as what they were.

        Raises DeskUnreachable, not sent: the event that showed the gap was not taken.
        """
        log.error("the library system misses events %d to %d: telling them again", first, before - 1)
        for seq in range(first, before):
            known = self._journal.entry(seq)
            kind = Kind.FACT if isinstance(known.answer, CheckedOut) else Kind.VOID
            try:
                self._desk.deliver(known.event.as_kind(kind), _left(ends))
            except (DeskFault, DeskUnreachable) as fault:
                log.error("event %s told again: %s", known.event.id, fault)
                raise DeskUnreachable("earlier events are missing there", sent=False) from None

    def _note_fault(self, event: Event, fault: DeskFault) -> None:
        log.error("event %s: unusable answer: %s", event.id, fault)
        if fault.settled or self._journal.unclear(event) >= UNCLEAR_LIMIT:
            self._journal.settle(event)
            log.error("event %s handed to staff", event.id)

    def _is_settled(self, event: Event) -> bool:
        return self._journal.entry(event.seq).state == "settled"


def _left(ends: float) -> float:
    """The seconds that are left. Raises DeskUnreachable, not sent, where there are none."""
    left = ends - time.monotonic()
    if left <= 0:
        raise DeskUnreachable("no time left", sent=False)
    return left
