"""A newcomer at `make demo`: waits for the line that says where to look, opens that page, and presses Ctrl-C. Twice.

Standard library only, because it runs on a bare machine. What is left behind afterwards is a failure.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

READY_LIMIT_S = 1800
END_LIMIT_S = 30
INVITATION = re.compile(r"(http://[\w.\[\]:]+\d).*Ctrl-C")


def traces() -> set[str]:
    """Return what a demo could leave behind: processes (number and command line) and locks of screens."""
    found = {str(path) for path in Path("/tmp").glob(".X*")}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            found.add(f"{entry.name} {command}")
    return found - {trace for trace in found if trace == "/tmp/.X11-unix"}


def one_demo(number: int) -> None:
    """Start the demo, look at its page, press Ctrl-C. Raises SystemExit with what was wrong."""
    before = traces()
    began = time.monotonic()
    # A session of its own, so that Ctrl-C can be sent to exactly what a terminal would send it to.
    demo = subprocess.Popen(
        ["make", "demo"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, text=True, errors="replace",
    )  # fmt: skip
    signal.alarm(READY_LIMIT_S)
    url = None
    assert demo.stdout is not None
    for line in demo.stdout:
        print(f"  | {line}", end="", flush=True)
        if invitation := INVITATION.search(line):
            url = invitation[1]
            break
    if url is None:
        sys.exit(f"watch: `make demo` ended with code {demo.wait()} before it said where to look")
    print(f"watch: start {number} was ready after {time.monotonic() - began:.0f} s", flush=True)
    with urllib.request.urlopen(url, timeout=30) as page:
        if page.status != 200 or b"<html" not in page.read().lower():
            sys.exit(f"watch: {url} is no page")
    signal.alarm(END_LIMIT_S)
    asked = time.monotonic()
    os.killpg(demo.pid, signal.SIGINT)
    for line in demo.stdout:
        print(f"  | {line}", end="", flush=True)
    demo.wait()
    signal.alarm(0)
    print(f"watch: Ctrl-C ended it in {time.monotonic() - asked:.1f} s", flush=True)
    left = traces() - before
    if left:
        sys.exit("watch: left behind: " + "; ".join(sorted(left)))


def main() -> None:
    """Watch two starts: the first installs, the second finds everything there."""
    for number in (1, 2):
        one_demo(number)
    print("watch: two starts, two ends, nothing left behind")


if __name__ == "__main__":
    main()
