"""What else the desk answers: what was returned, renewed and paid, and a patron's own account (K10, K11, F2, N4).

Apart from `outcomes`, so that a kiosk's first picture need not wait for what its first visit will want.
"""

from dataclasses import field
from datetime import date, datetime
from enum import Enum

from circulation.identifiers import (
    BranchCode,
    EventId,
    InstitutionCode,
    Isil,
    ItemBarcode,
    PatronRef,
    SubscriptionCode,
)
from circulation.model import FeeKind, FeeStatus
from circulation.outcomes import Refused
from values import dataclass


class Route(Enum):
    """Where a returned item goes (K8, K10): its shelf, the hold shelf here, another branch, or apart for staff."""

    SHELF = "shelf"
    HOLD_SHELF = "hold_shelf"
    OTHER_BRANCH = "other_branch"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """Returned (K10). `place`: the branch or shelf that it must go to, where it is not its own shelf here.

    Nobody showed a pass, so that nothing here says whose loan it was. `provisional`: taken in without the library
    system; what stands open on the loan is not known.
    """

    item: ItemBarcode
    title: str = field(repr=False)
    route: Route = Route.SHELF
    place: str = ""
    was_on_loan: bool = True
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Renewed:
    """Renewed until `due`, library-local (K11). `renewals_left`: how often it can be renewed again."""

    item: ItemBarcode
    title: str = field(repr=False)
    due: date
    renewals_left: int | None = None


@dataclass(frozen=True, slots=True)
class Unrenewed:
    """One item of a batch that was not renewed, and why; it keeps its due date (N5)."""

    item: ItemBarcode
    title: str = field(repr=False)
    due: date
    refused: Refused


@dataclass(frozen=True, slots=True)
class RenewedAll:
    """A batch renewal: an answer per item (N5). Earliest due date first."""

    renewed: tuple[Renewed, ...] = ()
    refused: tuple[Unrenewed, ...] = ()


@dataclass(frozen=True, slots=True)
class Paid:
    """Paid (F2). `cents` as the terminal took it; `left`: cents that stay payable here; `credit`: cents of it that
    stand as credit because what they were for was settled already."""

    terminal: str
    cents: int = field(repr=False)
    left: int = field(default=0, repr=False)
    credit: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """The visit is over; a PIN that was proved for it counts no more (P6)."""

    event: EventId


@dataclass(frozen=True, slots=True)
class LoanLine:
    """One loan as its patron sees it (N4). Dates are library-local. `refused`: why it is not `renewable` now (K13)."""

    item: ItemBarcode
    title: str = field(repr=False)
    due: date
    overdue: bool = False
    renewable: bool = True
    renewals: int = 0
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class BranchLoans:
    """N4: the loans of one branch, with its code and name."""

    branch: BranchCode
    name: str
    loans: tuple[LoanLine, ...]


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One hold (K12). `shelf`: where it stands, in words, when it is ready."""

    title: str = field(repr=False)
    branch: BranchCode
    name: str
    ready: bool = False
    shelf: str = ""
    interlibrary: bool = False


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One amount (F1). `payable`: here and now, by PIN (F1, F2). A credit is negative. Cents."""

    ref: str
    kind: FeeKind
    cents: int = field(repr=False)
    status: FeeStatus
    institution: InstitutionCode
    name: str
    payable: bool


@dataclass(frozen=True, slots=True)
class MembershipLine:
    """One membership as its patron sees it. `warn`: it ends soon and does not renew itself (N8)."""

    institution: InstitutionCode
    name: str
    subscription: SubscriptionCode
    product: str = field(repr=False)
    ends: date
    strips: int | None = None
    counts: bool = True
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """All that a patron may see of their own affairs (N4, K12, F1, N8). `payable`: cents payable here."""

    patron: PatronRef
    loans: tuple[BranchLoans, ...] = ()
    holds: tuple[HoldLine, ...] = ()
    fees: tuple[FeeLine, ...] = ()
    payable: int = field(default=0, repr=False)
    memberships: tuple[MembershipLine, ...] = ()
    history: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Owed:
    """The part of the account that is about money (F1): all amounts, and the cents that are payable here."""

    patron: PatronRef
    fees: tuple[FeeLine, ...] = ()
    payable: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class HoldShelf:
    """The part of the account that can be fetched now (K12): holds that are ready, each with its branch and shelf."""

    patron: PatronRef
    holds: tuple[HoldLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Nothing refuses what was asked about; nothing was done either."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The desk finds the case under this code (N10) until that instant, UTC."""

    code: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class ReceiptTaken:
    """The receipt of that event will be mailed (K9)."""

    event: EventId


@dataclass(frozen=True, slots=True)
class HomeChoice:
    """A library from which guests come (G1), by its name as patrons know it."""

    isil: Isil
    name: str


@dataclass(frozen=True, slots=True)
class GuestHomes:
    """The libraries that can be asked about their members, by name: whoever enrols at the kiosk says which (G10)."""

    homes: tuple[HomeChoice, ...] = ()
