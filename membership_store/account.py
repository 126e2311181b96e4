"""What a patron may see of their own affairs, at the branch where they stand (N4, K12, F1, N8, K4). Changes nothing."""

from collections.abc import Iterable
from datetime import datetime

from circulation.affairs import Account, BranchLoans, FeeLine, HoldLine, HoldShelf, LoanLine, MembershipLine, Owed
from circulation.catalogue import on_day
from circulation.identifiers import BranchCode, InstitutionCode, ItemBarcode
from circulation.model import Fee, Item, Loan, Membership
from circulation.outcomes import Refused
from circulation.presented import Presented
from circulation.rules.facts import Here
from circulation.rules.notices import ends_soon
from circulation.rules.payments import owed, payable
from circulation.rules.staffing import may_see_history
from circulation.rules.terms import counts
from membership_store.collection import items_lent_to
from membership_store.credentials import Kiosk
from membership_store.database import Row, Session
from membership_store.lent_again import IS_A_LOAN
from membership_store.members import Member
from membership_store.renewing import asked
from membership_store.situation import open_visit

HISTORY_SHOWN = 50
_Branches = dict[str, tuple[str, InstitutionCode]]


def look_at_account(session: Session, kiosk: Kiosk, presented: Presented, moment: datetime) -> Account | Refused:
    """The account of whoever showed the pass, or why they may not see it here."""
    opening = open_visit(session, kiosk.consortium, kiosk.branch, presented, moment, kiosk=kiosk.id)
    member = opening.member
    if opening.verdict.decided is not None:
        return opening.verdict.decided
    if member is None:
        raise ValueError("a visit that was allowed has a patron")
    here, patron, consortium = opening.here, member.patron, kiosk.consortium
    branches = _branches(session, consortium)
    return Account(
        patron.ref,
        _loans(here, member, items_lent_to(session, consortium, patron.ref), branches),
        _holds(session, consortium, here, patron.ref, branches),
        _fees(here, patron.fees, {one.ref for one in payable(patron, here.branch.institution)}),
        owed(patron, here.branch.institution),
        _memberships(here, member),
        _history(session, consortium, patron.ref) if may_see_history(patron) else (),
    )


def owed_of(account: Account | Refused) -> Owed | Refused:
    """F1: what is owed, and what of it can be paid here."""
    return account if isinstance(account, Refused) else Owed(account.patron, account.fees, account.payable)


def hold_shelf_of(account: Account | Refused) -> HoldShelf | Refused:
    """K12: what stands ready for the patron, with its shelf."""
    if isinstance(account, Refused):
        return account
    return HoldShelf(account.patron, tuple(one for one in account.holds if one.ready))


def _is_ours(here: Here, institution: InstitutionCode) -> bool:
    """N4: what is shown is of this institution and of those that it shares memberships with."""
    return institution == here.branch.institution or (here.shares_memberships and here.same_group(institution))


def _branches(session: Session, consortium: str) -> _Branches:
    rows = session.rows("SELECT branch, name, institution FROM branch WHERE consortium = ?", consortium)
    return {code: (name, InstitutionCode(institution)) for code, name, institution in rows}


def _loans(here: Here, member: Member, items: dict[ItemBarcode, Item], branches: _Branches) -> tuple[BranchLoans, ...]:
    """N4: grouped by branch, this one first; within one the loan that is due first comes first."""
    groups: dict[str, list[LoanLine]] = {}
    out = [(item.loan, item) for item in items.values() if item.loan is not None]
    for loan, item in sorted(out, key=lambda one: (one[0].due, one[0].item)):
        if _is_ours(here, branches[loan.branch][1]):
            groups.setdefault(loan.branch, []).append(_loan(here, member, item, loan))
    codes = sorted(groups, key=lambda code: (code != here.branch.code, code))
    return tuple(BranchLoans(BranchCode(code), branches[code][0], tuple(groups[code])) for code in codes)


