"""Which desk answers: a dead line costs two seconds once, a flapping one flaps nothing, a good one returns unheard."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.affairs import Account, CheckedIn, Renewed, RenewedAll, Route
from circulation.desk import DeskFault, DeskUnreachable
from circulation.events import Action, Event, Kind
from circulation.identifiers import EventId, ItemBarcode, PatronRef
from circulation.outcomes import CheckedOut, Identified, NextStep, Reason, Refused
from circulation.presented import Presented
from kiosk.desks.breaker import CALM_S, GOOD_ANSWERS, MOST_ANSWERS, Breaker
from kiosk.desks.journalled import AnswerLost
from kiosk.desks.online_first import TRY_S, OnlineFirst
from kiosk.desks.without_line import Deciding, WithoutLine
from offline_cache.mirror import NoMirror
from tests.kiosk.store_model import OneByOne, StoreModel
from tests.kiosk.test_journalled import DEADLINE_S, OTHER, Kiosk, clock, kiosk  # noqa: F401 - fixtures
from tests.offline_cache.journals import AT, BOOK, KIOSK, SHOWN, ids, lent

MAXIMUM = Refused(Reason.OFFLINE_MAXIMUM, "S3", NextStep.DESK, {"count": 5})
HERE = Identified(PatronRef("masked"))


@dataclass
class Mirror:
    """Decides as told. `lending`: whether it may be lent from; `broken`: whether it cannot be read."""

    lending: bool = True
    broken: bool = False
    refusal: Refused | None = None
    asked: list[EventId | None] = field(default_factory=list)
    on_asked: Callable[[], None] = lambda: None

    def lends(self, at: datetime) -> bool:
        return self.lending and not self.broken

    def known_as(self, patron: PatronRef) -> PatronRef:
        self._read()
        return PatronRef("masked")

    def identify(self, presented: Presented, at: datetime) -> Identified | Refused:
        self._read()
        return self.refusal or HERE

    def decide(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        *,
        apart_from: EventId | None = None,
    ) -> CheckedOut | CheckedIn | Refused:
        self.asked.append(apart_from)
        self.on_asked()
        assert item is not None
        if action is Action.CHECK_IN:
            return CheckedIn(item, "Oeroeg", Route.SHELF, provisional=True)
        self._read()
        return self.refusal or CheckedOut(item, "Oeroeg", lent().due, 1, 4, provisional=True)

    def _read(self) -> None:
        if self.broken:
            raise NoMirror("damaged")


@pytest.fixture
def mirror(kiosk: Kiosk) -> Mirror:  # noqa: F811
    """The kiosk may lend without a line."""
    kiosk.mirror = made = Mirror()
    return made


# ---- the breaker


def test_one_silence_opens_it_and_a_few_good_answers_in_a_row_close_it() -> None:
    breaker = Breaker(lambda: 0.0)
    assert breaker.silent()
    assert not breaker.silent(), "told once"
    for _ in range(GOOD_ANSWERS - 1):
        breaker.answered()
    states = [(breaker.closed, breaker.half_open)]
    breaker.silent()
    states.append((breaker.closed, breaker.half_open))
    assert states == [(False, True), (False, False)]
    for _ in range(GOOD_ANSWERS):
        assert not breaker.closed
        breaker.answered()
    assert breaker.closed
    assert not breaker.half_open


def test_a_line_that_goes_again_soon_is_believed_less_each_time_until_it_has_held() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    needed = []
    for _ in range(6):
        breaker.silent()
        answers = 0
        while not breaker.closed:
            breaker.answered()
            answers, now = answers + 1, now + 1
        needed.append(answers)
        now += 5
    assert needed == [3, 6, 12, 24, 24, 24]
    now += CALM_S
    breaker.silent()
    for _ in range(GOOD_ANSWERS):
        breaker.answered()
    assert breaker.closed


@given(st.lists(st.booleans(), max_size=400))
def test_whatever_the_line_does_it_opens_at_most_so_often(probes: list[bool]) -> None:
    """One probe a second: from the fourth time on, the line must hold for 24 seconds before it is believed."""
    now, opened = 0.0, 0
    breaker = Breaker(lambda: now)
    for good in probes:
        now += 1
        if good:
            breaker.answered()
        else:
            opened += breaker.silent()
    assert opened <= 4 + len(probes) / MOST_ANSWERS


# ---- what is asked, and for how long


class Timed(StoreModel):
    """Notes how long it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[float] = []

    def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
        self.given.append(deadline_s)
        return super().identify(presented, deadline_s)

    def is_reachable(self, deadline_s: float) -> bool:
        self.given.append(deadline_s)
        return super().is_reachable(deadline_s)

    def deliver(self, event: Event, deadline_s: float) -> object:  # type: ignore[override]
        self.given.append(deadline_s)
        return super().deliver(event, deadline_s)


