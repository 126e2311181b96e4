"""A kiosk whose credential is refused lends nothing and takes returns; one that is asked to wait waits, no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from circulation.affairs import CheckedIn
from circulation.desk import AskedToWait, DeskUnreachable, NotAdmitted
from circulation.events import Event
from circulation.outcomes import CheckedOut, Identified, Refused
from circulation.presented import Presented
from kiosk.bus import Bus, Reached
from kiosk.desks.breaker import GOOD_ANSWERS, Breaker
from kiosk.desks.journalled import AnswerLost, JournalledDesk
from kiosk.desks.online_first import NOT_ADMITTED, SHORT_WAIT_S, TRY_S, OnlineFirst
from kiosk.desks.store import StoreDesk
from kiosk.desks.without_line import WithoutLine
from kiosk.line_watch import watch_line
from kiosk.ui import Rest, Trouble
from offline_cache.journal import Journal
from offline_cache.line_state import LONGEST_WAIT_S, LineState
from offline_cache.pull_wish import SOON_S, SPREAD_S
from offline_cache.replay import Replay
from offline_cache.store_client import StoreClient
from tests.kiosk.store_model import Answer as StoreAnswer
from tests.kiosk.store_model import OneByOne, StoreModel
from tests.kiosk.test_journalled import DEADLINE_S, OTHER, StillClock
from tests.kiosk.test_line_watch import Line
from tests.kiosk.test_online_first import HERE, Mirror
from tests.kiosk.virtual_time import VirtualLoop, play
from tests.kiosk.world import Kiosk as WholeKiosk
from tests.kiosk.world import story
from tests.offline_cache.journals import BOOK, SHOWN, open_journal
from tests.offline_cache.raw_server import LONG_S, RawServer, answering


class Store(StoreModel):
    """A store that may refuse, or ask to wait; `asked` counts what reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.says: DeskUnreachable | None = None
        self.then: DeskUnreachable | None = None
        self.asked = 0
        self.deadlines = list[float]()

    def _door(self) -> None:
        self.asked += 1
        said, self.says = self.says, self.then or self.says
        if said is not None:
            raise said

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        self.deadlines.append(deadline_s)
        self._door()
        return super().identify(presented, deadline_s)

    def is_reachable(self, deadline_s: float) -> bool:
        self._door()
        return super().is_reachable(deadline_s)

    def deliver(self, event: Event, deadline_s: float) -> StoreAnswer:
        self._door()
        return super().deliver(event, deadline_s)


@dataclass
class Kiosk:
    """A kiosk with a mirror, its time, and what it was told before it started."""

    journal: Journal
    store: Store = field(default_factory=Store)
    mirror: Mirror = field(default_factory=Mirror)
    now: float = 0.0
    known_refused: bool = False
    lost: list[bool] = field(default_factory=list)
    wishes: list[float] = field(default_factory=list)

    def desk(self) -> JournalledDesk:
        clock = StillClock()
        self.online = OnlineFirst(
            self.store,
            OneByOne(self.store, self.store),
            WithoutLine(lambda: self.mirror, clock.now),
            Breaker(lambda: self.now),
            DEADLINE_S,
            lambda: self.lost.append(True),
            lambda: self.known_refused,
            self.wishes.append,
            lambda: self.now,
        )
        replay = Replay(self.online, self.journal, clock.told)
        return JournalledDesk(self.online, self.journal, replay, clock, DEADLINE_S, lambda *_: None)

    def states(self) -> list[str]:
        return [one.state for one in self.journal.since(0)]


@pytest.fixture
def kiosk(tmp_path: object) -> Iterator[Kiosk]:
    journal = open_journal(tmp_path / "journal.db")  # type: ignore[operator]
    yield Kiosk(journal)
    journal.close()


REFUSES = NotAdmitted("status 401")


# ---- a credential that counts no more


