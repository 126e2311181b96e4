"""Accounts as the library system tells them: some loans at one branch, or at two."""

from datetime import date

from circulation.affairs import Account, BranchLoans, HoldLine, LoanLine, Renewed, RenewedAll, Unrenewed
from circulation.identifiers import BranchCode, ItemBarcode, PatronRef
from circulation.outcomes import NextStep, Reason, Refused
from kiosk.loans import OnLoan
from kiosk.ui import MyAccount
from tests.kiosk.world import DUE, LATER, Kiosk, book

ENOUGH = Refused(Reason.RENEWED_ENOUGH, "K11", NextStep.DESK, {"count": 2})
OWES = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 1250, "limit": 1000})
WANTED = Refused(Reason.WANTED_BY_ANOTHER, "K11", NextStep.RETURN_SOMETHING)


def loan(number: int, due: date = DUE, *, refused: Refused | None = None) -> LoanLine:
    """A loan; its title tells which item it is. `refused`: why it cannot be renewed."""
    return LoanLine(ItemBarcode(book(number)), f"Title {book(number)}", due, renewable=refused is None, refused=refused)


def account(*loans: LoanLine, elsewhere: tuple[LoanLine, ...] = (), holds: tuple[HoldLine, ...] = ()) -> Account:
    """Loans of the branch here, and of another one."""
    branches = [BranchLoans(BranchCode("3540"), "Annen", loans)]
    if elsewhere:
        branches.append(BranchLoans(BranchCode("3550"), "Zottegem", elsewhere))
    return Account(PatronRef("anna"), tuple(branches), holds)


def longer(number: int) -> Renewed:
    """A yes."""
    return Renewed(ItemBarcode(book(number)), f"Title {book(number)}", LATER)


def not_longer(number: int, why: Refused = ENOUGH) -> Unrenewed:
    """A no in a batch."""
    return Unrenewed(ItemBarcode(book(number)), f"Title {book(number)}", DUE, why)


def both(*yes: Renewed, no: tuple[Unrenewed, ...] = ()) -> RenewedAll:
    """The answer to a batch."""
    return RenewedAll(yes, no)


def seen(kiosk: Kiosk) -> MyAccount:
    """The account that is shown."""
    screen = kiosk.screen()
    assert isinstance(screen, MyAccount), screen
    return screen


def loans(kiosk: Kiosk) -> list[OnLoan]:
    """The loans that are shown, whatever their branch."""
    return [one for branch in seen(kiosk).loans for one in branch.loans]
