"""Spin looks at every state of the protocol (protocol.pml) and finds none that is wrong; each planted bug it finds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("protocol.pml")
SMALL = ("EVENTS=2", "LIMIT=1", "DEATHS=2", "PULLS=2")
LARGE = ("EVENTS=3", "LIMIT=2", "DEATHS=1", "PULLS=1")
FEWEST_STATES = 5_000_000  # fewer, and the model no longer says what it did


def explored(folder: Path, *chosen: str, limit_s: float) -> str:
    """What the verifier says of the model with these definitions."""
    defined = [f"-D{one}" for one in chosen]
    subprocess.run(["spin", "-a", *defined, str(MODEL)], cwd=folder, check=True, capture_output=True)
    compiler = ["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=6000", "-o", "pan", "pan.c"]
    subprocess.run(compiler, cwd=folder, check=True, capture_output=True)
    # -E: a process that waits for ever is right here; nothing is said about what must happen in the end.
    search = ["./pan", "-E", "-m1000000"]
    done = subprocess.run(search, cwd=folder, capture_output=True, text=True, timeout=limit_s, check=False)
    return done.stdout


def number(said: str, what: str) -> int:
    """The number that stands before or after these words."""
    found = re.search(what, said)
    assert found, said[-2000:]
    return int(float(found[1]))


def states(said: str) -> int:
    """How many states were looked at; it is an error of the test where the search ended before all were."""
    assert "Search not completed" not in said, said[-2000:]
    assert "max search depth too small" not in said
    assert number(said, r"errors: (\d+)") == 0, said[-2000:]
    return number(said, r"([\d.e+]+) states, stored")


def _tools() -> None:
    for tool in ("spin", "gcc"):
        assert shutil.which(tool), f"{tool} is missing: provisioning/bootstrap/start system installs it"


@pytest.mark.system
def test_no_state_of_the_protocol_is_wrong(tmp_path: Path) -> None:
    _tools()
    found = states(explored(tmp_path, *SMALL, limit_s=110))
    print(found, "states")
    assert found > FEWEST_STATES


@pytest.mark.system
@pytest.mark.parametrize(
    ("bug", "broken"),
    [
        ("NO_KEY", "effect"),
        ("TWO_TRANSACTIONS", "effect"),
        ("PROMISE_FIRST", "told"),
        ("DROP_CONFLICT", "conflict"),
        ("FORGET_ACKED", "loans"),
        ("CURSOR_FIRST", "loans"),
        ("FORGET_TURNED", "loans"),
    ],
)
def test_a_planted_bug_is_found(bug: str, broken: str, tmp_path: Path) -> None:
    _tools()
    said = explored(tmp_path, *SMALL, bug, limit_s=60)
    assert number(said, r"errors: (\d+)") == 1, said[-2000:]
    assertion = re.search(r"assertion violated (.*) \(at depth", said)
    assert assertion is not None
    assert broken in assertion[1]


@pytest.mark.long(minutes=16)
@pytest.mark.timeout(1800)
def test_no_state_is_wrong_with_three_events_either(tmp_path: Path) -> None:
    _tools()
    print(states(explored(tmp_path, *LARGE, limit_s=1700)), "states")
