"""The virtual disk keeps what was flushed, and the judge of the cuts sees what is missing."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.power.disk import SECTOR, Disk
from tests.power.trial import Promises

SECTORS = 8
WRITES = st.lists(st.tuples(st.integers(0, SECTORS - 2), st.integers(1, 2), st.integers(1, 255)), max_size=12)
Write = tuple[int, int, int]


def written(disk: Disk, writes: list[Write]) -> None:
    """Whole sectors, each write with bytes of its own."""
    for at, size, byte in writes:
        disk.write(at * SECTOR, bytes([byte]) * (size * SECTOR))


def sectors(disk: Disk) -> list[int]:
    """The first byte of each; a sector is never torn."""
    found = [disk.read(number * SECTOR, SECTOR) for number in range(SECTORS)]
    assert all(len(set(one)) == 1 for one in found)
    return [one[0] for one in found]


@given(WRITES, WRITES, st.randoms(use_true_random=False))
def test_after_a_cut_stands_what_was_flushed_or_something_written_later(
    flushed: list[Write], later: list[Write], chance: random.Random
) -> None:
    disk = Disk(bytes(SECTORS * SECTOR))
    written(disk, flushed)
    disk.flush()
    lasting = sectors(disk)
    written(disk, later)
    disk.off()
    written(disk, [(0, 1, 99)])
    disk.flush()
    assert disk.on_again(chance).pending == len(later)
    for number, found in enumerate(sectors(disk)):
        assert found in {lasting[number], *(byte for at, size, byte in later if at <= number < at + size)}


def test_what_was_not_flushed_is_lost_in_some_cuts_and_there_in_others() -> None:
    after = set()
    for seed in range(50):
        disk = Disk(bytes(SECTORS * SECTOR))
        written(disk, [(0, 1, 1), (1, 1, 2)])
        disk.off()
        disk.on_again(random.Random(seed))
        after.add(tuple(sectors(disk)[:2]))
    assert after == {(0, 0), (1, 0), (0, 2), (1, 2)}


def test_the_power_goes_at_the_request_that_was_chosen() -> None:
    for requests in (1, 2, 3, 4):
        disk = Disk(bytes(SECTORS * SECTOR))
        disk.off(requests)
        for byte in (1, 2):
            disk.write(0, bytes([byte]) * SECTOR)
            disk.flush()
        assert disk.dark.is_set()
        assert disk.on_again(random.Random(0)).pending == 1
        assert sectors(disk)[0] in ({0, 1} if requests <= 2 else {1, 2})


def test_a_disk_that_lies_flushes_nothing() -> None:
    losses = 0
    for seed in range(20):
        disk = Disk(bytes(SECTORS * SECTOR), lies=True)
        written(disk, [(0, 1, 1)])
        disk.flush()
        disk.off()
        losses += disk.on_again(random.Random(seed)).lost
    assert losses > 0


def test_a_promise_is_missed_where_it_is_gone_or_older_than_it_was_said() -> None:
    promises = Promises()
    for line in (["did", "1=request/open/a"], ["did", "1=request/answered/a"], ["did", "2=fact/open/b"]):
        promises.take(line)
    assert promises.missing(["1=request/answered/a", "2=fact/open/b"]) == []
    assert promises.missing(["1=request/answered/a"]) == ["2=fact/open/b"]
    assert promises.missing(["1=request/open/a", "2=fact/open/b"]) == ["1=request/answered/a"]
    assert promises.missing(["1=request/answered/a", "2=fact/open/other"]) == ["2=fact/open/b"]


def test_the_act_that_was_under_way_may_stand_there() -> None:
    promises = Promises()
    promises.take(["did", "1=request/open/a"])
    stands = ["1=request/answered/a", "2=fact/open/b"]
    assert promises.missing(stands) == []
    assert promises.unsaid(stands) == stands
