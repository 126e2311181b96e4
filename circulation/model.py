"""The facts that rules look at: patrons, passes, memberships, items, loans. Frozen; a change makes a new one.

Money is integer euro cents, dates are library-local, instants are UTC (docs/rules.md). What a kiosk's mirror has a row
of is without slots: a default then stays with the class, and the row is read in a third of the time.
"""

from dataclasses import field
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

from circulation.identifiers import (
    BranchCode,
    ChipUid,
    InstitutionCode,
    Isil,
    ItemBarcode,
    PassNumber,
    PatronRef,
    SubscriptionCode,
)
from circulation.presented import ReceiptChoice
from values import dataclass


class PatronType(Enum):
    """K1: the type codes of the library system. A code outside this list is UNKNOWN and goes to the desk."""

    REGULAR = "00"
    SPECIAL = "01"
    ARGOS = "02"
    GUEST = "04"
    ANONYMOUS = "06"
    CARD_SALE = "09"
    ADMINISTRATIVE = "14"
    SIDE_SUBSCRIPTION = "15"
    DONOR = "16"
    NEWSLETTER = "98"
    UNKNOWN = "?"

    @classmethod
    def of(cls, code: str) -> "PatronType":
        """The type of a code; UNKNOWN for a code that nobody has listed."""
        return next((known for known in cls if known.value == code), cls.UNKNOWN)


class GroupKind(Enum):
    """The kind of cooperation of institutions (N1, N6, N11); b and c have transport of items between them."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    THREE_A = "3a"
    THREE_B = "3b"
    THREE_C = "3c"

    @property
    def shares_memberships(self) -> bool:
        """N1 and N11: only the groups 3 recognise each other's memberships."""
        return self not in (GroupKind.ONE, GroupKind.TWO)

    @property
    def has_transport(self) -> bool:
        """N6: items of one institution may be lent and returned in another."""
        return self in (GroupKind.THREE_B, GroupKind.THREE_C)


class PassStatus(Enum):
    """P7: only an active pass counts."""

    ACTIVE = "active"
    REPLACED = "replaced"
    BLOCKED = "blocked"


class PassKind(Enum):
    """P4, P5: what sort of pass it is. Follow-on passes are only of the kinds unique in the network."""

    REGIONAL = "regional"
    NATIONAL_NUMBER = "national_number"
    UITPAS = "uitpas"
    A_KAART = "a_kaart"
    ORDINARY = "ordinary"
    ADMINISTRATIVE = "administrative"
    HOME = "home"


class Sex(Enum):
    """K14: what the library asks about a person; `institution` says that it is none (S4)."""

    MALE = "man"
    FEMALE = "vrouw"
    NEUTRAL = "neutraal"
    UNKNOWN = "onbekend"
    INSTITUTION = "instelling"


class FeeKind(Enum):
    """F1: what an amount is for."""

    CONTRIBUTION = "contribution"
    FINE = "fine"
    SALE = "sale"
    CASH = "cash"
    OTHER = "other"


class MembershipStatus(Enum):
    """S7: normal and invoiced both count, invalid does not."""

    NORMAL = "normal"
    INVOICED = "invoiced"
    INVALID = "invalid"


class FeeStatus(Enum):
    """F1: open stops borrowing over the limit; registered and direct debit never do."""

    OPEN = "open"
    REGISTERED = "registered"
    DIRECT_DEBIT = "direct_debit"
    PAID = "paid"


class ItemStatus(Enum):
    """K7: what the library says of the item itself, apart from loans and holds."""

    LENDABLE = "lendable"
    REFERENCE = "reference"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Group:
    """A *samenwerkingsgroep* of institutions."""

    code: str
    kind: GroupKind


@dataclass(frozen=True, slots=True)
class Institution:
    """A library organisation (*instantie*). `accepts`: institutions whose patrons it accepts (N1)."""

    code: InstitutionCode
    name: str
    isil: Isil | None = None
    group: Group | None = None
    accepts: frozenset[InstitutionCode] = frozenset()
    uses_eid: bool = False
    province: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """Where the kiosk stands (*vestiging*). `open_amount_limit`: cents (F4). `asks_pin`: of every patron (P6)."""

    code: BranchCode
    name: str
    institution: InstitutionCode
    open_amount_limit: int = 1000
    asks_pin: bool = False


