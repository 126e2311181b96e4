"""Kiosks of a branch that share over real sockets and decide from a real mirror: nobody waits for anybody for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from circulation.events import Action, ClockState, Told
from circulation.identifiers import ItemBarcode, KioskId
from offline_cache.branch import Together, share
from offline_cache.journal import Entry
from offline_cache.journal_faults import JournalFault
from offline_cache.mirror import Mirror
from offline_cache.neighbours import Contained
from offline_cache.offline_desk import OfflineDesk
from offline_cache.sharing import Sharing
from tests.circulation.worlds import by_barcode
from tests.offline_cache.mirrors import Rig
from tests.offline_cache.test_neighbours import Journal, Kiosk, sharing

LONG_S = 30.0


def now() -> Told:
    """A boot's clock."""
    return Told("now", int(time.monotonic() * 1000), ClockState.FREE)


class Telling(Kiosk):
    """A journal as `share` wants it."""

    last = 0

    def since(self, seq: int) -> list[Entry]:
        """As `own`."""
        return list(self.own(seq))

    def lends(self, count: int = 1) -> None:
        """As there."""
        super().lends(count)
        self.last = len(self.did)


@pytest.fixture
def two(rig: Rig) -> Iterator[tuple[Telling, Sharing, Mirror, Sharing]]:
    """What the first kiosk did and its sharing; the mirror of the second and its sharing. Both hear each other."""
    rig.pull()
    first, second = Telling("one"), Telling("two")
    mirrors = [Mirror(rig.folder / "mirror", rig.key) for _ in range(2)]
    here = ("127.0.0.1", 0)
    shared = [
        share(KioskId(kiosk.name), kiosk, mirror, rig.key(), now, here, ())
        for kiosk, mirror in zip((first, second), mirrors, strict=True)
    ]
    shared[0]._peers, shared[1]._peers = (shared[1].address,), (shared[0].address,)
    yield first, shared[0], mirrors[1], shared[1]
    for one in shared:
        one.stop()


def until(condition: Callable[[], bool]) -> None:
    """Waits for it, generously."""
    ends = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def ends_in_time(*works: Callable[[], object]) -> None:
    """All at once, each on a thread of its own. One that hangs is left behind."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + LONG_S
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    assert not [thread for thread in threads if thread.is_alive()], "it hangs"


def test_who_decides_with_the_mirror_in_hand_waits_for_nothing_that_is_heard(
    two: tuple[Telling, Sharing, Mirror, Sharing], books: Iterator[ItemBarcode]
) -> None:
    first, _, mirror, heard_at = two
    first.lends(3)
    desk = OfflineDesk(mirror, Together(Journal([]), heard_at.heard, now), lambda as_of, at: timedelta())
    until(lambda: len(heard_at.heard()) == 3)
    item = next(books)
    answers: list[object] = []

    def decides() -> None:
        answers.append(desk.identify(by_barcode(), datetime.now(UTC)))
        answers.append(desk.decide(Action.CHECK_IN, None, item, datetime.now(UTC)))

    ends_in_time(decides)
    assert len(answers) == 2


def test_deciding_telling_and_hearing_go_on_beside_each_other(
    two: tuple[Telling, Sharing, Mirror, Sharing], books: Iterator[ItemBarcode], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offline_cache.sharing.EVERY_S", 0.002)
    first, _, mirror, heard_at = two
    desk = OfflineDesk(mirror, Together(Journal([]), heard_at.heard, now), lambda as_of, at: timedelta())
    item, rounds = next(books), 100

    def decides() -> None:
        while len(heard_at.heard()) < rounds:
            desk.decide(Action.CHECK_IN, None, item, datetime.now(UTC))

    def lends() -> None:
        for _ in range(rounds):
            first.lends()
            time.sleep(0.002)

    ends_in_time(decides, decides, lends)


def test_what_the_mirror_holds_by_now_is_forgotten_though_nobody_tells_anything_any_more() -> None:
    one, two = Kiosk("one"), Kiosk("two")
    one.mirror, two.mirror = Contained("g", 150, 2), Contained("g", 100, 0)
    one.lends(3)
    with sharing(two, lambda: ()) as second:
        second.start()
        with sharing(one, lambda: (second.address,)) as first:
            second._peers = (first.address,)
            first.start()
            until(lambda: len(second.heard()) == 3)
        two.mirror = Contained("g", 150, 0)
        until(lambda: [heard.entry.event.seq for heard in second.heard()] == [3])


@pytest.mark.parametrize(("who", "what"), [("teller", "_own"), ("teller", "_contained"), ("hearer", "_contained")])
def test_a_journal_or_a_mirror_that_cannot_be_read_for_a_while_silences_nobody_for_longer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, who: str, what: str
) -> None:
    monkeypatch.setattr("offline_cache.sharing.EVERY_S", 0.02)
    one, two = Kiosk("one"), Kiosk("two")
    one.lends(2)
    asked = (one if who == "teller" else two).neighbours
    real, failed = getattr(asked, what), threading.Event()

    def fails(*_: object) -> None:
        failed.set()
        raise JournalFault("20000001000012")

    monkeypatch.setattr(asked, what, fails)
    with sharing(two, lambda: ()) as second, sharing(one, lambda: (second.address,)) as first:
        second._peers = (first.address,)
        for each in (first, second):
            each.start()
        until(failed.is_set)
        time.sleep(0.2)
        monkeypatch.setattr(asked, what, real)
        until(lambda: len(second.heard()) == 2)
    said = [line.getMessage() for line in caplog.records if line.levelname == "ERROR"]
    assert 0 < len(said) <= 3, "not each time"
    assert all(line.endswith(": JournalFault") for line in said), "and nothing of anybody"
