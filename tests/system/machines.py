"""Runs newcomer.sh and tells at once what it says, because a machine takes minutes; skips where it is not possible."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("newcomer.sh")
NOT_POSSIBLE_HERE = 77
LIMIT_S = 1900
TOLD = re.compile(r"^(newcomer:|watch:|prove:|bootstrap: ready|== |=+ .* in [\d.]+s|make: \*\*\*|FAILED|ERROR)")


def machine(suite: str, person: str, commands: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Make a bare `suite`, do `commands` in it as `person` ("root" or "user"), and return the lines that it said."""
    log = ROOT / "build" / "system" / f"{suite}-{person}-{'-'.join(commands)}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    said = []
    with log.open("w", encoding="utf-8") as written:
        made = subprocess.Popen(
            [SCRIPT, suite, person, *commands], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(made.pid, signal.SIGTERM))
        signal.alarm(LIMIT_S)
        assert made.stdout is not None
        for line in made.stdout:
            written.write(line)
            written.flush()
            said.append(line)
            if TOLD.match(line):
                with capsys.disabled():
                    print(f"\n  {line.rstrip()}", end="", flush=True)
        code = made.wait()
        signal.alarm(0)
    if code == NOT_POSSIBLE_HERE:
        pytest.skip(said[-1].strip())
    assert code == 0, f"all of it is in {log}; its end:\n" + "".join(said[-60:])
    return said