@pytest.mark.usefixtures("clock")
def test_with_a_mirror_nobody_waits_for_more_than_two_seconds_and_without_as_long_as_is_configured(
    kiosk: Kiosk,  # noqa: F811
) -> None:
    kiosk.store = timed = Timed()
    desk = kiosk.desk()
    desk.identify(SHOWN)
    desk.is_reachable()
    desk.check_out(SHOWN, BOOK)
    assert timed.given == [DEADLINE_S] * 3
    kiosk.mirror = Mirror()
    desk = kiosk.desk()
    timed.given.clear()
    desk.identify(SHOWN)
    desk.is_reachable()
    desk.check_out(SHOWN, OTHER)
    assert timed.given == [TRY_S] * 3
    kiosk.mirror.lending = False
    desk.identify(SHOWN)
    assert timed.given[-1] == DEADLINE_S
    desk.check_in(OTHER)
    assert timed.given[-1] == TRY_S, "a return can always be taken"


def test_a_dead_line_is_found_within_one_request_and_asked_no_more(kiosk: Kiosk, mirror: Mirror) -> None:  # noqa: F811
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    first, second = desk.check_out(SHOWN, BOOK), desk.check_out(SHOWN, OTHER)
    assert isinstance(first, CheckedOut)
    assert isinstance(second, CheckedOut)
    assert first.provisional
    assert kiosk.store.said == [(Kind.REQUEST, 1)]
    assert kiosk.lost == [True]
    assert [one.event.kind for one in kiosk.journal.since(0)] == [Kind.FACT, Kind.FACT]
    assert isinstance(desk.identify(SHOWN), Identified)
    assert desk.identify(SHOWN) == HERE


def test_a_line_that_is_back_is_believed_after_a_few_looks_and_then_told_what_was_done(
    kiosk: Kiosk,  # noqa: F811
    mirror: Mirror,
) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    desk.check_out(SHOWN, BOOK)
    desk.redeliver()
    assert kiosk.store.said == [(Kind.REQUEST, 1)], "not tried before anybody answers"
    assert not desk.is_reachable()
    assert desk.is_coming_back()
    desk.redeliver()
    assert kiosk.store.said[1:] == [(Kind.FACT, 1)]
    assert kiosk.late == [], "the patron was told when it was done"
    desk.check_out(SHOWN, OTHER)
    assert len(kiosk.store.said) == 2, "and is not asked for patrons yet"
    looks = [desk.is_reachable() for _ in range(GOOD_ANSWERS - 1)]
    assert looks == [False] * (GOOD_ANSWERS - 2) + [True]
    assert isinstance(desk.check_out(SHOWN, ItemBarcode("30000000000996")), CheckedOut)
    # The first had been a request: a store that was restored in between might know its refusal alone.
    assert kiosk.store.said[2:] == [(Kind.FACT, 1), (Kind.FACT, 2), (Kind.REQUEST, 3)]
    assert kiosk.states() == ["answered"] * 3


# ---- one act, whatever the line does


@pytest.mark.parametrize("weather", ["answer lost", "lost on the way", "overloaded", "rubbish from the store"])
def test_a_lost_answer_is_decided_here_and_told_as_a_fact_under_the_same_event(
    kiosk: Kiosk,  # noqa: F811
    mirror: Mirror,
    weather: str,
) -> None:
    desk = kiosk.desk()
    kiosk.store.weather = [weather] * 2
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    (entry,) = kiosk.journal.since(0)
    assert (entry.event.kind, entry.state) == (Kind.FACT, "open")
    assert mirror.asked == [entry.event.id]
    desk.is_reachable()
    desk.redeliver()
    assert kiosk.store.books.loans == [(entry.event.id, BOOK)]