def _loan(here: Here, member: Member, item: Item, loan: Loan) -> LoanLine:
    overdue = loan.due < here.today and not loan.internal
    no = asked(here, member, item).verdict.decided
    return LoanLine(item.barcode, item.title, loan.due, overdue, no is None, loan.renewals, no)


def _holds(session: Session, consortium: str, here: Here, patron: str, branches: _Branches) -> tuple[HoldLine, ...]:
    """K12: what is ready first, with its shelf; then what is waited for, in the order in which it was asked."""
    rows = session.rows(
        "SELECT t.name, h.branch, h.status, h.shelf, i.interlibrary, i.branch FROM hold h"
        " JOIN title t ON t.consortium = h.consortium AND t.title = h.title"
        " LEFT JOIN item i ON i.consortium = h.consortium AND i.item = h.item"
        " WHERE h.consortium = ? AND h.patron = ? AND h.status IN ('waiting', 'on_shelf')"
        " ORDER BY h.status, h.placed_at, h.hold",
        consortium,
        patron,
    )
    lines = (_hold(here, row, branches) for row in rows)
    return tuple(one for one in lines if _is_ours(here, branches[one.branch][1]))


def _hold(here: Here, row: Row, branches: _Branches) -> HoldLine:
    title, branch, status, shelf, interlibrary, stands = row
    code, ready = branch or stands or here.branch.code, status == "on_shelf"
    where = (shelf or here.policy.hold_shelf) if ready else ""
    return HoldLine(title, BranchCode(code), branches[code][0], ready, where, bool(interlibrary))


def _fees(here: Here, fees: Iterable[Fee], payable_here: set[str]) -> tuple[FeeLine, ...]:
    """F1: the amounts of all institutions of the group, what can be paid here first, the oldest before the others."""
    shown = [one for one in fees if _is_ours(here, one.institution)]
    in_order = sorted(shown, key=lambda one: (one.ref not in payable_here, str(one.since or ""), one.ref))
    return tuple(
        FeeLine(
            one.ref,
            one.kind,
            one.cents,
            one.status,
            one.institution,
            here.name_of(one.institution),
            one.ref in payable_here,
        )
        for one in in_order
    )


def _memberships(here: Here, member: Member) -> tuple[MembershipLine, ...]:
    """Those of the group that have not ended, and the last that did where none counts; N8 warns of what ends soon."""
    patron = member.patron
    ours = [one for one in patron.memberships if _is_ours(here, one.institution) and one.starts <= one.ends]
    shown = [one for one in ours if one.ends >= here.today] or sorted(ours, key=lambda one: one.ends)[-1:]
    warned = {id(one) for one in ends_soon(patron, here)}
    return tuple(_membership(here, one, id(one) in warned) for one in shown)


def _membership(here: Here, row: Membership, warn: bool) -> MembershipLine:
    terms = on_day(row.subscription, here.today, here.catalogue)
    return MembershipLine(
        row.institution,
        here.name_of(row.institution),
        row.subscription,
        row.subscription if terms is None else terms.name,
        row.ends,
        row.strips_left,
        counts(row, here.today),
        warn,
    )


def _history(session: Session, consortium: str, patron: str) -> tuple[str, ...]:
    """K4: titles of what was returned, the latest first; only of who asked for it."""
    rows = session.rows(
        "SELECT t.name FROM loan l JOIN item i ON i.consortium = l.consortium AND i.item = l.item"  # noqa: S608 - our words
        " JOIN title t ON t.consortium = i.consortium AND t.title = i.title"
        f" WHERE l.consortium = ? AND l.patron = ? AND l.returned_at IS NOT NULL AND {IS_A_LOAN}"
        " ORDER BY l.returned_at DESC, l.loan LIMIT ?",
        consortium,
        patron,
        HISTORY_SHOWN,
    )
    return tuple(name for (name,) in rows)