def test_once_it_is_refused_it_lends_nothing_although_the_mirror_could(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says = REFUSES
    assert desk.identify(SHOWN) == NOT_ADMITTED
    asked = kiosk.store.asked
    assert desk.identify(SHOWN) == NOT_ADMITTED
    assert desk.check_out(SHOWN, BOOK) == NOT_ADMITTED
    assert (kiosk.store.asked, kiosk.mirror.asked, kiosk.states()) == (asked, [], [])
    assert (desk.lends_without_line(), desk.is_admitted(), kiosk.lost) == (False, False, [True])


def test_a_loan_that_meets_the_refusal_is_not_lent_here_and_its_place_is_closed(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says = REFUSES
    assert desk.check_out(SHOWN, BOOK) == NOT_ADMITTED
    assert kiosk.states() == ["given_up"]
    kiosk.store.says = None
    assert not desk.is_reachable(), "believed as after any silence"
    assert desk.is_admitted()
    desk.redeliver()
    assert (kiosk.states(), kiosk.store.books.loans) == (["voided"], [])


def test_it_takes_returns_and_tells_them_when_it_is_let_in_again(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says = REFUSES
    desk.is_reachable()
    assert isinstance(desk.check_in(BOOK), CheckedIn)
    asked = kiosk.store.asked
    assert desk.redeliver() == 0.0
    assert kiosk.store.asked == asked, "nothing is told to who does not listen"
    kiosk.mirror.lending = False
    assert (desk.redeliver(), kiosk.store.asked) == (0.0, asked), "nor where nothing could be lent anyway"
    kiosk.store.says = None
    for _ in range(GOOD_ANSWERS):
        desk.is_reachable()
    assert (desk.is_reachable(), desk.is_admitted()) == (True, True)
    assert kiosk.states() == ["open"]
    assert isinstance(desk.identify(SHOWN), Identified)


def test_an_answer_that_was_lost_before_the_refusal_stays_open_and_is_not_said_to_be_a_no(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says, kiosk.store.then = DeskUnreachable("answer lost", sent=True), REFUSES
    with pytest.raises(AnswerLost):
        desk.check_out(SHOWN, BOOK)
    assert (kiosk.states(), kiosk.store.asked) == (["open"], 2)


def test_what_was_heard_before_the_start_counts_until_the_store_says_otherwise(kiosk: Kiosk) -> None:
    kiosk.known_refused = True
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"] * 9
    assert desk.identify(SHOWN) == NOT_ADMITTED
    assert kiosk.store.asked == 1, "that may have changed"
    assert kiosk.store.deadlines == [TRY_S], "and costs the first patron no more than any dead line does"
    assert not desk.is_reachable()
    assert desk.identify(SHOWN) == NOT_ADMITTED
    assert desk.check_out(SHOWN, BOOK) == NOT_ADMITTED
    kiosk.store.weather = []
    for _ in range(GOOD_ANSWERS):
        desk.is_reachable()
    assert isinstance(desk.identify(SHOWN), Identified)
    kiosk.store.weather = ["refused connection"]
    desk.is_reachable()
    assert desk.identify(SHOWN) == NOT_ADMITTED, "the pull has still to hear it"
    kiosk.known_refused = False
    assert desk.identify(SHOWN) == HERE


def test_the_screen_says_so_and_that_the_connection_is_good_is_no_comfort() -> None:
    async def tell(kiosk: WholeKiosk) -> None:
        await kiosk.put(Reached(False, lends=False, admitted=False))
        assert kiosk.screen() == Rest(frozenset({Trouble.NOT_ADMITTED}))
        await kiosk.put(Reached(True))
        assert kiosk.screen() == Rest()

    story(tell)()


def test_the_watch_tells_it_within_seconds_and_that_it_is_over() -> None:
    loop = VirtualLoop()

    class Doorman(Line):
        admitted = True

        async def is_admitted(self) -> bool:
            return self.admitted

    async def whole() -> None:
        line, bus = Doorman(loop), Bus(loop)
        task = asyncio.create_task(watch_line(line, bus))
        await asyncio.sleep(20)
        line.admitted = line.up = False
        assert await asyncio.wait_for(bus.get(), 12) == Reached(False, False, admitted=False)
        line.admitted = line.up = True
        assert await asyncio.wait_for(bus.get(), 12) == Reached(True)
        task.cancel()

    play(whole(), loop)


def test_a_kiosk_that_got_a_new_credential_serves_its_first_patron_at_once(kiosk: Kiosk) -> None:
    kiosk.known_refused = True
    desk = kiosk.desk()
    assert isinstance(desk.identify(SHOWN), Identified)
    assert kiosk.wishes == [SPREAD_S], "the pull was refused too"
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    assert kiosk.states() == ["answered"]
    assert kiosk.wishes == [SPREAD_S, SOON_S]


# ---- who asks to be left alone


def test_a_short_wait_is_kept_and_nobody_hears_of_it(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says = AskedToWait("status 429", sent=False, seconds=5.0)
    assert desk.identify(SHOWN) == HERE
    asked, kiosk.store.says = kiosk.store.asked, None
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    assert desk.is_reachable()
    desk.redeliver()
    assert (kiosk.store.asked, kiosk.lost) == (asked, [])
    kiosk.now = 5.1
    assert isinstance(desk.check_out(SHOWN, OTHER), CheckedOut)
    assert (kiosk.states(), kiosk.store.asked > asked) == (["answered", "answered"], True)


def test_without_a_mirror_whoever_comes_during_a_wait_is_told_at_once(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.mirror.lending, kiosk.mirror.broken = False, True
    kiosk.store.says = AskedToWait("status 503", sent=True, seconds=5.0)
    for _ in range(2):
        with pytest.raises(DeskUnreachable):
            desk.identify(SHOWN)
        with pytest.raises(DeskUnreachable):
            desk.check_out(SHOWN, BOOK)
    assert kiosk.store.asked == 1
    kiosk.now, kiosk.store.says = 6.0, None
    assert isinstance(desk.identify(SHOWN), Identified)


def test_a_long_wait_is_an_outage_and_is_over_in_five_minutes_whatever_was_said(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says = AskedToWait("status 503", sent=True, seconds=86_400.0)
    assert not desk.is_reachable()
    assert kiosk.lost == [True]
    asked, kiosk.store.says = kiosk.store.asked, None
    kiosk.now = LONGEST_WAIT_S - 1
    assert (desk.is_reachable(), kiosk.store.asked) == (False, asked)
    kiosk.now = LONGEST_WAIT_S + 1
    assert [desk.is_reachable() for _ in range(GOOD_ANSWERS)] == [False] * (GOOD_ANSWERS - 1) + [True]
    assert SHORT_WAIT_S < LONGEST_WAIT_S


def test_a_request_that_was_asked_to_wait_is_not_repeated_at_once(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    kiosk.store.says = AskedToWait("status 503", sent=True, seconds=3.0)
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    assert kiosk.store.asked == 1
    assert [one.event.kind.value for one in kiosk.journal.since(0)] == ["fact"]


# ---- the pull beside it


def test_the_pull_is_asked_for_after_what_was_done_and_later_after_an_outage(kiosk: Kiosk) -> None:
    desk = kiosk.desk()
    desk.check_out(SHOWN, BOOK)
    assert kiosk.wishes == [SOON_S]
    desk.identify(SHOWN)
    desk.is_reachable()
    assert kiosk.wishes == [SOON_S]
    kiosk.store.weather = ["refused connection"]
    desk.check_out(SHOWN, OTHER)
    for _ in range(GOOD_ANSWERS):
        desk.is_reachable()
    desk.redeliver()
    assert kiosk.wishes == [SOON_S, SPREAD_S, SPREAD_S]


# ---- over a real line


@pytest.mark.parametrize(
    ("status", "head", "said"),
    [
        ("401 Unauthorized", b"Content-Type: application/problem+json\r\n", NotAdmitted),
        ("403 Forbidden", b"Content-Type: text/html\r\n", None),
        ("429 Too Many Requests", b"Retry-After: 5\r\n", AskedToWait),
        ("503 Unavailable", b"", None),
    ],
)
def test_what_the_store_answers_is_told_apart_and_a_login_page_is_only_silence(
    status: str, head: bytes, said: type[DeskUnreachable] | None
) -> None:
    told: list[LineState] = []
    with RawServer(answering(b"{}", status, head)) as server:
        desk = StoreDesk(StoreClient(server.url, "token", told.append))
        if said is None:
            assert desk.is_reachable(LONG_S) is False
        else:
            with pytest.raises(said):
                desk.is_reachable(LONG_S)
        with pytest.raises(DeskUnreachable) as caught:
            desk.identify(SHOWN, LONG_S)
    assert type(caught.value) is (said or DeskUnreachable)
    assert LineState.ANSWERS not in told
