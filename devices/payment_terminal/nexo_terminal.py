"""A payment terminal of Adyen's Terminal API on the local network: a supervised device and a PaymentTerminal in one.

All traffic is on the device's own thread; between payments a diagnosis tells whether the terminal is well.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from devices.payment_terminal.nexo_line import Deadline
from devices.payment_terminal.nexo_messages import MOST_CENTS
from devices.payment_terminal.nexo_payments import NexoPayments
from devices.payment_terminal.nexo_talk import ASK_S, Access, NexoTalk
from devices.payment_terminal.nexo_turn import Turn, Work
from devices.ports import Begun, DeviceFault, PayOutcome, PayResult, PayStep, Pulse, Send

log = logging.getLogger(__name__)

_BEAT_S = 10.0
_BEAT_AGAIN_S = 1.0
_FAILURES_UNTIL_LOST = 2
_SETTLE_S = 1.5  # how long a payment waits for a terminal that is just being (re)opened
_LONGEST_REFERENCE = 64


class NexoTerminal:
    """See `devices.ports.PaymentTerminal`; `devices.supervisor` opens and runs it."""

    kind = "payment_terminal"

    def __init__(self, name: str, access: Access, beat_s: float = _BEAT_S) -> None:
        """`beat_s`: seconds between two looks at a terminal that nothing is asked of."""
        self.name = name
        self._access = access
        self._between_s = beat_s
        self.beat_s = beat_s + ASK_S
        self._talk: NexoTalk | None = None
        self._trouble = ""
        self._open = threading.Event()
        self._bell = threading.Event()
        self._payments = NexoPayments(name)
        self._turns: deque[Turn] = deque()
        self._now: Turn | None = None
        self._paying = threading.Lock()
        self._payment: Turn | None = None

    # -- for those who pay, from any thread

    def mark(self, deadline_s: float) -> str:
        """See `devices.ports.PaymentTerminal.mark`: a reference is all that nexo needs."""
        return ""

    def pay(self, cents: int, reference: str, tell: Callable[[PayStep], None], deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.pay`; raises ValueError for what is no amount or no reference."""
        if not 0 < cents <= MOST_CENTS:
            raise ValueError("an amount is of 1 to 9,999,999 cents")
        _must_be_reference(reference)
        if not self._paying.acquire(blocking=False):
            return PayResult(PayOutcome.DECLINED, why="another payment is under way")
        try:
            turn = Turn(
                lambda talk, turn: self._payments.pay(talk, turn, cents, reference, tell),
                PayOutcome.DECLINED,
                deadline_s,
            )
            self._payment = turn
            return self._have_done("payment", turn, _SETTLE_S)
        finally:
            self._payment = None
            self._paying.release()

    def abort(self) -> None:
        """See `devices.ports.PaymentTerminal.abort`."""
        turn = self._payment
        if turn is not None:
            turn.ask_to_stop()

    def settle(self, reference: str, *, booked: bool, deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.settle`."""
        _must_be_reference(reference)
        return self._ask(
            "settlement",
            lambda talk, turn: self._payments.settle(talk, turn, reference, booked=booked),
            PayOutcome.UNKNOWN,
            deadline_s,
        )

    def recover(self, begun: Begun, terminal_ref: str, deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.recover`; a payment that still runs is stopped."""
        _must_be_reference(begun.reference)
        return self._ask(
            "recovery",
            lambda talk, turn: self._payments.recover(talk, turn, begun.reference, terminal_ref, begun.cents),
            PayOutcome.UNKNOWN,
            deadline_s,
        )

    def reverse(self, reference: str, terminal_ref: str, cents: int, deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.reverse`; asked again for the same cents, it gives them back once."""
        if not 0 < cents <= MOST_CENTS:
            raise ValueError("an amount is of 1 to 9,999,999 cents")
        _must_be_reference(reference)
        return self._ask(
            "reversal",
            lambda talk, turn: self._payments.reverse(talk, turn, reference, terminal_ref, cents),
            PayOutcome.DECLINED,
            deadline_s,
        )

    def _ask(self, what: str, work: Work, unsent: PayOutcome, deadline_s: float) -> PayResult:
        return self._have_done(what, Turn(work, unsent, deadline_s), deadline_s)

    def _have_done(self, what: str, turn: Turn, opens_within_s: float) -> PayResult:
        if self._open.wait(min(opens_within_s, turn.deadline.left())):
            self._turns.append(turn)
            self._bell.set()
        else:
            turn.finish()
        result = turn.wait()
        log.info("%s: %s: %s", self.name, what, result.outcome.value)
        return result

    # -- for the supervisor, on the device's thread

    def open(self) -> None:
        """Read passphrase and certificates and ask how the terminal is; raises DeviceGone or DeviceTimeout."""
        talk = NexoTalk.begin(self._access)
        self._trouble = talk.diagnosis(Deadline(ASK_S))
        self._talk = talk
        self._open.set()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Do what is asked and look after the terminal between; raises DeviceGone or DeviceTimeout."""
        talk, failures, next_beat = self._talk, 0, Deadline(self._between_s)
        send(Pulse(trouble=self._trouble))
        while talk is not None and not stop.is_set():
            self._bell.clear()
            while self._turns and not stop.is_set():
                self._do(talk, self._turns.popleft(), send, stop)
                next_beat = Deadline(_BEAT_AGAIN_S)  # not at once: a settlement may follow
            if not next_beat.left() and not stop.is_set():
                failures = self._beat(talk, send, failures)
                next_beat = Deadline(_BEAT_AGAIN_S if failures else self._between_s)
            if not self._turns and not stop.is_set():
                self._bell.wait(next_beat.left())

    def wake(self) -> None:
        """End the pause between two looks, and have a payment that runs look around."""
        self._bell.set()
        turn = self._now
        if turn is not None:
            turn.wake()

    def close(self) -> None:
        """Let go; what was not begun is not sent."""
        self._open.clear()
        self._talk = None
        while self._turns:
            self._turns.popleft().finish()

    def _do(self, talk: NexoTalk, turn: Turn, send: Send, stop: threading.Event) -> None:
        self._now = turn
        try:
            turn.do(talk, stop, lambda: send(Pulse(self._trouble)))
        finally:
            self._now = None

    def _beat(self, talk: NexoTalk, send: Send, failures: int) -> int:
        """Ask how the terminal is; how often it has failed to answer in a row."""
        try:
            self._trouble = talk.diagnosis(Deadline(ASK_S))
            send(Pulse(self._trouble))
        except DeviceFault as fault:
            if failures + 1 >= _FAILURES_UNTIL_LOST:
                raise
            send(Pulse(trouble=str(fault)))
            return failures + 1
        return 0


def _must_be_reference(reference: str) -> None:
    if not (0 < len(reference) <= _LONGEST_REFERENCE and reference.isascii() and reference.isprintable()):
        raise ValueError("a reference is of 1 to 64 printable ASCII characters")
