"""On a bare Debian, the two commands of the README are enough: `make demo` runs and ends, `make test` passes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("newcomer.sh")
NOT_POSSIBLE_HERE = 77
LIMIT_S = 1900
TOLD = re.compile(r"^(newcomer:|watch:|bootstrap: ready|== |=+ .* in [\d.]+s|make: \*\*\*|FAILED|ERROR)")


@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize(
    ("suite", "person", "commands"),
    [
        ("bookworm", "root", ["demo", "test"]),
        ("trixie", "user", ["demo"]),
    ],
    ids=["Debian 12 as root", "Debian 13 as a user with sudo"],
)
def test_a_newcomer_gets_the_demo_and_the_tests_by_one_command_each(
    suite: str, person: str, commands: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    log = ROOT / "build" / "system" / f"newcomer-{suite}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as written:
        machine = subprocess.Popen(
            [SCRIPT, suite, person, *commands], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(machine.pid, signal.SIGTERM))
        signal.alarm(LIMIT_S)
        said = []
        assert machine.stdout is not None
        for line in machine.stdout:
            written.write(line)
            written.flush()
            said.append(line)
            if TOLD.match(line):
                # Told at once: this takes a quarter of an hour.
                with capsys.disabled():
                    print(f"\n  {line.rstrip()}", end="", flush=True)
        code = machine.wait()
        signal.alarm(0)
    if code == NOT_POSSIBLE_HERE:
        pytest.skip(said[-1].strip())
    assert code == 0, f"all of it is in {log}; its end:\n" + "".join(said[-60:])
    assert "watch: two starts, two ends, nothing left behind\n" in said
