"""The sentences of an account: in every language, with dates and amounts where they belong and none before a child."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from circulation.affairs import FeeLine, HoldLine, MembershipLine
from circulation.identifiers import BranchCode, InstitutionCode, SubscriptionCode
from circulation.model import FeeKind, FeeStatus
from circulation.outcomes import NextStep, Reason, Refused
from kiosk import account_words, sentences, spoken_account
from kiosk.account_words import Due, due_of
from kiosk.loans import LoansOfBranch, Longer, LongerNotAsked, LongerNotKnown, NotLonger, OnLoan, Renewal, Renewing
from kiosk.sentences import RowWords
from kiosk.texts import Texts, available
from kiosk.texts.aloud import AloudTexts
from kiosk.ui import AccountSection, Finished, MyAccount, NoAccount

TODAY = date(2026, 7, 22)
DUE, LATER = date(2026, 8, 12), date(2026, 8, 26)
NL = Texts("nl")
LOAN = OnLoan("l0", "Oeroeg", DUE)
WANTED = Refused(Reason.WANTED_BY_ANOTHER, "K11", NextStep.RETURN_SOMETHING)
RENEWALS: tuple[Renewal | None, ...] = (
    None,
    Renewing(),
    Longer(LATER),
    NotLonger(WANTED),
    LongerNotKnown(),
    LongerNotAsked(),
)
FEE = FeeLine("1", FeeKind.FINE, 620, FeeStatus.OPEN, InstitutionCode("annen"), "Annen", payable=True)
HOLD = HoldLine("Oeroeg", BranchCode("3540"), "Annen")
BASIS = MembershipLine(InstitutionCode("annen"), "Annen", SubscriptionCode("0045"), "Basis", DUE, 125)


def said(one: OnLoan, *, of_child: bool = False) -> RowWords:
    return account_words.loan(NL, one, TODAY, of_child=of_child)


@pytest.mark.parametrize(
    ("days", "due"),
    [(-1, Due.OVER), (0, Due.SOON), (3, Due.SOON), (4, Due.LATER)],
)
def test_a_loan_is_due_soon_for_three_days_and_then_late(days: int, due: Due) -> None:
    assert due_of(replace(LOAN, due=TODAY + timedelta(days)), TODAY) is due


def test_what_was_renewed_is_not_late_any_more() -> None:
    assert due_of(replace(LOAN, due=TODAY - timedelta(9), overdue=True, renewal=Longer(LATER)), TODAY) is Due.LATER


def test_every_loan_says_its_day_and_after_a_no_both_the_day_and_the_reason() -> None:
    assert said(LOAN).why == "Terug voor of op wo 12 augustus"
    assert said(replace(LOAN, due=TODAY)).why == "Bijna terug: wo 22 juli"
    assert said(replace(LOAN, overdue=True)).why == "Te laat: wo 12 augustus"
    assert said(replace(LOAN, renewal=Longer(LATER))).why == "Verlengd tot wo 26 augustus"
    no = said(replace(LOAN, renewal=NotLonger(WANTED)))
    assert no.why == "Terug voor of op wo 12 augustus\nIemand anders wacht op dit boek."
    assert no.next == "Lever het in als je het uit hebt."
    silent = said(replace(LOAN, renewal=LongerNotAsked()))
    assert "Verlengen kan nu niet." in silent.why
    assert "wo 12 augustus" in silent.why, "nothing is lost: it stays theirs until then"


def test_k13_what_cannot_be_renewed_says_why_and_what_next_as_it_would_after_a_touch() -> None:
    no = replace(LOAN, renewable=False, refused=WANTED)
    assert said(no) == said(replace(LOAN, renewal=NotLonger(WANTED)))
    assert said(replace(no, renewal=Longer(LATER))).why == "Verlengd tot wo 26 augustus", "that it was is news enough"
    owes = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1250, "limit": 1000})
    fact = MyAccount(loans=(LoansOfBranch("1", "Annen", (replace(LOAN, renewable=False),)),), no_renewals=owes)
    words, because = account_words.no_renewals(NL, fact, TODAY), sentences.refused(NL, owes, TODAY)
    assert words == RowWords("Verlengen kan nu niet.", because.why, because.next)
    assert "12,50" not in str(account_words.no_renewals(NL, replace(fact, first_name="Marieke"), TODAY))
    assert account_words.no_renewals(NL, replace(fact, no_renewals=None), TODAY) is None
    one_more = (*fact.loans, LoansOfBranch("2", "Gieten", (LOAN,)))
    assert account_words.no_renewals(NL, replace(fact, loans=one_more), TODAY) is None


@pytest.mark.parametrize("language", available())
def test_a_child_reads_no_amount_and_no_blame_in_any_language(language: str) -> None:
    texts = Texts(language)
    fact = MyAccount(AccountSection.FEES, fees=(FEE,), payable=620, first_name="Marieke")
    words = account_words.sum_of_fees(texts, fact)
    assert not any(letter.isdigit() for letter in words.why + words.next)
    late = account_words.loan(texts, replace(LOAN, overdue=True), TODAY, of_child=True)
    assert late.why == texts.say("account.loan.overdue_child")
    owes = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 123_45})
    no = account_words.loan(texts, replace(LOAN, renewal=NotLonger(owes)), TODAY, of_child=True)
    assert no.why.endswith(texts.say("refused.open_amount.why.plain"))
    assert no.next == texts.say("account.fees.child.next")
    assert "Marieke" in account_words.title(texts, fact)
    assert texts.money(620) in account_words.sum_of_fees(texts, replace(fact, first_name="")).why


@pytest.mark.parametrize("name", ["Marieke", ""])
@pytest.mark.parametrize(
    ("change", "payable", "desk"),
    [
        ({}, 620, True),
        ({"cents": -500, "payable": False}, 0, False),
        ({"status": FeeStatus.DIRECT_DEBIT, "payable": False}, 0, False),
        ({}, 0, False),  # a credit covers it
    ],
)
def test_f1_nobody_is_sent_to_the_desk_where_nothing_is_to_be_paid(
    name: str, change: dict[str, Any], payable: int, desk: bool
) -> None:
    fact = MyAccount(AccountSection.FEES, fees=(replace(FEE, **change),), payable=payable, first_name=name)
    assert bool(account_words.sum_of_fees(Texts("nl"), fact).next) is desk


@pytest.mark.parametrize("language", available())
def test_everything_that_an_account_can_hold_has_its_words(language: str) -> None:
    texts = Texts(language)
    words: list[str] = []
    for renewal, overdue, of_child in product(RENEWALS, (False, True), (False, True)):
        one = account_words.loan(texts, replace(LOAN, renewal=renewal, overdue=overdue), TODAY, of_child=of_child)
        words += [one.why]
    for ready, shelf, elsewhere in product((False, True), ("", "blauw"), (False, True)):
        words += [account_words.hold(texts, replace(HOLD, ready=ready, shelf=shelf, interlibrary=elsewhere)).why]
    for kind, status, payable, cents in product(FeeKind, FeeStatus, (False, True), (620, -250)):
        fee = replace(FEE, kind=kind, status=status, payable=payable, cents=cents)
        words += [account_words.fee(texts, fee).title, account_words.fee(texts, fee).why]
    for strips, counts, warn in product((None, 0, 1, 12), (False, True), (False, True)):
        one = account_words.membership(texts, replace(BASIS, strips=strips, counts=counts, warn=warn), TODAY)
        words += [one.why]
    for section in AccountSection:
        words += [account_words.summary(texts, MyAccount(section)), account_words.section(texts, section)]
    words += [str(account_words.no_account(texts, one, TODAY)) for one in (NoAccount(), NoAccount(WANTED))]
    assert all(words)


def test_a_hold_says_where_it_stands_and_an_amount_where_it_is_paid() -> None:
    ready = account_words.hold(NL, replace(HOLD, ready=True, shelf="blauwe plank", interlibrary=True))
    assert ready.why == "Ligt klaar bij Annen.\nDit komt van een andere bibliotheek."
    assert ready.next == "Je vindt het hier: blauwe plank."
    assert account_words.fee(NL, FEE) == RowWords("Te laat ingeleverd", NL.money(620))
    elsewhere = account_words.fee(NL, replace(FEE, payable=False, name="Zottegem"))
    assert elsewhere.next == "Betalen kan bij Zottegem."
    assert account_words.fee(NL, replace(FEE, cents=-250)).why == f"Tegoed: {NL.money(250)}\nAnnen"


def test_a_membership_that_ends_soon_is_warned_of_with_what_to_do() -> None:
    """N8."""
    one = account_words.membership(NL, replace(BASIS, warn=True), TODAY)
    assert one.why.endswith("Je lidmaatschap stopt op wo 12 augustus.")
    assert one.next == "Wil je blijven lenen? Ga naar de balie."
    assert account_words.membership(NL, BASIS, TODAY).next == ""


def test_the_end_of_a_visit_says_what_was_renewed() -> None:
    assert sentences.finished(NL, Finished(0, renewed=2)) == "Klaar! 2 verlengd."
    assert sentences.finished(NL, Finished(3, renewed=2)) == "Klaar! 3 geleend. En 2 verlengd."
    assert "of het is verlengd" in sentences.still_to_do(NL, Finished(0, renewals_unclear=1))


def test_what_is_ready_is_counted_and_nothing_is_said_where_nothing_is() -> None:
    fact = MyAccount(loans=(LoansOfBranch("1", "Annen", (LOAN,)),), holds=(replace(HOLD, ready=True), HOLD))
    found = account_words.ready(NL, fact)
    assert found is not None
    assert found.why == "1 reservering ligt klaar."
    assert account_words.ready(NL, replace(fact, holds=(HOLD,))) is None


def test_k4_nobody_else_hears_what_was_brought_back() -> None:
    texts, account = (
        AloudTexts("nl"),
        MyAccount(loans=(LoansOfBranch("3540", "Annen", (LOAN,)),), history=("Max Havelaar", "Het diner")),
    )
    heard = spoken_account.said(account, texts, TODAY)
    assert [one.text for one in heard][-3:] == ["Eerder geleend.", "Max Havelaar.", "Het diner."]
    assert {one.aloud for one in heard[-3:]} == {""}
    assert not [one for one in spoken_account.said(replace(account, history=()), texts, TODAY) if "Eerder" in one.text]
