"""ZVT terminal on the network or a serial line: a payment is sent once; its end is heard, looked up, or UNKNOWN."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal.zvt_apdu import ZvtMalformed
from devices.payment_terminal.zvt_dialogue import ANSWER_S, Dialogue, Heard, Listener, Wire
from devices.payment_terminal.zvt_held import Held, conclude
from devices.payment_terminal.zvt_judgement import Known, judge, written_down
from devices.payment_terminal.zvt_messages import Told
from devices.payment_terminal.zvt_payment import Answer, Errand, Payment, Phase
from devices.ports import Begun, DeviceTimeout, PayOutcome, PayResult, PayStep, Pulse, Send

log = logging.getLogger(__name__)

_POLL_S = 3.0  # as makers of unattended terminals ask for
_SHORT_S = 15.0  # registration, status, repeated receipt
_SETTLE_S = 1.5  # how long a payment waits for a terminal that is just being (re)opened
_ABORT_AHEAD_S = 10.0  # before its deadline a payment that nobody has ended is asked to end
_LATE_S = 180.0  # how long after its deadline the terminal is still listened to
_BUSY_PAUSE_S = 0.5
_IN_FLIGHT_S = 2.0  # bytes of a line that broke may arrive for so long
_REMEMBERED = 256


class ZvtTerminal:
    """A supervised device and a PaymentTerminal in one; all traffic is on the device's own thread."""

    kind = "payment_terminal"
    beat_s = 10.0  # a look every three seconds, and within a conversation at each of its turns

    def __init__(
        self,
        name: str,
        connect: Callable[[], Wire],
        password: int = 0,
        charset: str = "cp437",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connect` raises DeviceGone or DeviceTimeout; `password` is the terminal's, of six digits."""
        self.name = name
        self._connect = connect
        self._password = password
        self._charset = charset
        self._clock = clock
        self._dialogue: Dialogue | None = None
        self._open = threading.Event()
        self._lock = threading.Lock()
        self._jobs: deque[Payment | Errand[Any]] = deque()
        self._payments: OrderedDict[str, Payment] = OrderedDict()
        self._tell: dict[str, Callable[[PayStep], None]] = {}
        self._send: Send | None = None  # while something is asked of the terminal
        self._trouble = ""
        self._last: Told | None = None  # the terminal's last receipt
        self._last_is_fresh = False

    # -- for those who pay, from any thread

    def mark(self, deadline_s: float) -> str:
        """See `devices.ports.PaymentTerminal.mark`: the terminal's last receipt, empty where it told none."""
        return self._errand(self._mark, self._clock() + deadline_s)[1] or ""

    def pay(self, cents: int, reference: str, tell: Callable[[PayStep], None], deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.pay`; a reference that is known is not paid again but looked up here."""
        deadline = self._clock() + deadline_s
        if not 0 < cents <= zvt.LARGEST_CENTS:
            return PayResult(PayOutcome.DECLINED, why="not an amount")
        payment = Payment(reference, cents, _now(), deadline)
        with self._lock:
            before = self._payments.setdefault(reference, payment)
            self._tell[reference] = tell
            while len(self._payments) > _REMEMBERED:
                self._tell.pop(self._payments.popitem(last=False)[0], None)
        if before is payment and self._open.wait(max(0.0, min(_SETTLE_S, deadline_s))):
            self._jobs.append(payment)
            self.wake()
            result = payment.outcome(deadline - self._clock())
        else:
            result = before.outcome(0.0 if before is payment else deadline - self._clock())
        log.info("%s: a payment is %s (%s)", self.name, result.outcome.value, result.why)
        return result

    def abort(self) -> None:
        """See `devices.ports.PaymentTerminal.abort`."""
        with self._lock:
            for payment in self._payments.values():
                if payment.phase in {Phase.WAITING, Phase.RUNNING}:
                    payment.abort()
        self.wake()

    def settle(self, reference: str, *, booked: bool, deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.settle`. What was approved and is unsettled for a minute is given back."""
        deadline = self._clock() + deadline_s
        payment = self._payments.get(reference)
        if payment is None:
            return PayResult(PayOutcome.UNKNOWN, why="not a payment of this kiosk since its start")
        payment.settle(booked=booked)
        self.wake()
        result = payment.end(deadline - self._clock())
        if result is None and not payment.lost:
            return PayResult(PayOutcome.UNKNOWN, terminal_ref=payment.terminal_ref, why="the terminal is still at it")
        result = result or self.recover(payment.begun, payment.terminal_ref, deadline - self._clock())
        if result.outcome is PayOutcome.APPROVED and not booked:
            return self.reverse(reference, result.terminal_ref, payment.cents, deadline - self._clock())
        return result

    def recover(self, begun: Begun, terminal_ref: str, deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.recover`: heard here, or judged by the terminal's last receipt."""
        deadline = self._clock() + deadline_s
        payment = self._payments.get(begun.reference)
        if payment is not None and not payment.lost:
            heard = payment.outcome(deadline - self._clock())
            if not payment.lost:
                return heard
        known = payment.known(_now()) if payment is not None else written_down(begun, terminal_ref, _now())
        if known is None:
            return PayResult(
                PayOutcome.UNKNOWN, why="nothing was written down that would tell this payment from others"
            )
        result = self._errand(lambda: self._look_up(known, payment, deadline), deadline)[1]
        return result or PayResult(PayOutcome.UNKNOWN, terminal_ref=terminal_ref, why="the terminal cannot be asked")

    def reverse(self, reference: str, terminal_ref: str, cents: int, deadline_s: float) -> PayResult:
        """See `devices.ports.PaymentTerminal.reverse`; a whole payment by its receipt number, never a part of it."""
        deadline = self._clock() + deadline_s
        payment = self._payments.get(reference)
        if payment is not None and payment.phase is Phase.HELD:
            return self.settle(reference, booked=False, deadline_s=deadline_s)
        told = zvt.from_terminal_ref(terminal_ref or (payment.terminal_ref if payment is not None else ""))
        if told is None or told.receipt is None or told.cents != cents:
            return PayResult(PayOutcome.DECLINED, why="not a payment that the terminal told, or not the whole of it")
        receipt = told.receipt
        begun, result = self._errand(lambda: self._give_back(receipt, cents, payment, deadline), deadline)
        if result is None:
            outcome = PayOutcome.UNKNOWN if begun else PayOutcome.DECLINED
            result = PayResult(outcome, terminal_ref=terminal_ref, why="the terminal cannot be asked")
        if payment is not None and result.outcome is PayOutcome.UNKNOWN:
            payment.doubt(_now())
        return result

    def _errand(self, ask: Callable[[], Answer], deadline: float) -> tuple[bool, Answer | None]:
        """Whether the terminal was asked at all, and its answer if there is one."""
        if not self._open.wait(max(0.0, deadline - self._clock())):
            return False, None
        errand = Errand(ask, deadline)
        self._jobs.append(errand)
        if not self._open.is_set():
            errand.drop()
        self.wake()
        return errand.wait(deadline - self._clock())

    # -- for the supervisor, on the device's thread

    def open(self) -> None:
        """Connect, register and learn the last receipt; raises DeviceGone or DeviceTimeout."""
        self._dialogue = Dialogue(self._connect(), self._charset, self._beat, self._clock)
        registered = self._dialogue.ask(zvt.registration(self._password), _SHORT_S)
        if not registered.done:
            label = self._dialogue.wire.link.label
            raise DeviceTimeout(f"{label}: the terminal refuses the registration (code {registered.code:02X})")
        self._refresh(self._dialogue)
        self._open.set()

    def run(self, send: Send, stop: threading.Event) -> None:
        """Do what is asked and see how the terminal is; raises DeviceGone or DeviceTimeout."""
        while (dialogue := self._dialogue) is not None and not stop.is_set():
            if self._jobs:
                self._send = send
                try:
                    self._work_off(dialogue, self._jobs.popleft(), stop)
                finally:
                    self._send = None
                continue
            pulse = _pulse(self._state(dialogue) if self._last_is_fresh else self._refresh(dialogue))
            self._trouble = pulse.trouble
            send(pulse)
            until = self._clock() + _POLL_S
            while not self._jobs and not stop.is_set() and (left := until - self._clock()) > 0:
                message = dialogue.wire.receive(left)
                if message is not None:
                    dialogue.answer_idle(message)

    def wake(self) -> None:
        """End the pause between two looks at the terminal, or a wait within a conversation."""
        dialogue = self._dialogue
        if dialogue is not None:
            dialogue.wire.link.wake()

    def close(self) -> None:
        """Hang up; what was not begun is not paid, what was begun is to be looked up."""
        self._open.clear()
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.wire.link.close()
        with self._lock:
            payments = list(self._payments.values())
        for payment in payments:
            payment.lose(_now())
        while self._jobs:
            job = self._jobs.popleft()
            if isinstance(job, Errand):
                job.drop()
            elif job.begin(None):
                job.finish(PayOutcome.DECLINED, "the terminal cannot be reached")

    def _work_off(self, dialogue: Dialogue, job: Payment | Errand[Any], stop: threading.Event) -> None:
        if not self._last_is_fresh and isinstance(job, Payment):
            self._refresh(dialogue)
        self._last_is_fresh = False
        if isinstance(job, Errand):
            job.run()
        elif job.begin(self._last):
            self._pay(dialogue, job, stop)

    def _pay(self, dialogue: Dialogue, payment: Payment, stop: threading.Event) -> None:
        left = payment.deadline - self._clock()
        if payment.aborting or left <= 0:
            outcome = PayOutcome.ABORTED if payment.aborting else PayOutcome.DECLINED
            payment.finish(outcome, "over before the terminal was asked")
            return
        held, ask_to_end_at = Held(payment, self._clock), payment.deadline - min(_ABORT_AHEAD_S, left / 4)

        def tell(step: PayStep) -> None:
            try:
                self._tell.get(payment.reference, _nobody)(step)
            except Exception as error:  # noqa: BLE001 - the listener's mistake must not cost the payment's end
                log.warning("%s: a step could not be told (%s)", self.name, type(error).__name__)

        def wants_end() -> bool:
            over = payment.aborting or stop.is_set() or self._clock() > ask_to_end_at
            return over and payment.phase is Phase.RUNNING

        listener = Listener(held.answer, tell, wants_end, stop.is_set)
        conclude(payment, dialogue.ask(zvt.authorisation(payment.cents), left + _LATE_S, listener), held)
        payment.lose(_now())

    # -- what else is asked of the terminal

    def _state(self, dialogue: Dialogue) -> int:
        """The terminal's status code, 0 when it is ready."""
        heard = dialogue.ask(zvt.status_enquiry(self._password), _SHORT_S)
        if not heard.done:
            return heard.code
        try:
            return zvt.terminal_status(heard.data)
        except ZvtMalformed:
            return 0xFF

    def _refresh(self, dialogue: Dialogue) -> int:
        """Learns the last receipt, by which a payment is known from those before it; the terminal's status code."""
        state = self._state(dialogue)
        self._last = self._last_receipt(dialogue).told if state == 0 else None
        self._last_is_fresh = state == 0
        return state

    def _mark(self) -> str:
        dialogue = self._dialogue
        if dialogue is not None:
            self._refresh(dialogue)
        return zvt.mark(self._last) if self._last is not None else ""

    def _beat(self) -> None:
        """Tells the supervisor that a conversation goes on, which may take minutes."""
        if self._send is not None:
            self._send(Pulse(self._trouble))

    def _last_receipt(self, dialogue: Dialogue) -> Heard:
        heard = dialogue.ask(zvt.repeat_receipt(self._password), _SHORT_S)
        return heard if heard.done else replace(heard, told=None)

    def _look_up(self, known: Known, payment: Payment | None, deadline: float) -> PayResult:
        """Judge by the last receipt of a terminal at rest; what is not there is looked for twice."""
        heard = self._at_rest(deadline)
        if heard is None:
            return PayResult(PayOutcome.UNKNOWN, why="the terminal is not at rest")
        outcome = judge(known, heard.told)
        if outcome is PayOutcome.ABORTED:
            if self._clock() + _IN_FLIGHT_S > deadline:
                return PayResult(PayOutcome.UNKNOWN, why="no time to look twice")
            self._pause(_IN_FLIGHT_S)
            heard = self._at_rest(deadline) or Heard()
            outcome = judge(known, heard.told)
        if outcome is PayOutcome.APPROVED and self._is_anothers(heard.told, payment):
            return PayResult(PayOutcome.UNKNOWN, why="asked too late: the last receipt is that of another payment")
        last = heard.told if outcome is PayOutcome.APPROVED else None
        receipt = zvt.customers_receipt(heard.lines) if last is not None else ()
        why = "by the terminal's last receipt"
        if payment is not None and outcome is not PayOutcome.UNKNOWN:
            payment.finish(outcome, why, receipt, last)
        if last is None:
            return PayResult(outcome, why=why)
        return PayResult(outcome, known.cents, zvt.terminal_ref(last), receipt, why)

    def _is_anothers(self, last: Told | None, payment: Payment | None) -> bool:
        with self._lock:
            others = [one for one in self._payments.values() if one is not payment]
        return last is not None and any(one.has(last) for one in others)

    def _at_rest(self, deadline: float) -> Heard | None:
        """The last receipt, once the terminal is ready; None when it is not by then."""
        while (dialogue := self._dialogue) is not None:
            if self._state(dialogue) == 0:
                return self._last_receipt(dialogue)
            if self._clock() + _BUSY_PAUSE_S > deadline:
                return None
            self._pause(_BUSY_PAUSE_S)
        return None

    def _pause(self, seconds: float) -> None:
        """Let time go by, listening."""
        self._beat()
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0 and (dialogue := self._dialogue) is not None:
            message = dialogue.wire.receive(left)
            if message is not None:
                dialogue.answer_idle(message)

    def _give_back(self, receipt: int, cents: int, payment: Payment | None, deadline: float) -> PayResult:
        dialogue = self._dialogue
        if dialogue is None:
            return PayResult(PayOutcome.DECLINED, why="the terminal is gone")
        limit = max(ANSWER_S, deadline - self._clock())
        heard = dialogue.ask(zvt.reversal(self._password, receipt), limit)
        why = f"code {heard.code:02X}"
        if heard.told is not None and heard.told.approved:
            if not heard.done or heard.told.cents not in {None, cents}:
                return PayResult(PayOutcome.UNKNOWN, why="another amount was given back, or it came to no end")
        elif heard.code != zvt.ALREADY_REVERSED:
            outcome = PayOutcome.UNKNOWN if heard.done and heard.told is None else PayOutcome.DECLINED
            return PayResult(outcome, why=why)
        receipt_lines = zvt.customers_receipt(heard.lines)
        if payment is not None:
            payment.finish(PayOutcome.ABORTED, "given back", receipt_lines)
        return PayResult(PayOutcome.ABORTED, 0, "", receipt_lines, "given back")


def _pulse(state: int) -> Pulse:
    if state == zvt.BUSY:
        return Pulse(note="the terminal is busy")
    return Pulse(trouble=f"the terminal is not ready (status {state:02X})" if state else "")


def _nobody(_: PayStep) -> None:
    """Listens to steps that nobody else listens to."""


def _now() -> datetime:
    """Local time, as a terminal's clock and its receipts have it."""
    return datetime.now(UTC).astimezone()