def test_what_is_promised_is_written_down_before_it_is_said(kiosk: Kiosk, mirror: Mirror) -> None:  # noqa: F811
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    assert isinstance(desk.check_out(SHOWN, BOOK), CheckedOut)
    assert isinstance(kiosk.journal.entry(1).promised, CheckedOut)
    assert isinstance(desk.check_out(SHOWN, OTHER), CheckedOut)
    assert isinstance(kiosk.journal.entry(2).promised, CheckedOut)


def test_a_no_of_this_kiosk_is_not_written_down_and_does_not_say_that_nothing_happened(
    kiosk: Kiosk,  # noqa: F811
    mirror: Mirror,
) -> None:
    desk = kiosk.desk()
    mirror.refusal = MAXIMUM
    kiosk.store.weather = ["refused connection"]
    assert desk.check_out(SHOWN, BOOK) == MAXIMUM
    assert kiosk.states() == ["given_up"], "it never left"
    assert desk.check_out(SHOWN, OTHER) == MAXIMUM
    assert kiosk.states() == ["given_up"]
    for _ in range(GOOD_ANSWERS):
        desk.is_reachable()
    kiosk.store.weather = ["good", "answer lost", "answer lost"]
    with pytest.raises(AnswerLost):
        desk.check_out(SHOWN, OTHER)
    assert kiosk.states() == ["voided", "open"]


def test_what_staff_have_already_is_not_decided_a_second_time(kiosk: Kiosk, mirror: Mirror) -> None:  # noqa: F811
    kiosk.store.weather = ["not acceptable"]
    with pytest.raises(AnswerLost):
        kiosk.desk().check_out(SHOWN, BOOK)
    assert (mirror.asked, kiosk.states()) == ([], ["settled"])


def test_an_earlier_event_that_waits_makes_the_next_one_be_decided_here_behind_it(
    kiosk: Kiosk,  # noqa: F811
    mirror: Mirror,
) -> None:
    desk = kiosk.desk()
    mirror.refusal = MAXIMUM
    kiosk.store.weather = ["answer lost"] * 2
    with pytest.raises(AnswerLost):
        desk.check_out(SHOWN, BOOK)
    mirror.refusal = None
    assert isinstance(desk.check_out(SHOWN, OTHER), CheckedOut)
    for _ in range(GOOD_ANSWERS):
        desk.is_reachable()
    desk.redeliver()
    assert kiosk.store.said[-2:] == [(Kind.REQUEST, 1), (Kind.FACT, 2)]
    assert [event for event, _ in kiosk.late] == [kiosk.journal.entry(1).event.id]


def test_a_return_is_taken_with_a_line_and_without_also_where_there_is_no_mirror(kiosk: Kiosk) -> None:  # noqa: F811
    class TakesBack(StoreModel):
        def deliver(self, event: Event, deadline_s: float) -> object:  # type: ignore[override]
            super().deliver(event, deadline_s)
            return CheckedIn(event.scanned, "Oeroeg", Route.HOLD_SHELF, "A")

    kiosk.store = TakesBack()
    desk = kiosk.desk()
    assert desk.check_in(BOOK) == CheckedIn(BOOK, "Oeroeg", Route.HOLD_SHELF, "A")
    kiosk.store.weather = ["refused connection"]
    expected = CheckedIn(OTHER, "", Route.STAFF, "", was_on_loan=False, provisional=True)
    assert desk.check_in(OTHER) == expected
    assert [one.event.kind for one in kiosk.journal.since(0)] == [Kind.REQUEST, Kind.FACT]
    kiosk.store.weather = ["refused connection"] * 3
    with pytest.raises(DeskUnreachable):
        desk.check_out(SHOWN, BOOK)


# ---- what only the library system knows


