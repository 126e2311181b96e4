"""Over 100,000 decisions on each engine: from the store's rows as from plain objects. In parts, each stamped alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from membership_store.database import Database
from membership_store.migrations import migrate
from membership_store.opening import open_database
from tests.membership_store.cluster import Cluster
from tests.membership_store.test_two_sources import compare
from tests.membership_store.two_sources import World, worlds

PARTS, WORLDS, DECISIONS = 4, 60, 30_000


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each engine."""
    cluster = Cluster() if request.param == "postgresql" else None
    opened = open_database(tmp_path / "store.db" if cluster is None else cluster.address(cluster.new()))
    migrate(opened)
    yield opened
    opened.close()
    if cluster is not None:
        cluster.close()


@pytest.mark.long(minutes=15)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_store_decides_as_the_rules_do_on_plain_objects(database: Database, part: int) -> None:
    decided = 0

    @seed(part)
    @settings(
        max_examples=WORLDS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def alike(world: World) -> None:
        nonlocal decided
        decided += compare(database, world)

    alike()
    assert decided >= DECISIONS
