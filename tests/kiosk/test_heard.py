"""What is heard is what is new on the screen: a tone for every "no", a soft one for a loan, nothing for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from circulation.affairs import Route
from circulation.outcomes import NextStep, Reason, Refused
from devices.ports import Light
from kiosk import loans, rows, ui
from kiosk.heard import Heard, light_of, sound_of
from kiosk.veil import veiled

NO = Refused(next(iter(Reason)), "P1", next(iter(NextStep)))
LENT = rows.Lent("1", "Een boek", date(2026, 12, 1))
LONGER = loans.Longer(date(2026, 12, 22))
UNLOCKING = rows.Switching("1", LENT)
BACK = rows.Back("1", "Een boek", Route.SHELF)
LOCKING = rows.Switching("1", BACK)


def account(*renewals: loans.Renewal | None) -> ui.MyAccount:
    found = (loans.OnLoan(f"l{at}", "Een boek", date(2026, 12, 1), renewal=one) for at, one in enumerate(renewals))
    return ui.MyAccount(loans=(loans.LoansOfBranch("1", "Annen", tuple(found)),))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (account(None), account(loans.Renewing()), None),
        (account(loans.Renewing()), account(LONGER), True),
        (account(loans.Renewing(), loans.Renewing()), account(LONGER, loans.NotLonger(NO)), False),
        (account(loans.Renewing()), account(loans.LongerNotKnown()), False),
        (account(loans.LongerNotKnown()), account(LONGER), True),
        (account(LONGER), replace(account(LONGER), section=ui.AccountSection.FEES), None),
        (ui.Borrowing(), account(LONGER), None),
        (account(), replace(account(), notice=ui.Notice.UNREADABLE_SCAN), False),
        (ui.Waiting(), ui.NoAccount(), False),
        (account(), ui.Borrowing(cannot_borrow=NO), None),
    ],
)
def test_a_renewal_is_heard_by_its_answer(before: ui.Screen, after: ui.Screen, said: bool | None) -> None:
    assert sound_of(before, after) is said


def test_a_refused_renewal_that_is_veiled_and_seen_again_is_heard_once() -> None:
    owes = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1250, "limit": 1000})
    refused = account(loans.NotLonger(owes))
    assert veiled(refused) != refused
    assert sound_of(account(loans.Renewing()), refused) is False
    assert sound_of(account(loans.Renewing()), veiled(refused)) is False
    assert (sound_of(refused, veiled(refused)), sound_of(veiled(refused), refused)) == (None, None)


def visit(*rows: rows.Row) -> ui.Borrowing:
    return ui.Borrowing(rows)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (visit(rows.Asking("1")), visit(LENT), True),
        (visit(), visit(LENT), True),
        (visit(LENT), visit(rows.Asking("2"), LENT), None),
        (visit(rows.Asking("2"), LENT), visit(rows.NotLent("2", NO), LENT), False),
        (visit(rows.Asking("2"), LENT), visit(rows.NotKnown("2"), LENT), False),
        (visit(rows.Asking("2"), LENT), visit(rows.NotAsked("2"), LENT), False),
        (visit(rows.Asking("2"), rows.Asking("1")), visit(rows.NotLent("2", NO), LENT), False),
        (visit(rows.NotKnown("1")), visit(LENT), True),  # a late answer
        (visit(rows.Asking("1")), visit(UNLOCKING), None),  # the library said yes, the gate not yet
        (visit(UNLOCKING), visit(LENT), True),
        (visit(UNLOCKING), visit(replace(LENT, gate=rows.Gate.CALLS)), False),
        (visit(replace(LENT, gate=rows.Gate.CALLS)), visit(UNLOCKING), None),
        (visit(rows.NotLent("1", NO)), visit(rows.NotLent("1", NO, gate=rows.Gate.OPEN)), False),
        (visit(UNLOCKING), visit(rows.Undone("1", "Een boek")), False),
        (visit(), visit(rows.PartsMissing("1", 4, 5)), None),
        (visit(LENT), replace(visit(LENT), notice=ui.Notice.TAG_UNREADABLE), False),
        (ui.Rest(), ui.Returning(), None),
        (ui.Returning((rows.Asking("1"),)), ui.Returning((LOCKING,)), None),
        (ui.Returning((LOCKING,)), ui.Returning((BACK,)), True),
        (ui.Returning((LOCKING,)), ui.Returning((replace(BACK, gate=rows.Gate.OPEN),)), False),
        (ui.Returning((rows.Asking("1"),)), ui.Returning((rows.NotTaken("1", NO),)), False),
        (ui.Returning(), ui.Returning(notice=ui.Notice.UNREADABLE_SCAN), False),
        (ui.Waiting(), visit(LENT), None),  # a visit that is taken up again
        (ui.Waiting(), replace(visit(), cannot_borrow=NO), False),
        (ui.Waiting(), ui.NoVisit(NO), False),
        (ui.Waiting(), ui.NoAnswer(), False),
        (ui.NoVisit(NO), ui.NoVisit(NO), None),
        (visit(LENT), replace(visit(LENT), notice=ui.Notice.UNREADABLE_SCAN), False),
        (visit(LENT), replace(visit(LENT), notice=ui.Notice.OTHER_PASS), None),
        (visit(LENT), ui.Finished(1), None),
        (ui.Rest(), ui.Rest(notice=ui.Notice.CHIP_UNREADABLE), False),
        (ui.Rest(notice=ui.Notice.CHIP_UNREADABLE), ui.Rest(), None),
        (ui.Rest(), ui.Rest(notice=ui.Notice.CARD_NOT_READ), False),
        (visit(LENT), ui.Rest(), None),
    ],
)
def test_a_new_yes_is_soft_a_new_no_is_a_tone_and_what_stood_there_is_silent(
    before: ui.Screen, after: ui.Screen, said: bool | None
) -> None:
    assert sound_of(before, after) is said


@pytest.mark.parametrize(
    ("screen", "light"),
    [
        (ui.Rest(), Light.READY),
        (ui.Rest(frozenset({ui.Trouble.WITHOUT_LINE, ui.Trouble.NO_SCANNER})), Light.READY),
        (ui.Rest(frozenset({ui.Trouble.NO_WAY_IN})), Light.HELP),
        (ui.Closed("journal-full"), Light.HELP),
        (ui.OutOfOrder("x"), Light.HELP),
        (visit(), Light.BUSY),
        (ui.Returning(), Light.BUSY),
        (ui.Waiting(), Light.BUSY),
    ],
)
def test_the_light_tells_who_can_be_served(screen: ui.Screen, light: Light) -> None:
    assert light_of(screen) is light


@dataclass
class Recorder:
    """Screen and signals at once, in the order in which they are asked."""

    told: list[object] = field(default_factory=list)

    def show(self, shown: ui.Shown) -> None:
        self.told.append(type(shown.screen))

    def success(self) -> None:
        self.told.append("success")

    def error(self) -> None:
        self.told.append("error")

    def light(self, shows: Light) -> None:
        self.told.append(shows)


def test_the_picture_comes_first_and_another_language_or_a_help_card_is_not_heard() -> None:
    one = Recorder()
    heard = Heard(one, one)
    for shown in (
        ui.Shown(visit()),
        ui.Shown(visit(LENT)),
        ui.Shown(visit(LENT), ui.HelpCard()),
        ui.Shown(visit(LENT), language="en"),
        ui.Shown(visit(rows.NotLent("2", NO), LENT), language="en"),
    ):
        heard.show(shown)
    drawn = ui.Borrowing
    assert one.told == [
        *(drawn, Light.BUSY),
        *(drawn, Light.BUSY, "success"),
        *(drawn, Light.HELP),
        *(drawn, Light.BUSY),
        *(drawn, Light.BUSY, "error"),
    ]


def test_the_light_asks_for_staff_as_long_as_the_help_card_stands_and_no_other_card_does() -> None:
    one = Recorder()
    heard = Heard(one, one)
    for over in (None, ui.HelpCard(called=True), ui.LanguageCard(("nl",)), ui.StillThere(3), ui.HelpCard(), None):
        heard.show(ui.Shown(ui.Rest(), over))
    lights = [told for told in one.told if isinstance(told, Light)]
    assert lights == [Light.READY, Light.HELP, Light.READY, Light.HELP, Light.READY]
