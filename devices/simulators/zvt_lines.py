"""The simulated payment terminal's side of its line: messages over TCP, or in blocks with ACK and NAK on a pty."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from devices.payment_terminal.zvt_apdu import Apdu, ApduReader, ZvtMalformed, decode
from devices.payment_terminal.zvt_serial import Block, BlockReader, Sign, encode_block
from devices.simulators.loop import Loop
from devices.simulators.port import SimulatedPort
from devices.simulators.printer import Socket

_ACK, _NAK = b"\x06", b"\x15"
_TRIES = 3
_GIVES_UP_S = 5.0  # a till that answers at all answers at once
Answered = Callable[[Apdu], None]


def _nothing(_: Apdu) -> None:
    """Comes of most answers."""


class _Caller(Socket):
    """Tells also when whoever called is gone."""

    def __init__(
        self, loop: Loop, listen: tuple[str, int], received: Callable[[bytes], None], gone: Callable[[], None]
    ) -> None:
        super().__init__(loop, listen, received)
        self._gone = gone

    def _hang_up(self) -> None:
        super()._hang_up()
        self._gone()


class _Line:
    """One message after the other: the next is said when the last one was answered."""

    def __init__(self, message: Callable[[Apdu], None], gone: Callable[[], None]) -> None:
        self._message = message
        self._gone = gone
        self._queue: deque[tuple[Apdu, Answered]] = deque()
        self._open: Answered | None = None

    def say(self, message: Apdu, answered: Answered = _nothing) -> None:
        """Say it when its turn comes."""
        self._queue.append((message, answered))
        self._next()

    def reply(self, message: Apdu) -> None:
        """Answer a command at once."""
        self._put(message)

    def answered(self, answer: Apdu) -> None:
        """The answer to what was said last."""
        answered, self._open = self._open, None
        if answered is not None:
            answered(answer)
        self._next()

    def _next(self) -> None:
        if self._open is None and self._queue:
            message, self._open = self._queue.popleft()
            self._put(message)

    def _forget(self) -> None:
        self._queue.clear()
        self._open = None
        self._gone()

    def _put(self, message: Apdu) -> None:
        raise NotImplementedError


class StreamLine(_Line):
    """Messages over TCP."""

    def __init__(
        self, loop: Loop, wire: tuple[str, int], message: Callable[[Apdu], None], gone: Callable[[], None]
    ) -> None:
        super().__init__(message, gone)
        self._reader = ApduReader()
        self._socket = _Caller(loop, wire, self._received, self._caller_gone)
        self.plug, self.unplug, self.set_deaf = self._socket.plug, self._socket.unplug, self._socket.set_deaf

    @property
    def plugged(self) -> bool:
        """Whether callers find it."""
        return self._socket.plugged

    def _caller_gone(self) -> None:
        self._reader = ApduReader()
        self._forget()

    def _received(self, data: bytes) -> None:
        for one in self._reader.feed(data):
            self._message(one)

    def _put(self, message: Apdu) -> None:
        self._socket.send(message.encode())


class BlockLine(_Line):
    """Messages in blocks; `refuses` of those that come, `spoils` of those that go."""

    def __init__(self, loop: Loop, wire: Path, message: Callable[[Apdu], None], gone: Callable[[], None]) -> None:
        super().__init__(message, gone)
        self.refuses = self.spoils = 0
        self._loop = loop
        self._said = 0
        self._reader = BlockReader()
        self._unacknowledged: deque[tuple[bytes, int]] = deque()  # blocks, and how often they may still go
        self._port = SimulatedPort(loop, wire, self._received)
        self.plug, self.set_deaf = self._port.plug, self._port.set_deaf

    @property
    def plugged(self) -> bool:
        """Whether it is there."""
        return self._port.plugged

    def unplug(self) -> None:
        """Vanish."""
        self._port.unplug()
        self._reader = BlockReader()
        self._unacknowledged.clear()
        self._forget()

    def _received(self, data: bytes) -> None:
        for one in self._reader.feed(data):
            if one is Sign.ACK:
                if self._unacknowledged:
                    self._unacknowledged.popleft()
                self._go()
            elif one is Sign.NAK:
                self._go()
            elif isinstance(one, Block) and self.refuses <= 0:
                self._taken(one)
            else:
                self.refuses = max(0, self.refuses - 1)
                self._port.send(_NAK)

    def _taken(self, block: Block) -> None:
        try:
            message = decode(block.content)
        except ZvtMalformed:
            self._port.send(_NAK)
            return
        self._port.send(_ACK)
        self._message(message)

    def _next(self) -> None:
        waited = self._open is not None
        super()._next()
        if self._open is not None and not waited:
            self._said += 1
            self._loop.later(_GIVES_UP_S, partial(self._give_up, self._said))

    def _give_up(self, said: int) -> None:
        """A serial line does not tell that the till has gone, or that its answer was refused once too often."""
        if self._open is not None and self._said == said:
            self._unacknowledged.clear()
            self._forget()

    def _put(self, message: Apdu) -> None:
        self._unacknowledged.append((encode_block(message.encode()), _TRIES))
        if len(self._unacknowledged) == 1:
            self._go()

    def _go(self) -> None:
        while self._unacknowledged and self._unacknowledged[0][1] <= 0:
            self._unacknowledged.popleft()
        if self._unacknowledged:
            block, left = self._unacknowledged[0]
            self._unacknowledged[0] = block, left - 1
            if self.spoils > 0:
                self.spoils -= 1
                block = block[:-1] + bytes([block[-1] ^ 0xFF])
            self._port.send(block)
