"""A small file that is written whole: for its owner alone, the old content or the new, and nothing left beside it."""

from __future__ import annotations

import resource
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_cache.whole_file import write_whole

BOTH = pytest.mark.parametrize("lasting", [True, False])
SMALL, LARGE = b"a", b"b" * 300_000


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file may grow beyond a few kilobytes. What Python ignores as a signal comes as an OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@BOTH
def test_the_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path, lasting: bool) -> None:
    file = tmp_path / "new" / "note"
    write_whole(file, SMALL, lasting=lasting)
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)


@BOTH
def test_what_was_there_is_replaced_with_its_mode_and_nothing_is_left_beside_it(tmp_path: Path, lasting: bool) -> None:
    file = tmp_path / "note"
    file.write_bytes(LARGE)
    file.chmod(0o644)
    write_whole(file, SMALL, lasting=lasting)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (SMALL, 0o600)
    assert list(tmp_path.iterdir()) == [file]


@BOTH
def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_draft(
    tmp_path: Path, no_room: None, lasting: bool
) -> None:
    file = tmp_path / "note"
    write_whole(file, SMALL, lasting=lasting)
    with pytest.raises(OSError, match="too large"):
        write_whole(file, LARGE, lasting=lasting)
    assert file.read_bytes() == SMALL
    assert list(tmp_path.iterdir()) == [file]


def test_two_that_write_at_once_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "note"
    contents = {bytes([one]) * 100_000 for one in range(4)}
    start = threading.Barrier(len(contents))

    def write(content: bytes) -> None:
        start.wait()
        for _ in range(50):
            write_whole(file, content, lasting=False)
            assert file.read_bytes() in contents

    threads = [threading.Thread(target=write, args=(one,)) for one in contents]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert list(tmp_path.iterdir()) == [file]
