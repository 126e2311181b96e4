"""My account and renewing, from the desk that a flow awaits to the real store, over HTTP and with a real journal."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from circulation.affairs import Account, Renewed, RenewedAll
from circulation.identifiers import ItemBarcode, KioskId
from circulation.outcomes import CheckedOut, Reason, Refused
from kiosk.desks.breaker import Breaker
from kiosk.desks.journalled import AnswerLost, JournalledDesk
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.store import StoreDesk
from kiosk.desks.without_line import WithoutLine
from offline_cache.event_line import StoreEvents
from offline_cache.journal import Journal
from offline_cache.replay import Replay
from offline_cache.sealing import Seal
from offline_cache.store_client import LineDown, Response, StoreClient
from tests.kiosk.test_journalled import StillClock
from tests.membership_store.running import Demo, StoreProcess, new_kiosk, plain_books, run
from tests.offline_cache.journals import KEY, ids

DEADLINE_S = 20.0
NAME = "renewing-1"


class Line(StoreClient):
    """The real one, which loses answers when it is told to."""

    loses = False

    def post(self, path: str, body: bytes, deadline_s: float, key: str | None = None) -> Response:
        answer = super().post(path, body, deadline_s, key)
        if self.loses:
            raise LineDown("cut", sent=True)
        return answer


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo-data", "--database", folder / "store.db", "--out", folder)
    assert done.returncode == 0, done.stderr
    return Demo.read(folder)


@pytest.fixture(scope="module")
def store(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    file = tmp_path_factory.mktemp("served") / "store.db"
    process = StoreProcess(Path(shutil.copy(demo.folder / "store.db", file)))
    yield process
    process.stop()


def test_a_loan_is_seen_renewed_once_and_seen_again_whatever_the_line_loses(
    store: StoreProcess, demo: Demo, tmp_path: Path
) -> None:
    caller = new_kiosk(store.database, store.url, NAME)
    line = Line(caller.url, caller.token)
    late: list[object] = []
    clock = StillClock()
    online = OnlineFirst(
        StoreDesk(line), StoreEvents(line), WithoutLine(lambda: None, clock.now), Breaker(time.monotonic), DEADLINE_S
    )
    journal = Journal(tmp_path / "journal.db", Seal(KEY), KioskId(NAME), ids())
    replay = Replay(online, journal, clock.told)
    desk = JournalledDesk(online, journal, replay, clock, DEADLINE_S, lambda _, answer: late.append(answer))
    anna = demo.shown("anna")
    books = plain_books(store.database)
    book, other = next(books), next(books)
    try:
        for one in (book, other):
            assert isinstance(desk.check_out(anna, one), CheckedOut)
        before = _renewals(desk.account(anna))
        assert before[book] == 0
        renewed = desk.renew(anna, book)
        assert isinstance(renewed, Renewed)
        assert _renewals(desk.account(anna))[book] == 1

        line.loses = True
        with pytest.raises(AnswerLost):
            desk.renew_all(anna)
        line.loses = False
        desk.redeliver()
        assert not desk.has_undelivered()
        assert [type(one) for one in late] == [RenewedAll], "the late answer comes, and is one to all of them"
        after = _renewals(desk.account(anna))
        assert (after[book], after[other]) == (2, 1), "asked again under the same id, it was done once"

        no = desk.renew(anna, book)
        assert isinstance(no, Refused)
        assert no.reason is Reason.RENEWED_ENOUGH
    finally:
        journal.close()


def _renewals(found: Account | Refused) -> dict[ItemBarcode, int]:
    assert isinstance(found, Account)
    return {one.item: one.renewals for branch in found.loans for one in branch.loans}
