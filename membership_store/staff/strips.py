"""S2, G5: booking and correcting strips. What was ever booked stands in strips_entry; a balance is never below 0."""

from dataclasses import dataclass

from membership_store.staff import contributions
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, Unacceptable
from membership_store.staff.asked import OfMembership
from membership_store.staff.credentials import Role
from membership_store.staff.memberships import find

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BookStrips(OfMembership):
    """So many strips more, or less where negative."""

    strips: int


def book(at: At, asked: BookStrips) -> Answer:
    """Corrects the balance; what was lent beyond it offline is taken off first."""
    find(at, asked)
    if asked.strips == 0 or abs(asked.strips) > MOST:
        raise Unacceptable("strips", f"not 0, and at most {MOST} at once")
    row = at.one("SELECT balance, overdrawn FROM strips WHERE consortium = ? AND membership = ?", asked.membership)
    if row is None:
        return Denied("strips_not_counted", "S2")
    balance, overdrawn = int(row[0]), int(row[1])
    if asked.strips < 0 and balance + asked.strips < 0:
        return Denied("below_zero", "S2", {"balance": balance})
    net = balance - overdrawn + asked.strips
    at.run(
        "UPDATE strips SET balance = ?, overdrawn = ? WHERE consortium = ? AND membership = ?",
        max(0, net),
        max(0, -net),
        at.consortium,
        asked.membership,
    )
    contributions.book(at, asked.membership, asked.strips)
    at.changed(asked.patron)
    return Done({"membership": asked.membership, "strips": net}, asked.patron, asked.membership)


def entries(at: At, asked: OfMembership) -> Answer:
    """What was booked on the balance, the first first."""
    find(at, asked)
    rows = at.rows(
        "SELECT strips, cash_code, booked_at FROM strips_entry WHERE consortium = ? AND membership = ?"
        " ORDER BY booked_at, entry",
        asked.membership,
    )
    booked = [{"strips": strips, "cash_code": code, "booked_at": when} for strips, code, when in rows]
    return Done({"entries": booked}, asked.patron)


ACTS = (
    Act("strips/book", "Books or corrects strips (S2)", BookStrips, book),
    Act("strips/entries", "What was booked on a balance (S2)", OfMembership, entries, Role.READER, Manner.FIND),
)
