"""Where an item was when, for what is told late: who had it in hand since, and which loan it was that ended (K10, S8).

What one kiosk did is in the order of its sequence, whatever its clock says; between kiosks the instants decide.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from circulation.identifiers import ItemBarcode
from circulation.model import Item, Loan
from membership_store import lent_again
from membership_store.books import Books, stamp
from membership_store.database import one
from membership_store.lent_again import Until
from membership_store.members import loan_of

_LOANS = (
    "SELECT loan, lent_at, returned_at, returned_kiosk FROM loan WHERE consortium = ? AND item = ?"
    " AND (returned_at IS NULL OR returned_at > ?)"
)
_BACK = "SELECT came_back_at, came_back_kiosk FROM item WHERE consortium = ? AND item = ?"
_OPEN = "SELECT loan, lent_at FROM loan WHERE consortium = ? AND item = ? AND returned_at IS NULL"


@dataclass(frozen=True, slots=True)
class Ended:
    """A loan that is over: its key, that of the membership that it was made under, and when it was thought to end."""

    key: str
    membership: str | None
    loan: Loan
    until: Until


def seen_since(books: Books, item: ItemBarcode, since: datetime) -> str | None:
    """When others than this kiosk first had the item in hand after that instant: took it in, or lent it; or None."""
    after = stamp(since)
    loans, ((came_back, by),) = books.session.several(
        (_LOANS, (books.consortium, item, after)), (_BACK, (books.consortium, item))
    )
    seen = [lent_at for loan, lent_at, _, _ in loans if lent_at > after and not books.did_before(loan)]
    seen += [returned for _, _, returned, kiosk in loans if returned is not None and not books.took_before(kiosk)]
    if came_back is not None and came_back >= after and not books.took_before(by):
        seen.append(came_back)
    return min(seen, default=None)


def is_lending(books: Books, item: Item, at: str) -> bool:
    """Whether it was the open loan of the item that began at that instant: it did not come back then, it left."""
    standing = one(books.session.rows(_OPEN, books.consortium, item.barcode))
    return standing is not None and bool(standing[1] <= at)


def give_way(books: Books, item: Item) -> str | None:
    """Ends the open loan of the item, without a fine, where this kiosk lent it after that; else says when it began.

    So does the next loan of the same patron, who by then had it again. Not of an internal one (A4): only there the same
    patron may be lending now, whose strips were counted before.
    """
    key, lent_at = books.session.rows(_OPEN, books.consortium, item.barcode)[0]
    at = stamp(books.not_after)
    if lent_at > at and not books.did_before(key):
        return str(lent_at)
    books.session.change_one(
        "UPDATE loan SET returned_at = ?, returned_kiosk = ? WHERE consortium = ? AND loan = ? AND returned_at IS NULL",
        max(at, _just_after(lent_at)),  # at its own beginning it would be what is only kept (`lent_again`)
        books.kiosk.id,
        books.consortium,
        key,
    )
    return None if item.loan is None or item.loan.internal else lent_again.go_on(books, item.loan, Until())


def _just_after(instant: str) -> str:
    return stamp(datetime.fromisoformat(instant) + timedelta(microseconds=1))


def came_back(books: Books, item: ItemBarcode, at: str, kiosk: str | None) -> None:
    """Notes that the item was taken in although no loan of it was known; the latest time counts."""
    books.session.run(
        "UPDATE item SET came_back_at = ?, came_back_kiosk = ? WHERE consortium = ? AND item = ?"
        " AND (came_back_at IS NULL OR came_back_at < ?)",
        at,
        kiosk,
        books.consortium,
        item,
        at,
    )


def end_earlier(books: Books, item: ItemBarcode) -> Ended | None:
    """A return that is told late: the loan that ran then was ended by a later one, which was of a loan not known yet.

    It ended now at this return, and the item came back once more at the later one. None where no loan ran then.
    """
    at = stamp(books.at)
    rows = books.session.rows(
        "SELECT returned_kiosk, returned_at, returned_branch, lent_at, loan, membership,"  # noqa: S608 - our words
        " patron, branch, lent, due, internal, renewals FROM loan l"
        f" WHERE consortium = ? AND item = ? AND lent_at <= ? AND returned_at > ? AND {lent_again.IS_A_LOAN}"
        " ORDER BY lent_at",
        books.consortium,
        item,
        stamp(books.not_after),
        at,
    )
    found = next((row for row in rows if not books.took_before(row[0])), None)
    if found is None:
        return None
    kiosk, returned, branch, lent_at, key, membership, *loan = found
    books.session.change_one(
        "UPDATE loan SET returned_at = ?, returned_branch = ?, returned_kiosk = ?"
        " WHERE consortium = ? AND loan = ? AND returned_at = ?",
        max(at, lent_at),
        books.kiosk.branch,
        books.kiosk.id,
        books.consortium,
        key,
        returned,
    )
    came_back(books, item, returned, kiosk)
    return Ended(key, membership, loan_of((item, *loan)), Until(returned, branch, kiosk))
