"""One utterance: espeak-ng makes the sound and ALSA's own aplay plays it, two processes that can be killed.

Not espeak-ng alone: without its sound card it says nothing and ends well (status 0, version 1.51); aplay does not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping

PROGRAMS = ("espeak-ng", "aplay")
VOICES: Mapping[str, str] = {"en": "en-gb", "fr": "fr-fr", "fy": "nl"}
"""Voices by language, where they are not called alike. There is none for Frisian; the Dutch one is the nearest."""
LONGEST_TEXT = 4000  # letters; a pipe holds 64 KiB
_SLOWEST = 4  # letters a second
_START_S = 10.0


class Uttering:
    """One utterance at a time; for one thread. Nothing waits and nothing is raised."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate`: words a minute."""
        self._rate, self._clock = rate, clock
        self._children: list[subprocess.Popen[bytes]] = []
        self._until = 0.0
        self.trouble = ""

    @property
    def busy(self) -> bool:
        """Whether something is being said, or its processes were not tended to their end."""
        return bool(self._children)

    def begin(self, text: str, language: str, loudness: int, card: str) -> None:
        """Begin to say it; what is still being said is cut off. The text never stands in a command line."""
        self.stop()
        words = text[:LONGEST_TEXT].replace("[[", "[ [")  # two would begin phonemes instead of letters
        voice = VOICES.get(language, language)
        made = ["espeak-ng", "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(self._rate)]
        try:
            self._start([*made, "-a", str(2 * loudness)], card)
        except OSError as error:
            self.stop()
            self.trouble = f"no speech: espeak-ng and aplay cannot both be started ({error.strerror})"
            return
        self._until = self._clock() + _START_S + len(words) / _SLOWEST
        pipe = self._children[0].stdin
        if pipe is not None:
            with contextlib.suppress(OSError):
                os.set_blocking(pipe.fileno(), False)
                os.write(pipe.fileno(), words.encode())
            with contextlib.suppress(OSError):
                pipe.close()

    def tend(self) -> bool:
        """Look after what is being said; True once it is over, and then `trouble` says how it went."""
        if not self._children:
            return False
        statuses = [one.poll() for one in self._children]
        if None in statuses and self._clock() < self._until:
            return False
        hung = None in statuses
        self.stop()
        # A player that fails takes the pipe away from the synthesizer, which is not to blame for that.
        ends = zip(PROGRAMS, statuses, strict=True)
        failed = [name for name, status in ends if status and status != -signal.SIGPIPE]
        self.trouble = "no speech: it hung" if hung else f"no speech: {', '.join(failed)} failed" if failed else ""
        return True

    def stop(self) -> None:
        """Cut it off."""
        children, self._children = self._children, []
        for one in children:
            if one.poll() is None:
                one.kill()
        for one in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.wait(0.2)  # a killed process that sits in the kernel is reaped by the system later

    def _start(self, synthesizer: list[str], card: str) -> None:
        player = ["aplay", "-q", "-t", "wav", *(["-D", card] if card else []), "-"]
        silent = subprocess.DEVNULL
        made = subprocess.Popen(synthesizer, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=silent)
        self._children = [made]
        if made.stdout is not None:
            with made.stdout:
                self._children.append(subprocess.Popen(player, stdin=made.stdout, stdout=silent, stderr=silent))
