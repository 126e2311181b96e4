"""A store's database for the tests that need a real store: the demo's, made once a run and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from circulation.identifiers import ItemBarcode
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.running import Demo, StoreProcess, new_kiosk, plain_books, run
from tests.offline_cache.mirrors import Rig

_names = (f"memory-{n}" for n in count(1))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo as it is written for Annen. Nobody changes it: copy the database."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo-data", "--database", folder / "store.db", "--out", folder)
    assert done.returncode == 0, done.stderr
    return Demo.read(folder)


@pytest.fixture
def store(demo: Demo, tmp_path: Path) -> Iterator[Counter]:
    """A desk over a copy of the demo's database, and its books. The kiosk there is `counter-1`."""
    with open_counter(Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db"))) as one:
        yield one


@pytest.fixture(scope="module")
def served(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    """A server over a copy of the demo, for one file of tests."""
    file = tmp_path_factory.mktemp("served") / "store.db"
    process = StoreProcess(Path(shutil.copy(demo.folder / "store.db", file)))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def books(served: StoreProcess) -> Iterator[ItemBarcode]:
    """Items of that server that anybody may borrow, each given once."""
    return plain_books(served.database)


@pytest.fixture
def rig(served: StoreProcess, tmp_path: Path) -> Iterator[Rig]:
    """A kiosk of Annen with an empty memory, over that server."""
    made = Rig(tmp_path, served, new_kiosk(served.database, served.url, next(_names)))
    yield made
    made.close()
