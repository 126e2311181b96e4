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
from tests.crash.swapping import EARLY, GENERATIONS, NUMBER, PARTED
from tests.crash.test_journal import scratch
from tests.offline_cache.model_store import KEY

__all__ = ["scratch"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def looked_at(folder: Path, scratch: Path, *mistake: str) -> tuple[int, Counter[str]]:
    """How many disks a cut may leave, and what is wrong with them."""
    calls = recorded(folder, ["-m", "tests.crash.swapping", str(folder), *mistake])
    disks, wrong = 0, Counter[str]()
    for before, files in cuts(calls, folder):
        if not before:
            continue  # before the first one went live there may be none
        disks += 1
        laid_out(files, folder, scratch / "disk")
        with closing(Mirror(scratch / "disk", lambda: KEY)) as mirror:
            try:
                seq = mirror.picture().seq
                found = mirror.found(Presented(Source.BARCODE, pass_number(NUMBER)))
            except NoMirror as fault:
                wrong[str(fault)] += 1
            else:
                # Pages may be lost (they are asked for again), a generation that went live may not.
                wrong["older than what went live"] += seq < int(before[-1].split()[0]) * 10
                wrong["a page without its cursor"] += [one.patron.language for one in found] != [f"v{seq}"]
        shutil.rmtree(scratch / "disk")
    print(f"{disks} disks, {GENERATIONS} generations, {len(calls)} calls: {+wrong}")
    return disks, +wrong


def test_after_a_cut_there_is_the_old_generation_or_the_new_one_and_never_none(tmp_path: Path, scratch: Path) -> None:
    disks, wrong = looked_at(tmp_path / "mirror", scratch)
    assert disks > 100
    assert wrong == Counter()


def test_a_pointer_that_is_written_before_its_generation_is_synced_is_found(tmp_path: Path, scratch: Path) -> None:
    _, wrong = looked_at(tmp_path / "mirror", scratch, EARLY)
    assert wrong.total() > 10


def test_a_page_whose_cursor_is_written_apart_is_found(tmp_path: Path, scratch: Path) -> None:
    _, wrong = looked_at(tmp_path / "mirror", scratch, PARTED)
    assert wrong["a page without its cursor"] > 0
