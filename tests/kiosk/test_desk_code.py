"""N10: the desk's code of a case: beside what is shown, once a case, never for a pass that nobody knows."""

from dataclasses import replace

import pytest

from circulation.events import HandOver
from circulation.identifiers import PatronRef
from circulation.outcomes import OF_AN_ITEM, Identified, NextStep, Reason, Refused
from kiosk.desks.breaker import Breaker
from kiosk.desks.online_first import OnlineFirst
from kiosk.desks.without_line import WithoutLine
from kiosk.flows.desk_code import WITHOUT_CODE, has_code
from kiosk.loans import Longer
from kiosk.rows import NotLent
from kiosk.ui import HelpCard, Intent, NoAccount, NoVisit, Rest
from tests.kiosk.accounts import ENOUGH, account, loan, loans, seen
from tests.kiosk.store_model import OneByOne, StoreModel
from tests.kiosk.world import ANNA, HELD, LATER, PASS_UNKNOWN, UNKNOWN, Kiosk, book, story, unreachable
from tests.offline_cache.journals import AT, SHOWN, ids

BLOCKED = Refused(Reason.PASS_BLOCKED, "P4", NextStep.DESK)
OWES = Refused(Reason.OPEN_AMOUNT, "F1", NextStep.DESK, {"cents": 1200})

NO_STRIPS = Refused(Reason.NO_STRIPS, "S2", NextStep.DESK)
DAMAGED = Refused(Reason.ITEM_DAMAGED, "K7", NextStep.DESK)


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


@story
async def test_n10_books_refused_for_a_reason_of_their_patron_have_one_code_and_nothing_waits_for_it(
    kiosk: Kiosk,
) -> None:
    kiosk.desk.code, kiosk.desk.code_delay_s = "KZTP", 3
    kiosk.desk.replies |= {book(number): [NO_STRIPS] for number in range(1, 6)}
    await kiosk.tap(ANNA)
    for number in range(1, 7):
        await kiosk.scan(book(number))
    assert [isinstance(one, NotLent) for one in reversed(kiosk.rows())] == [True] * 5 + [False]
    assert (kiosk.borrowing().code, kiosk.borrowing().code_of) == ("", Reason.NO_STRIPS)
    await kiosk.wait(3)
    assert (kiosk.borrowing().code, kiosk.borrowing().code_of) == ("KZTP", Reason.NO_STRIPS)
    (case,) = kiosk.desk.cases
    assert (case.reason, case.rule, case.presented and case.presented.number) == (Reason.NO_STRIPS, "S2", ANNA)
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard("KZTP")


@story
async def test_n10_another_reason_is_another_case_and_the_newest_one_is_shown(kiosk: Kiosk) -> None:
    kiosk.desk.code = "KZTP"
    kiosk.desk.replies |= {book(1): [NO_STRIPS], book(2): [BLOCKED], book(3): [HELD], book(4): [DAMAGED]}
    await kiosk.tap(ANNA)
    for number in range(1, 5):
        await kiosk.scan(book(number))
    assert [one.reason for one in kiosk.desk.cases] == [Reason.NO_STRIPS, Reason.PASS_BLOCKED]
    assert kiosk.borrowing().code_of is Reason.PASS_BLOCKED


@story
async def test_n10_of_a_book_the_desk_needs_no_code(kiosk: Kiosk) -> None:
    kiosk.desk.code = "KZTP"
    kiosk.desk.replies |= {book(1): [DAMAGED], book(2): [HELD]}
    await kiosk.tap(ANNA)
    for number in (1, 2):
        await kiosk.scan(book(number))
    assert (kiosk.desk.cases, kiosk.borrowing().code, kiosk.borrowing().code_of) == ([], "", None)


@story
async def test_n10_who_cannot_borrow_at_all_has_one_code_for_it_whatever_is_said_of_the_books(kiosk: Kiosk) -> None:
    kiosk.desk.patrons[ANNA] = Identified(PatronRef("anna"), cannot_borrow=OWES)
    kiosk.desk.code = "KZTP"
    kiosk.desk.replies |= {book(1): [OWES], book(2): [NO_STRIPS]}
    await kiosk.tap(ANNA)
    for number in (1, 2):
        await kiosk.scan(book(number))
    assert (kiosk.borrowing().code, kiosk.borrowing().code_of) == ("KZTP", None)
    assert [one.reason for one in kiosk.desk.cases] == [Reason.OPEN_AMOUNT]


