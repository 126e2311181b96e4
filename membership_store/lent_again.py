"""A patron lends what is theirs by the books: perhaps it came back in between, and no kiosk told of that yet (house 2).

Kept as a loan that is over at once; it goes on as soon as something is told that ended the loan before it (S2).
"""

from dataclasses import dataclass, replace
from datetime import date

from circulation.events import Event
from circulation.model import Loan
from circulation.rules.region import Effective, linked
from membership_store.books import Books, stamp
from membership_store.database import one
from membership_store.members import load
from membership_store.network import load_here
from membership_store.register import add_loan

# The condition that leaves out of loans `l` what is kept here and does not go on, for what counts or shows loans.
IS_A_LOAN = "NOT (l.lent_at = l.returned_at AND l.returned_branch IS NULL AND l.returned_kiosk IS NOT NULL)"
_OPEN = "SELECT loan, lent_at FROM loan WHERE consortium = ? AND item = ? AND returned_at IS NULL"
_AFTER = (
    "SELECT loan, returned_kiosk, lent_at, lent, due, branch, membership FROM loan WHERE consortium = ? AND item = ?"
    " AND patron = ? AND lent_at > ? AND lent_at = returned_at AND returned_branch IS NULL ORDER BY lent_at, loan"
)


@dataclass(frozen=True, slots=True)
class Until:
    """When and where a loan had ended by the books, before an earlier end of it was told; all None: it ran on."""

    at: str | None = None
    branch: str | None = None
    kiosk: str | None = None


def keep(books: Books, event: Event, loan: Loan, membership: str | None) -> None:
    """Keeps the loan beside the open one of the same patron: no strip yet, and over at once (K11: that one runs on).

    One of before the open loan began says nothing about it and is not kept. It stands at the earliest instant at which
    it may have been: what may have been before a return is not lent again after it.
    """
    standing = one(books.session.rows(_OPEN, books.consortium, loan.item))
    if standing is None or (standing[1] > stamp(books.not_after) and not books.did_before(standing[0])):
        return
    at = max(stamp(books.not_before), standing[1])
    add_loan(books.session, books.consortium, books.key(event), loan, at, at, membership, books.kiosk.id)


def go_on(books: Books, ended: Loan, until: Until) -> str | None:
    """The loan ended before it was lent again, as is told only now: what was kept is its successor, and runs as it did.

    Takes the strip of it (S2). Gives the instant at which it began, or None where nothing was kept. Raises Contested,
    at the latest before the commit.
    """
    rows = books.session.rows(_AFTER, books.consortium, ended.item, ended.patron, stamp(books.not_after))
    found = next((row for row in rows if _is_kept(books, row[0], row[1]) and _is_before(row[2], until)), None)
    if found is None:
        return None
    key, _, lent_at, lent, due, branch, membership = found
    books.session.change_one(
        "UPDATE loan SET returned_at = ?, returned_branch = ?, returned_kiosk = ?, due = ?"
        " WHERE consortium = ? AND loan = ? AND returned_at = lent_at",
        until.at,
        until.branch,
        until.kiosk,
        max(due, ended.due.isoformat()),  # as far as the loan that was thought to run on was renewed (K11)
        books.consortium,
        key,
    )
    _take_strip(books, ended, branch, date.fromisoformat(lent), membership)
    books.patron_changed(ended.patron)
    return str(lent_at)


def _is_kept(books: Books, key: str, kiosk: str | None) -> bool:
    """Whether it was kept here, by a kiosk that did not do so before this act by its own sequence."""
    return kiosk is not None and key.startswith(f"{kiosk}/") and not books.did_before(key)


def _is_before(lent_at: str, until: Until) -> bool:
    return until.at is None or lent_at < until.at


def _take_strip(books: Books, ended: Loan, branch: str, lent: date, membership: str | None) -> None:
    """S2: of the membership that it was made under, as the branch that lent it treated it on that day."""
    member = load(books.session, books.consortium, ended.patron)
    if member is None or membership not in member.memberships:
        return
    row = member.patron.memberships[member.memberships.index(membership)]
    there = load_here(books.session, books.consortium, branch, books.at)
    terms = linked(row, replace(there, today=lent))
    if terms is not None:
        books.take_strip(member, Effective(row, terms))
