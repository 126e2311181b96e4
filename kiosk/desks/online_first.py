"""Which desk answers: the library system while its line is good, else what can be decided here (house, one borrow).

A dead line costs one patron two seconds, once; a slow one is a dead one. It comes back without a word.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from circulation.desk import AskedToWait, Desk, DeskFault, DeskUnreachable, NotAdmitted
from circulation.events import Action, Event, HandOver, Told
from circulation.identifiers import EventId, Isil, ItemBarcode
from circulation.outcomes import Identified, NextStep, Reason, Refused, Voided
from circulation.presented import Presented
from kiosk.desks.breaker import Breaker
from kiosk.desks.without_line import Decision, WithoutLine
from offline_cache.event_line import Batch, EventLine
from offline_cache.journal import Answer
from offline_cache.line_state import LONGEST_WAIT_S
from offline_cache.pull_wish import SOON_S, SPREAD_S

if TYPE_CHECKING:
    from circulation.affairs import Account, GuestHomes, HandedOver

log = logging.getLogger(__name__)
Result = TypeVar("Result")
TRY_S = 2.0
# A longer wait that the store asks for is an outage that was announced; a shorter one is no word to anybody.
SHORT_WAIT_S = 10.0
NOT_ADMITTED = Refused(Reason.KIOSK_NOT_ADMITTED, "K13", NextStep.DESK)


class OnlineFirst:
    """`deadline_s`: how long a patron waits where nothing can be decided here. `on_line_lost` is told at once, on the
    caller's thread; that the line is good again is found by whoever asks `is_reachable` now and then.

    A kiosk whose credential is refused lends nothing, with a line or without, and takes returns only.
    `known_refused`: whether that was the last that was heard, also before this process began. `wish_pull` is told
    within how many seconds the mirror should hold what the library system just took in.
    """

    def __init__(
        self,
        desk: Desk,
        events: EventLine,
        without_line: WithoutLine,
        breaker: Breaker,
        deadline_s: float,
        on_line_lost: Callable[[], None] = lambda: None,
        known_refused: Callable[[], bool] = lambda: False,
        wish_pull: Callable[[float], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk, self._events, self._without, self._breaker = desk, events, without_line, breaker
        self._deadline_s, self._on_line_lost = deadline_s, on_line_lost
        self._known_refused, self._wish_pull, self._monotonic = known_refused, wish_pull, monotonic
        self._admitted: bool | None = None  # as heard by this process
        self._leave_alone_until = float("-inf")

    # ---- what the flows ask

    def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        """Who is this? Raises DeskUnreachable where nobody answers and nothing is known here, where no PIN
        is looked at."""
        if not self._may_ask():
            return NOT_ADMITTED
        lends = self.lends()
        if lends and not self._breaker.closed and not self._left_alone():
            answer = self._without.identify(presented)
            if answer is not None:
                return answer
        if self._left_alone():
            return self._else_here(presented, DeskUnreachable("asked to wait", sent=False))
        try:
            patience = self._patience(lends or not self.is_admitted())
            found = self._heard(lambda: self._desk.identify(presented, patience, pin))
        except NotAdmitted:
            return NOT_ADMITTED
        except AskedToWait as fault:
            return self._else_here(presented, fault)
        except DeskFault as fault:
            log.error("identify: unusable answer: %s", fault)
            return self._else_here(presented, DeskUnreachable("unusable answer", sent=False))
        except DeskUnreachable as fault:
            log.warning("identify: no answer: %s", fault)
            return self._else_here(presented, fault)
        return self._without.known_as(found) if isinstance(found, Identified) else found

    def account(self, presented: Presented) -> Account | Refused:
        """What is theirs? Nobody but the library system knows it: raises DeskUnreachable where it is not asked now, or
        does not answer."""
        if not self._may_ask():
            return NOT_ADMITTED
        if not self._worth_asking():
            raise DeskUnreachable("the line is down", sent=False)
        try:
            return self._heard(lambda: self._desk.account(presented, self._deadline_s))
        except NotAdmitted:
            return NOT_ADMITTED
        except DeskFault as fault:
            log.error("account: unusable answer: %s", fault)
            raise DeskUnreachable("unusable answer", sent=False) from None

    def hand_over(self, case: HandOver) -> HandedOver | None:
        """The desk's code of a case; None where the library system is not asked now or gives none."""
        if not self._may_ask() or self._left_alone() or not self._breaker.closed:
            return None
        try:
            return self._heard(lambda: self._desk.hand_over(case, self._patience(self.lends())))
        except (DeskFault, DeskUnreachable) as fault:
            log.info("no code for the desk: %s", fault)
            return None

    def guest_homes(self) -> GuestHomes | Refused:
        """The libraries from which guests can enrol (G1, G10). Raises DeskUnreachable."""
        return self._of_guests(lambda: self._desk.guest_homes(self._deadline_s))

    def enrol(self, presented: Presented, pin: str, home: Isil, event: EventId) -> Identified | Refused:
        """Takes in a guest (G10), which nobody but the library system can do. Raises DeskUnreachable."""
        found = self._of_guests(lambda: self._desk.enrol(presented, pin, home, event, self._deadline_s))
        return self._without.known_as(found) if isinstance(found, Identified) else found

    def _of_guests(self, ask: Callable[[], Result]) -> Result | Refused:
        if not self._may_ask():
            return NOT_ADMITTED
        if self._left_alone() or not self._breaker.closed:
            raise DeskUnreachable("the line is down", sent=False)
        try:
            return self._heard(ask)
        except NotAdmitted:
            return NOT_ADMITTED
        except DeskFault as fault:
            log.error("guests: unusable answer: %s", fault)
            raise DeskUnreachable("unusable answer", sent=True) from None

    def is_reachable(self) -> bool:
        """Asks, and says whether the library system is asked for patrons now: after a silence only when it has answered
        a few times in a row. Where it wants to be left alone it is not asked."""
        if self._left_alone():
            return self._breaker.closed
        try:
            answers = self._heard(lambda: self._desk.is_reachable(self._patience(self._without.lends())), proves=False)
        except DeskUnreachable:
            return self._breaker.closed
        if answers:
            self._admit()
            if self._breaker.answered():
                self._wish_pull(SPREAD_S)
        else:
            self._note_silence()
        return self._breaker.closed

    def is_admitted(self) -> bool:
        """Whether this kiosk's credential counts, by the last that was heard of it."""
        if self._admitted is False:
            return False
        return (self._admitted is True and self._breaker.closed) or not self._known_refused()

    @property
    def is_coming_back(self) -> bool:
        """Whether it answered the last time, and is not believed yet."""
        return self._breaker.half_open

    def lends(self) -> bool:
        """Whether patrons can borrow while it does not answer."""
        return self.is_admitted() and self._without.lends()

    # ---- what the journalled desk asks

    def decides(self, action: Action) -> bool:
        """Whether it can be decided here: then nobody waits for long."""
        if action is Action.CHECK_IN or not self.is_admitted():
            return True
        return action is Action.CHECK_OUT and self._without.lends()

    def asks(self, action: Action) -> bool:
        """Whether to ask the library system now: always, where nothing can be decided here without it."""
        if action is Action.CHECK_IN:
            return self._may_ask() and not self._left_alone() and self._breaker.closed
        return self._may_ask() and self._worth_asking()

    @property
    def may_deliver(self) -> bool:
        """Whether telling it what happened meanwhile is worth a try."""
        if not self._may_ask() or self._left_alone():
            return False
        return self._breaker.closed or self._breaker.half_open or not self._without.lends()

    def deliver(self, event: Event, deadline_s: float) -> Answer:
        """As `circulation.desk.Desk`; a silence is noted."""
        answer = self._heard(lambda: self._desk.deliver(event, deadline_s))
        if not isinstance(answer, Refused | Voided):
            self._wish_pull(SOON_S)
        return answer

    def tell(self, events: Sequence[Event], told: Told | None, deadline_s: float) -> Batch:
        """As `offline_cache.event_line.EventLine`; a silence is noted."""
        batch = self._heard(lambda: self._events.tell(events, told, deadline_s))
        self._wish_pull(SPREAD_S)
        return batch

    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        apart_from: EventId | None = None,
    ) -> Decision | None:
        """See `WithoutLine.decide`."""
        if action is not Action.CHECK_IN and not self.is_admitted():
            return NOT_ADMITTED
        return self._without.decide(action, presented, item, at, apart_from)

    # ---- inside

    def _heard(self, ask: Callable[[], Result], *, proves: bool = True) -> Result:
        """The answer, and notes what it says of the line; `proves`: one of any kind says that we are admitted."""
        try:
            answer = ask()
        except NotAdmitted:
            if self._admitted is not False:
                log.error("the store refuses this kiosk's credential: nothing is lent")
            self._admitted = False
            if self._breaker.silent():
                self._on_line_lost()
            raise
        except AskedToWait as fault:
            self._leave_alone_until = self._monotonic() + min(max(0.0, fault.seconds), LONGEST_WAIT_S)
            log.info("the store asks to be left alone for %.0f s", fault.seconds)
            if fault.seconds > SHORT_WAIT_S:
                self._note_silence()
            raise
        except DeskUnreachable:
            self._note_silence()
            raise
        if proves:
            self._admit()
        return answer

    def _admit(self) -> None:
        if self._admitted is False or (self._admitted is None and self._known_refused()):
            log.info("the store accepts this kiosk's credential again")
            self._wish_pull(SPREAD_S)  # the pull was refused too, and says so until it is not
        self._admitted = True

    def _may_ask(self) -> bool:
        """Nothing is asked of who refuses. What was heard before this process began is worth a question."""
        return self.is_admitted() or (self._admitted is None and self._breaker.closed)

    def _worth_asking(self) -> bool:
        """Whether somebody may wait for its answer now: a line that is known to be down is not tried at a patron's cost
        where `is_reachable` tries it anyway."""
        return not self._left_alone() and (self._breaker.closed or not self.lends())

    def _left_alone(self) -> bool:
        return self._monotonic() < self._leave_alone_until

    def _patience(self, decides: bool) -> float:
        return min(TRY_S, self._deadline_s) if decides else self._deadline_s

    def _else_here(self, presented: Presented, fault: DeskUnreachable) -> Identified | Refused:
        answer = self._without.identify(presented) if self.is_admitted() else NOT_ADMITTED
        if answer is None:
            raise fault from None
        return answer

    def _note_silence(self) -> None:
        if self._breaker.silent():
            log.warning("the library system does not answer")
            self._on_line_lost()
