"""Power cuts and kills under a small file that is written whole: what was there before, or what was to be written."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.disk import cuts
from tests.crash.recorder import ROOT, recorded

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
HOW = {"lasting": ("write", "fsync", "rename"), "passing": ("write", "rename")}
CONTENTS = [bytes([48 + one]) * 3000 for one in range(3)]
WRITES = r"""
import os, sys
from pathlib import Path
from offline_cache.whole_file import write_whole
for one in range(3):
    write_whole(Path(sys.argv[1]), bytes([48 + one]) * 3000, lasting=sys.argv[2] == "lasting")
    os.write(1, b"written\n")
"""


def after_each_cut(folder: Path, how: str) -> Iterator[tuple[int, bytes | None]]:
    """How many writes had been said to be over, and what stands in the file, None where there is none."""
    file = folder / "note"
    for said, files in cuts(recorded(folder, ["-c", WRITES, str(file), how]), folder):
        yield len(said), files.get(str(file))


def allowed(said: int) -> list[bytes | None]:
    return [None, *CONTENTS][said : said + 2]


def test_after_a_power_cut_there_is_the_old_content_or_the_new(tmp_path: Path) -> None:
    found = list(after_each_cut(tmp_path / "var", "lasting"))
    assert len(found) >= 3 * len(CONTENTS)
    assert [one for one in found if one[1] not in allowed(one[0])] == []


def test_a_file_that_is_not_to_last_is_not_kept_from_a_power_cut(tmp_path: Path) -> None:
    found = list(after_each_cut(tmp_path / "var", "passing"))
    assert [one for one in found if one[1] not in allowed(one[0])]


@pytest.mark.parametrize(("how", "call"), [(how, call) for how in HOW for call in HOW[how]])
def test_a_kill_at_each_step_leaves_the_old_content_or_the_new(tmp_path: Path, how: str, call: str) -> None:
    file = tmp_path / "note"
    for time in itertools.count(1):
        file.unlink(missing_ok=True)
        kill = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={time}"]
        traced = ["strace", "-f", "-o", "/dev/null", *kill, sys.executable, "-B", "-c", WRITES, str(file), how]
        done = subprocess.run(traced, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        said = len(done.stdout.splitlines())
        assert (file.read_bytes() if file.exists() else None) in allowed(said)
        if done.returncode == 0:
            break
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert time > len(CONTENTS)
