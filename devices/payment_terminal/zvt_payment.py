"""One payment between the caller who waits and the device's thread that talks to the terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

from devices.payment_terminal.zvt_judgement import Known
from devices.payment_terminal.zvt_messages import Told, terminal_ref
from devices.ports import Begun, PayOutcome, PayResult

Answer = TypeVar("Answer")


class Phase(Enum):
    """Where a payment is; only the device's thread moves it on from RUNNING."""

    WAITING = "waiting"  # nothing was sent
    RUNNING = "running"
    HELD = "held"  # approved; the terminal waits to hear whether it was booked
    LOST = "lost"  # the conversation broke: `recover`
    ENDED = "ended"


class Payment:
    """All that is known of one payment while this process lives; its methods are for any thread."""

    def __init__(self, reference: str, cents: int, began: datetime, deadline: float) -> None:
        """`deadline` in seconds of the monotonic clock, `began` in local time."""
        self.reference = reference
        self.cents = cents
        self.deadline = deadline
        self.phase = Phase.WAITING
        self.ended: datetime | None = None
        self._began = began
        self._before: Told | None = None
        self._told: Told | None = None
        self._booked: bool | None = None
        self._aborting = False
        self._result: PayResult | None = None
        self._changed = threading.Condition()

    # -- for callers

    def abort(self) -> None:
        """Wish it to stop."""
        with self._changed:
            self._aborting = True

    def settle(self, *, booked: bool) -> None:
        """Say whether it was booked; the first word counts."""
        with self._changed:
            self._booked = booked if self._booked is None else self._booked
            self._changed.notify_all()

    def outcome(self, timeout_s: float) -> PayResult:
        """What came of it, after at most `timeout_s`; one that was never sent by then never will be."""
        with self._changed:
            self._changed.wait_for(lambda: self.phase not in {Phase.WAITING, Phase.RUNNING}, max(0.0, timeout_s))
            if self.phase is Phase.WAITING:
                self._end(PayResult(PayOutcome.DECLINED, why="the terminal cannot be reached"))
            if self.phase is Phase.HELD:
                return self._approved(())
            return self._result or PayResult(PayOutcome.UNKNOWN, terminal_ref=self.terminal_ref, why="no end heard")

    def end(self, timeout_s: float) -> PayResult | None:
        """What came of it once the terminal has heard whether it was booked; None where that is not known."""
        with self._changed:
            self._changed.wait_for(lambda: self.phase in {Phase.LOST, Phase.ENDED}, max(0.0, timeout_s))
            return self._result

    @property
    def lost(self) -> bool:
        """Whether only the terminal can tell what came of it."""
        return self.phase is Phase.LOST

    @property
    def terminal_ref(self) -> str:
        """As the terminal told it; empty before it did."""
        return terminal_ref(self._told) if self._told is not None else ""

    @property
    def begun(self) -> Begun:
        """As its caller would have written it down."""
        return Begun(self.reference, self.cents, self._began)

    def has(self, receipt: Told) -> bool:
        """Whether that very receipt is this payment's."""
        return self._told is not None and (self._told.receipt, self._told.time) == (receipt.receipt, receipt.time)

    def known(self, now: datetime) -> Known:
        """For the judgement of the terminal's last receipt."""
        with self._changed:
            return Known(self.cents, self._began, self.ended or now, self._before, self._told)

    # -- for the device's thread

    @property
    def aborting(self) -> bool:
        """Whether somebody wishes it to stop."""
        return self._aborting

    def begin(self, before: Told | None) -> bool:
        """Claim it for sending; False when the caller has given it up. `before`: the terminal's last receipt."""
        with self._changed:
            if self.phase is not Phase.WAITING:
                return False
            self.phase, self._before = Phase.RUNNING, before
            return True

    def hold(self, told: Told, patience_s: float) -> bool | None:
        """Approved: whether it was booked, None when nobody has said so within `patience_s`."""
        with self._changed:
            self.phase, self._told = Phase.HELD, told
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._booked is not None, patience_s)
            return self._booked

    def finish(
        self, outcome: PayOutcome, why: str = "", receipt: tuple[str, ...] = (), told: Told | None = None
    ) -> None:
        """The end; `told` where the terminal told it only now."""
        with self._changed:
            self._told = told or self._told
            approved = outcome is PayOutcome.APPROVED
            self._end(self._approved(receipt) if approved else PayResult(outcome, 0, self.terminal_ref, receipt, why))

    def lose(self, now: datetime) -> None:
        """The conversation broke off; harmless when it had ended."""
        with self._changed:
            if self.phase in {Phase.RUNNING, Phase.HELD}:
                self.phase, self.ended = Phase.LOST, now
                self._changed.notify_all()

    def doubt(self, now: datetime) -> None:
        """It had ended, and may have been given back since."""
        with self._changed:
            self.phase, self._result, self.ended = Phase.LOST, None, self.ended or now

    def _approved(self, receipt: tuple[str, ...]) -> PayResult:
        return PayResult(PayOutcome.APPROVED, self.cents, self.terminal_ref, receipt)

    def _end(self, result: PayResult) -> None:
        self._result, self.phase = result, Phase.ENDED
        self._changed.notify_all()


class Errand(Generic[Answer]):
    """Anything else that is asked of the terminal; `ask` runs on the device's thread."""

    def __init__(self, ask: Callable[[], Answer], deadline: float) -> None:
        self.deadline = deadline
        self._ask = ask
        self._lock = threading.Lock()
        self._begun = self._given_up = False
        self._answer: Answer | None = None
        self._over = threading.Event()

    def run(self) -> None:
        """Ask, unless the caller has given it up."""
        with self._lock:
            if self._given_up:
                return
            self._begun = True
        try:
            self._answer = self._ask()
        finally:
            self._over.set()

    def drop(self) -> None:
        """Nobody will ask."""
        self._over.set()

    def wait(self, timeout_s: float) -> tuple[bool, Answer | None]:
        """Whether it was begun, and the answer if there is one."""
        self._over.wait(max(0.0, timeout_s))
        with self._lock:
            self._given_up = True
            return self._begun, self._answer
