"""The simulated ZVT terminal: its keypad and its troubles on the control socket, its ledger in the status."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from devices.payment_terminal.zvt_apdu import AMOUNT, RECEIPT, Apdu, ZvtMalformed, encode_field, fields, number
from devices.payment_terminal.zvt_messages import (
    ABORT,
    ABORTED,
    ALREADY_REVERSED,
    AUTHORISATION,
    BUSY,
    BY_KEY,
    COMPLETION,
    DONE,
    INTERMEDIATE,
    MORE_TIME,
    NOT_POSSIBLE,
    REGISTRATION,
    REPEAT_RECEIPT,
    REVERSAL,
    STATUS_ENQUIRY,
    STATUS_INFORMATION,
    is_answer,
)
from devices.simulators import decoding
from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.loop import Loop
from devices.simulators.zvt_ledger import Entry, Ledger
from devices.simulators.zvt_lines import BlockLine, StreamLine

_TELL_AGAIN_S = 0.2
_TOLD_S = 0.05  # what was told is on its way for so long
_KEYPAD_S = 120.0  # so long it waits for a card
_DECLINED, _NOT_REGISTERED = 0x05, 0x6B
_INSERT_CARD, _ASKING_HOST, _REVERSING, _REMOVE_CARD = 0x0A, 0x04, 0x05, 0x0B


class _Payment:
    """One payment at the keypad."""

    def __init__(self, cents: int, times: int) -> None:
        self.cents = cents
        self.times_left = times
        self.entry: Entry | None = None  # once the host has approved
        self.orphaned = False  # whoever asked for it hung up


class ZvtSimulator:
    """A terminal's process, on the network or, with a path instead of an address, on a serial line."""

    def __init__(self, loop: Loop, wire: tuple[str, int] | Path, control: Path) -> None:
        self._loop = loop
        loop.transcript.decode = decoding.zvt_serial if isinstance(wire, Path) else decoding.zvt_network
        self._ledger = Ledger()
        self._payment: _Payment | None = None
        self._registered = False
        self._status = 0
        self._auto, self._auto_s = "none", 0.0
        self._lose_when, self._lose_for, self._keeps = "", 0.0, True
        self._seen: dict[str, int] = {}  # how often each command came
        self._line: BlockLine | StreamLine = (
            BlockLine(loop, wire, self._message, self._hung_up)
            if isinstance(wire, Path)
            else StreamLine(loop, wire, self._message, self._hung_up)
        )
        self._line.plug()
        ControlServer(loop, control, self._commands())

    def _commands(self) -> Mapping[str, Any]:
        return {
            "approve": self._approve_command,
            "approve-lost": plain(self._approve_lost),
            "decline": partial(self._refuse_command, _DECLINED),
            "cancel": partial(self._refuse_command, BY_KEY),
            "auto": self._set_auto,
            "lose-line": self._set_lose_line,
            "terminal-status": self._set_status,
            "naks": self._count("refuses"),
            "corrupt": self._count("spoils"),
            "stall": plain(lambda: self._line.set_deaf(deaf=True)),
            "resume": plain(lambda: self._line.set_deaf(deaf=False)),
            "unplug": plain(self._line.unplug),
            "plug": plain(self._line.plug),
            "status": telling(self._tell),
        }

    # -- the keypad

    def _approve_command(self, arguments: Arguments) -> None:
        after = arguments.seconds("after", 0.0)
        arguments.done()
        self._approve(after)

    def _refuse_command(self, code: int, arguments: Arguments) -> None:
        after = arguments.seconds("after", 0.0)
        arguments.done()
        payment = self._at_keypad()
        if after:
            self._loop.later(after, lambda: self._refuse_late(payment, code))
        else:
            self._refuse(code)

    def _refuse_late(self, payment: _Payment, code: int) -> None:
        if self._payment is payment and payment.entry is None:
            self._refuse(code)

    def _approve_lost(self) -> None:
        self._at_keypad()
        self._lose_when, self._lose_for, self._keeps = "approved", 0.5, True
        self._approve(0.0)

    def _approve(self, after_s: float) -> None:
        payment = self._at_keypad()
        self._say(payment, INTERMEDIATE, bytes([_ASKING_HOST]))
        self._loop.later(after_s, lambda: self._approved(payment))

    def _refuse(self, code: int) -> None:
        payment = self._at_keypad()
        self._payment = None
        self._ledger.refused(payment.cents)
        self._say(payment, STATUS_INFORMATION, bytes([0x27, code]))
        self._say(payment, ABORTED, bytes([code]))

    def _at_keypad(self) -> _Payment:
        if self._payment is None or self._payment.entry is not None:
            raise ControlError("no payment waits at the keypad")
        return self._payment

    def _set_auto(self, arguments: Arguments) -> None:
        key, seconds = arguments.text("key"), arguments.seconds("seconds", 0.0)
        arguments.done()
        if key not in {"approve", "decline", "cancel", "none"}:
            raise ControlError("key must be one of none, approve, decline, cancel")
        self._auto, self._auto_s = key, seconds

    def _press_by_itself(self, payment: _Payment) -> None:
        if self._payment is payment and payment.entry is None:
            if self._auto == "approve":
                self._approve(0.0)
            elif self._auto != "none":
                self._refuse(_DECLINED if self._auto == "decline" else BY_KEY)

    # -- troubles

    def _set_lose_line(self, arguments: Arguments) -> None:
        when, seconds = arguments.text("when", "approved"), arguments.seconds("seconds", 0.5)
        keeps = arguments.text("payment", "kept")
        arguments.done()
        if when not in {"asked", "approved", "told", "settled"} or keeps not in {"kept", "reversed"}:
            raise ControlError("when is asked, approved, told or settled; payment is kept or reversed")
        self._lose_when, self._lose_for, self._keeps = when, seconds, keeps == "kept"

    def _loses(self, when: str) -> bool:
        """Cut the line when that was wished for now; it comes back by itself."""
        if self._lose_when != when:
            return False
        self._lose_when = ""
        self._line.unplug()
        self._loop.later(self._lose_for, self._line.plug)
        return True

    def _set_status(self, arguments: Arguments) -> None:
        code = arguments.count("code")
        arguments.done()
        self._status = min(255, code or 0)

    def _count(self, what: str) -> Any:
        def command(arguments: Arguments) -> None:
            count = arguments.count("count", 1)
            arguments.done()
            if not isinstance(self._line, BlockLine):
                raise ControlError("only a serial line has blocks")
            setattr(self._line, what, count)

        return command

    # -- the line

    def _hung_up(self) -> None:
        """Whoever asked for a payment is gone; what was approved and not answered is kept or given back."""
        payment = self._payment
        if payment is None:
            return
        payment.orphaned = True
        if payment.entry is not None:
            self._payment = None
            if not self._keeps:
                self._ledger.give_back(payment.entry)

    def _message(self, message: Apdu) -> None:
        if is_answer(message):
            self._line.answered(message)
            return
        name = f"{message.control >> 8:02x} {message.control & 0xFF:02x}"
        self._seen[name] = self._seen.get(name, 0) + 1
        if message.control == REGISTRATION:
            self._hung_up()
            self._registered = True
        if message.control == ABORT:
            self._line.reply(DONE)
            if self._payment is not None and self._payment.entry is None:
                self._refuse(BY_KEY)
        elif self._payment is not None:
            self._line.reply(Apdu(0x8400 | BUSY))
        elif not self._registered:
            self._line.reply(Apdu(0x8400 | _NOT_REGISTERED))
        else:
            self._carry_out(message)

    def _carry_out(self, message: Apdu) -> None:
        if message.control in {REGISTRATION, STATUS_ENQUIRY}:
            self._line.reply(DONE)
            self._line.say(Apdu(COMPLETION, bytes([self._status]) if message.control == STATUS_ENQUIRY else b""))
        elif message.control == AUTHORISATION:
            self._authorise(message.data)
        elif message.control == REPEAT_RECEIPT and (last := self._ledger.last) is not None:
            self._line.reply(DONE)
            self._tell_and_end(last)
        elif message.control == REVERSAL:
            self._reverse(message.data[3:])
        else:
            self._line.reply(NOT_POSSIBLE)

    def _authorise(self, data: bytes) -> None:
        try:
            given = dict(fields(data))
            payment = _Payment(number(given[AMOUNT]), given.get(0x02, b"\x0a")[0])
        except (ZvtMalformed, KeyError):
            self._line.reply(NOT_POSSIBLE)
            return
        self._payment = payment
        self._line.reply(DONE)
        self._say(payment, INTERMEDIATE, bytes([_INSERT_CARD]))
        self._loop.later(_KEYPAD_S, lambda: self._nobody_came(payment))
        self._loses("asked")
        if self._auto != "none":
            self._loop.later(self._auto_s, lambda: self._press_by_itself(payment))

    def _nobody_came(self, payment: _Payment) -> None:
        if self._payment is payment and payment.entry is None:
            self._refuse(BY_KEY)

    def _approved(self, payment: _Payment) -> None:
        if self._payment is not payment or payment.entry is not None:
            return
        payment.entry = self._ledger.approved(payment.cents)
        if payment.orphaned:
            self._hung_up()
        elif not self._loses("approved"):
            self._tell_result(payment)

    def _tell_result(self, payment: _Payment) -> None:
        entry = payment.entry
        if self._payment is not payment or entry is None:
            return
        payment.times_left -= 1
        self._line.say(Apdu(STATUS_INFORMATION, entry.fields()), lambda answer: self._result_answered(payment, answer))
        self._loop.later(_TOLD_S, self._lose_what_was_told)

    def _lose_what_was_told(self) -> None:
        self._loses("told")

    def _result_answered(self, payment: _Payment, answer: Apdu) -> None:
        entry = payment.entry
        if entry is None or (answer.control == DONE.control and self._loses("settled")):
            return
        if answer.control == MORE_TIME.control and payment.times_left > 0:
            self._loop.later(_TELL_AGAIN_S, lambda: self._tell_result(payment))
            return
        self._payment = None
        if answer.control == DONE.control:
            self._line.say(Apdu(INTERMEDIATE, bytes([_REMOVE_CARD])))
            self._print_and_end(entry)
        else:
            self._line.say(Apdu(INTERMEDIATE, bytes([_REVERSING])))
            self._ledger.give_back(entry)
            self._line.say(Apdu(ABORTED, bytes([_DECLINED])))

    def _reverse(self, data: bytes) -> None:
        try:
            entry = self._ledger.payment(number(dict(fields(data))[RECEIPT]))
        except (ZvtMalformed, KeyError):
            self._line.reply(NOT_POSSIBLE)
            return
        self._line.reply(DONE)
        if entry.reversed:
            self._line.say(Apdu(ABORTED, bytes([ALREADY_REVERSED])))
            return
        back = self._ledger.give_back(entry)
        if not self._loses("approved"):
            self._tell_and_end(back)

    def _tell_and_end(self, entry: Entry) -> None:
        self._line.say(Apdu(STATUS_INFORMATION, entry.fields()))
        self._print_and_end(entry)

    def _print_and_end(self, entry: Entry) -> None:
        for message in entry.receipts():
            self._line.say(message)
        self._line.say(Apdu(COMPLETION, encode_field(RECEIPT, entry.fields_receipt())))

    def _say(self, payment: _Payment, control: int, data: bytes) -> None:
        if not payment.orphaned:
            self._line.say(Apdu(control, data))

    def _on_display(self) -> Mapping[str, Any]:
        if self._payment is not None:
            state = "asks for a card" if self._payment.entry is None else "approved, waits for the kiosk"
            return {"amount": self._payment.cents, "state": state}
        return self._ledger.newest()

    def _tell(self) -> Mapping[str, Any]:
        return {
            "plugged": self._line.plugged,
            "registered": self._registered,
            "screen": "card" if self._payment is not None else "idle",
            **self._on_display(),
            "auto": self._auto,
            "waiting": self._payment is not None and self._payment.entry is None,
            "held": self._payment is not None and self._payment.entry is not None,
            "charged": self._ledger.charged,
            "ledger": self._ledger.told(),
            "seen": self._seen,
        }
