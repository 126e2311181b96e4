"""Pictures of the account: its sections, full and empty, a child's, and every answer to a renewal."""

from datetime import date, timedelta

from circulation.affairs import FeeLine, HoldLine, MembershipLine
from circulation.identifiers import BranchCode, InstitutionCode, SubscriptionCode
from circulation.model import FeeKind, FeeStatus
from circulation.outcomes import NextStep, Reason, Refused
from kiosk.loans import LoansOfBranch, Longer, LongerNotAsked, LongerNotKnown, NotLonger, OnLoan, Renewing
from kiosk.ui import (
    AccountSection,
    Borrowing,
    Finished,
    HelpCard,
    MyAccount,
    NoAccount,
    Notice,
    Over,
    Rest,
    Screen,
    StillThere,
    Trouble,
)
from kiosk.veil import veiled

TODAY = date(2026, 7, 22)
DUE, LATER = date(2026, 8, 12), date(2026, 8, 26)
LONG = "Het geheim van de zeven verdwenen meeuwen en de vuurtorenwachter die alles al wist: een vertelling in brieven"
ENOUGH = Refused(Reason.RENEWED_ENOUGH, "K11", NextStep.DESK, {"count": 2})
WANTED = Refused(Reason.WANTED_BY_ANOTHER, "K11", NextStep.RETURN_SOMETHING)
OWES = Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, {"cents": 123_45, "limit": 1000})
BLOCKED = Refused(Reason.PASS_BLOCKED, "P7", NextStep.DESK)
ANNEN, BEERSE = BranchCode("3540"), BranchCode("3550")
INSTITUTION = InstitutionCode("annen")


def here(*loans: OnLoan) -> tuple[LoansOfBranch, ...]:
    """Loans of one branch."""
    return (LoansOfBranch("3540", "Bibliotheek Annen", loans),)


LOANS = here(
    OnLoan("l0", "Oeroeg", TODAY - timedelta(days=3), overdue=True),
    OnLoan("l1", LONG, TODAY + timedelta(days=2)),
    OnLoan("l2", "Max Havelaar", DUE),
    OnLoan("l3", "De ontdekking van de hemel", DUE, renewable=False, refused=WANTED),
)
TWO_BRANCHES = (*LOANS, LoansOfBranch("3550", "Bibliotheek Oosterzele", (OnLoan("l4", "Het diner", DUE),)))
ANSWERED = here(
    OnLoan("l0", "De aanslag", DUE, renewal=LongerNotAsked()),
    OnLoan("l1", "Oeroeg", DUE, renewal=Longer(LATER)),
    OnLoan("l2", LONG, DUE, renewal=Renewing()),
    OnLoan("l3", "Max Havelaar", DUE, renewal=NotLonger(WANTED)),
    OnLoan("l4", "Het diner", TODAY + timedelta(days=1), renewal=LongerNotKnown()),
    OnLoan("l5", LONG, TODAY - timedelta(days=3), True, renewal=NotLonger(ENOUGH)),
)
REFUSED = here(OnLoan("l6", "Turks fruit", DUE), *ANSWERED[0].loans[3:])
OWING = here(OnLoan("l7", LONG, DUE, renewal=NotLonger(OWES)), *REFUSED[0].loans)
STANDING = here(OnLoan("l0", "Oeroeg", DUE, renewable=False), OnLoan("l1", LONG, DUE, renewable=False))
MANY = here(*(OnLoan(f"l{at}", f"Deel {at + 1}", DUE) for at in range(60)))
HISTORY = ("Turks fruit", LONG, "De avonden")
HOLDS = (
    HoldLine("Oeroeg", ANNEN, "Bibliotheek Annen", True, "blauwe plank bij de ingang"),
    HoldLine(LONG, BEERSE, "Bibliotheek Oosterzele", True, "", interlibrary=True),
    HoldLine("Max Havelaar", ANNEN, "Bibliotheek Annen", interlibrary=True),
    HoldLine("Het diner", ANNEN, "Bibliotheek Annen"),
)


def _fee(
    ref: str, kind: FeeKind, cents: int, status: FeeStatus = FeeStatus.OPEN, name: str = "", payable: bool = True
) -> FeeLine:
    return FeeLine(ref, kind, cents, status, INSTITUTION, name or "Bibliotheek Annen", payable)


