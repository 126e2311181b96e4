"""Tells the library system what the journal holds, in sequence, ten to fifty events at a time (house decision 3).

Nothing blocks the queue and nothing leaves it unsaid: what can only fail again goes to staff, and the next one is told.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Protocol

from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Event, Kind, Told
from circulation.outcomes import Refused
from offline_cache.event_line import GAP, Batch, EventLine, Stopped
from offline_cache.journal import Answer, Entry
from offline_cache.journal_faults import JournalLocked
from values import dataclass

log = logging.getLogger(__name__)
MOST, LEAST = 50, 10
UNCLEAR_LIMIT = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
SEQUENCE_USED = "sequence-used"


class Book(Protocol):
    """What replaying needs of the journal; see `offline_cache.journal.Journal`."""

    def undelivered(self, limit: int | None = None) -> list[Event]: ...
    def answered_all(
        self, answers: Sequence[tuple[Event, Answer]], acked_seq: int = 0
    ) -> list[tuple[Event, Answer]]: ...
    def unclear(self, event: Event) -> int: ...
    def settle(self, event: Event, why: str = ...) -> None: ...
    def closing(self, event: Event) -> Event: ...
    def turned_before(self, first: int | None = None) -> list[Event]: ...
    def entry(self, seq: int) -> Entry: ...
    def shut(self, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery did: the answers, written down before they are given here; what went to staff.

    `silence`: why something still waits, empty where nothing does.
    """

    answered: tuple[tuple[Event, Answer], ...] = ()
    settled: tuple[Event, ...] = ()
    silence: str = ""


@dataclass
class _Course:
    """How far one delivery has come."""

    answered: list[tuple[Event, Answer]] = field(default_factory=list)
    settled: list[Event] = field(default_factory=list)


