"""What the desk may do with patrons, passes and administrative passes (N9, N12, P5, A1 to A6, K9, K14)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum

from circulation.identifiers import PassNumber, with_check_digit
from circulation.model import Loan, Membership, MembershipStatus, Pass, PassKind, Patron, PatronType
from circulation.rules.facts import Here, rule
from circulation.rules.terms import counts

UNIQUE_KINDS = frozenset({PassKind.REGIONAL, PassKind.NATIONAL_NUMBER, PassKind.UITPAS, PassKind.A_KAART})
ADMINISTRATIVE_PREFIX = "29999"
ACTIVATION_HOURS = 24
_IN_NO_DOMAIN = frozenset('()<>[]:;@\\,"')  # the specials of RFC 5322 3.2.3, but the dot


class Enrolment(Enum):
    """N12: what there is to do for somebody who wants to join here."""

    NOTHING = "nothing"
    NEW = "new"
    NEW_WITH_UNIQUE_PASS = "new_with_unique_pass"
    REUSE_OLD_NUMBER = "reuse_old_number"


@rule("N9")
def may_stop(row: Membership, patron: Patron, here: Here) -> bool:
    """Whether staff of this institution may end that membership: their own, or one of the group's; where the patron
    has a valid one here, their own only."""
    mine = here.branch.institution
    if row.institution == mine:
        return True
    valid_here = any(one.institution == mine and counts(one, here.today) for one in patron.memberships)
    return may_change(row, here) and not valid_here


@rule("N9")
def may_change(row: Membership, here: Here) -> bool:
    """Whether staff of this institution may turn that membership into another: their own, or one of the group's."""
    mine = row.institution == here.branch.institution
    return mine or (here.shares_memberships and here.same_group(row.institution))


@rule("P5", "P4")
def follow_on_allowed(kind: PassKind) -> bool:
    """A follow-on pass is only of a kind whose number is unique in the network."""
    return kind in UNIQUE_KINDS


@rule("N12", "N11", "K6")
def enrolment_need(patron: Patron | None, here: Here) -> Enrolment:
    """What a search at enrolment leads to: valid in the group (or waiting for its confirmation): nothing to do.

    Lapsed here: the old number can be used again. Known from another institution only: enrol with a unique pass.
    """
    rows = () if patron is None else patron.memberships
    if any(here.accepts(one.institution) and _runs(one, here) for one in rows):
        return Enrolment.NOTHING
    if any(one.institution == here.branch.institution for one in rows):
        return Enrolment.REUSE_OLD_NUMBER
    return Enrolment.NEW_WITH_UNIQUE_PASS if rows else Enrolment.NEW


def _runs(row: Membership, here: Here) -> bool:
    whole = row.status is not MembershipStatus.INVALID and row.starts <= row.ends
    return whole and here.today <= row.ends  # one that begins later needs nothing either


@rule("N12", "P4")
def must_be_replaced(card: Pass) -> bool:
    """A pass whose number is not unique in the network is replaced when its holder enrols again."""
    return not card.unique


@rule("A6")
def may_become_administrative(kind: PatronType) -> bool:
    """Only a special patron can be turned into an administrative pass; a regular one never."""
    return kind is PatronType.SPECIAL


@rule("A2")
def next_administrative_number(n: int) -> PassNumber:
    """The nth number of an administrative pass: 29999, eight digits, the check digit. Raises ValueError past them."""
    if not 0 <= n < 10**8:
        raise ValueError("no such administrative number")
    return PassNumber(with_check_digit(f"{ADMINISTRATIVE_PREFIX}{n:08}"))


@rule("K14")
def activation_ends(made_at: datetime) -> datetime:
    """The instant (UTC) after which the link that activates a login account is of no use."""
    return made_at + timedelta(hours=ACTIVATION_HOURS)


@rule("A5")
def out_on(loans: Collection[Loan]) -> int:
    """How many items are out on a pass: counted from its loans, never from a counter."""
    return len(loans)


@rule("A3")
def counts_in_statistics(kind: PatronType) -> bool:
    """Neither an administrative pass nor its loans are counted, and nobody is reminded of them."""
    return kind is not PatronType.ADMINISTRATIVE


@rule("G3")
def may_edit_person(kind: PatronType) -> bool:
    """A guest's data come from the home library and are not changed here, the e-mail address included."""
    return kind is not PatronType.GUEST


@rule("K4")
def may_see_history(patron: Patron) -> bool:
    """Loan history is kept and shown only where the patron has chosen it."""
    return patron.keeps_history


@rule("K4")
def is_told_of_an_earlier_loan(patron: Patron, borrowed_before: bool) -> bool:
    """ "You have borrowed this before" is said only where the patron has chosen that, apart from the history."""
    return borrowed_before and patron.tells_borrowed_before


@rule("K3")
def shown_messages(patron: Patron) -> tuple[str, ...]:
    """The messages for the patron's own screen: those marked for the patron; what is for staff never reaches it."""
    return tuple(one.text for one in patron.messages if one.for_patron)


@rule("K3", "A1")
def must_be_acknowledged(patron: Patron) -> bool:
    """Whether a message of an administrative pass stands before anything else in staff mode."""
    return patron.type is PatronType.ADMINISTRATIVE and any(one.acknowledge for one in patron.messages)


@rule("K9")
def usable_address(text: str) -> bool:
    """Whether a receipt can be mailed there: one @ with something on both sides, a dot behind it, no blanks.

    Nor a character that no name of a domain has: by brackets an address would be read as a machine's number.
    """
    name, at, domain = text.strip().partition("@")
    whole = bool(name and at) and _IN_NO_DOMAIN.isdisjoint(domain) and not any(one.isspace() for one in name + domain)
    return whole and all(domain.split(".")) and "." in domain
