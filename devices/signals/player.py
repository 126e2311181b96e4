"""Plays a sound by ALSA's own aplay, a process of its own: a sound driver that hangs holds up nothing here."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Sequence

LONGEST_S = 3.0  # our sounds last a third of a second


class Player:
    """One sound at a time, the newest; for one thread. Nothing waits and nothing is raised."""

    def __init__(self, card: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """`card`: the name of an ALSA device (aplay -L); empty is the system's own choice, PulseAudio's too."""
        self._command: Sequence[str] = ["aplay", "-q", "-t", "wav", *(["-D", card] if card else []), "-"]
        self._clock = clock
        self._child: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._killed = False
        self.trouble = ""

    @property
    def playing(self) -> bool:
        """Whether a sound goes on, or its process has not been tended to its end."""
        return self._child is not None

    def play(self, wav: bytes) -> None:
        """Begin; what still sounds is cut off. `wav`: less than a pipe holds (64 KiB)."""
        self.stop()
        try:
            child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            self.trouble = f"no sound: aplay cannot be started ({error.strerror})"
            return
        self._child, self._began, self._killed = child, self._clock(), False
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                os.set_blocking(child.stdin.fileno(), False)
                os.write(child.stdin.fileno(), wav)
            with contextlib.suppress(OSError):
                child.stdin.close()

    def tend(self) -> None:
        """Look after the sound that goes on: end one that hangs, and say in `trouble` how the last one went."""
        child = self._child
        if child is None:
            return
        status = child.poll()
        if status is not None:
            self._child = None
            why = "it hung" if self._killed else f"status {status}"
            self.trouble = f"no sound: aplay failed ({why})" if status else ""
        elif not self._killed and self._clock() - self._began > LONGEST_S:
            self._killed = True
            child.kill()

    def stop(self) -> None:
        """Cut off what sounds."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.2)  # a killed process that sits in the kernel is reaped by the system later
