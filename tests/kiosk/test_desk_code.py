"""N10: the desk's code of a case: beside what is shown, once a case, never for a pass that nobody knows."""

from dataclasses import replace

import pytest

from circulation.events import HandOver
from circulation.identifiers import PatronRef
from circulation.outcomes import Identified, NextStep, Reason, Refused
from kiosk.desks.breaker import Breaker
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.without_line import WithoutLine
from kiosk.flows.desk_code import has_code
from kiosk.ui import HelpCard, Intent, NoVisit, Rest
from tests.kiosk.store_model import OneByOne, StoreModel
from tests.kiosk.world import ANNA, PASS_UNKNOWN, UNKNOWN, Kiosk, book, story, unreachable
from tests.offline_cache.journals import AT, SHOWN, ids

BLOCKED = Refused(Reason.PASS_BLOCKED, "P4", NextStep.DESK)
OWES = Refused(Reason.OPEN_AMOUNT, "F1", NextStep.DESK, {"cents": 1200})


@story
async def test_a_refused_visit_is_said_at_once_and_its_code_when_it_comes(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = BLOCKED
    kiosk.desk.code, kiosk.desk.code_delay_s = "KZTP", 3
    await kiosk.tap(ANNA)
    assert kiosk.screen() == NoVisit(BLOCKED)
    await kiosk.wait(3)
    assert kiosk.screen() == NoVisit(BLOCKED, "KZTP")
    (case,) = kiosk.desk.cases
    assert (case.reason, case.rule) == (Reason.PASS_BLOCKED, "P4")
    assert case.presented is not None
    assert case.presented.number == ANNA
    await kiosk.wait(19)
    assert isinstance(kiosk.screen(), NoVisit), "a code is new to read"
    await kiosk.wait(2)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_who_cannot_borrow_sees_the_code_on_the_list_and_the_visit_goes_on(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), cannot_borrow=OWES)
    kiosk.desk.code, kiosk.desk.code_delay_s = "KZTP", 60
    await kiosk.tap(ANNA)
    assert kiosk.borrowing().code == ""
    await kiosk.wait(30)
    await kiosk.scan(book(1))
    await kiosk.wait(30.5)
    assert kiosk.borrowing().code == "KZTP"
    assert len(kiosk.desk.cases) == 1


@story
async def test_a_code_that_never_comes_keeps_no_screen_open(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), cannot_borrow=OWES)
    kiosk.desk.code_delay_s = 10_000
    await kiosk.tap(ANNA)
    await kiosk.wait(66)
    assert isinstance(kiosk.screen(), Rest)


@story
async def test_every_case_has_an_event_of_its_own(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = BLOCKED
    for _ in range(2):
        await kiosk.tap(ANNA)
        await kiosk.touch(Intent.CLOSE)
    assert len({case.id for case in kiosk.desk.cases}) == 2


@story
async def test_a_pass_that_nobody_knows_has_no_code(kiosk: Kiosk) -> None:
    kiosk.desk.code = "KZTP"
    await kiosk.tap(UNKNOWN)
    assert kiosk.screen() == NoVisit(PASS_UNKNOWN)
    assert kiosk.desk.cases == []


@pytest.mark.parametrize("code", ["", unreachable(), KeyError("x")])
def test_without_a_code_all_else_is_as_it_was(code: str | BaseException) -> None:
    async def tell(kiosk: Kiosk) -> None:
        kiosk.desk.patrons[ANNA], kiosk.desk.code = BLOCKED, code
        await kiosk.tap(ANNA)
        await kiosk.wait(1)
        assert kiosk.screen() == NoVisit(BLOCKED)
        await kiosk.touch(Intent.CLOSE)
        assert isinstance(kiosk.screen(), Rest)

    story(tell)()


@story
async def test_the_help_card_says_it_while_the_case_stands(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = BLOCKED
    kiosk.desk.code, kiosk.desk.code_delay_s = "KZTP", 2
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard()
    await kiosk.wait(2.5)
    assert kiosk.shown().over == HelpCard("KZTP"), "also when it comes while the card is open"
    await kiosk.touch(Intent.CLOSE)
    await kiosk.touch(Intent.CLOSE)
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard()


def test_only_who_is_sent_to_the_desk_with_a_known_pass_has_a_code() -> None:
    assert has_code(BLOCKED)
    assert not has_code(replace(BLOCKED, next=NextStep.OWN_LIBRARY))
    assert not has_code(PASS_UNKNOWN)


def test_a_desk_that_is_silent_gives_none_and_is_not_asked_again() -> None:
    store, lost = StoreModel(), list[bool]()
    case = HandOver(ids()(), Reason.PASS_BLOCKED, "P4", SHOWN)
    without = WithoutLine(lambda: None, lambda: AT)
    desk = OnlineFirst(
        store, OneByOne(store, store), without, Breaker(lambda: 0.0), 8.0, on_line_lost=lambda: lost.append(True)
    )
    given = desk.hand_over(case)
    assert given is not None
    assert given.code == "KZTP"
    store.weather = ["slow"]
    assert desk.hand_over(case) is None
    assert lost == [True]
    store.weather = []
    assert desk.hand_over(case) is None
