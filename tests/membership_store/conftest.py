"""One demo database a run, copied for each file of tests; what a test starts ends with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from circulation.identifiers import ItemBarcode
from membership_store.database import Database
from membership_store.opening import Spec, open_database
from tests.membership_store.cluster import Cluster, NoCluster
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.engines import POSTGRESQL, SQLITE, Engine, Files, Server
from tests.membership_store.running import Caller, Demo, StoreProcess, new_kiosk, plain_books, run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever works on a database works on both engines; on PostgreSQL it is tried by `make test-system`."""
    if "engine" in metafunc.fixturenames:
        both = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.system)]
        metafunc.parametrize("engine", both, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """So is what asks for a PostgreSQL by name."""
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo as it is written for Annen. Nobody changes it: copy the database."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo-data", "--database", folder / "store.db", "--out", folder)
    assert done.returncode == 0, done.stderr
    return Demo.read(folder)


@pytest.fixture
def database(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the demo's SQLite file for one test, for what only a file can show; else take `address`."""
    return Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The PostgreSQL of this run."""
    try:
        one = Cluster()
    except NoCluster as fault:
        pytest.fail(f"PostgreSQL cannot be had: {fault}")
    yield one
    one.close()


@pytest.fixture(scope="session")
def files(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Databases as SQLite files."""
    return Files(tmp_path_factory.mktemp("files"), demo.folder / "store.db")


@pytest.fixture(scope="session")
def server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Databases of a PostgreSQL."""
    return Server(cluster, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """Where the databases of a test come from: each of the two in turn."""
    found: Engine = request.getfixturevalue("files" if request.param == SQLITE else "server")
    return found


@pytest.fixture
def address(engine: Engine) -> Iterator[Spec]:
    """A database of the demo's data for one test."""
    one = engine.new()
    yield one
    engine.drop(one)


@pytest.fixture
def filled(address: Spec) -> Iterator[Database]:
    """The demo's database, open."""
    opened = open_database(address)
    yield opened
    opened.close()


@pytest.fixture
def empty(engine: Engine) -> Iterator[Database]:
    """A new database without a schema."""
    address = engine.new(filled=False)
    opened = open_database(address)
    yield opened
    opened.close()
    engine.drop(address)


@pytest.fixture
def counter(address: Spec) -> Iterator[Counter]:
    """A kiosk at a desk over a demo of its own."""
    with open_counter(address) as one:
        yield one


@pytest.fixture(scope="module")
def store(engine: Engine) -> Iterator[StoreProcess]:
    """A server over a copy of the demo, for one file of tests."""
    process = StoreProcess(engine.new())
    yield process
    process.stop()
    engine.drop(process.database)


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