async def _renewal_refused(kiosk: Kiosk) -> None:
    kiosk.desk.code, kiosk.desk.code_delay_s = "KZTP", 2
    kiosk.desk.accounts[ANNA] = account(loan(1), loan(2), loan(3), loan(4))
    kiosk.desk.renewals |= {book(1): ENOUGH, book(2): OWES, book(3): OWES}
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.touch(Intent.RENEW, "l0")
    assert kiosk.desk.cases == [], "how often a loan was renewed is a matter of the loan"
    await kiosk.touch(Intent.RENEW, "l1")
    await kiosk.touch(Intent.RENEW, "l2")
    assert (seen(kiosk).code, seen(kiosk).code_of) == ("", Reason.OPEN_AMOUNT)
    await kiosk.touch(Intent.RENEW, "l3")
    assert loans(kiosk)[3].renewal == Longer(LATER), "nothing waits for a code"
    await kiosk.wait(2)
    assert (seen(kiosk).code, seen(kiosk).code_of) == ("KZTP", Reason.OPEN_AMOUNT)
    assert [one.reason for one in kiosk.desk.cases] == [Reason.OPEN_AMOUNT]
    await kiosk.touch(Intent.HELP)
    assert kiosk.shown().over == HelpCard("KZTP")
    await kiosk.touch(Intent.CLOSE)
    await kiosk.touch(Intent.BACK)
    assert (kiosk.borrowing().code, kiosk.borrowing().code_of) == ("", None)


test_n10_renewals_refused_for_a_reason_of_their_patron_have_one_code = story(_renewal_refused, accounts=True)


async def _account_refused(kiosk: Kiosk) -> None:
    kiosk.desk.code, kiosk.desk.code_delay_s = "KZTP", 2
    kiosk.desk.accounts[ANNA] = BLOCKED
    await kiosk.tap(ANNA)
    await kiosk.touch(Intent.ACCOUNT)
    assert kiosk.screen() == NoAccount(BLOCKED)
    await kiosk.wait(2)
    assert kiosk.screen() == NoAccount(BLOCKED, "KZTP")
    await kiosk.touch(Intent.BACK)
    await kiosk.touch(Intent.ACCOUNT)
    assert kiosk.screen() == NoAccount(BLOCKED, "KZTP")
    assert len(kiosk.desk.cases) == 1
    kiosk.desk.accounts[ANNA] = unreachable()
    await kiosk.touch(Intent.BACK)
    await kiosk.touch(Intent.ACCOUNT)
    assert kiosk.screen() == NoAccount()


test_n10_an_account_that_is_refused_has_a_code = story(_account_refused, accounts=True)


async def _silent(kiosk: Kiosk) -> None:
    kiosk.desk.code_delay_s = 10_000
    kiosk.desk.replies[book(1)] = [NO_STRIPS]
    kiosk.desk.accounts[ANNA] = account(loan(2))
    kiosk.desk.renewals[book(2)] = OWES
    await kiosk.tap(ANNA)
    await kiosk.scan(book(1))
    await kiosk.touch(Intent.ACCOUNT)
    await kiosk.touch(Intent.RENEW, "l0")
    assert len(kiosk.desk.cases) == 2
    await kiosk.wait(66)
    assert isinstance(kiosk.screen(), Rest)


test_n10_codes_that_never_come_keep_no_visit_open = story(_silent, accounts=True)


def test_n10_what_is_said_of_an_item_is_no_case_of_its_patron() -> None:
    of_items = {one for one in Reason if one.value.startswith("item_")}
    assert of_items <= WITHOUT_CODE | OF_AN_ITEM
    assert not WITHOUT_CODE & OF_AN_ITEM
    assert not any(has_code(Refused(one, "K13", NextStep.DESK)) for one in OF_AN_ITEM)
    for patron in (Reason.NO_STRIPS, Reason.NO_MEMBERSHIP, Reason.OPEN_AMOUNT, Reason.ON_PASS_MAXIMUM):
        assert has_code(Refused(patron, "K13", NextStep.DESK))


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
