"""What ends a wait in `poll` from another thread: an eventfd that may be rung at any time, also after its end."""

from __future__ import annotations

import contextlib
import os
import threading


class Bell:
    """One thread waits for `descriptor` to become readable, any thread rings."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.closed = False
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Make it readable; harmless when closed: the descriptor's number may belong to another file by then."""
        with self._lock:
            if not self.closed:
                os.eventfd_write(self.descriptor, 1)

    def still(self) -> None:
        """Make it unreadable again, by the thread that waited."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)

    def close(self) -> bool:
        """Release it; False when it was so already. Never raises."""
        with self._lock:
            if self.closed:
                return False
            self.closed = True
            os.close(self.descriptor)
            return True
