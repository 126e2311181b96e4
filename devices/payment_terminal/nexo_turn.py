"""One thing asked of the terminal, between the caller who waits for it and the device's thread that does it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from devices.payment_terminal.nexo_line import Call, Deadline
from devices.payment_terminal.nexo_talk import NexoTalk
from devices.ports import PayOutcome, PayResult

_MOST_RESERVE_S = 15.0
_ABORT_AGAIN_S = 5.0

Work = Callable[[NexoTalk, "Turn"], PayResult]


class Turn:
    """Waiting, then begun, then finished. A caller whose time is up withdraws what has not begun."""

    def __init__(self, work: Work, unsent: PayOutcome, seconds: float) -> None:
        """`unsent` is the outcome when nothing of it can have left for the terminal."""
        self.deadline = Deadline(seconds)
        self.patience = Deadline(seconds - min(_MOST_RESERVE_S, seconds / 4))  # after it, the terminal is asked to stop
        self.abort_wanted = False
        self.stop = threading.Event()  # the device's own, as soon as it is begun
        self.beat: Callable[[], None] = lambda: None  # as well: tells the supervisor that it goes on
        self._work = work
        self._unsent = unsent
        self._lock = threading.Lock()
        self._call: Call | None = None
        self._abort_again = Deadline(0.0)
        self._begun = False
        self._result: PayResult | None = None
        self._finished = threading.Event()

    # -- for the caller, from any thread

    def ask_to_stop(self) -> None:
        """Have it stopped; its outcome still comes from `wait`."""
        self.abort_wanted = True
        self.wake()

    def wake(self) -> None:
        """Let whoever waits for the terminal's answer look around."""
        with self._lock:
            if self._call is not None:
                self._call.wake()

    def wait(self) -> PayResult:
        """The result, at the deadline at the latest."""
        self._finished.wait(self.deadline.left())
        with self._lock:
            if self._result is None:
                outcome = PayOutcome.UNKNOWN if self._begun else self._unsent
                self._result = PayResult(outcome, why="no answer in time" if self._begun else "nothing was sent")
            return self._result

    # -- for the device's thread

    def do(self, talk: NexoTalk, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Do it, unless the caller has given it up; `stop`, once set, brings it to an end."""
        self.stop, self.beat = stop, beat
        with self._lock:
            if self._result is not None:
                return
            self._begun = True
        result = PayResult(PayOutcome.UNKNOWN, why="the driver failed")
        try:
            result = self._work(talk, self)
        finally:
            self.finish(result)

    def finish(self, result: PayResult | None = None) -> None:
        """Say what became of it, nothing having been sent where None; the first word counts."""
        with self._lock:
            if self._result is None:
                self._result = result or PayResult(self._unsent, why="nothing was sent")
        self._finished.set()

    def on(self, call: Call | None) -> None:
        """The connection on which its answer is awaited."""
        with self._lock:
            self._call = call

    def wants_abort(self) -> bool:
        """Whether the terminal is to be asked to stop now: wanted or out of patience, and not asked a moment ago."""
        return (self.abort_wanted or not self.patience.left()) and not self._abort_again.left()

    def abort_was_sent(self) -> None:
        """Leave the terminal some seconds to follow."""
        self._abort_again = Deadline(_ABORT_AGAIN_S)
