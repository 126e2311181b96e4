"""The only Desk that flows receive: journal, send, journal, answer (house decisions 1 to 3).

One lock over journal and line: the sequence is dense, and a new request never overtakes an unanswered one. What is
decided here while nobody answers is written down before it is said, and told later under the same EventId.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, cast

from circulation.desk import AskedToWait, DeskFault, DeskUnreachable
from circulation.events import Action, Event, HandOver, Kind, Told
from circulation.identifiers import EventId, Isil, ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Refused, Voided
from circulation.presented import Presented
from kiosk.desks.online_first import TRY_S, OnlineFirst
from offline_cache.journal import Answer, Entry
from offline_cache.replay import Delivery

if TYPE_CHECKING:
    from circulation.affairs import Account, CheckedIn, GuestHomes, HandedOver, Renewed, RenewedAll

log = logging.getLogger(__name__)
UNCLEAR_LIMIT = 3
_HEARD_LATE = (Action.CHECK_OUT, Action.RENEW, Action.RENEW_ALL)
BUSY_S = 0.3  # so long a patron waits for another delivery before it is decided here


class Book(Protocol):
    """What the desk needs of the journal; see `offline_cache.journal.Journal`."""

    def append(
        self, action: Action, presented: Presented | None, item: ItemBarcode | None, at: datetime, told: Told | None
    ) -> Event: ...
    def append_fact(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        told: Told | None,
        answer: Answer,
    ) -> Event: ...
    def turn_into_fact(self, event: Event, answer: Answer) -> Event: ...
    def answered(self, event: Event, answer: Answer) -> None: ...
    def give_up(self, event: Event) -> None: ...
    def unclear(self, event: Event) -> int: ...
    def settle(self, event: Event) -> None: ...
    def waiting(self) -> int: ...
    def entry(self, seq: int) -> Entry: ...
    def probe(self) -> None: ...


class Clock(Protocol):
    """What time it is (UTC), and what that is worth; see `offline_cache.clock.KioskClock`."""

    def now(self) -> datetime: ...
    def told(self) -> Told: ...


class Deliverer(Protocol):
    """Tells what waits; see `offline_cache.replay.Replay`."""

    def deliver(self, ends: float) -> Delivery: ...
    def fill_gap(self, first: int, before: int, ends: float) -> None: ...
    def pause_s(self) -> float: ...


class AnswerLost(DeskUnreachable):
    """The request may have been done and nobody said so: the same EventId is repeated until it is answered."""

    def __init__(self, why: str, event: EventId) -> None:
        super().__init__(why, sent=True)
        self.event = event


class JournalledDesk:
    """Lends once, whatever breaks. Raises AnswerLost where it is not known, DeskUnreachable where it was not done,
    and JournalFault where nothing can be written down: then nothing is asked.

    `on_late` is told, on the caller's thread, each answer to a loan or a renewal that came after it had been left open.
    """

    def __init__(
        self,
        desk: OnlineFirst,
        journal: Book,
        replay: Deliverer,
        clock: Clock,
        deadline_s: float,
        on_late: Callable[[EventId, CheckedOut | Renewed | RenewedAll | Refused | Voided], None],
    ) -> None:
        self._desk, self._journal, self._replay, self._clock = desk, journal, replay, clock
        self._deadline_s, self._on_late = deadline_s, on_late
        self._delivery = threading.Lock()
        self._deciding = threading.Lock()
        self._proving = threading.Lock()
        self._changes = 0  # grows whenever what waits may have changed
        self._seen: tuple[int, bool] | None = None
        # Visits that are over; of which that is written down; and of which the library system surely knows it.
        self._over = self._ended = self._told_ended = 0
        self._written = threading.Condition()

    def identify(self, presented: Presented, pin: str | None = None) -> Identified | Refused:
        """Who is this? Changes nothing here, so nothing is journalled. Raises DeskUnreachable."""
        if pin is None and self._told_ended >= self._over:
            return self._desk.identify(presented)
        with self._written:
            self._written.wait_for(lambda: self._ended >= self._over, self._deadline_s)
        with self._proving:
            self._settle_ended_visits()
            return self._desk.identify(presented, pin)

    def leave(self) -> None:
        """A visit in which a PIN was proved is over, and `end_visit` follows: whoever shows a pass from now on waits
        until that is told, for nobody may need no PIN (P6). Returns at once."""
        with self._written:
            self._over += 1

    def end_visit(self, presented: Presented) -> None:
        """P6: a PIN that was proved in this visit counts no more. Written down, and told at once or with what is told
        next; nobody waits for it. Raises JournalFault."""
        with self._proving:  # a patron may leave while the PIN is still looked at
            ends = time.monotonic() + self._deadline_s
        try:
            self._journal.append(Action.END_VISIT, presented, None, self._clock.now(), self._clock.told())
        except BaseException:
            with self._written:
                self._over = max(self._ended, self._over - 1)  # it will never be told, and is not waited for
                self._written.notify_all()
            raise
        with self._written:
            self._ended += 1
            self._over = max(self._ended, self._over)
            self._changes += 1
            self._written.notify_all()
        mine = self._delivery.acquire(timeout=self._deadline_s)
        try:
            if mine and self._desk.may_deliver:
                self._drain(ends)
        except DeskUnreachable as fault:
            log.info("the end of a visit is told later: %s", fault)
        finally:
            self._changes += 1
            if mine:
                self._delivery.release()

    def account(self, presented: Presented) -> Account | Refused:
        """What is theirs? Changes nothing, so nothing is journalled. Raises DeskUnreachable."""
        return self._desk.account(presented)

    def hand_over(self, case: HandOver) -> HandedOver | None:
        """The desk's code of a case (N10), or None: nothing hangs on it, so nothing is journalled."""
        return self._desk.hand_over(case)

    def guest_homes(self) -> GuestHomes | Refused:
        """The libraries from which guests can enrol. Raises DeskUnreachable."""
        return self._desk.guest_homes()

    def enrol(self, presented: Presented, pin: str, home: Isil, event: EventId) -> Identified | Refused:
        """Takes in a guest (G10). A PIN is written down nowhere, so nothing is journalled: the library system does it
        once for each EventId, and a guest whose answer was lost is known when the pass is shown again. Raises
        DeskUnreachable."""
        with self._proving:  # the end of a visit comes after its PIN, also where the patron did not wait for the answer
            return self._desk.enrol(presented, pin, home, event)

    def is_reachable(self) -> bool:
        """Whether the library system is asked now; see `OnlineFirst.is_reachable`."""
        return self._desk.is_reachable()

    def is_coming_back(self) -> bool:
        """Whether it answered the last time, and is not believed yet."""
        return self._desk.is_coming_back

    def is_admitted(self) -> bool:
        """Whether it lets this kiosk act at all."""
        return self._desk.is_admitted()

    def lends_without_line(self) -> bool:
        """Whether patrons can borrow while it does not answer."""
        return self._desk.lends()

    def check_out(self, presented: Presented, item: ItemBarcode) -> CheckedOut | Refused:
        """Lends the item. What was not answered before is settled first, or it is decided here."""
        return cast("CheckedOut | Refused", self._do(Action.CHECK_OUT, presented, item))

    def check_in(self, item: ItemBarcode) -> CheckedIn | Refused:
        """Takes the item in; nobody needs to show a pass (K10)."""
        return cast("CheckedIn | Refused", self._do(Action.CHECK_IN, None, item))

    def renew(self, presented: Presented, item: ItemBarcode) -> Renewed | Refused:
        """Renews one loan (K11). It is never decided here: without a line it raises DeskUnreachable."""
        return cast("Renewed | Refused", self._do(Action.RENEW, presented, item))

    def renew_all(self, presented: Presented) -> RenewedAll | Refused:
        """Renews what can be renewed of a patron's loans, with an answer for each (N5). Else as `renew`."""
        return cast("RenewedAll | Refused", self._do(Action.RENEW_ALL, presented, None))

    def redeliver(self) -> float:
        """Tells what waits, in sequence. Stops at the first silence, quietly, and gives the seconds to leave it alone
        then. Raises JournalFault."""
        if not self._desk.may_deliver or not self._delivery.acquire(blocking=False):
            return 0.0
        try:
            self._drain(time.monotonic() + self._deadline_s)
        except DeskUnreachable as fault:
            log.info("redelivery stopped: %s", fault)
            return self._replay.pause_s()
        finally:
            self._changes += 1
            self._delivery.release()
        return 0.0

    def has_undelivered(self) -> bool:
        """Whether anything waits for its answer. Cheap where nothing was done since. Raises JournalFault."""
        changes, seen = self._changes, self._seen
        if seen is None or seen[0] != changes or self._delivery.locked():
            seen = self._seen = (changes, self._journal.waiting() > 0)
        return seen[1]

    def check_journal(self) -> None:
        """Raises JournalFault unless something can be written down now."""
        self._journal.probe()

    def _settle_ended_visits(self) -> None:
        """An end that is told late would end what is proved now, and whoever shows that pass before it is told would
        need no PIN."""
        if not self._desk.may_deliver or not self.has_undelivered():
            return
        ends = time.monotonic() + self._deadline_s
        if self._delivery.acquire(timeout=self._deadline_s):
            try:
                self._drain(ends)
            except DeskUnreachable as fault:
                log.info("before a PIN: %s", fault)
            finally:
                self._changes += 1
                self._delivery.release()

    # ---- one act

    def _do(self, action: Action, presented: Presented | None, item: ItemBarcode | None) -> Answer:
        if not self._desk.asks(action):
            return self._do_here(action, presented, item, DeskUnreachable("the line is down", sent=False))
        decides = self._desk.decides(action)
        patience = min(TRY_S, self._deadline_s) if decides else self._deadline_s
        ends = time.monotonic() + patience
        if not self._delivery.acquire(timeout=BUSY_S if decides else patience):
            return self._do_here(action, presented, item, DeskUnreachable("an earlier request waits", sent=False))
        try:
            return self._do_there(action, presented, item, ends)
        except _NotBegun as fault:
            return self._do_here(action, presented, item, DeskUnreachable(str(fault), sent=False))
        finally:
            self._changes += 1
            self._delivery.release()

    def _do_there(self, action: Action, presented: Presented | None, item: ItemBarcode | None, ends: float) -> Answer:
        """Asks the library system; what it leaves open is decided here, under the same EventId. Raises _NotBegun where
        nothing was written down."""
        try:
            self._drain(ends)
            _left(ends)
        except DeskUnreachable as fault:
            raise _NotBegun(str(fault)) from None
        event = self._journal.append(action, presented, item, self._clock.now(), self._clock.told())
        try:
            answer = self._ask(event, ends)
        except AnswerLost:
            raise
        except DeskUnreachable as fault:
            return self._decide_open(event, fault)
        if isinstance(answer, Voided):
            raise DeskUnreachable("given up before", sent=False)
        return answer

    def _do_here(
        self, action: Action, presented: Presented | None, item: ItemBarcode | None, fault: DeskUnreachable
    ) -> Answer:
        """Decides without asking: what is done is a fact before it is said, a "no" needs no writing down."""
        with self._deciding:
            at = self._clock.now()
            answer = self._desk.decide(action, presented, item, at)
            if answer is None:
                raise fault
            if not isinstance(answer, Refused):
                event = self._journal.append_fact(action, presented, item, at, self._clock.told(), answer)
                self._changes += 1
                log.info("event %s done without a line", event.id)
        return answer

    def _decide_open(self, event: Event, fault: DeskUnreachable) -> Answer:
        """A request that may or may not have arrived. Raises AnswerLost where it is not done here either, and nobody
        knows whether it was done there."""
        with self._deciding:
            answer = self._desk.decide(event.action, event.presented, event.item, event.at, event.id)
            if answer is not None and not isinstance(answer, Refused):
                self._journal.turn_into_fact(event, answer)
                log.warning("event %s done without a line: %s", event.id, fault)
                return answer
            if fault.sent:
                log.warning("event %s sent, answer lost: %s", event.id, fault)
                raise AnswerLost(str(fault), event.id)
            self._journal.give_up(event)
        log.warning("event %s not sent: %s", event.id, fault)
        if answer is None:
            raise fault
        return answer

    def _drain(self, ends: float) -> None:
        """Raises DeskUnreachable (not sent: of the new request nothing left) when the oldest stays unanswered."""
        ended = self._ended
        delivery = self._replay.deliver(ends)
        for event, answer in delivery.answered:
            # Of a fact the patron was told when it was done, and a return that was taken in is nobody's any more.
            told = event.kind is Kind.FACT
            if not told and (event.action in _HEARD_LATE or isinstance(answer, Refused | Voided)):
                self._on_late(event.id, cast("CheckedOut | Renewed | RenewedAll | Refused | Voided", answer))
        if delivery.silence:
            raise DeskUnreachable(f"an earlier event waits: {delivery.silence}", sent=False)
        self._told_ended = max(self._told_ended, ended)

    def _ask(self, event: Event, ends: float) -> Answer:
        """The first sending, and one quick repetition where the line broke under it (the EventId makes it safe)."""
        try:
            return self._deliver(event, ends)
        except DeskUnreachable as fault:
            if not fault.sent or isinstance(fault, _Unusable | AnswerLost | AskedToWait):
                raise
        try:
            return self._deliver(event, ends)
        except AnswerLost:
            raise
        except DeskUnreachable as fault:
            raise DeskUnreachable(str(fault), sent=True) from None

    def _deliver(self, event: Event, ends: float) -> Answer:
        """Raises AnswerLost where asking again is of no use: staff have it."""
        try:
            answer = self._tell(event, ends)
        except DeskFault as fault:
            if self._is_settled(event, fault):
                raise AnswerLost(str(fault), event.id) from None
            raise _Unusable(str(fault), sent=True) from None
        self._journal.answered(event, answer)
        return answer

    def _tell(self, event: Event, ends: float) -> Answer:
        try:
            return self._desk.deliver(event, _left(ends))
        except DeskFault as fault:
            missing = fault.expected_seq
            if missing is None or missing >= event.seq:
                raise
        self._replay.fill_gap(missing, event.seq, ends)
        return self._desk.deliver(event, _left(ends))

    def _is_settled(self, event: Event, fault: DeskFault) -> bool:
        log.error("event %s: unusable answer: %s", event.id, fault)
        settled = fault.settled or self._journal.unclear(event) >= UNCLEAR_LIMIT
        if settled:
            self._journal.settle(event)
            log.error("event %s handed to staff", event.id)
        return settled


class _Unusable(DeskUnreachable):
    """An answer came that says nothing; asking again at once would bring the same."""


class _NotBegun(Exception):
    """Nothing of the act was written down."""


def _left(ends: float) -> float:
    """The seconds that are left. Raises DeskUnreachable, not sent, where there are none."""
    left = ends - time.monotonic()
    if left <= 0:
        raise DeskUnreachable("no time left", sent=False)
    return left
