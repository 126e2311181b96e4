"""What a flow may show and what a patron may touch: reasons, counts, dates and titles; no widget, sentence or colour.
The words come from the catalogues in the language of the moment, so that a switch of language redraws what is shown.
"""

from dataclasses import field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from circulation.outcomes import Reason, Refused
from kiosk.access import ACCESS_CHOICES, Access
from kiosk.loans import LoansOfBranch
from kiosk.rows import Row
from values import dataclass

if TYPE_CHECKING:
    from circulation.affairs import FeeLine, HoldLine, MembershipLine  # a kiosk's first picture need not wait for them


class Intent(Enum):
    """What a patron can touch. Every screen offers some of them, see `kiosk.offered`."""

    DONE = "done"
    STOP = "stop"
    CLOSE = "close"
    LEND = "lend"
    BRING_BACK = "bring_back"
    HELP = "help"
    LANGUAGE = "language"
    MORE_TIME = "more_time"
    PRINT = "print"
    EMAIL = "email"
    NO_RECEIPT = "no_receipt"
    DIGIT = "digit"  # of a PIN; `kiosk.bus.Touched.what` says which
    ERASE = "erase"
    ENTER = "enter"
    READ_ALOUD = "read_aloud"
    ACCOUNT = "account"
    BACK = "back"
    SECTION = "section"
    RENEW = "renew"
    RENEW_ALL = "renew_all"
    ENROL = "enrol"
    CHOOSE = "choose"  # one of several; `kiosk.bus.Touched.what` is its place among them
    ACCESS = "access"
    READ = "read"  # a message was read; `kiosk.bus.Touched.what` says how many there still were


class Trouble(Enum):
    """What is wrong on our side and changes what the patron must do."""

    NO_CONNECTION = "no_connection"
    WITHOUT_LINE = "without_line"  # no connection, and borrowing goes on all the same
    NOT_ADMITTED = "not_admitted"  # the store refuses this kiosk's credential: nothing is lent
    NO_PASS_READER = "no_pass_reader"
    NO_SCANNER = "no_scanner"
    NO_PAD = "no_pad"  # books can be scanned, and cannot be laid down
    NO_ITEMS = "no_items"  # neither pad nor scanner reads them
    NO_WAY_IN = "no_way_in"  # nothing reads a pass, or nothing reads anything: nobody can be served


class Notice(Enum):
    """A sentence beside the list that changes nothing (`notice.<value>` in the catalogues)."""

    OTHER_PASS = "other_pass"  # somebody else's pass while this visit runs (P3)
    UNREADABLE_SCAN = "unreadable_scan"
    CHIP_UNREADABLE = "chip_unreadable"
    CARD_NOT_READ = "card_not_read"  # a card of a kind that no pass is read from here
    PASS_LEFT = "pass_left"  # a pass lies on the reader of which nobody is served: forgotten, or found there
    ENDED_BY_TIME = "ended_by_time"
    TAG_UNREADABLE = "tag_unreadable"  # something on the pad cannot be read
    PASS_FIRST = "pass_first"  # books lie on the pad, and nobody showed a pass
    BOOKS_LEFT = "books_left"  # the books of a visit that ended still lie on the pad
    LIFT_FIRST = "lift_first"  # so they do, and this visit leaves them alone until they are lifted
    PASS_FOR_ACCOUNT = "pass_for_account"  # the account is wanted; whose it is the pass will tell


@dataclass(frozen=True, slots=True)
class Rest:
    """Nobody is being served: "Houd je pas voor de lezer". `lay_pass`: the pad alone reads passes. `takes_back`: items
    can be returned here, without a pass (K10). `sees_account`: patrons can look at their account here."""

    troubles: frozenset[Trouble] = frozenset()
    notice: Notice | None = None
    lay_pass: bool = False
    takes_back: bool = False
    sees_account: bool = False


