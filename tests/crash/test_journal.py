"""Power cuts under the kiosk's journal: on every disk that a cut may leave stands all that was promised before it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from offline_cache.journal import JournalFault
from tests.crash.__main__ import DAYBOOK, holds
from tests.crash.disk import cuts, laid_out
from tests.crash.recorder import ROOT, Call, recorded
from tests.offline_cache.journals import open_journal

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
STEPS, FEW = 60, 10
KILLED_AT = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")


@dataclass
class Found:
    """How many disks were looked at, and what was wrong on them."""

    disks: int = 0
    lost: int = 0
    unusable: Counter[str] = field(default_factory=Counter)


def look_at_all(calls: list[Call], folder: Path, scratch: Path) -> Found:
    """Opens the journal on every disk. What stands there is what was said last, or the act that was under way."""
    said = [line for call in calls if call.what == "said" for line in call.data.decode().splitlines()]
    found = Found()
    for before, files in cuts(calls, folder):
        found.disks += 1
        place = scratch / "disk"
        laid_out(files, folder, place)
        try:
            journal = open_journal(place / "journal.db")
            stands = holds(journal)
            journal.close()
        except JournalFault as fault:
            found.unusable[str(fault)] += 1
        else:
            allowed = said[max(0, len(before) - 1) : len(before) + 1] + ([said[0]] if not before else [])
            found.lost += stands not in allowed
        shutil.rmtree(place, ignore_errors=True)
    return found


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder in memory: thousands of journals are opened in it, and each syncs."""
    shared = Path("/dev/shm")
    folder = (shared if shared.is_dir() else Path("/tmp")) / f"kiosk-crash-states-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_nothing_that_was_promised_is_missing_after_a_power_cut_at_any_write(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "var"
    calls = recorded(folder, ["-m", "tests.crash", str(folder / "journal.db"), str(STEPS)])
    writes = Counter(call.what for call in calls)
    found = look_at_all(calls, folder, scratch)
    print(f"{writes['write']} writes, {writes['sync']} syncs, {writes['said']} promises: {found}")
    assert found.disks > 500
    assert writes["sync"] > STEPS
    assert (found.lost, found.unusable) == (0, Counter())


def test_without_the_sync_at_each_commit_the_same_cuts_lose_what_was_promised(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "var"
    calls = recorded(folder, ["-m", "tests.crash", str(folder / "journal.db"), str(FEW), "synchronous=NORMAL"])
    found = look_at_all(calls, folder, scratch)
    print(found)
    assert found.lost > 100


def test_a_daybook_that_is_not_synced_loses_what_was_promised(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "var"
    calls = recorded(folder, ["-m", "tests.crash", str(folder / "journal.db"), str(FEW), DAYBOOK])
    found = look_at_all(calls, folder, scratch)
    print(found)
    assert found.lost > 10


def test_a_kill_at_each_write_point_leaves_what_was_promised(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    arguments = ["-m", "tests.crash", str(folder / "journal.db"), "8"]
    raw = tmp_path / "calls.txt"
    counted = ["strace", "-f", "-e", f"trace={','.join(KILLED_AT)}", "-o", str(raw)]
    whole = subprocess.run(
        [*counted, sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    points = Counter(line.split(maxsplit=1)[1].split("(")[0] for line in raw.read_text().splitlines() if "(" in line)
    for call, times in points.items():
        for time in range(1, times + 1):
            shutil.rmtree(folder)
            injected = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}"]
            kill = ["-e", f"inject={call}:signal=KILL:when={time}"]
            done = subprocess.run(
                [*injected, *kill, sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == -signal.SIGKILL, (call, time, done.stderr[-500:])
            _stands(folder / "journal.db", done.stdout.splitlines(), whole)
    print(f"{sum(points.values())} write points: {dict(points)}")
    assert sum(points.values()) > 40


def _stands(path: Path, before: list[str], whole: list[str]) -> None:
    """Every event has what its last line said, or what the act under way gave it; ids are another process's own."""
    path.parent.mkdir(exist_ok=True)
    journal = open_journal(path)
    stands = _without_ids(holds(journal))
    journal.close()
    allowed = [_without_ids(line) for line in whole[max(0, len(before) - 1) : len(before) + 1]]
    assert stands in allowed


def _without_ids(line: str) -> list[str]:
    return [word.rsplit("/", 1)[0] for word in line.split()]
