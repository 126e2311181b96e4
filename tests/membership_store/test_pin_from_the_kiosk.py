"""The kiosk's own desk over HTTP to a real store: a PIN opens a visit, and its end takes that back (P6)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from circulation.events import ClockState, HandOver, Told
from circulation.identifiers import KioskId
from circulation.outcomes import CheckedOut, Identified, Reason, Refused
from kiosk.desks.breaker import Breaker
from kiosk.desks.journalled import JournalledDesk
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.store import StoreDesk
from kiosk.desks.without_line import WithoutLine
from membership_store.demo.casting import DEMO_PIN
from offline_cache.event_line import StoreEvents
from offline_cache.journal import Journal
from offline_cache.replay import Replay
from offline_cache.store_client import StoreClient
from tests.membership_store.running import Demo, StoreProcess, new_kiosk
from tests.offline_cache.journals import ids, open_journal

WRONG = "1357"
DEADLINE_S = 20.0
_numbers = count(1)


class Now:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def told(self) -> Told:
        return Told("a-boot", time.monotonic_ns() // 1_000_000, ClockState.SYNCHRONISED)


class AtTheStore:
    """A kiosk's desk and journal, as the kiosk builds them."""

    def __init__(self, store: StoreProcess, folder: Path) -> None:
        name = f"pin-{next(_numbers)}"
        caller = new_kiosk(store.database, store.url, name)
        self.journal: Journal = open_journal(folder / "journal.db", kiosk=KioskId(name))
        client, clock = StoreClient(store.url, caller.token), Now()
        self.online = OnlineFirst(
            StoreDesk(client),
            StoreEvents(client),
            WithoutLine(lambda: None, clock.now),
            Breaker(time.monotonic),
            DEADLINE_S,
        )
        replay = Replay(self.online, self.journal, clock.told)
        self.desk = JournalledDesk(self.online, self.journal, replay, clock, DEADLINE_S, lambda *_: None)


@pytest.fixture
def kiosk(store: StoreProcess, tmp_path: Path) -> Iterator[AtTheStore]:
    one = AtTheStore(store, tmp_path)
    yield one
    one.journal.close()


def reason(answer: Identified | CheckedOut | Refused) -> Reason | None:
    return answer.reason if isinstance(answer, Refused) else None


def test_a_pin_opens_the_visit_its_loans_and_nothing_after_its_end(
    store: StoreProcess, kiosk: AtTheStore, demo: Demo
) -> None:
    shown, desk = demo.shown("pin"), kiosk.desk
    assert reason(desk.identify(shown)) is Reason.PIN_NEEDED
    assert reason(desk.identify(shown, WRONG)) is Reason.PIN_WRONG
    assert isinstance(desk.identify(shown, DEMO_PIN), Identified)
    assert isinstance(desk.check_out(shown, demo.book("oeroeg")), CheckedOut)
    assert store.rows("SELECT COUNT(*) FROM pin_proof") == [(1,)]
    desk.end_visit(shown)
    assert store.rows("SELECT COUNT(*) FROM pin_proof") == [(0,)]
    assert kiosk.journal.waiting() == 0
    assert reason(desk.check_out(shown, demo.book("eline-vere"))) is Reason.PIN_NEEDED
    assert reason(desk.identify(shown)) is Reason.PIN_NEEDED


def test_an_end_that_could_not_be_told_never_ends_the_next_visit(
    store: StoreProcess, kiosk: AtTheStore, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, desk = demo.shown("pin"), kiosk.desk
    desk.identify(shown, DEMO_PIN)
    with monkeypatch.context() as patch:
        patch.setattr(OnlineFirst, "may_deliver", property(lambda _: False))
        desk.end_visit(shown)
    assert kiosk.journal.waiting() == 1
    assert isinstance(desk.identify(demo.shown("document"), DEMO_PIN), Identified)
    assert kiosk.journal.waiting() == 0, "it was told before the next PIN was looked at"
    assert isinstance(desk.check_out(demo.shown("document"), demo.book("reunie")), CheckedOut)


def test_a_locked_pass_says_for_how_many_minutes_and_no_log_holds_a_pin(
    kiosk: AtTheStore, demo: Demo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = demo.shown("document")
    tries = [kiosk.desk.identify(shown, f"90817{n}") for n in range(6)]
    locked = tries[-1]
    assert [reason(one) for one in tries] == [Reason.PIN_WRONG] * 5 + [Reason.PIN_LOCKED]
    assert isinstance(locked, Refused)
    assert locked.values == {"count": 15}
    assert "POST /v1/identify" in caplog.text, "what the line says at DEBUG is heard here"
    assert "90817" not in caplog.text


def test_n10_a_refused_pass_has_a_code_under_which_the_desk_finds_it(
    store: StoreProcess, kiosk: AtTheStore, demo: Demo
) -> None:
    shown = demo.shown("blocked")
    refused = kiosk.desk.identify(shown)
    assert isinstance(refused, Refused)
    case = HandOver(ids()(), refused.reason, refused.rule, shown)
    given = kiosk.desk.hand_over(case)
    assert given is not None
    assert given == kiosk.desk.hand_over(case), "one case, one code"
    rows = store.rows("SELECT reason, patron IS NULL FROM handover WHERE code = ?", given.code)
    assert rows == [(refused.reason.value, 0)]