FEES = (
    _fee("1", FeeKind.FINE, 120),
    _fee("2", FeeKind.CONTRIBUTION, 5600),
    _fee("3", FeeKind.CASH, 123_456, name="Bibliotheek Oosterzele", payable=False),
    _fee("4", FeeKind.OTHER, 500, FeeStatus.DIRECT_DEBIT, payable=False),
    _fee("5", FeeKind.SALE, -250, payable=False),
)


def _membership(
    product: str, ends: date, strips: int | None = None, counts: bool = True, warn: bool = False
) -> MembershipLine:
    return MembershipLine(
        INSTITUTION, "Bibliotheek Annen", SubscriptionCode("0045"), product, ends, strips, counts, warn
    )


MEMBERSHIPS = (
    _membership("Basis", date(2027, 11, 30), 125),
    _membership("Start", date(2026, 8, 1), 1, warn=True),
    _membership("Compleet (maand-incasso)", date(2026, 6, 30), counts=False),
    _membership("Basis", date(2027, 11, 30), 0),
)
SECTION = AccountSection
SCENES: dict[str, tuple[Screen, Over | None]] = {
    "rest-account": (Rest(takes_back=True, sees_account=True), None),
    "rest-account-only": (Rest(sees_account=True), None),
    "rest-account-wanted": (Rest(takes_back=True, sees_account=True, notice=Notice.PASS_FOR_ACCOUNT), None),
    "borrow-account": (Borrowing(may_borrow=10, sees_account=True), None),
    "borrow-account-pad": (Borrowing(may_borrow=10, sees_account=True, by_pad=True, notice=Notice.OTHER_PASS), None),
    "account": (MyAccount(loans=LOANS), None),
    "account-branches": (MyAccount(loans=TWO_BRANCHES, holds=HOLDS), None),
    "account-answered": (MyAccount(loans=ANSWERED), None),
    "account-refused": (MyAccount(loans=REFUSED), None),
    "account-refused-code": (MyAccount(loans=OWING, code="KZTP", code_of=OWES.reason), None),
    "account-no-renewals": (MyAccount(loans=STANDING, no_renewals=OWES, code="KZTP", code_of=OWES.reason), None),
    "account-no-renewals-child": (MyAccount(loans=STANDING, no_renewals=OWES, first_name="Marieke"), None),
    "account-many": (MyAccount(loans=MANY), None),
    "account-history": (MyAccount(loans=ANSWERED[:1], history=HISTORY), None),
    "account-history-branches": (MyAccount(loans=TWO_BRANCHES, history=HISTORY * 30), None),
    "account-history-alone": (MyAccount(history=HISTORY), None),
    "account-history-veiled": (veiled(MyAccount(loans=LOANS, history=HISTORY)), None),
    "account-child": (MyAccount(loans=LOANS, first_name="Marieke-Christina"), None),
    "account-refused-child": (
        MyAccount(loans=here(OnLoan("l0", "Oeroeg", DUE, renewal=NotLonger(OWES))), first_name="Marieke"),
        None,
    ),
    "account-nothing": (MyAccount(), None),
    "account-notice": (MyAccount(loans=LOANS, notice=Notice.OTHER_PASS), None),
    "account-no-line": (MyAccount(loans=LOANS, troubles=frozenset({Trouble.NO_CONNECTION})), None),
    "account-holds": (MyAccount(SECTION.HOLDS, LOANS, HOLDS), None),
    "account-no-holds": (MyAccount(SECTION.HOLDS), None),
    "account-fees": (MyAccount(SECTION.FEES, LOANS, fees=FEES, payable=5720), None),
    "account-fees-child": (MyAccount(SECTION.FEES, LOANS, fees=FEES, payable=5720, first_name="Marieke"), None),
    "account-no-fees": (MyAccount(SECTION.FEES), None),
    "account-membership": (MyAccount(SECTION.MEMBERSHIP, memberships=MEMBERSHIPS), None),
    "account-no-membership": (MyAccount(SECTION.MEMBERSHIP), None),
    "account-still-there": (MyAccount(loans=LOANS), StillThere(18)),
    "no-account": (NoAccount(), None),
    "no-account-refused": (NoAccount(BLOCKED), None),
    "no-account-code": (NoAccount(BLOCKED, "KZTPBCDF"), None),
    "help-account-code": (NoAccount(BLOCKED, "KZTP"), HelpCard("KZTP")),
    "finished-renewed": (Finished(0, renewed=2), None),
    "finished-lent-and-renewed": (Finished(3, renewed=12), None),
    "finished-renewals-unclear": (Finished(1, renewals_unclear=2), None),
}
