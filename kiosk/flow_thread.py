"""The thread of the flows: one asyncio loop beside Kivy's, which never does I/O (ADR 0001)."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)


class FlowThread:
    """Runs coroutines for the whole life of the process; `stop` cancels them and waits. `failed`: by a fault."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_log_fault)
        self.failed = False
        self._thread = threading.Thread(target=self._run, name="flows", daemon=True)
        self._jobs: tuple[Callable[[], Awaitable[None]], ...] = ()
        self._on_fault: Callable[[], None] = lambda: None

    def start(self, *jobs: Callable[[], Awaitable[None]], on_fault: Callable[[], None]) -> None:
        """Starts the coroutines that these make. `on_fault` is called on this thread if one of them fails after all: a
        kiosk that shows a picture and serves nobody must end."""
        self._jobs, self._on_fault = jobs, on_fault
        self._thread.start()

    def stop(self) -> None:
        """Ends them; a call that they awaited goes on to its end in its own worker."""
        with suppress(RuntimeError):  # it ended by itself just now
            self.loop.call_soon_threadsafe(self._cancel)
        if self._thread.is_alive():
            self._thread.join(5)

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._all())
        except asyncio.CancelledError:
            pass
        except BaseExceptionGroup as faults:
            self.failed = True
            log.critical("the flows ended: %s", ", ".join(type(one).__name__ for one in faults.exceptions))
            self._on_fault()
        finally:
            self.loop.close()

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(_whole(job))


async def _whole(job: Callable[[], Awaitable[None]]) -> None:
    await job()


def _log_fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An await that nobody waits for any more may fail: named by its kind, since its text may hold a value."""
    fault = context.get("exception")
    log.info("left behind: %s", type(fault).__name__ if fault else context.get("message", "?"))
