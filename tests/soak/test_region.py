"""After hours of cuts each store has each kiosk's events once, in sequence, and lends nothing twice."""

from __future__ import annotations

import random
import shutil
from collections import Counter as Count
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path

import pytest

from membership_store.opening import open_database
from tests.membership_store.counter import Counter
from tests.membership_store.running import Demo, plain_books, run
from tests.soak.region import SoakedKiosk, answered_there, entries, happenings

KIOSKS, BOOKS = 20, 60
SHOWN = ("anna", "zoe", "fatima", "two-memberships", "iris", "hanna", "neighbour", "month-paid")
TWICE = "SELECT item FROM loan WHERE returned_at IS NULL GROUP BY consortium, item HAVING COUNT(*) > 1"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, of which both stores begin with a copy."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo-data", "--database", folder / "store.db", "--out", folder)
    assert done.returncode == 0, done.stderr
    return Demo.read(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory: hours of commits are synced in it."""
    shared = Path("/dev/shm")
    made = (shared if shared.is_dir() else Path("/tmp")) / f"kiosk-soak-{random.randrange(10**9)}"
    made.mkdir()
    yield made
    shutil.rmtree(made)


def soak(demo: Demo, folder: Path, hours: float, number: int) -> Count[str]:
    """So many simulated hours; what was done. The ledgers are compared at the end."""
    chance = random.Random(number)
    passes = [demo.shown(name) for name in SHOWN]
    books = list(islice(plain_books(demo.folder / "store.db"), BOOKS))
    with ExitStack() as stack:
        kiosks: list[SoakedKiosk] = []
        for region in range(2):
            file = folder / f"store-{region}.db"
            shutil.copy(demo.folder / "store.db", file)
            database = stack.enter_context(closing(open_database(file)))
            for n in range(KIOSKS // 2):
                place = folder / f"kiosk-{region}-{n}"
                place.mkdir()
                kiosk = SoakedKiosk(Counter(database, f"soak-{region}-{n}"), place, passes, chance)
                stack.callback(kiosk.close)
                kiosk.pull()
                kiosks.append(kiosk)
        stores = [one.store for one in kiosks]
        for _ in happenings(kiosks, stores, books, hours, chance):
            pass
        did: Count[str] = Count()
        for kiosk in kiosks:
            kiosk.down_until = None
            assert kiosk.deliver() == ""
            kiosk.pull()
            did += kiosk.did
            ledgers_agree(kiosk)
        for kiosk in kiosks:
            assert kiosk.store.rows(TWICE) == []
    return did


def ledgers_agree(kiosk: SoakedKiosk) -> None:
    """Event by event: the same numbers, the same ids, and nothing waits; the mirror contains them all."""
    mine = entries(kiosk)
    assert [one.event.seq for one in mine] == list(range(1, len(mine) + 1))
    assert {one.state for one in mine} <= {"answered", "voided"}
    assert answered_there(kiosk) == [(one.event.seq, one.event.id) for one in mine]
    assert all(one.answer is not None for one in mine)
    assert kiosk.mirror.picture().acked_seq == len(mine)


def test_after_an_hour_of_cuts_the_ledgers_agree(demo: Demo, folder: Path) -> None:
    did = soak(demo, folder, 0.5, 1)
    print(did)
    assert did["without a line"] > 10
    assert did["on line"] > 50


@pytest.mark.long(minutes=30)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", [2, 3])
def test_after_many_hours_of_cuts_the_ledgers_agree(demo: Demo, folder: Path, number: int) -> None:
    did = soak(demo, folder, 12.0, number)
    print(did)
    assert did["deaths"] > 20
    assert did["turned into a fact"] > 20
