"""One command to a ZVT terminal and all that it says until it is done; every wait has an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from devices.links.descriptor import DescriptorLink
from devices.payment_terminal import zvt_messages as zvt
from devices.payment_terminal.zvt_apdu import Apdu, ApduReader, ZvtMalformed
from devices.payment_terminal.zvt_messages import Printed, Told
from devices.ports import DeviceTimeout, PayStep
from values import dataclass

ANSWER_S = 5.0  # T3 of the protocol
_LOOK_S = 0.5
_PIECE = 4096
_MOST_LINES = 500


class Wire(Protocol):
    """Messages to and from a terminal; one thread uses it."""

    link: DescriptorLink

    def send(self, message: Apdu) -> None:
        """Raises DeviceGone or DeviceTimeout."""

    def receive(self, timeout_s: float) -> Apdu | None:
        """The next message; None after `timeout_s` or earlier, when woken. Raises DeviceGone or DeviceTimeout."""


class NetworkWire:
    """Messages over TCP: one after the other, without any frame."""

    def __init__(self, link: DescriptorLink) -> None:
        self.link = link
        self._reader = ApduReader()
        self._came: list[Apdu] = []

    def send(self, message: Apdu) -> None:
        """See Wire."""
        self.link.write(message.encode(), ANSWER_S)

    def receive(self, timeout_s: float) -> Apdu | None:
        """See Wire."""
        if not self._came:
            self._came += self._reader.feed(self.link.read(_PIECE, timeout_s))
        return self._came.pop(0) if self._came else None


@dataclass
class Heard:
    """How a command ended. `refused`: not even begun, with the code; else `code` is 0 for a completion."""

    code: int = 0
    refused: bool = False
    data: bytes = field(default=b"", repr=False)
    told: Told | None = None
    lines: list[Printed] = field(default_factory=list, repr=False)

    @property
    def done(self) -> bool:
        """Whether the terminal says that it did what was asked."""
        return not self.refused and self.code == 0


@dataclass(frozen=True)
class Listener:
    """Who listens meanwhile. `answer` answers a result, None being one that cannot be read.

    `wants_end`: the terminal is to be asked for an abort, once. `must_end`: it is not waited for any longer.
    """

    answer: Callable[[Told | None], Apdu] = lambda _: zvt.DONE
    tell: Callable[[PayStep], None] = lambda _: None
    wants_end: Callable[[], bool] = lambda: False
    must_end: Callable[[], bool] = lambda: False


class Dialogue:
    """The kiosk's side of the conversation on one connection."""

    def __init__(
        self, wire: Wire, charset: str, beat: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`beat` is called twice a second while a command goes on."""
        self.wire = wire
        self._charset = charset
        self._beat = beat
        self._clock = clock

    def ask(self, command: Apdu, limit_s: float, listener: Listener | None = None) -> Heard:
        """Sends the command once and listens to its end; raises DeviceGone, or DeviceTimeout when it never comes."""
        listener = listener or Listener()
        until = self._clock() + limit_s
        self.wire.send(command)
        refusal = self._begun(min(until, self._clock() + ANSWER_S))
        if refusal:
            return Heard(refusal, refused=True)
        heard, asked_to_end = Heard(), False
        while True:
            self._beat()
            if not asked_to_end and listener.wants_end():
                asked_to_end = True
                self.wire.send(Apdu(zvt.ABORT))
            if self._clock() >= until or listener.must_end():
                raise DeviceTimeout(f"{self.wire.link.label}: the terminal came to no end")
            message = self.wire.receive(max(0.0, min(_LOOK_S, until - self._clock())))
            if message is not None and self._heard(message, heard, listener):
                return heard

    def _begun(self, until: float) -> int:
        """0 once the terminal has taken the command, else its code; what it says before belongs to nothing."""
        while (left := until - self._clock()) > 0:
            message = self.wire.receive(left)
            if message is None:
                continue
            if message.control == 0x8000:
                return 0
            if zvt.is_answer(message):
                return message.control & 0xFF or 0xFF
            self.answer_idle(message)
        raise DeviceTimeout(f"{self.wire.link.label}: the terminal does not answer")

    def answer_idle(self, message: Apdu) -> None:
        """Answers what the terminal says of its own accord: it may, but nothing comes of it."""
        if not zvt.is_answer(message):
            self.wire.send(zvt.DONE if message.control in _UNDERSTOOD else zvt.NOT_POSSIBLE)

    def _heard(self, message: Apdu, heard: Heard, listener: Listener) -> bool:
        """Answers one message; True at the end."""
        if zvt.is_answer(message):
            return False  # to the wish to end; what came of it follows
        answer = zvt.DONE
        if message.control == zvt.STATUS_INFORMATION:
            heard.told = _told(message.data)
            answer = listener.answer(heard.told)
        elif message.control == zvt.INTERMEDIATE:
            if (now := zvt.step(message.data)) is not None:
                listener.tell(now)
        elif message.control in {zvt.PRINT_LINE, zvt.PRINT_BLOCK}:
            self._print(message, heard)
        elif message.control == zvt.ABORTED:
            heard.code = zvt.code(message.data) or 0xFF
        elif message.control == zvt.COMPLETION:
            heard.data = message.data
        else:
            answer = zvt.NOT_POSSIBLE
        self.wire.send(answer)
        return message.control in {zvt.COMPLETION, zvt.ABORTED}

    def _print(self, message: Apdu, heard: Heard) -> None:
        read = zvt.print_line if message.control == zvt.PRINT_LINE else zvt.print_block
        try:
            lines = read(message.data, self._charset)
        except ZvtMalformed:
            return  # a line less on paper; the payment's outcome does not hang on it
        heard.lines += lines[: max(0, _MOST_LINES - len(heard.lines))]


_UNDERSTOOD = frozenset(
    {zvt.STATUS_INFORMATION, zvt.INTERMEDIATE, zvt.PRINT_LINE, zvt.PRINT_BLOCK, zvt.ABORTED, zvt.COMPLETION}
)


def _told(data: bytes) -> Told | None:
    try:
        return zvt.told(data)
    except ZvtMalformed:
        return None
