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
from circulation.model import Presented
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
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


class AnswerLost(DeskUnreachable):
    """The request may have been done and nobody said so: the same EventId is repeated until it is answered."""

    def __init__(self, why: str, event: EventId) -> None:
        super().__init__(why, sent=True)
        self.event = event


class JournalledDesk:
    """Lends once, whatever breaks. Raises AnswerLost where it is not known, DeskUnreachable where it was not done,
    and JournalFault where nothing can be written down: then nothing is asked."""

    def __init__(self, desk: Desk, journal: Book, now: Callable[[], datetime], deadline_s: float) -> None:
        self._desk, self._journal, self._now, self._deadline_s = desk, journal, now, deadline_s
        self._delivery = threading.Lock()

    def identify(self, presented: Presented) -> Identified | Refused:
        """Who is this? Changes nothing, so nothing is journalled. Raises DeskUnreachable."""
        try:
            return self._desk.identify(presented, self._deadline_s)
        except DeskFault as fault:
            log.error("identify: unusable answer: %s", fault)
            raise DeskUnreachable("unusable answer", sent=False) from None

    def is_reachable(self) -> bool:
        """Whether the library system answers."""
        return self._desk.is_reachable(min(2.0, self._deadline_s))

    def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        """Lends the item. What was not answered before is settled first."""
        ends = time.monotonic() + self._deadline_s
        if not self._delivery.acquire(timeout=self._deadline_s):
            raise DeskUnreachable("an earlier request still waits", sent=False)
        try:
            self._drain(ends)
            event = self._journal.append(Action.CHECK_OUT, presented, item, self._now())
            answer = self._ask(event, ends)
        finally:
            self._delivery.release()
        if isinstance(answer, Voided):
            raise DeskUnreachable("given up before", sent=False)
        return answer

    def redeliver(self) -> list[tuple[EventId, Answer]]:
        """Repeats what was not answered, in sequence; what was answered now. Stops at the first silence, quietly."""
        done: list[tuple[EventId, Answer]] = []
        if not self._delivery.acquire(blocking=False):
            return done
        try:
            self._drain(time.monotonic() + self._deadline_s, done)
        except DeskUnreachable as fault:
            log.info("redelivery stopped: %s", fault)
        finally:
            self._delivery.release()
        return done

    def has_undelivered(self) -> bool:
        """Whether anything waits for its answer."""
        return bool(self._journal.undelivered())

    def _drain(self, ends: float, done: list[tuple[EventId, Answer]] | None = None) -> None:
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
            log.info("event %s delivered late: %s", event.id, type(answer).__name__)
            if done is not None:
                done.append((event.id, answer))

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
        left = ends - time.monotonic()
        if left <= 0:
            raise DeskUnreachable("no time left", sent=True)
        try:
            answer = self._desk.deliver(event, left)
        except DeskFault as fault:
            if fault.expected_seq is not None and fault.expected_seq < event.seq:
                self._fill_gap(fault.expected_seq, event.seq, ends)
                answer = self._desk.deliver(event, max(0.1, ends - time.monotonic()))
            else:
                self._note_fault(event, fault)
                raise
        self._journal.answered(event, answer)
        return answer

    def _fill_gap(self, first: int, before: int, ends: float) -> None:
        """The library system lost earlier events (a restored backup): they are told again, as what they were."""
        log.error("the library system misses events %d to %d: telling them again", first, before - 1)
        for seq in range(first, before):
            known = self._journal.entry(seq)
            lent = isinstance(known.answer, CheckedOut)
            event = known.event.as_kind(Kind.FACT if lent else Kind.VOID)
            self._desk.deliver(event, max(0.1, ends - time.monotonic()))

    def _note_fault(self, event: Event, fault: DeskFault) -> None:
        log.error("event %s: unusable answer: %s", event.id, fault)
        if fault.settled or self._journal.unclear(event) >= UNCLEAR_LIMIT:
            self._journal.settle(event)
            log.error("event %s handed to staff", event.id)

    def _is_settled(self, event: Event) -> bool:
        return self._journal.entry(event.seq).state == "settled"
