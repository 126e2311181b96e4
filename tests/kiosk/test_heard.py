"""What is heard is what is new on the screen: a tone for every "no", a soft one for a loan, nothing for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from circulation.outcomes import NextStep, Reason, Refused
from devices.ports import Light
from kiosk.heard import Heard, light_of, sound_of
from kiosk.ui import (
    Asking,
    Borrowing,
    Closed,
    Finished,
    HelpCard,
    Lent,
    NoAnswer,
    NotAsked,
    Notice,
    NotKnown,
    NotLent,
    NoVisit,
    OutOfOrder,
    Rest,
    Screen,
    Shown,
    Trouble,
    Waiting,
)

NO = Refused(next(iter(Reason)), "P1", next(iter(NextStep)))
LENT = Lent("1", "Een boek", date(2026, 12, 1))


def visit(*rows: Lent | Asking | NotLent | NotKnown | NotAsked) -> Borrowing:
    return Borrowing(rows)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (visit(Asking("1")), visit(LENT), True),
        (visit(), visit(LENT), True),
        (visit(LENT), visit(Asking("2"), LENT), None),
        (visit(Asking("2"), LENT), visit(NotLent("2", NO), LENT), False),
        (visit(Asking("2"), LENT), visit(NotKnown("2"), LENT), False),
        (visit(Asking("2"), LENT), visit(NotAsked("2"), LENT), False),
        (visit(Asking("2"), Asking("1")), visit(NotLent("2", NO), LENT), False),
        (visit(NotKnown("1")), visit(LENT), True),  # a late answer
        (Waiting(), visit(LENT), None),  # a visit that is taken up again
        (Waiting(), replace(visit(), cannot_borrow=NO), False),
        (Waiting(), NoVisit(NO), False),
        (Waiting(), NoAnswer(), False),
        (NoVisit(NO), NoVisit(NO), None),
        (visit(LENT), replace(visit(LENT), notice=Notice.UNREADABLE_SCAN), False),
        (visit(LENT), replace(visit(LENT), notice=Notice.OTHER_PASS), None),
        (visit(LENT), Finished(1), None),
        (Rest(), Rest(notice=Notice.CHIP_UNREADABLE), False),
        (Rest(notice=Notice.CHIP_UNREADABLE), Rest(), None),
        (visit(LENT), Rest(), None),
    ],
)
def test_a_new_yes_is_soft_a_new_no_is_a_tone_and_what_stood_there_is_silent(
    before: Screen, after: Screen, said: bool | None
) -> None:
    assert sound_of(before, after) is said


@pytest.mark.parametrize(
    ("screen", "light"),
    [
        (Rest(), Light.READY),
        (Rest(frozenset({Trouble.WITHOUT_LINE, Trouble.NO_SCANNER})), Light.READY),
        (Rest(frozenset({Trouble.NO_WAY_IN})), Light.HELP),
        (Closed("journal-full"), Light.HELP),
        (OutOfOrder("x"), Light.HELP),
        (visit(), Light.BUSY),
        (Waiting(), Light.BUSY),
    ],
)
def test_the_light_tells_who_can_be_served(screen: Screen, light: Light) -> None:
    assert light_of(screen) is light


@dataclass
class Recorder:
    """Screen and signals at once, in the order in which they are asked."""

    told: list[object] = field(default_factory=list)

    def show(self, shown: Shown) -> None:
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
        Shown(visit()),
        Shown(visit(LENT)),
        Shown(visit(LENT), HelpCard()),
        Shown(visit(LENT), language="en"),
        Shown(visit(NotLent("2", NO), LENT), language="en"),
    ):
        heard.show(shown)
    drawn = Borrowing
    assert one.told == [drawn, Light.BUSY, drawn, Light.BUSY, "success", drawn, drawn, drawn, Light.BUSY, "error"]
