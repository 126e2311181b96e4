"""One process of the demonstration: a session of its own, its words in a log file, its end together with ours."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL_LINES = 12
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LIBC = ctypes.CDLL(None, use_errno=True)


class Process:
    """A program that is started, watched and ended; `name` is also the name of its log file."""

    def __init__(
        self, name: str, title: str, command: Sequence[str], logs: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.title = title
        self.log = logs / f"{name}.log"
        self._command = list(command)
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self._running: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The process id since it was started, also after it has ended by itself."""
        return None if self._running is None else self._running.pid

    def start(self, *, cwd: Path, hand_down: Sequence[int] = ()) -> None:
        """Start it; it inherits the descriptors `hand_down`. Raises OSError where there is no such program."""
        us = os.getpid()

        def die_with_us() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != us:  # we died before the kernel had been told
                os.kill(os.getpid(), signal.SIGTERM)

        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._running = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=cwd,
                pass_fds=tuple(hand_down),
                start_new_session=True,
                preexec_fn=die_with_us,  # noqa: PLW1509 - this program has no threads
            )

    def ended(self) -> int | None:
        """Return the exit code once it has ended, None while it runs."""
        return None if self._running is None else self._running.poll()

    def says(self, word: str) -> bool:
        """Tell whether a line of its output since it was started begins with `word`."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return any(line.startswith(word.encode()) for line in log if line.endswith(b"\n"))

    def last_words(self) -> str:
        """Return the last lines that it wrote."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-TAIL_LINES:]) or "    (it wrote nothing)"

    def ask_to_end(self) -> None:
        """Send SIGTERM to it and to all that it started."""
        self._signal(signal.SIGTERM)

    def wait_end(self, until: float) -> None:
        """Wait for its end; from the monotonic second `until` on, kill it. Stragglers of its session are killed too."""
        if self._running is None:
            return
        try:
            self._running.wait(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._running.wait()
        self._signal(signal.SIGKILL)
        self._running = None

    def _signal(self, number: signal.Signals) -> None:
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._running.pid, number)
