"""What the desk answers. "No" is an answer too: `Refused` says why and what next, and names its rule (K13)."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from enum import Enum

from circulation.identifiers import EventId, ItemBarcode, PatronRef
from circulation.presented import ReceiptChoice
from values import dataclass


class Reason(Enum):
    """Why not. Each has its sentence in every catalogue, under `refused.<reason>.why`."""

    PASS_UNKNOWN = "pass_unknown"
    PASS_UNREADABLE = "pass_unreadable"
    ITEM_SHOWN_AS_PASS = "item_shown_as_pass"
    PASS_SHOWN_AS_ITEM = "pass_shown_as_item"
    MANDATE_SHOWN = "mandate_shown"
    PASS_REPLACED = "pass_replaced"
    PASS_BLOCKED = "pass_blocked"
    PASS_NOT_UNIQUE = "pass_not_unique"
    PASS_OF_TWO = "pass_of_two"
    EID_NOT_USED = "eid_not_used"
    CHIP_RANDOM = "chip_random"
    TYPE_TO_DESK = "type_to_desk"
    ADMINISTRATIVE_PASS = "administrative_pass"
    GUEST_WITHOUT_CHIP = "guest_without_chip"
    GUEST_HOME_UNKNOWN = "guest_home_unknown"
    GUEST_ENDED = "guest_ended"
    GUEST_UNVERIFIED = "guest_unverified"
    GUEST_WITHOUT_STRIPS = "guest_without_strips"
    PIN_NEEDED = "pin_needed"
    NOT_CONFIRMED = "not_confirmed"
    LAPSED = "lapsed"
    NOT_SHARED = "not_shared"
    NOT_LINKED = "not_linked"
    NO_MEMBERSHIP = "no_membership"
    NO_SELF_SERVICE = "no_self_service"
    DIGITAL_ONLY = "digital_only"
    PAY_FIRST = "pay_first"
    OPEN_AMOUNT = "open_amount"
    NO_STRIPS = "no_strips"
    ON_PASS_MAXIMUM = "on_pass_maximum"
    ITEM_UNKNOWN = "item_unknown"
    ITEM_REFERENCE = "item_reference"
    ITEM_DAMAGED = "item_damaged"
    ITEM_MISSING = "item_missing"
    ITEM_INTERNAL = "item_internal"
    ITEM_ON_LOAN = "item_on_loan"
    ALREADY_YOURS = "already_yours"
    HELD_FOR_ANOTHER = "held_for_another"
    NO_TRANSPORT = "no_transport"
    RETURN_ELSEWHERE = "return_elsewhere"
    NOT_ON_LOAN = "not_on_loan"
    WANTED_BY_ANOTHER = "wanted_by_another"
    RENEWED_ENOUGH = "renewed_enough"
    INTERLIBRARY = "interlibrary"
    NOT_RENEWED_HERE = "not_renewed_here"
    PIN_WRONG = "pin_wrong"
    PIN_LOCKED = "pin_locked"
    NOTHING_TO_PAY = "nothing_to_pay"
    NOT_PAYABLE_HERE = "not_payable_here"
    AMOUNT_DIFFERS = "amount_differs"
    HOME_SAYS_NO = "home_says_no"
    HOME_SILENT = "home_silent"
    NO_SELF_ENROLMENT = "no_self_enrolment"
    OFFLINE_RETURNS_ONLY = "offline_returns_only"
    OFFLINE_NOT_ALLOWED = "offline_not_allowed"
    OFFLINE_PASS_UNKNOWN = "offline_pass_unknown"
    OFFLINE_ITEM_UNKNOWN = "offline_item_unknown"
    OFFLINE_PIN = "offline_pin"
    OFFLINE_GUEST = "offline_guest"
    OFFLINE_MAXIMUM = "offline_maximum"
    KIOSK_NOT_ADMITTED = "kiosk_not_admitted"
    OTHER = "other"


# Said of an item, whoever brings it or has it; every other reason is one of a pass or of its patron.
OF_AN_ITEM = frozenset(
    {
        Reason.ITEM_UNKNOWN,
        Reason.ITEM_REFERENCE,
        Reason.ITEM_DAMAGED,
        Reason.ITEM_MISSING,
        Reason.ITEM_INTERNAL,
        Reason.ITEM_ON_LOAN,
        Reason.ALREADY_YOURS,
        Reason.HELD_FOR_ANOTHER,
        Reason.NO_TRANSPORT,
        Reason.RETURN_ELSEWHERE,
        Reason.NOT_ON_LOAN,
        Reason.WANTED_BY_ANOTHER,
        Reason.RENEWED_ENOUGH,
        Reason.INTERLIBRARY,
        Reason.NOT_RENEWED_HERE,
        Reason.OFFLINE_ITEM_UNKNOWN,
    }
)


class NextStep(Enum):
    """What next. Drawn as an icon and said in words, under `refused.<reason>.next`."""

    DESK = "desk"
    SHELF = "shelf"
    HOLD_SHELF = "hold_shelf"
    PASS = "pass"
    SCAN_AGAIN = "scan_again"
    SCAN_ITEM = "scan_item"
    RETURN_SOMETHING = "return_something"
    OWN_LIBRARY = "own_library"
    OTHER_BRANCH = "other_branch"
    KEEP = "keep"


Value = int | str | date
# A value of a refusal: whoever shows this pass may become a guest here, by the PIN of the own library (G10).
OFFERS_ENROLMENT = "guests"


@dataclass(frozen=True, slots=True)
class Refused:
    """No, by this rule. `values` fill the sentence: counts, cents, places, dates; never anything of another patron.

    `on_loan`: what was asked for is lent, whoever has it and whatever the reason, so that its tag may pass the gate.
    """

    reason: Reason
    rule: str
    next: NextStep
    values: Mapping[str, Value] = field(default_factory=dict)
    on_loan: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first refusal by the order of docs/rules.md, and all others that would also have refused (for staff)."""

    decided: Refused | None
    also: tuple[Refused, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing refused."""
        return self.decided is None


@dataclass(frozen=True, slots=True)
class Identified:
    """Who is served, as far as the screen may know (K2: a first name for youth only, never a surname).

    `may_borrow`: how many more items, None for no maximum. `cannot_borrow`: set when borrowing is refused whatever the
    item; the visit goes on all the same (docs/rules.md). `messages`: only those marked for the patron (K3). `mail_to`:
    the masked address to which a receipt can be mailed (K9), empty where that cannot be. `ends`: the last day of the
    membership that is to be renewed, where that is soon (N8), library-local. `child`: no amounts are shown (K2).
    """

    patron: PatronRef
    language: str = ""
    receipt: ReceiptChoice = ReceiptChoice.ASK
    first_name: str = field(default="", repr=False)
    open_loans: int = 0
    may_borrow: int | None = None
    cannot_borrow: Refused | None = None
    messages: tuple[str, ...] = field(default=(), repr=False)
    mail_to: str = field(default="", repr=False)
    ends: date | None = None
    child: bool = False


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """Lent. `due` is library-local; `open_loans` and `may_borrow` are as they stand after this loan.

    `borrowed_before`: the patron had this title before, and has asked to be told (K4). `provisional`: lent without the
    library system, which may set another due date when it hears of it.
    """

    item: ItemBarcode
    title: str = field(repr=False)
    due: date
    open_loans: int
    may_borrow: int | None
    hold_filled: bool = False
    borrowed_before: bool = False
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Voided:
    """An event that the kiosk gave up before it was done; it only closes the gap in the sequence (house decision 1)."""

    event: EventId