@dataclass(frozen=True, slots=True)
class LendOrReturn:
    """Books came before a pass: "Wil je deze 3 boeken lenen of inleveren?" A pass lends too. `wants_pass`: LEND was
    touched, the pass is awaited. `lay_pass`: the pad alone reads passes. STOP leaves, nothing was done."""

    count: int
    wants_pass: bool = False
    notice: Notice | None = None
    troubles: frozenset[Trouble] = frozenset()
    lay_pass: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The library system is asked who this is: something moves, words after two seconds. STOP leaves."""


DIGITS = "1234567890"  # the keys of a pad, as on a telephone: three rows of three, and the last one below them
PIN_MIN, PIN_MAX = 4, 12


@dataclass(frozen=True, slots=True)
class PinPad:
    """The PIN of the pass is asked for (P6). DIGIT and ERASE type, ENTER asks, STOP leaves. Of what was typed only how
    many digits there are is known here.
    `wrong`: the last one was not it. `short`: ENTER was touched, and so few digits are no PIN. `checking`: it is being
    looked at. `keys`: the digits in the order of the keys, all of which can be touched at any time: a picture may be
    later than a quick hand."""

    typed: int = 0
    wrong: bool = False
    short: bool = False
    checking: bool = False
    keys: str = DIGITS


@dataclass(frozen=True, slots=True)
class GuestOffer:
    """Nobody knows this pass, and whoever is a member elsewhere may become a guest here (G10). ENROL goes on, by the
    PIN of home, CLOSE declines."""


@dataclass(frozen=True, slots=True)
class ChooseHome:
    """Of which library somebody is a member (G1): CHOOSE takes one, or a stretch. CLOSE: it is not there."""

    choices: tuple[tuple[str, bool], ...]  # a name each, and whether a stretch begins with it
    narrowed: bool = False  # to a stretch: BACK widens it by one step


@dataclass(frozen=True, slots=True)
class NoVisit:
    """The visit cannot begin: why, and what next. CLOSE leaves, a new pass too. `code`: under which the desk finds the
    case (N10), once there is one."""

    refused: Refused
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The library system does not answer, so that nobody can be identified. CLOSE leaves, a new pass tries again."""


@dataclass(frozen=True, slots=True)
class Borrowing:
    """The visit: newest row first. `lent` counts what was lent in this visit; `may_borrow` None is no maximum.
    `by_pad`: books can be laid down; `by_scan`: they can be scanned. `sees_account`: the account can be opened.
    `messages`: those that were not read yet (K3); READ takes the first of them away. `child`: as `Identified`."""

    rows: tuple[Row, ...] = ()
    lent: int = 0
    may_borrow: int | None = None
    first_name: str = field(default="", repr=False)
    child: bool = False
    cannot_borrow: Refused | None = None
    messages: tuple[str, ...] = field(default=(), repr=False)
    notice: Notice | None = None
    troubles: frozenset[Trouble] = frozenset()
    resumed: bool = False
    ending: bool = False  # DONE or ACCOUNT was touched, the last answers are awaited
    by_pad: bool = False
    by_scan: bool = True
    sees_account: bool = False
    ends: date | None = None  # the membership that is to be renewed (N8)
    code: str = field(default="", repr=False)  # under which the desk finds the case (N10): why nothing can be borrowed
    code_of: Reason | None = None  # or, where this is set, why the rows of that reason were not lent


class AccountSection(Enum):
    """The parts of an account (`account.section.<value>` in the catalogues)."""

    LOANS = "loans"
    HOLDS = "holds"
    FEES = "fees"
    MEMBERSHIP = "membership"


@dataclass(frozen=True, slots=True)
class MyAccount:
    """The account (N4, K12, F1, N8), one `section` of it on the screen. `payable`: cents payable here. SECTION chooses
    another part, RENEW one loan, each by what it names; BACK goes on borrowing. `first_name`: a child's (K2).
    `hidden`: amounts are masked, see `kiosk.veil`. `history`: titles brought back, where that is wanted (K4)."""

    section: AccountSection = AccountSection.LOANS
    loans: tuple[LoansOfBranch, ...] = ()
    holds: "tuple[HoldLine, ...]" = ()
    fees: "tuple[FeeLine, ...]" = ()
    payable: int = field(default=0, repr=False)
    memberships: "tuple[MembershipLine, ...]" = ()
    history: tuple[str, ...] = field(default=(), repr=False)
    first_name: str = field(default="", repr=False)
    child: bool = False
    notice: Notice | None = None
    troubles: frozenset[Trouble] = frozenset()
    hidden: bool = False
    no_renewals: Refused | None = None  # why no loan can be renewed, whichever it is
    code: str = field(default="", repr=False)  # of the loans that were not renewed for the reason `code_of` (N10)
    code_of: Reason | None = None

    @property
    def can_renew(self) -> bool:
        """Whether any loan is worth asking for."""
        return any(one.can_renew for branch in self.loans for one in branch.loans)


