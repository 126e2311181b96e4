"""Payments and their reversals over the Terminal API: each sent once at most, and asked about until it is known.

A payment's ServiceID follows from its reference, so that the terminal can be asked about it after any loss or restart.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from devices.payment_terminal import nexo_messages as nexo
from devices.payment_terminal.nexo_line import Deadline
from devices.payment_terminal.nexo_messages import PAYMENT, REVERSAL, Progress
from devices.payment_terminal.nexo_talk import NexoTalk, now_text
from devices.payment_terminal.nexo_turn import Turn
from devices.ports import DeviceFault, PayOutcome, PayResult, PayStep

log = logging.getLogger(__name__)

_REMEMBERED = 4096
_POLL_S = 0.3
_STILL_IN_FLIGHT_S = 2.0  # what left a broken connection may yet reach the terminal: "not found" is asked for twice
_ABORT_S = 2.0
_STOP_S = 1.5
_MOST_REVERSALS = 8
_NEVER_HEARD = "the terminal never heard of it"
_UNTOLD = PayResult(PayOutcome.UNKNOWN, why="nobody could tell in time")
_FORGOTTEN = PayResult(PayOutcome.UNKNOWN, why="the terminal does not know it any more")


class NexoPayments:
    """What this kiosk asked of its terminal; used by the device's thread only."""

    def __init__(self, name: str) -> None:
        """`name` is the device's, for the log."""
        self._name = name
        self._results: OrderedDict[str, PayResult | None] = (
            OrderedDict()
        )  # None: asked, and not known what became of it

    def known(self, reference: str) -> PayResult | None:
        """Its result, if that is sure."""
        return self._results.get(reference)

    def pay(self, talk: NexoTalk, turn: Turn, cents: int, reference: str, tell: Callable[[PayStep], None]) -> PayResult:
        """See `devices.ports.PaymentTerminal.pay`."""
        if reference in self._results:
            return self.known(reference) or self._told(talk, turn, reference, "", cents)
        if turn.abort_wanted or turn.stop.is_set():
            return PayResult(PayOutcome.ABORTED, why="stopped before the terminal was asked")
        service = nexo.service_id(PAYMENT, reference)
        head = talk.header(PAYMENT, service)
        try:
            call = talk.call(turn.deadline)
        except DeviceFault as fault:
            return PayResult(PayOutcome.DECLINED, why=f"nothing was sent: {fault}")
        self._keep(reference, None)
        turn.on(call)
        try:
            talk.say(call, head, nexo.payment(cents, reference, now_text()), turn.deadline)
            self._tell(tell)
            answer = talk.hear(call, head, turn.deadline, lambda: self._abort_if_wanted(talk, turn, PAYMENT, service))
            result = nexo.read_payment(answer, reference, cents)
        except (DeviceFault, nexo.NexoMessageError) as fault:
            log.warning("%s: a payment's answer was lost: %s", self._name, fault)
            result = _UNTOLD
        finally:
            turn.on(None)
            call.close()
        if result.outcome is PayOutcome.UNKNOWN:
            result = self._told(talk, turn, reference, "", cents)
        return self._keep(reference, result)

    def recover(
        self, talk: NexoTalk, turn: Turn, reference: str, terminal_ref: str, cents: int | None = None
    ) -> PayResult:
        """See `devices.ports.PaymentTerminal.recover`. What still runs is stopped: nobody stands behind it."""
        known = self.known(reference)
        if known is not None:
            return known
        turn.abort_wanted = True
        result = self._told(talk, turn, reference, terminal_ref, cents)
        if result.outcome is PayOutcome.APPROVED:
            so_far = self._reversed_so_far(talk, turn, reference, "all")
            result = so_far if isinstance(so_far, PayResult) and so_far.outcome is not PayOutcome.DECLINED else result
        return self._keep(reference, result)

    def settle(self, talk: NexoTalk, turn: Turn, reference: str, *, booked: bool) -> PayResult:
        """See `devices.ports.PaymentTerminal.settle`; nexo knows no settling, so that only "not booked" is told."""
        paid = self.recover(talk, turn, reference, "")
        if booked or paid.outcome is not PayOutcome.APPROVED:
            return paid
        return self.reverse(talk, turn, reference, paid.terminal_ref, paid.cents)

    def reverse(self, talk: NexoTalk, turn: Turn, reference: str, terminal_ref: str, cents: int) -> PayResult:
        """See `devices.ports.PaymentTerminal.reverse`. The same `cents` of one payment are given back once only."""
        paid = self.recover(talk, turn, reference, terminal_ref)
        ref = paid.terminal_ref or terminal_ref
        if paid.why == nexo.GIVEN_BACK or (paid.outcome is PayOutcome.UNKNOWN and paid != _FORGOTTEN):
            return paid
        if paid.outcome in {PayOutcome.DECLINED, PayOutcome.ABORTED} or 0 < paid.cents < cents:
            return PayResult(PayOutcome.DECLINED, why="so much was never paid")
        whole = paid.cents == cents
        result = self._give_back(talk, turn, reference, ref, None if whole else cents, cents)
        if whole and result.outcome is PayOutcome.ABORTED:
            self._results[reference] = result
        return result

    # -- within

    def _told(self, talk: NexoTalk, turn: Turn, reference: str, terminal_ref: str, cents: int | None) -> PayResult:
        """What the terminal says became of a payment."""
        told = self._look_up(talk, turn, PAYMENT, nexo.service_id(PAYMENT, reference), sure=True)
        if told is Progress.NOT_FOUND:
            return _FORGOTTEN if terminal_ref else PayResult(PayOutcome.ABORTED, why=_NEVER_HEARD)
        if isinstance(told, Progress):
            return _UNTOLD
        try:
            return nexo.read_payment(told, reference, cents)
        except nexo.NexoMessageError as error:
            return PayResult(PayOutcome.UNKNOWN, why=str(error))

    def _look_up(
        self, talk: NexoTalk, turn: Turn, category: str, service: str, *, sure: bool
    ) -> Progress | Mapping[str, Any]:
        """Asks until there is a response, or NOT_FOUND (`sure`: found so twice), or UNTOLD when the time is up."""
        again: Deadline | None = None
        while True:
            turn.beat()
            told = talk.status(category, service, turn.deadline)
            if not isinstance(told, Progress) or told is Progress.NOT_KEPT:
                return told
            if told is Progress.NOT_FOUND:
                again = again or Deadline(_STILL_IN_FLIGHT_S if sure else 0.0)
                if not again.left():
                    return told
            elif told is Progress.RUNNING:
                again = None
                if category == PAYMENT:
                    self._abort_if_wanted(talk, turn, category, service)
            if turn.stop.wait(min(_POLL_S, turn.deadline.left())) or not turn.deadline.left():
                return Progress.UNTOLD

    def _reversed_so_far(self, talk: NexoTalk, turn: Turn, reference: str, what: str) -> PayResult | int:
        """What became of the last reversal; or the number of the next, where none is under way or done."""
        refused = PayResult(PayOutcome.DECLINED, why="refused too often")
        for number in range(1, _MOST_REVERSALS + 1):
            told = self._look_up(talk, turn, REVERSAL, _reversal_id(reference, what, number), sure=False)
            if told is Progress.NOT_FOUND or told is Progress.NOT_KEPT:
                return number
            result = _UNTOLD if isinstance(told, Progress) else _reversal(told, None)
            if result.outcome is not PayOutcome.DECLINED:
                return result
        return refused

    def _give_back(
        self, talk: NexoTalk, turn: Turn, reference: str, ref: str, part: int | None, cents: int
    ) -> PayResult:
        what = "all" if part is None else str(part)
        so_far = self._reversed_so_far(talk, turn, reference, what)
        if isinstance(so_far, PayResult):
            return so_far
        service = _reversal_id(reference, what, so_far)
        head = talk.header(REVERSAL, service)
        try:
            body = nexo.reversal(ref, part, reference, now_text())
            call = talk.call(turn.deadline)
        except (DeviceFault, nexo.NexoMessageError) as fault:
            return PayResult(PayOutcome.DECLINED, why=f"nothing was sent: {fault}")
        turn.on(call)
        try:
            talk.say(call, head, body, turn.deadline)
            return _reversal(talk.hear(call, head, turn.deadline, lambda: self._look_around(turn)), cents)
        except DeviceFault as fault:
            log.warning("%s: a reversal's answer was lost: %s", self._name, fault)
        finally:
            turn.on(None)
            call.close()
        told = self._look_up(talk, turn, REVERSAL, service, sure=True)
        if told is Progress.NOT_FOUND:
            return PayResult(PayOutcome.DECLINED, why=_NEVER_HEARD)
        return _UNTOLD if isinstance(told, Progress) else _reversal(told, cents)

    def _abort_if_wanted(self, talk: NexoTalk, turn: Turn, category: str, service: str) -> None:
        self._look_around(turn)
        if turn.wants_abort() and talk.abort(category, service, turn.deadline.within(_ABORT_S)):
            turn.abort_was_sent()

    def _look_around(self, turn: Turn) -> None:
        turn.beat()
        if turn.stop.is_set():
            turn.abort_wanted = True
            turn.deadline.shorten(_STOP_S)

    def _tell(self, tell: Callable[[PayStep], None]) -> None:
        try:
            tell(PayStep.CARD)
        except Exception as error:  # noqa: BLE001 - a listener's mistake must not lose a payment that is under way
            log.warning("%s: a step could not be told (%s)", self._name, type(error).__name__)

    def _keep(self, reference: str, result: PayResult | None) -> PayResult:
        sure = result if result is not None and result.outcome is not PayOutcome.UNKNOWN else None
        self._results[reference] = sure
        self._results.move_to_end(reference)
        if len(self._results) > _REMEMBERED:
            self._results.popitem(last=False)
        return result or _UNTOLD


def _reversal_id(reference: str, what: str, number: int) -> str:
    return nexo.service_id(REVERSAL, reference, what, str(number))


def _reversal(answer: Mapping[str, Any], cents: int | None) -> PayResult:
    try:
        return nexo.read_reversal(answer, cents)
    except nexo.NexoMessageError as error:
        return PayResult(PayOutcome.UNKNOWN, why=str(error))