@dataclass(frozen=True, slots=True)
class Fine:
    """S8: cents a day late, and the most that one item can cost, in cents."""

    per_day: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A product of the catalogue (S1). `strips` and `on_pass` are None where there is no maximum. Price in cents.

    `loan_days` is None where the catalogue leaves the period blank and 0 where a loan is due on its own date
    (0089): no self-service loan under either (S1). `on_request`: offered only where the patron asks for it (S9).
    `temporary`: its term is exact calendar months (S7, G7). `renews_itself`: it need not be renewed by hand (N8).
    """

    code: SubscriptionCode
    name: str
    price: int = 0
    months: int = 12
    valid_from: date = date(2000, 1, 1)
    valid_to: date = date(9999, 12, 31)
    strips: int | None = None
    on_pass: int | None = None
    loan_days: int | None = 21
    fine: Fine | None = None
    digital_only: bool = False
    pay_at_once: bool = False
    youngest: int | None = None
    oldest: int | None = None
    for_institutions: bool = False
    selectable: bool = True
    on_request: bool = False
    temporary: bool = False
    online_library: bool = False
    unlimited_holds: bool = False
    renews_itself: bool = False

    @property
    def lends(self) -> bool:
        """S1, S6: whether a physical item can be lent under it at the kiosk."""
        return bool(self.loan_days) and not self.digital_only


@dataclass(frozen=True, slots=True)
class ProductLink:
    """*Productkoppeling* (N1): `there` counts as `here` when its holder stands in institution `at`."""

    at: InstitutionCode
    here: SubscriptionCode
    of: InstitutionCode
    there: SubscriptionCode


Fact = TypeVar("Fact", bound="Membership | Patron")


def changed(fact: Fact, **changes: Any) -> Fact:
    """The same with these fields changed: `dataclasses.replace` at a fifth of its price, as no field is looked at.

    Raises TypeError for a name that is no field.
    """
    if not changes.keys() <= fact.__dataclass_fields__.keys():
        raise TypeError(f"no such field of {type(fact).__name__}")
    after = object.__new__(type(fact))
    values = after.__dict__
    values.update(fact.__dict__)
    values.update(changes)
    return after


@dataclass(frozen=True)
class Membership:
    """One *lidmaatschap*: bounds inclusive. `strips_left` None is unlimited (S2). `verified`: the library-local day
    on which the guest's home library last confirmed it, at night or at enrolment (G8); None where it never did."""

    institution: InstitutionCode
    subscription: SubscriptionCode
    starts: date
    ends: date
    status: MembershipStatus = MembershipStatus.NORMAL
    confirmed: bool = True
    paid: bool = True
    strips_left: int | None = None
    verified: date | None = None


@dataclass(frozen=True)
class Pass:
    """A library card. `unique`: its number is unique in the whole network (P4). `document_number`: others can read the
    number off an identity document, so that it needs a PIN (P6). `eid`: an identity card used as a pass (P4).
    `locked_until` (UTC): until then wrong PINs keep it shut (P6); also an instant that is over."""

    number: PassNumber = field(repr=False)
    status: PassStatus = PassStatus.ACTIVE
    unique: bool = True
    institutions: frozenset[InstitutionCode] = frozenset()
    chips: frozenset[ChipUid] = field(default=frozenset(), repr=False)
    document_number: bool = False
    eid: bool = False
    kind: PassKind = PassKind.ORDINARY
    follow_on: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Fee:
    """An amount owed in cents, or a credit (*tegoed*) when negative (F1)."""

    ref: str
    cents: int
    institution: InstitutionCode
    status: FeeStatus = FeeStatus.OPEN
    kind: FeeKind = FeeKind.OTHER
    since: date | None = None


@dataclass(frozen=True)
class Message:
    """A *melding* on the pass; only one marked for the patron may reach the screen (K3)."""

    text: str = field(repr=False)
    for_patron: bool = False
    acknowledge: bool = False


@dataclass(frozen=True)
class Loan:
    """An item out. `internal`: on an administrative pass (A4), due on its own loan date and never late.

    `renewals`: how often it was renewed (K11).
    """

    item: ItemBarcode
    patron: PatronRef
    branch: BranchCode
    lent: date
    due: date
    internal: bool = False
    renewals: int = 0


@dataclass(frozen=True)
class Hold:
    """A *reservering*; only one whose item stands on the hold shelf stops lending to others (K8).

    `branch`: where the patron will fetch it; `shelf`: where it stands there, in words (K12); `institution`: whose
    that branch is (N6), None where no branch is named or nobody said.
    """

    patron: PatronRef
    on_shelf: bool
    branch: BranchCode | None = None
    shelf: str = ""
    institution: InstitutionCode | None = None


@dataclass(frozen=True)
class Item:
    """A copy (*exemplaar*) with what is known of it: its institution, state, open loan and hold on this copy.

    `interlibrary`: borrowed from another library for a patron (IBL, K12). `wanted_by`: the patrons who hold its title
    or this copy, in the order of their holds (K10, K11).
    """

    barcode: ItemBarcode
    title: str = field(repr=False)
    institution: InstitutionCode
    branch: BranchCode
    status: ItemStatus = ItemStatus.LENDABLE
    loan: Loan | None = None
    hold: Hold | None = None
    interlibrary: bool = False
    wanted_by: tuple[Hold, ...] = ()


@dataclass(frozen=True)
class Patron:
    """One actor with all that a verdict may look at. `home` is a guest's ISIL (G1), `main_library` the
    *hoofdbibliotheek* (N3). `first_name` is on file for youth only (K2). `emailed`: whether there is a usable address
    for receipts (K9). `keeps_history`, `tells_borrowed_before`: the two opt-ins of K4. `child`: see `masking`."""

    ref: PatronRef
    type: PatronType
    language: str = ""
    receipt: ReceiptChoice = ReceiptChoice.ASK
    first_name: str = field(default="", repr=False)
    home: Isil | None = None
    home_known: bool = True
    main_library: InstitutionCode | None = None
    pin_required: bool = False
    memberships: tuple[Membership, ...] = ()
    passes: tuple[Pass, ...] = ()
    fees: tuple[Fee, ...] = ()
    messages: tuple[Message, ...] = ()
    loans: tuple[Loan, ...] = ()
    emailed: bool = False
    keeps_history: bool = False
    tells_borrowed_before: bool = False
    child: bool = False
