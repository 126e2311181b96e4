"""One tag to be switched, between the caller who waits and the pad's thread that does it."""

from __future__ import annotations

import threading

from devices.ports import TagSecurity


class Switching:
    """Waiting, then begun, then finished; a caller whose time is up withdraws what has not begun."""

    def __init__(self, uid: bytes, wanted: TagSecurity, deadline: float) -> None:
        """`deadline` is in seconds of the monotonic clock."""
        self.uid = uid
        self.wanted = wanted
        self.deadline = deadline
        self._lock = threading.Lock()
        self._outcome: TagSecurity | None = None
        self._finished = threading.Event()

    def begin(self) -> bool:
        """Whether the caller still waits."""
        with self._lock:
            return self._outcome is None

    def finish(self, outcome: TagSecurity) -> None:
        """Say what was read back; the first word counts."""
        with self._lock:
            if self._outcome is None:
                self._outcome = outcome
        self._finished.set()

    def wait(self, timeout_s: float) -> TagSecurity:
        """What was read back within `timeout_s` seconds, UNKNOWN after that."""
        self._finished.wait(timeout_s)
        self.finish(TagSecurity.UNKNOWN)
        assert self._outcome is not None  # noqa: S101 - just said
        return self._outcome
