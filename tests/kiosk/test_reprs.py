"""No name, title, message, address, code or amount stands in the repr of what a screen is made of: somebody may log it.

Every text of these facts is in no repr, or is listed here as one that says nothing of a patron.
"""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

from circulation import affairs
from circulation.affairs import FeeLine, HandedOver, MembershipLine, Route
from circulation.identifiers import InstitutionCode, SubscriptionCode
from circulation.model import FeeKind, FeeStatus
from circulation.outcomes import NextStep, Reason, Refused
from kiosk import loans, rows, ui
from kiosk.veil import AMOUNTS, LEFT_OUT, PRIVATE

SECRET = "Oeroeg van Marieke"
MODULES = (ui, rows, loans, affairs)
MAY_STAND = {
    # what names a line of a list, and nothing else
    *(f"{one}.key" for one in ("Lent", "Asking", "NotLent", "NotKnown", "NotAsked", "PartsMissing", "Undone")),
    *(f"{one}.key" for one in ("Back", "Switching", "NotTaken", "OnLoan")),
    # of a library, a branch or a shelf
    *("Back.place", "CheckedIn.place", "HoldLine.branch", "HoldLine.name", "HoldLine.shelf"),
    *("BranchLoans.branch", "BranchLoans.name", "LoansOfBranch.code", "LoansOfBranch.name", "ChooseHome.choices"),
    *("FeeLine.institution", "FeeLine.name", "MembershipLine.institution", "MembershipLine.name"),
    *("HomeChoice.isil", "HomeChoice.name"),
    # of the library system: what it calls an item, a patron, a subscription, an amount or an event
    *("CheckedIn.item", "Renewed.item", "Unrenewed.item", "LoanLine.item", "LoanSheet.renewals", "LoanSheet.lost"),
    *("LoanSheet.renewed_loans", "Account.patron", "Owed.patron", "HoldShelf.patron", "MembershipLine.subscription"),
    *("FeeLine.ref", "VisitEnded.event", "ReceiptTaken.event", "Paid.terminal"),
    # of the screen itself
    *("PinPad.keys", "Closed.reason", "OutOfOrder.reason", "LanguageCard.languages", "AccessCard.choices"),
    "Shown.language",
}
NEVER = PRIVATE | LEFT_OUT | {"history"}
OF_MONEY = AMOUNTS | {"left", "credit"}


def facts(module: ModuleType) -> list[type]:
    """The dataclasses that a module defines."""
    found = [one for one in vars(module).values() if isinstance(one, type) and is_dataclass(one)]
    return [one for one in found if one.__module__ == module.__name__]


def parts(hint: Any) -> set[Any]:
    """The types that a type is made of; of one with a name of its own, what it is."""
    if hasattr(hint, "__supertype__"):
        return parts(hint.__supertype__)
    return set().union(*(parts(one) for one in get_args(hint))) if get_args(hint) else {hint}


def standing(kind: type) -> set[str]:
    """The fields of texts and amounts that stand in a repr, each with its class."""
    known = {**vars(affairs), **vars(loans), **vars(ui)}
    hints = get_type_hints(kind, localns=known)
    shown = [one.name for one in fields(kind) if one.repr]
    amounts = {name for name in OF_MONEY & {*shown} if int in parts(hints[name])}
    return {f"{kind.__name__}.{name}" for name in shown if name in amounts or str in parts(hints[name])}


@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__)
def test_every_text_of_a_fact_is_in_no_repr_or_is_known_to_say_nothing_of_a_patron(module: ModuleType) -> None:
    assert facts(module)
    assert {name for one in facts(module) for name in standing(one)} <= MAY_STAND


def test_what_is_listed_is_there_and_nothing_that_is_veiled_is_listed() -> None:
    assert {name for module in MODULES for one in facts(module) for name in standing(one)} == MAY_STAND
    assert not {name.partition(".")[2] for name in MAY_STAND} & (NEVER | OF_MONEY)


def test_no_name_title_message_code_or_amount_stands_in_the_repr_of_a_screen() -> None:
    no, day = Refused(Reason.HELD_FOR_ANOTHER, "K8", NextStep.HOLD_SHELF), date(2026, 8, 12)
    lent, back = rows.Lent("1", SECRET, day), rows.Back("2", SECRET, Route.SHELF)
    all_rows = (lent, back, rows.NotLent("3", no, SECRET), rows.Undone("4", SECRET), rows.Switching("5", back))
    here = InstitutionCode("annen")
    fee = FeeLine("1", FeeKind.FINE, 123_45, FeeStatus.OPEN, here, "Annen", payable=True)
    membership = MembershipLine(here, "Annen", SubscriptionCode("0045"), SECRET, day)
    shown = [
        ui.Borrowing(all_rows, first_name=SECRET, messages=(SECRET,), code=SECRET),
        ui.Returning(all_rows),
        ui.MyAccount(fees=(fee,), payable=123_45, memberships=(membership,), first_name=SECRET),
        ui.Finished(1, mail_to=SECRET),
        ui.HelpCard(SECRET),
        HandedOver(SECRET, datetime(2026, 8, 12, tzinfo=UTC)),
    ]
    for one in shown:
        assert SECRET not in repr(one)
        assert "12345" not in repr(one)
