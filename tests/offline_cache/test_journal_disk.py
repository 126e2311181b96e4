"""Real faults of a disk: no room (a small file system, a limit), and one that came up read-only."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ON_ITS_OWN = ["unshare", "--mount", "--map-root-user"]


def on_a_small_disk(folder: Path, case: str, size: str = "4m") -> dict[str, Any]:
    """What a kiosk finds on a file system of that size, which nobody else sees."""
    tried = subprocess.run([*ON_ITS_OWN, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip("no file systems of one's own on this machine")
    inner = shlex.join([sys.executable, "-m", "tests.offline_cache.on_a_bad_disk", str(folder), case])
    mounted = f"mount -t tmpfs -o size={size} none {shlex.quote(str(folder))} && exec {inner}"
    done = subprocess.run(
        [*ON_ITS_OWN, "sh", "-c", mounted], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def nothing_promised_is_missing(found: dict[str, Any]) -> None:
    assert "cannot be written" in found["why"]
    assert found["promised"] > 10
    assert found["kept"] == list(range(1, found["promised"] + 1))
    assert found["again"] == found["promised"] + 1
    assert found["after"] == list(range(1, found["again"] + 1))
    assert found["losses"] == 0


def test_a_full_disk_takes_no_promise_and_loses_none_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    found = on_a_small_disk(tmp_path, "full", "5m")
    nothing_promised_is_missing(found)
    assert (found["probe"], found["freed"]) == ("the journal cannot be written: no room on the disk", "")
    assert "FULL" in found["why"] or "IOERR" in found["why"]


def test_a_file_that_may_not_grow_takes_no_promise_and_loses_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.offline_cache.on_a_bad_disk", str(tmp_path), "limit"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    nothing_promised_is_missing(json.loads(done.stdout))


def test_a_read_only_disk_is_a_fault_and_no_loss_and_staff_can_still_read_it(tmp_path: Path) -> None:
    found = on_a_small_disk(tmp_path, "read-only")
    assert found["why"].startswith("JournalFault: the journal cannot be opened")
    assert (found["states"], found["there"], found["losses"]) == ({"open": 5}, True, 0)
