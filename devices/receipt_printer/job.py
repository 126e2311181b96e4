"""One receipt between the caller who waits and the device thread that prints."""

from __future__ import annotations

import threading

from devices.ports import PrintOutcome, Receipt


class Job:
    """Waiting, then begun, then finished; a caller whose time is up withdraws what has not begun."""

    def __init__(self, receipt: Receipt, job_id: str, deadline: float) -> None:
        """`deadline` is in seconds of the monotonic clock."""
        self.receipt = receipt
        self.job_id = job_id
        self.deadline = deadline
        self._lock = threading.Lock()
        self._begun = False
        self._outcome: PrintOutcome | None = None
        self._finished = threading.Event()

    def begin(self) -> bool:
        """Claim the job for printing; False when the caller has given it up."""
        with self._lock:
            if self._outcome is not None:
                return False
            self._begun = True
            return True

    def finish(self, outcome: PrintOutcome) -> None:
        """Say what became of it; the first word counts."""
        with self._lock:
            if self._outcome is None:
                self._outcome = outcome
        self._finished.set()

    def wait(self, timeout_s: float) -> PrintOutcome:
        """The outcome, after at most `timeout_s` seconds."""
        self._finished.wait(timeout_s)
        with self._lock:
            if self._outcome is None:
                self._outcome = PrintOutcome.UNKNOWN if self._begun else PrintOutcome.NOT_PRINTED
            return self._outcome
