"""One thread that waits for descriptors, timers and signals: the frame of every simulator process."""

from __future__ import annotations

import ctypes
import heapq
import itertools
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from devices.simulators.transcript import Transcript

_PR_SET_PDEATHSIG = 1


class Loop:
    """Calls back when a descriptor is ready or a time has come; ends on `stop` or a signal to end."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._cleanups: list[Callable[[], None]] = []
        self._running = True
        self.transcript = Transcript()  # of the one line that a simulator has

    def watch(self, what: Any, read: Callable[[], None] | None, write: Callable[[], None] | None = None) -> None:
        """Call `read` or `write` whenever `what` is ready for it; both None forgets `what`."""
        events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        known = self._selector.get_map().get(what) is not None
        if not events:
            if known:
                self._selector.unregister(what)
        elif known:
            self._selector.modify(what, events, (read, write))
        else:
            self._selector.register(what, events, (read, write))

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` once, `seconds` from now."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), call))

    def at_end(self, cleanup: Callable[[], None]) -> None:
        """Call `cleanup` when the loop has ended, the last one first."""
        self._cleanups.append(cleanup)

    def stop(self) -> None:
        """End after the callback that runs now."""
        self._running = False

    def run(self) -> None:
        """Serve until stopped, then clean up."""
        try:
            while self._running:
                for key, events in self._selector.select(self._pause()):
                    self._call(key, events)
                self._call_timers()
        finally:
            for cleanup in reversed(self._cleanups):
                with suppress(OSError):
                    cleanup()

    def _pause(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _call(self, key: selectors.SelectorKey, events: int) -> None:
        for event, call in zip((selectors.EVENT_READ, selectors.EVENT_WRITE), key.data, strict=True):
            still_known = self._selector.get_map().get(key.fd)
            if call and events & event and still_known is not None and still_known.data == key.data:
                call()

    def _call_timers(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()


def end_with_parent(loop: Loop) -> None:
    """End `loop` on SIGTERM and SIGINT, and when the process that started this one is gone."""
    parent = os.getppid()
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    loop.watch(reader, loop.stop)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went between these lines
        loop.stop()


def say_ready(words: str) -> None:
    """Tell whoever started this process that it can be used."""
    with suppress(BrokenPipeError):
        sys.stdout.write(f"ready {words}\n")
        sys.stdout.flush()
