"""One demo database a run, copied for each file of tests; what a test starts ends with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from circulation.identifiers import ItemBarcode
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.running import Caller, Demo, StoreProcess, new_kiosk, plain_books, run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo as it is written for Annen. Nobody changes it: copy the database."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo-data", "--database", folder / "store.db", "--out", folder)
    assert done.returncode == 0, done.stderr
    return Demo.read(folder)


@pytest.fixture
def database(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the demo's database for one test."""
    return Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db"))


@pytest.fixture
def counter(database: Path) -> Iterator[Counter]:
    """A kiosk at a desk over a demo of its own."""
    with open_counter(database) as one:
        yield one


@pytest.fixture(scope="module")
def store(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    """A server over a copy of the demo, for one file of tests."""
    folder = tmp_path_factory.mktemp("store")
    process = StoreProcess(Path(shutil.copy(demo.folder / "store.db", folder / "store.db")))
    yield process
    process.stop()


_names = (f"kiosk-{n}" for n in count(1))


@pytest.fixture
def kiosks(store: StoreProcess) -> Callable[[], Caller]:
    """Makes new kiosks in Annen that ask that server."""
    return lambda: new_kiosk(store.database, store.url, next(_names))


@pytest.fixture
def kiosk(kiosks: Callable[[], Caller]) -> Caller:
    """A new kiosk in Annen."""
    return kiosks()


@pytest.fixture(scope="module")
def books(store: StoreProcess) -> Iterator[ItemBarcode]:
    """Items that anybody may borrow, each given once."""
    return plain_books(store.database)