class Replay:
    """Delivers a journal. Whoever calls holds the delivery lock: there is one sender (house decision 3).

    `told` gives the kiosk's clock as it sends. Raises JournalFault where something cannot be written down.
    """

    def __init__(
        self,
        line: EventLine,
        journal: Book,
        told: Callable[[], Told] | None = None,
        chance: Callable[[float, float], float] = random.uniform,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line, self._journal, self._told = line, journal, told
        self._chance, self._monotonic = chance, monotonic
        self._failures = 0
        self._most = MOST

    def deliver(self, ends: float) -> Delivery:
        """Tells all that waits, until nothing does, nobody answers, or `ends` (of the monotonic clock) is reached."""
        course = _Course()
        try:
            waiting = self._journal.undelivered(self._most)
            self._remind(waiting[0].seq if waiting else None, ends)
            while waiting:
                self._deliver_some(waiting, ends, course)
                waiting = self._journal.undelivered(self._most)
        except JournalLocked as fault:
            self._failures += 1
            log.info("delivery stopped: %s", fault)
            return Delivery(tuple(course.answered), tuple(course.settled), str(fault))
        except DeskUnreachable as fault:
            self._failures += 1
            self._most = max(1, self._most // 2) if fault.sent else self._most  # so many may have been too many
            log.info("delivery stopped: %s", fault)
            return Delivery(tuple(course.answered), tuple(course.settled), str(fault) or "no answer")
        self._failures = 0
        return Delivery(tuple(course.answered), tuple(course.settled))

    def pause_s(self) -> float:
        """How long to wait before the next delivery that no patron waits for: full jitter over 1 s, 2 s … 5 min."""
        if not self._failures:
            return 0.0
        longest: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 20))
        return self._chance(0.0, longest)

    def fill_gap(self, first: int, before: int, ends: float) -> None:
        """The library system lost earlier events (a restored backup): they are told again, as what they were.

        Raises DeskUnreachable, not sent, where they could not all be told: what showed the gap was not taken.
        """
        log.error("the library system misses events %d to %d: telling them again", first, before - 1)
        self._remind(first, ends)
        seq = first
        while seq < before:
            events = [self._again(number) for number in range(seq, min(seq + self._most, before))]
            try:
                batch = self._tell(events, ends)
            except (DeskFault, DeskUnreachable) as fault:
                raise DeskUnreachable(f"earlier events are missing there: {fault}", sent=False) from None
            seq += len(batch.answers)
            if batch.stopped is not None:
                log.error("event %s told again: %s", events[batch.stopped.index].id, batch.stopped.kind)
                raise DeskUnreachable("earlier events are missing there", sent=False)

    # ---- inside

    def _deliver_some(self, waiting: list[Event], ends: float, course: _Course) -> None:
        try:
            batch = self._tell(waiting, ends)
        except DeskFault as fault:
            self._note_fault(waiting, fault, course)
            return
        answered = self._journal.answered_all(list(zip(waiting, batch.answers, strict=False)), batch.acked_seq)
        for event, answer in answered:
            _log_answer(event, answer)
        course.answered += answered
        self._most = min(MOST, max(LEAST, self._most * 2))
        if batch.stopped is not None:
            self._go_round(waiting[batch.stopped.index], batch.stopped, ends, course)

    def _remind(self, first: int | None, ends: float) -> None:
        """Before what comes next: facts that a restored library system may know as refused requests, without a gap that
        would show it. It knows them by their ids, so that telling them once more changes nothing else."""
        events = self._journal.turned_before(first)
        while events:
            try:
                batch = self._tell(events, ends)
            except DeskFault as fault:
                log.error("event %s told once more: unusable answer: %s", events[0].id, fault)
                return
            if batch.stopped is not None:
                log.warning("event %s told once more: %s", events[batch.stopped.index].id, batch.stopped.kind)
                return  # what is missing there is found and told again with what comes next
            events = events[len(batch.answers) :]

    def _tell(self, events: list[Event], ends: float) -> Batch:
        left = ends - self._monotonic()
        if left <= 0:
            raise DeskUnreachable("no time left", sent=False)
        return self._line.tell(events, self._told() if self._told else None, left)

    def _note_fault(self, waiting: list[Event], fault: DeskFault, course: _Course) -> None:
        """Of several it is not known which one is at fault: the first is told alone the next time."""
        if self._most > 1 and len(waiting) > 1:
            log.error("%d events: unusable answer: %s; telling the first alone", len(waiting), fault)
            self._most = 1
            return
        event = waiting[0]
        log.error("event %s: unusable answer: %s", event.id, fault)
        if fault.settled or self._journal.unclear(event) >= UNCLEAR_LIMIT:
            self._settle(event, "unusable-answer", course)
            return
        raise DeskUnreachable("unusable answer", sent=True)

    def _go_round(self, event: Event, stopped: Stopped, ends: float, course: _Course) -> None:
        """The store did not take this event: the earlier ones are told again, or staff get it."""
        expected = stopped.expected_seq
        if stopped.kind == GAP and expected is not None and expected < event.seq:
            self.fill_gap(expected, event.seq, ends)
        elif stopped.kind == GAP and expected is not None:
            self._journal.shut(SEQUENCE_USED)  # another journal of this kiosk id told an event of that number
            self._settle(event, SEQUENCE_USED, course)
        else:
            self._settle(event, stopped.kind, course)

    def _settle(self, event: Event, why: str, course: _Course) -> None:
        self._journal.settle(event, why)
        course.settled.append(event)
        log.error("event %s handed to staff: %s", event.id, why)

    def _again(self, seq: int) -> Event:
        """An event that is told again to a store that lost it: what was done is a fact, all else closes its place."""
        known = self._journal.entry(seq)
        if known.state == "settled":
            return self._journal.closing(known.event)
        if known.state == "answered" and not isinstance(known.answer, Refused):
            return known.event.as_kind(Kind.FACT)
        if known.state == "open":
            return known.event
        return known.event.as_kind(Kind.VOID)


def _log_answer(event: Event, answer: Answer) -> None:
    name = type(answer).__name__
    if event.kind is Kind.VOID and name not in ("Voided", "Refused"):
        log.error("event %s was given up, and the library system had done it: %s", event.id, name)
    log.info("event %s delivered late: %s", event.id, name)