@dataclass(frozen=True, slots=True)
class NoAccount:
    """The account cannot be shown: `refused`, or nobody answers. BACK goes on borrowing. `code`: as in `NoVisit`."""

    refused: Refused | None = None
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """ "Klaar! 3 geleend." PRINT, if it can, EMAIL, where it goes, or NO_RECEIPT; closes by itself. `not_known` lie
    between yes and no. `mail_to`: a masked address.
    `to_check`: lent items at which the gate may call; `lying`: books still lie on the pad; `unlocking`: some of them
    are still being cleared. `renewed`: so many loans run longer now; of `renewals_unclear` that is not known.
    """

    lent: int
    not_known: int = 0
    can_print: bool = True
    to_check: int = 0
    lying: bool = False
    unlocking: bool = False
    renewed: int = 0
    renewals_unclear: int = 0
    mail_to: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Returning:
    """Somebody brings items back, newest row first. `back` counts what was taken in. DONE or STOP leaves."""

    rows: tuple[Row, ...] = ()
    back: int = 0
    notice: Notice | None = None
    troubles: frozenset[Trouble] = frozenset()
    ending: bool = False  # DONE was touched, the last answers are awaited
    by_pad: bool = False
    by_scan: bool = True


@dataclass(frozen=True, slots=True)
class Returned:
    """ "Bedankt! 3 ingeleverd." PRINT, if it can, or CLOSE; closes by itself. `not_known` lie between yes and no.
    `to_check`: taken in and perhaps not armed; `lying`: items still lie on the pad; `locking`: some are being armed.
    """

    back: int
    not_known: int = 0
    to_check: int = 0
    lying: bool = False
    locking: bool = False
    can_print: bool = False


class ReceiptState(Enum):
    """How the printing or mailing of the receipt goes (`receipt.<value>` in the catalogues)."""

    PRINTING = "printing"
    PRINTED = "printed"
    OUT_OF_PAPER = "out_of_paper"
    FAILED = "failed"
    NOT_SURE = "not_sure"
    MAILING = "mailing"
    MAILED = "mailed"
    NOT_MAILED = "not_mailed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt is being printed or mailed, or was not; that so many were `lent` and `renewed`, or taken
    `back`, stands all the same. CLOSE leaves. `can_print`: what was not mailed can be printed."""

    state: ReceiptState
    lent: int
    can_print: bool = False
    renewed: int = 0
    back: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing can be written down, so that nothing is lent: why, and the desk. `reason`: a code word for staff.
    `lent`: what whoever stands there had borrowed before, which stands."""

    reason: str
    lent: int = 0


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """Something is broken on our side and nobody can be served here (red, and the desk)."""

    reason: str


Screen = (
    Rest
    | LendOrReturn
    | Waiting
    | PinPad
    | GuestOffer
    | ChooseHome
    | NoVisit
    | NoAnswer
    | Borrowing
    | MyAccount
    | NoAccount
    | Finished
    | Receipt
    | Returning
    | Returned
    | Closed
    | OutOfOrder
)


@dataclass(frozen=True, slots=True)
class StillThere:
    """Over the screen: "Ben je er nog?", counting down whole seconds. MORE_TIME goes on, STOP leaves."""

    seconds: int


class Reading(Enum):
    """Whether the screen can be read aloud for everybody to hear, and is."""

    NONE = "none"  # it cannot, or somebody listens with headphones
    OFF = "off"
    ON = "on"


@dataclass(frozen=True, slots=True)
class HelpCard:
    """Over the screen: where the desk is and that it helps. CLOSE goes back; READ_ALOUD, where that can be, begins to
    read the screen aloud, or ends it. `code`: of the case that stands there. `called`: a light tells staff of it."""

    code: str = field(default="", repr=False)
    called: bool = False
    reading: Reading = Reading.NONE


@dataclass(frozen=True, slots=True)
class LanguageCard:
    """Over the screen: all languages, each by its own name. LANGUAGE takes one, CLOSE goes back."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessCard:
    """Over the screen: what can be chosen of `Access`, and what is. ACCESS changes one at once, CLOSE goes back."""

    access: Access = field(default_factory=Access)
    choices: tuple[str, ...] = ACCESS_CHOICES  # those that this screen has room for


Over = StillThere | HelpCard | LanguageCard | AccessCard


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the screen has to draw: one screen, what lies over it, the language (a catalogue's code), how it is
    drawn for whoever stands there, whether titles and names are hidden, and whether there is another language."""

    screen: Screen = field(default_factory=Rest)
    over: Over | None = None
    language: str = "nl"
    access: Access = field(default_factory=Access)
    masked: bool = False
    translated: bool = True

    @property
    def kind(self) -> "Kind":
        """Of two pictures of one kind only the difference is said; of another kind all is."""
        return type(self.screen), type(self.over), self.language


Kind = tuple[type, type, str]  # a page, the card over it, and the language


class Ui(Protocol):
    """The picture. Called on the flow's thread, never blocks."""

    def show(self, shown: Shown) -> None:
        """Draws this, as soon as a frame can."""
