"""The same decisions from the store's rows as from plain objects: visit, borrow, renew and return, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from membership_store.database import Database
from membership_store.migrations import migrate
from membership_store.opening import open_database
from tests.membership_store.engines import POSTGRESQL, SQLITE, Engine
from tests.membership_store.two_sources import SHOWN, World, from_store, plainly, worlds, write

WORLDS = {SQLITE: 9, POSTGRESQL: 4}  # on a server each takes longer; `make long` compares many on both
_names = (f"world-{n}" for n in count(1))


@pytest.fixture(scope="module")
def database(engine: Engine) -> Iterator[Database]:
    """An empty database; each world is a network of its own in it."""
    address = engine.new(filled=False)
    opened = open_database(address)
    migrate(opened)
    yield opened
    opened.close()
    engine.drop(address)


def test_the_store_decides_as_the_rules_do_on_plain_objects(engine: Engine, database: Database) -> None:
    @settings(
        max_examples=WORLDS[engine.name],
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def alike(world: World) -> None:
        assert compare(database, world) > 100

    alike()


def compare(database: Database, world: World) -> int:
    """Writes the world, compares every decision; how many there were."""
    consortium, decided = next(_names), 0
    write(database, consortium, world)
    theirs = database.read(lambda session: list(from_store(session, consortium, world, SHOWN)))
    for ours, seen in zip(plainly(world, SHOWN), theirs, strict=True):
        assert seen == ours
        decided += 1
    return decided
