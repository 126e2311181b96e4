"""The table of what can be touched: complete, and with a way out of every screen that keeps a patron."""

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from circulation.outcomes import NextStep, Reason, Refused
from kiosk.loans import LoansOfBranch, OnLoan
from kiosk.offered import offered
from kiosk.ui import (
    AccessCard,
    AccountSection,
    Borrowing,
    ChooseHome,
    Closed,
    Finished,
    GuestOffer,
    HelpCard,
    Intent,
    LanguageCard,
    LendOrReturn,
    MyAccount,
    NoAccount,
    NoAnswer,
    NoVisit,
    OutOfOrder,
    Over,
    PinPad,
    Reading,
    Receipt,
    ReceiptState,
    Rest,
    Returned,
    Returning,
    Screen,
    StillThere,
    Waiting,
)

RENEWABLE = MyAccount(loans=(LoansOfBranch("1", "Annen", (OnLoan("l0", "Oeroeg", date(2026, 8, 5)),)),))
SCREENS: tuple[Screen, ...] = (
    Rest(),
    Rest(takes_back=True),
    LendOrReturn(3),
    LendOrReturn(3, wants_pass=True),
    Rest(sees_account=True),
    Waiting(),
    PinPad(),
    GuestOffer(),
    ChooseHome((("Annen", False),)),
    PinPad(5),
    PinPad(12, checking=True),
    NoVisit(Refused(Reason.PASS_UNKNOWN, "K5", NextStep.DESK)),
    NoAnswer(),
    Borrowing(),
    Borrowing(sees_account=True),
    Borrowing(ending=True),
    RENEWABLE,
    MyAccount(),
    NoAccount(),
    Finished(1),
    Finished(1, can_print=False),
    Finished(1, mail_to="r•••@b…nl"),
    Receipt(ReceiptState.PRINTING, 1),
    Receipt(ReceiptState.NOT_MAILED, 1, can_print=True),
    Returning(),
    Returning(ending=True),
    Returned(1),
    Returned(1, can_print=True),
    Borrowing(messages=("Je tas ligt hier.",)),
    Closed("journal"),
    OutOfOrder("fault"),
)
OVERS: tuple[Over, ...] = (
    StillThere(20),
    HelpCard(),
    HelpCard(reading=Reading.OFF),
    LanguageCard(("nl", "en", "ar")),
    AccessCard(),
)
LEAVING = {Intent.STOP, Intent.DONE, Intent.CLOSE, Intent.NO_RECEIPT, Intent.BACK}


def test_every_screen_and_everything_over_it_is_in_the_table() -> None:
    assert {type(one) for one in SCREENS} == set(get_args(Screen))
    assert {type(one) for one in OVERS} == set(get_args(Over))


@pytest.mark.parametrize("screen", SCREENS, ids=repr)
def test_help_and_language_are_offered_on_every_screen_and_a_way_out_of_every_one_that_keeps_a_patron(
    screen: Screen,
) -> None:
    can = offered(screen)
    assert {Intent.HELP, Intent.LANGUAGE} <= can
    assert bool(can & LEAVING) != isinstance(screen, Rest | Closed | OutOfOrder)


def test_something_can_be_brought_back_only_where_that_is_taken() -> None:
    assert Intent.BRING_BACK in offered(Rest(takes_back=True))
    assert Intent.BRING_BACK not in offered(Rest())


@pytest.mark.parametrize("over", OVERS, ids=lambda one: type(one).__name__)
def test_what_lies_over_a_screen_takes_its_touches(over: Over) -> None:
    assert {offered(screen, over) for screen in SCREENS} == {offered(Rest(), over)}
    assert Intent.LANGUAGE in offered(Rest(), over)
    assert (Intent.HELP in offered(Rest(), over)) != isinstance(over, HelpCard)
    assert offered(Rest(), over) & (LEAVING | {Intent.MORE_TIME})


def test_what_the_state_of_a_screen_rules_out_is_not_offered() -> None:
    assert offered(Borrowing()) - offered(Borrowing(ending=True)) == {Intent.DONE}
    assert offered(LendOrReturn(1)) - offered(LendOrReturn(1, wants_pass=True)) == {Intent.LEND}
    assert offered(Finished(1)) - offered(Finished(1, can_print=False)) == {Intent.PRINT}
    assert offered(Finished(1, mail_to="r•••@b…nl")) - offered(Finished(1)) == {Intent.EMAIL}
    assert Intent.PRINT in offered(Receipt(ReceiptState.NOT_MAILED, 1, can_print=True))
    assert Intent.PRINT not in offered(Receipt(ReceiptState.NOT_MAILED, 1))


def test_reading_aloud_is_offered_where_it_can_be() -> None:
    assert offered(Rest(), HelpCard(reading=Reading.ON)) - offered(Rest(), HelpCard()) == {Intent.READ_ALOUD}


def test_an_account_can_be_opened_where_it_is_seen_and_renewing_only_where_it_can_do_something() -> None:
    assert Intent.ACCOUNT in offered(Borrowing(sees_account=True)) & offered(Rest(sees_account=True))
    assert Intent.ACCOUNT not in offered(Borrowing()) | offered(Rest()) | offered(Borrowing(ending=True))
    renewing = {Intent.RENEW, Intent.RENEW_ALL}
    assert renewing <= offered(RENEWABLE)
    assert not renewing & offered(replace(RENEWABLE, section=AccountSection.FEES))
    assert not renewing & offered(MyAccount())


def test_every_intent_is_offered_somewhere() -> None:
    everything = {one for screen in SCREENS for over in (None, *OVERS) for one in offered(screen, over)}
    assert everything == set(Intent)
