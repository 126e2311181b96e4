"""A terminal of the Terminal API as a process: the real wire, a keypad on the control socket, and many a bad day."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from devices.payment_terminal.nexo_crypto import (
    REQUEST,
    RESPONSE,
    NexoEnvelopeError,
    NexoKeys,
    Opened,
    derive_keys,
    seal,
    unseal,
)
from devices.simulators.control import Arguments, ControlError, ControlServer, plain, telling
from devices.simulators.loop import Loop
from devices.simulators.nexo_certificate import server_context
from devices.simulators.nexo_ledger import Ledger, Payment, failure
from devices.simulators.nexo_wire import Caller, NexoWire

POI = "P400Plus-000000001"
NAME = f"{POI}.test.terminal.adyen.com"
KEY_IDENTIFIER = "kiosk"
_PATIENCE_S = 120.0
_STATES = {"running": "asks for a card", "cancelled": "cancelled by key"}
_KEYS = {"approve": "approved", "decline": "declined", "cancel": "cancelled"}
FAULTS = (
    "none",
    "lose-request",
    "lose-line",
    "not-found",
    "silent",
    "wrong-hmac",
    "wrong-header",
    "plaintext",
    "garbage",
    "truncate",
    "http-500",
    "endless",
)


class PaymentNexoSimulator:
    """The terminal; `keys` is a folder with `passphrase` (made where it is missing) and `ca.pem` (always made)."""

    def __init__(self, loop: Loop, address: tuple[str, int], control: Path, keys: Path) -> None:
        self._loop = loop
        self._keys = _keys(keys)
        self._ledger = Ledger()
        self._waiting: Caller | None = None  # who hears what becomes of the payment that runs
        self._head: Mapping[str, Any] = {}
        self._auto, self._auto_s, self._delay_s = "none", 0.0, 0.0
        self._busy = 0
        self._health = "OK"
        self._fault, self._fault_count, self._fault_in = "none", 0, ""
        self._asked: Counter[str] = Counter()
        self._wire = NexoWire(loop, address, server_context(keys, NAME), self._received)
        self._wire.plug()
        ControlServer(loop, control, self._commands())

    def _commands(self) -> Mapping[str, Any]:
        return {
            **{key: partial(self._press, key) for key in _KEYS},
            "approve-lost": plain(self._approve_lost),
            "auto": self._set_auto,
            "delay": self._set_delay,
            "busy": self._set_busy,
            "health": self._set_health,
            "fault": self._set_fault,
            "forget": plain(self._ledger.forget),
            "unplug": plain(self._wire.unplug),
            "plug": plain(self._wire.plug),
            "status": telling(self._status),
        }

    # -- the keypad and the bad days

    def _press(self, key: str, arguments: Arguments) -> None:
        after = arguments.seconds("after", 0.0)
        arguments.done()
        one = self._at_keypad()
        if after:
            self._loop.later(after, lambda: self._finish(one, _KEYS[key]))
        else:
            self._finish(one, _KEYS[key])

    def _approve_lost(self) -> None:
        """Approve, and let the answer to it never arrive."""
        one = self._at_keypad()
        self._fault, self._fault_count, self._fault_in = "lose-line", 1, "Payment"
        self._finish(one, "approved")

    def _at_keypad(self) -> Payment:
        one = self._ledger.running
        if one is None:
            raise ControlError("the terminal asks for no payment")
        return one

    def _set_auto(self, arguments: Arguments) -> None:
        key, seconds = arguments.text("key"), arguments.seconds("seconds")
        arguments.done()
        if key not in {"none", *_KEYS}:
            raise ControlError(f"key must be one of none, {', '.join(_KEYS)}")
        self._auto, self._auto_s = key, seconds

    def _set_delay(self, arguments: Arguments) -> None:
        seconds = arguments.seconds("seconds")
        arguments.done()
        self._delay_s = seconds

    def _set_busy(self, arguments: Arguments) -> None:
        count = arguments.count("count", 1)
        arguments.done()
        self._busy = count or 0

    def _set_health(self, arguments: Arguments) -> None:
        state = arguments.text("state")
        arguments.done()
        self._health = state

    def _set_fault(self, arguments: Arguments) -> None:
        kind, count, category = arguments.text("kind"), arguments.count("count"), arguments.text("category", "Payment")
        arguments.done()
        if kind not in FAULTS:
            raise ControlError(f"kind must be one of {', '.join(FAULTS)}")
        self._fault, self._fault_count, self._fault_in = kind, 1 << 30 if count is None else count, category

    def _fault_of(self, category: str, *only: str) -> str:
        hits = self._fault_count > 0 and self._fault_in in {category, ""} and (not only or self._fault in only)
        if not hits:
            return "none"
        self._fault_count -= 1
        return self._fault

    def _status(self) -> Mapping[str, Any]:
        last = self._ledger.payments[-1] if self._ledger.payments else None
        return {
            "plugged": self._wire.plugged,
            "screen": "card" if self._ledger.running else "idle",
            "amount": last.cents if last else None,
            "state": _STATES.get(last.state, last.state) if last else "waits",
            "auto": self._auto,
            "fault": self._fault if self._fault_count else "none",
            "asked": dict(self._asked),
            "ledger": [one.facts() for one in self._ledger.payments],
        }

    # -- the wire

    def _received(self, caller: Caller, data: bytes) -> None:
        try:
            opened = unseal(REQUEST, data, self._keys)
            category = str(opened.header["MessageCategory"])
            request = opened.body[f"{category}Request"]
            self._loop.transcript.heard(data, "sealed, within: " + json.dumps(opened.body))
            self._asked[category] += 1
            if self._fault_of(category, "lose-request") != "none":
                caller.hang_up()
                return
            self._act(caller, opened, category, request)
        except (NexoEnvelopeError, KeyError, TypeError, ValueError, ArithmeticError):
            self._loop.transcript.heard(data, "not to be understood")
            reject = {"EventNotification": {"EventToNotify": "Reject", "EventDetails": "simulated"}}
            caller.answer(json.dumps({REQUEST: reject}).encode())

    def _act(self, caller: Caller, opened: Opened, category: str, request: Mapping[str, Any]) -> None:
        head, service = opened.header, str(opened.header["ServiceID"])
        match category:
            case "Payment":
                self._pay(caller, head, request)
            case "Abort":
                self._abort(request["MessageReference"])
                caller.answer(b"")
            case "TransactionStatus":
                self._say(caller, head, self._what_became_of(request["MessageReference"]))
            case "Reversal":
                response = self._ledger.give_back(request)
                self._ledger.said["Reversal", service] = _repeatable(head, response)
                self._say(caller, head, response)
            case "Diagnosis":
                busy = self._ledger.running is not None and self._health == "OK"
                state = {"GlobalStatus": "Busy" if busy else self._health, "CommunicationOKFlag": True}
                self._say(caller, head, {"Response": {"Result": "Success"}, "POIStatus": state})
            case _:
                self._say(caller, head, failure("MessageFormat"))

    def _pay(self, caller: Caller, head: Mapping[str, Any], request: Mapping[str, Any]) -> None:
        if self._busy or self._ledger.running:
            self._busy = max(0, self._busy - 1)
            self._ledger.said["Payment", str(head["ServiceID"])] = _repeatable(head, failure("Busy"))
            self._say(caller, head, failure("Busy"))
            return
        one = self._ledger.begin(str(head["ServiceID"]), request)
        self._waiting, self._head = caller, head
        self._loop.later(_PATIENCE_S, lambda: self._finish(one, "cancelled"))
        if self._auto != "none":
            self._loop.later(self._auto_s, lambda: self._finish(one, _KEYS[self._auto]))

    def _abort(self, named: Mapping[str, Any]) -> None:
        one = self._ledger.running
        if one is not None and (one.service, named["MessageCategory"]) == (named["ServiceID"], "Payment"):
            self._finish(one, "aborted")

    def _finish(self, one: Payment, state: str) -> None:
        """The card has been read, or will not be: from now on the ledger says what became of it."""
        if one.state != "running":
            return
        one.state = state
        head, caller, response = self._head, self._waiting, one.response()
        self._waiting = None
        self._ledger.said["Payment", one.service] = _repeatable(head, response)
        if caller is not None and self._delay_s:
            self._loop.later(self._delay_s, lambda: self._say(caller, head, response))
        elif caller is not None:
            self._say(caller, head, response)

    def _what_became_of(self, named: Mapping[str, Any]) -> dict[str, Any]:
        running = self._ledger.running
        if running is not None and (running.service, named["MessageCategory"]) == (named["ServiceID"], "Payment"):
            return failure("InProgress")
        said = self._ledger.said.get((str(named["MessageCategory"]), str(named["ServiceID"])))
        if said is None:
            return failure("NotFound")
        return {"Response": {"Result": "Success"}, "MessageReference": dict(named), "RepeatedMessageResponse": said}

    def _say(self, caller: Caller, head: Mapping[str, Any], response: Mapping[str, Any]) -> None:
        category = str(head["MessageCategory"])
        told = {**head, "MessageType": "Response"}
        body = {f"{category}Response": response}
        fault = self._fault_of(category)
        if fault == "wrong-header":
            told["ServiceID"] = "0000000000"  # another payment's answer, and another answer
            body = {f"{category}Response": failure("Refusal")}
        elif fault == "not-found":
            body = {f"{category}Response": failure("NotFound")}
        data = seal(RESPONSE, told, body, self._keys, secrets.token_bytes(16))
        if fault == "wrong-hmac":
            envelope = json.loads(data)
            envelope[RESPONSE]["SecurityTrailer"]["Hmac"] = "A" * 43 + "="
            data = json.dumps(envelope).encode()
        elif fault == "plaintext":
            data = json.dumps({RESPONSE: {"MessageHeader": told, **body}}).encode()
        badly: Mapping[str, Callable[[], None]] = {
            "lose-line": caller.hang_up,
            "silent": lambda: None,
            "garbage": lambda: caller.say(secrets.token_bytes(300)),
            "truncate": lambda: caller.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + data[:200]),
            "http-500": lambda: caller.say(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
            "endless": lambda: caller.say(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 4_000_000),
        }
        badly.get(fault, lambda: caller.answer(data, "sealed, within: " + json.dumps(body)))()


def _keys(folder: Path) -> NexoKeys:
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "passphrase"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24) + "\n", "utf-8")
    return derive_keys(secret.read_text("utf-8").strip(), KEY_IDENTIFIER, 1)


def _repeatable(head: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    category = head["MessageCategory"]
    told = {**head, "MessageType": "Response"}
    return {"MessageHeader": told, "RepeatedResponseMessageBody": {f"{category}Response": response}}