@pytest.mark.usefixtures("mirror")
def test_a_renewal_without_a_line_is_not_decided_and_costs_nobody_a_wait(kiosk: Kiosk) -> None:  # noqa: F811
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    with pytest.raises(DeskUnreachable) as caught:
        desk.renew(SHOWN, BOOK)
    assert not isinstance(caught.value, AnswerLost)
    said = len(kiosk.store.said)
    for renew in (lambda: desk.renew(SHOWN, BOOK), lambda: desk.renew_all(SHOWN), lambda: desk.account(SHOWN)):
        with pytest.raises(DeskUnreachable):
            renew()
    assert len(kiosk.store.said) == said, "the line is known to be down"
    assert kiosk.states() == ["given_up"]
    assert not [one for one in kiosk.journal.since(0) if one.promised]


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("everything", [False, True])
def test_a_renewal_whose_answer_is_lost_stays_a_request_and_is_told_again(
    kiosk: Kiosk,  # noqa: F811
    everything: bool,
) -> None:
    desk = kiosk.desk()
    desk.check_out(SHOWN, BOOK)
    kiosk.store.weather = ["answer lost", "answer lost"]
    with pytest.raises(AnswerLost) as caught:
        desk.renew_all(SHOWN) if everything else desk.renew(SHOWN, BOOK)
    assert [one.event.kind for one in kiosk.journal.since(0)] == [Kind.REQUEST, Kind.REQUEST]
    while not desk.is_reachable():
        pass
    desk.redeliver()
    assert [(event, type(answer)) for event, answer in kiosk.late] == [
        (caught.value.event, RenewedAll if everything else Renewed)
    ]
    assert len(kiosk.store.books.renewals) == 1


def test_a_kiosk_without_a_mirror_asks_for_an_account_whatever_the_line_was(kiosk: Kiosk) -> None:  # noqa: F811
    desk = kiosk.desk()
    kiosk.store.weather = ["refused connection"]
    with pytest.raises(DeskUnreachable):
        desk.account(SHOWN)
    assert isinstance(desk.account(SHOWN), Account)


# ---- who is it?


@pytest.mark.parametrize("fault", [DeskFault("outcome: unexpected"), DeskUnreachable("ReadTimeout", sent=True)])
def test_a_pass_is_known_here_where_the_store_says_nothing_usable(
    kiosk: Kiosk,  # noqa: F811
    mirror: Mirror,
    fault: Exception,
) -> None:
    class Silent(StoreModel):
        def identify(self, presented: Presented, deadline_s: float, pin: str | None = None) -> Identified | Refused:
            raise fault

    desk = kiosk.desk(Silent())
    assert desk.identify(SHOWN) == HERE
    mirror.broken = True
    with pytest.raises(DeskUnreachable):
        desk.identify(SHOWN)


def test_a_patron_has_one_name_whoever_answers(kiosk: Kiosk, mirror: Mirror) -> None:  # noqa: F811
    desk = kiosk.desk()
    assert desk.identify(SHOWN) == HERE, "a visit that ran out of time is found again under it"
    mirror.broken = True
    assert desk.identify(SHOWN) == Identified(PatronRef("anna"))


# ---- what decides here is made late, and only when it can be


def test_what_cannot_be_made_yet_is_tried_again_and_a_mirror_that_breaks_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made: list[Deciding | None] = [None, Mirror()]
    without = WithoutLine(lambda: made.pop(0), lambda: datetime.now(UTC))
    assert not without.lends()
    without.prepare()
    assert without.lends()
    broken = Mirror(broken=True)
    without = WithoutLine(lambda: broken, lambda: AT)
    for _ in range(3):
        assert without.identify(SHOWN) is None
        assert without.decide(Action.CHECK_OUT, SHOWN, BOOK, AT) is None
    assert caplog.text.count("nothing can be lent: no mirror: damaged") == 1


def test_a_delivery_that_finds_silence_opens_the_breaker_too() -> None:
    model, opened = StoreModel(), list[bool]()
    without = WithoutLine(Mirror, lambda: AT)
    online = OnlineFirst(
        model, OneByOne(model, model), without, Breaker(lambda: 0.0), DEADLINE_S, lambda: opened.append(True)
    )
    model.weather = ["lost on the way"]
    with pytest.raises(DeskUnreachable):
        online.tell([Event(ids()(), KIOSK, 1, Kind.FACT, Action.CHECK_OUT, SHOWN, BOOK, AT)], None, 1.0)
    assert opened == [True]
    assert not online.may_deliver
    assert not online.asks(Action.CHECK_OUT)
