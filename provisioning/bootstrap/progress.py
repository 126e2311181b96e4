"""Says what is being installed while it happens; the tools' own words go to a log file."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

QUIET_S = 5.0
"""After this many silent seconds a line says that work goes on."""
TAIL_LINES = 30


class StepFailed(Exception):
    """A step could not be done; the message is a sentence for the person at the terminal."""


def say(sentence: str) -> None:
    """Print one progress line at once, also when the output is a pipe."""
    print(f"bootstrap: {sentence}", flush=True)


class Log:
    """The file that keeps everything the tools print."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("a", encoding="utf-8", errors="replace")

    def write(self, line: str) -> None:
        """Append one line."""
        self._file.write(line.rstrip("\n") + "\n")
        self._file.flush()


def run(
    command: Sequence[str],
    log: Log,
    *,
    counted: re.Pattern[str] | None = None,
    total: int = 0,
    milestones: Mapping[str, str] = MappingProxyType({}),
    env: Mapping[str, str] | None = None,
) -> None:
    """Run `command` to its end, at most one progress line each `QUIET_S` seconds.

    `counted` recognises the output lines that stand for one of `total` packages; `milestones` are beginnings of
    lines, each with the sentence to say when it is first seen.
    Raises StepFailed with the last lines of output where the command fails.
    """
    log.write(f"$ {' '.join(command)}")
    read_end, write_end = os.pipe()
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end, env=env)
    except OSError as problem:
        os.close(read_end)
        raise StepFailed(f"{command[0]} could not be started: {problem.strerror}") from problem
    finally:
        os.close(write_end)
    tail: list[str] = []
    done = 0
    ahead = dict(milestones)
    started = last_said = time.monotonic()
    try:
        for line in _lines(read_end):
            if line is not None:
                log.write(line)
                tail = [*tail[1 - TAIL_LINES :], line]
                done += bool(counted and counted.search(line))
                for reached in [beginning for beginning in ahead if line.startswith(beginning)]:
                    say(f"  {ahead.pop(reached)}")
                    total = 0
            now = time.monotonic()
            if now - last_said >= QUIET_S:
                last_said = now
                how_far = f"{min(done, total)} of {total} packages, " if total else ""
                say(f"  … {how_far}{now - started:.0f} s")
    finally:
        os.close(read_end)
        code = process.wait()
    if code != 0:
        print("\n".join(tail), file=sys.stderr, flush=True)
        raise StepFailed(f"`{Path(command[0]).name}` ended with code {code} (everything it said: {log.path})")


def _lines(fd: int) -> Iterator[str | None]:
    """Yield the lines that arrive on `fd` until it is closed, and None after each silence of `QUIET_S`."""
    rest = b""
    with selectors.DefaultSelector() as ready:
        ready.register(fd, selectors.EVENT_READ)
        while True:
            if not ready.select(timeout=QUIET_S):
                yield None
                continue
            chunk = os.read(fd, 65536)
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")
