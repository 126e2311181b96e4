"""One process of the demo: started in its own session, heard in its log, ended with all that it started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.demo.process import Process
from tests.processes import lives

LIMIT_S = 30.0
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', sys.argv[1]]);"
    "print('ready', child.pid, flush=True); time.sleep(600)"
)


def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` is true."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def python(folder: Path, *arguments: str) -> Process:
    """A process that runs a line of Python."""
    return Process("part", "Part", [sys.executable, "-c", *arguments], folder)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Process]]:
    """Processes put here are killed at the end of the test."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.wait_end(0)


def test_it_is_ready_once_a_line_says_so_and_not_when_half_a_line_does(tmp_path: Path, started: list[Process]) -> None:
    process = python(tmp_path, "import sys, time; sys.stdout.write('rea'); sys.stdout.flush(); time.sleep(600)")
    started.append(process)
    process.start(cwd=tmp_path)
    until(lambda: process.log.read_bytes() == b"rea")
    assert not process.says("rea")
    with process.log.open("ab") as log:
        log.write(b"dy at last\n")
    assert process.says("ready")


def test_what_an_earlier_run_wrote_does_not_make_it_ready(tmp_path: Path, started: list[Process]) -> None:
    (tmp_path / "part.log").write_text("ready\nold words\n", encoding="utf-8")
    process = python(tmp_path, "import time; time.sleep(600)")
    started.append(process)
    process.start(cwd=tmp_path)
    assert not process.says("ready")
    assert "old words" not in process.last_words()


def test_a_process_that_will_not_end_is_killed_when_its_time_is_up(tmp_path: Path) -> None:
    process = python(tmp_path, STUBBORN)
    process.start(cwd=tmp_path)
    pid = process.pid
    assert pid is not None
    until(lambda: process.says("ready"))
    process.ask_to_end()
    process.wait_end(time.monotonic() + 0.2)
    assert not lives(pid)


def test_what_it_started_itself_ends_with_it_even_if_that_will_not(tmp_path: Path) -> None:
    process = python(tmp_path, PARENT, STUBBORN)
    process.start(cwd=tmp_path)
    until(lambda: process.says("ready ") and len(process.log.read_text(encoding="utf-8").splitlines()) == 2)
    line = next(line for line in process.log.read_text(encoding="utf-8").splitlines() if line != "ready")
    child = int(line.split()[1])
    process.ask_to_end()
    process.wait_end(time.monotonic() + LIMIT_S)
    until(lambda: not lives(child))


def test_it_ends_when_the_launcher_is_killed(tmp_path: Path) -> None:
    launcher = (
        "import sys, time; from pathlib import Path; from provisioning.demo.process import Process\n"
        "part = Process('part', 'Part', [sys.executable, '-c', 'import time; time.sleep(600)'], Path(sys.argv[1]))\n"
        "part.start(cwd=Path('/')); print(part.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", launcher, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        part = int(running.stdout.readline())
        assert lives(part)
        running.kill()
    until(lambda: not lives(part))


def test_a_process_that_died_is_told_by_its_code_and_its_last_words(tmp_path: Path) -> None:
    process = python(tmp_path, "import sys; print('out of ink'); sys.exit(7)")
    process.start(cwd=tmp_path)
    until(lambda: process.ended() is not None)
    assert process.ended() == 7
    assert process.last_words() == "    out of ink"


def test_ctrl_c_in_the_terminal_does_not_reach_it(tmp_path: Path, started: list[Process]) -> None:
    process = python(tmp_path, "import time; time.sleep(600)")
    started.append(process)
    process.start(cwd=tmp_path)
    assert process.pid is not None
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
