"""A value that is looked at only while somebody waits for its next change: long polling without idle work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Value = TypeVar("Value")


class Changing(Generic[Value]):
    """Numbers the distinct values that `look` returns; `look` blocks and runs in a thread of its own."""

    def __init__(self, look: Callable[[], Value], period_s: float) -> None:
        """Look at most every `period_s` seconds, however many wait."""
        self._look = look
        self._period_s = period_s
        self._one_looks = asyncio.Lock()
        self._looked_at = float("-inf")
        # A page that outlives a restart of this process must not take a new value for the one it has.
        self._number = time.time_ns() // 1_000_000
        self._value: Value | None = None

    async def now(self) -> tuple[int, Value]:
        """Return the value of this moment (at most one period old) and its number."""
        async with self._one_looks:
            if self._value is None or time.monotonic() - self._looked_at >= self._period_s:
                value = await run_in_threadpool(self._look)
                self._looked_at = time.monotonic()
                if value != self._value:
                    self._value = value
                    self._number += 1
            return self._number, self._value

    async def newer(self, after: int | None, wait_s: float) -> tuple[int, Value] | None:
        """Return the value once its number differs from `after`, or None after `wait_s` seconds without a change."""
        until = time.monotonic() + wait_s
        while True:
            number, value = await self.now()
            if number != after:
                return number, value
            left = until - time.monotonic()
            if left <= 0:
                return None
            await asyncio.sleep(min(self._period_s, left))

    def stale(self) -> None:
        """Forget how fresh the value is, so that the next question looks at once."""
        self._looked_at = float("-inf")
