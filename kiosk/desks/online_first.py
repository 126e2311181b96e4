"""Which desk answers: the library system while its line is good, else what can be decided here (house, one borrow).

A dead line costs one patron two seconds, once; a slow one is a dead one. It comes back without a word.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from circulation.desk import Desk, DeskFault, DeskUnreachable
from circulation.events import Action, Event, Told
from circulation.identifiers import EventId, ItemBarcode
from circulation.outcomes import Identified, Refused
from circulation.presented import Presented
from kiosk.desks.breaker import Breaker
from kiosk.desks.without_line import Decision, WithoutLine
from offline_cache.event_line import Batch, EventLine
from offline_cache.journal import Answer

log = logging.getLogger(__name__)
TRY_S = 2.0


class OnlineFirst:
    """`deadline_s`: how long a patron waits where nothing can be decided here. `on_line_lost` is told at once, on the
    caller's thread; that the line is good again is found by whoever asks `is_reachable` now and then."""

    def __init__(
        self,
        desk: Desk,
        events: EventLine,
        without_line: WithoutLine,
        breaker: Breaker,
        deadline_s: float,
        on_line_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._desk, self._events, self._without, self._breaker = desk, events, without_line, breaker
        self._deadline_s, self._on_line_lost = deadline_s, on_line_lost

    # ---- what the flows ask

    def identify(self, presented: Presented) -> Identified | Refused:
        """Who is this? Raises DeskUnreachable where nobody answers and nothing is known here."""
        lends = self._without.lends()
        if lends and not self._breaker.closed:
            answer = self._without.identify(presented)
            if answer is not None:
                return answer
        try:
            found = self._desk.identify(presented, self._patience(lends))
        except DeskFault as fault:
            log.error("identify: unusable answer: %s", fault)
            return self._else_here(presented, DeskUnreachable("unusable answer", sent=False))
        except DeskUnreachable as fault:
            log.warning("identify: no answer: %s", fault)
            self._note_silence()
            return self._else_here(presented, fault)
        return self._without.known_as(found) if isinstance(found, Identified) else found

    def is_reachable(self) -> bool:
        """Asks, and says whether the library system is asked for patrons now: after a silence only when it has answered
        a few times in a row."""
        if self._desk.is_reachable(self._patience(self._without.lends())):
            self._breaker.answered()
        else:
            self._note_silence()
        return self._breaker.closed

    @property
    def is_coming_back(self) -> bool:
        """Whether it answered the last time, and is not believed yet."""
        return self._breaker.half_open

    def lends(self) -> bool:
        """Whether patrons can borrow while it does not answer."""
        return self._without.lends()

    # ---- what the journalled desk asks

    def decides(self, action: Action) -> bool:
        """Whether it can be decided here: then nobody waits for long."""
        return action is Action.CHECK_IN or self._without.lends()

    def asks(self, action: Action) -> bool:
        """Whether to ask the library system now: always, where nothing can be decided here."""
        return self._breaker.closed or not self.decides(action)

    @property
    def may_deliver(self) -> bool:
        """Whether telling it what happened meanwhile is worth a try."""
        return self._breaker.closed or self._breaker.half_open or not self._without.lends()

    def deliver(self, event: Event, deadline_s: float) -> Answer:
        """As `circulation.desk.Desk`; a silence is noted."""
        try:
            return self._desk.deliver(event, deadline_s)
        except DeskUnreachable:
            self._note_silence()
            raise

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        """As `offline_cache.event_line.EventLine`; a silence is noted."""
        try:
            return self._events.tell(events, told, deadline_s)
        except DeskUnreachable:
            self._note_silence()
            raise

    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode,
        at: datetime,
        apart_from: EventId | None = None,
    ) -> Decision | None:
        """See `WithoutLine.decide`."""
        return self._without.decide(action, presented, item, at, apart_from)

    # ---- inside

    def _patience(self, decides: bool) -> float:
        return min(TRY_S, self._deadline_s) if decides else self._deadline_s

    def _else_here(self, presented: Presented, fault: DeskUnreachable) -> Identified | Refused:
        answer = self._without.identify(presented)
        if answer is None:
            raise fault from None
        return answer

    def _note_silence(self) -> None:
        if self._breaker.silent():
            log.warning("the library system does not answer")
            self._on_line_lost()
