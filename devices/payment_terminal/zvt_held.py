"""The result of a payment, held until it is settled, and the payment's end out of the conversation's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal.zvt_apdu import Apdu
from devices.payment_terminal.zvt_dialogue import Heard
from devices.payment_terminal.zvt_messages import Told
from devices.payment_terminal.zvt_payment import Payment
from devices.ports import PayOutcome

_PATIENCE_S = 2.0  # an answer to a result is due within five seconds
_HOLD_S = 60.0  # an approved payment that nobody settles is given back
_UNCLEAR = frozenset({0x66, 0x9A, 0x9B, 0xA1, 0xA3, 0xFF})  # an abort that does not say how far the payment had come


class Held:
    """The answers to the results of one payment: more time until it is settled, for a minute."""

    def __init__(self, payment: Payment, clock: Callable[[], float]) -> None:
        self.told: Told | None = None  # approved
        self.result = 0  # the code of what was not
        self.refused = False  # approved, and answered "not booked"
        self._payment = payment
        self._clock = clock
        self._since: float | None = None

    def answer(self, told: Told | None) -> Apdu:
        """What to say to a result."""
        if told is not None and not told.approved:
            self.result = told.result
            return zvt.DONE
        if told is None or told.cents not in {None, self._payment.cents} or told.reverses is not None:
            self.refused = True
            return zvt.NOT_BOOKED
        self.told = told if told.cents is not None else replace(told, cents=self._payment.cents)
        booked = self._payment.hold(self.told, _PATIENCE_S)
        self._since = self._clock() if self._since is None else self._since
        if booked is None and self._clock() - self._since > _HOLD_S:
            self._payment.settle(booked=False)
            booked = False
        if booked is None:
            return zvt.MORE_TIME
        self.refused = not booked
        return zvt.NOT_BOOKED if self.refused else zvt.DONE


def conclude(payment: Payment, heard: Heard, held: Held) -> None:
    """The payment's end out of the conversation's; where that leaves it open, it stays so."""
    code = held.result or heard.code
    if held.refused:
        if heard.done or heard.code not in {zvt.NO_REVERSAL, zvt.NOT_POSSIBLE.control & 0xFF}:
            payment.finish(PayOutcome.ABORTED, "given back by the terminal, not booked")
    elif held.told is not None:
        if heard.done:
            payment.finish(PayOutcome.APPROVED, receipt=zvt.customers_receipt(heard.lines))
    elif code and (held.result or heard.refused or code not in _UNCLEAR):
        stopped = not heard.refused and (code == zvt.BY_KEY or payment.aborting)
        payment.finish(PayOutcome.ABORTED if stopped else PayOutcome.DECLINED, f"code {code:02X}")
