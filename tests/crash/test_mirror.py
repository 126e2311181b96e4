"""Power cuts under the mirror: the old generation or the new one, whole, and a page with its cursor or neither."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from circulation.identifiers import pass_number
from circulation.presented import Presented, Source
from offline_cache.mirror import Mirror, NoMirror
from tests.crash.disk import cuts, laid_out
from tests.crash.recorder import recorded
from tests.crash.swapping import GENERATIONS, NUMBER
from tests.crash.test_journal import scratch
from tests.offline_cache.model_store import KEY

__all__ = ["scratch"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def test_after_a_cut_there_is_the_old_generation_or_the_new_one_and_never_none(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "mirror"
    calls = recorded(folder, ["-m", "tests.crash.swapping", str(folder)])
    disks, wrong = 0, Counter[str]()
    for before, files in cuts(calls, folder):
        if not before:
            continue  # before the first one went live there may be none
        disks += 1
        laid_out(files, folder, scratch / "disk")
        with closing(Mirror(scratch / "disk", lambda: KEY)) as mirror:
            try:
                seq = mirror.picture().seq
                (found,) = mirror.found(Presented(Source.BARCODE, pass_number(NUMBER)))
            except NoMirror as fault:
                wrong[str(fault)] += 1
            else:
                # Pages may be lost (they are asked for again), a generation that went live may not.
                wrong["older than what went live"] += seq < int(before[-1].split()[0]) * 10
                wrong["a page without its cursor"] += found.patron.language != f"v{seq}"
        shutil.rmtree(scratch / "disk")
    print(f"{disks} disks, {GENERATIONS} generations, {len(calls)} calls: {+wrong}")
    assert disks > 100
    assert +wrong == Counter()
