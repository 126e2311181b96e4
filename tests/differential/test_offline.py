"""The store and the offline desk decide alike, or the offline desk says that it does not know: never otherwise."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from membership_store.database import Database
from membership_store.migrations import migrate
from membership_store.opening import open_database
from offline_cache.standing import OwnEvents
from tests.differential.desks import Tally, everything
from tests.membership_store.two_sources import World, worlds

MOST_UNKNOWN = 0.02
PARTS, WORLDS, DECISIONS = 6, 900, 60_000


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory: every world is pulled, and each pull syncs."""
    shared = Path("/dev/shm")
    made = (shared if shared.is_dir() else Path("/tmp")) / f"kiosk-worlds-{random.randrange(10**9)}"
    made.mkdir()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """An empty store; each world is a network of its own in it."""
    opened = open_database(folder / "store.db")
    migrate(opened)
    yield opened
    opened.close()


def compared(database: Database, folder: Path, *, number: int, count: int, most: int) -> Tally:
    """So many generated worlds, the same ones for the same number."""
    tally, chance = Tally(), random.Random(number)

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def alike(world: World) -> None:
        everything(database, world, folder, chance, tally, most)

    alike()
    print(tally)
    return tally


def test_both_desks_decide_alike_before_and_after_what_the_kiosk_did(database: Database, folder: Path) -> None:
    tally = compared(database, folder, number=2, count=60, most=40)
    assert tally.decided > 1000
    assert tally.lent > 20
    assert tally.locked > 20
    assert tally.share_unknown() <= MOST_UNKNOWN, tally


def test_a_desk_that_forgets_what_it_did_is_found(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OwnEvents, "of", lambda *_: ())
    with pytest.raises(BaseException) as caught:
        compared(database, folder, number=1, count=40, most=24)
    assert "the store says" in str(caught.value) + str(getattr(caught.value, "exceptions", ""))


@pytest.mark.long(minutes=15)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_both_desks_decide_alike_in_thousands_of_worlds(database: Database, folder: Path, part: int) -> None:
    tally = compared(database, folder, number=1000 + part, count=WORLDS, most=40)
    assert tally.worlds >= WORLDS * 0.95
    assert tally.decided >= DECISIONS
    assert tally.share_unknown() <= MOST_UNKNOWN, tally
