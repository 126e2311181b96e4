"""An event loop whose clock jumps to the next timer when nothing else is left to do: minutes pass in a millisecond."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any


class StandsStill(AssertionError):
    """Everything waits, and no timer would ever wake anything."""


class _Jumping(selectors.BaseSelector):
    """Never waits. What it would have waited for has passed."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        self._real, self._jump = selectors.DefaultSelector(), jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise StandsStill
        if not ready and timeout:
            self._jump(timeout)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Deterministic: one thread, its own clock. `faults` are those of the loop itself.

    A call that nobody waits for any more may fail: then there is nobody to tell.
    """

    def __init__(self) -> None:
        self._now = 1000.0
        self.faults: list[str] = []
        super().__init__(_Jumping(self._jump))
        self.set_exception_handler(lambda _, context: self._note(context))

    def time(self) -> float:
        return self._now

    def _note(self, context: dict[str, Any]) -> None:
        if context["message"] != "Task exception was never retrieved":
            self.faults.append(str(context))

    def _jump(self, seconds: float) -> None:
        self._now += seconds

    def finish(self) -> None:
        """Ends what still runs, and closes."""
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.wait(tasks))
        self.close()


def play(story: Coroutine[Any, Any, None], loop: VirtualLoop) -> None:
    """Runs it to its end in virtual time."""
    try:
        loop.run_until_complete(story)
    finally:
        loop.finish()
