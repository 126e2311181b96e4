"""A link that plays a case: what comes on it, altered by the case's bytes, and a clock that goes by waiting alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

from devices.ports import DeviceGone

_READ_S = 0.001
_MOST_READS = 4000
Answers = Callable[[bytes], Iterator[bytes]]


def nothing(_: bytes) -> Iterator[bytes]:
    """A device that says nothing to what it is told."""
    return iter(())


class PlayedLink:
    """In place of every link of `devices.links`. `answers` gives what a device says to the bytes written to it."""

    label = "there"
    baud = 115200

    def __init__(self, came: bytes = b"", answers: Answers = nothing, piece: int = 4096) -> None:
        """`came` is there from the first; a read gives `piece` bytes at most."""
        self.now = 0.0
        self.waiting = bytearray(came)
        self._answers, self._piece, self._reads = answers, piece, 0

    def clock(self) -> float:
        """Seconds."""
        return self.now

    @property
    def time(self) -> SimpleNamespace:
        """In place of the module `time`, where a decoder asks for it."""
        return SimpleNamespace(monotonic=self.clock, sleep=self._sleep)

    def read(self, size: int, timeout_s: float) -> bytes:
        """See Link."""
        self._reads += 1
        if self._reads > _MOST_READS:
            raise DeviceGone("there: unplugged at last")
        if not self.waiting:
            self.now += max(_READ_S, timeout_s)
            return b""
        self.now += _READ_S
        data = bytes(self.waiting[: min(size, self._piece)])
        del self.waiting[: len(data)]
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Link."""
        self.now += _READ_S
        for one in self._answers(data):
            self.waiting += one

    def discard_input(self) -> None:
        """See SerialLink."""
        self.waiting.clear()

    def set_baud(self, baud: int) -> None:
        """See SerialLink."""
        self.baud = baud

    def takes(self, baud: int) -> bool:
        """See SerialLink."""
        return True

    def wake(self) -> None:
        """See Link."""

    def close(self) -> None:
        """See Link."""

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


class Altered:
    """What a true device would answer, altered where the case's bytes say so: for as long as there are any."""

    def __init__(self, case: bytes, true: Answers, framed: Callable[[bytes, bytes], bytes] | None = None) -> None:
        """`framed(asked, content)`: that content in a right frame, as an answer to what was asked."""
        self._case, self._true, self._framed = bytearray(case), true, framed
        self.faithful = 0  # so many answers are true, whatever the case says

    @property
    def left(self) -> bool:
        """Whether the case has more to say."""
        return bool(self._case)

    def __call__(self, asked: bytes) -> Iterator[bytes]:
        for one in self._true(asked):
            if self.faithful > 0 or not self._case:
                self.faithful -= 1
                yield one
            else:
                yield self._altered(asked, one)

    def _altered(self, asked: bytes, true: bytes) -> bytes:
        how = self._take(1)[0] % 8
        if how < 3:
            return true
        if how == 3:
            return b""
        content = self._take(self._take(1)[0] % 64) if how < 7 else b""
        if how == 4:
            return content
        if how == 5 or self._framed is None:
            at = len(content) % max(1, len(true))
            return true[:at] + content[:1] + true[at + 1 :]
        return true + content if how == 7 else self._framed(asked, content)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._case[:count])
        del self._case[:count]
        return taken or b"\0" * (count == 1)
