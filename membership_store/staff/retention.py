"""What is kept no longer than needed: closed loans without an opt-in (K4), patrons long lapsed (GDPR art. 5).

Days are an institution's own: `loans_kept_days`, `patrons_kept_days`. They are looked for in
batches that only read, and go in short transactions of their own: whoever breaks a night off loses none of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from circulation.model import PatronType
from membership_store.database import Database, Session
from membership_store.staff.acts import stamp
from membership_store.staff.erasing import NOBODY, erase, forget_loans, reasons_against

BATCH = 500
# So many loans are forgotten at once: a kiosk waits for no more than that.
TOGETHER = 100
NEVER_BY_ITSELF = frozenset({PatronType.ADMINISTRATIVE.value, PatronType.ANONYMOUS.value})
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """How long an institution keeps closed loans and lapsed patrons, in days."""

    institution: str
    loans: int
    patrons: int


def kept(session: Session, consortium: str) -> list[Kept]:
    """Every institution with its days."""
    rows = session.rows(
        "SELECT institution, loans_kept_days, patrons_kept_days FROM institution WHERE consortium = ?"
        " ORDER BY institution",
        consortium,
    )
    return [Kept(*row) for row in rows]


def forget_closed_loans(database: Database, consortium: str, now: datetime, step: Step) -> int:
    """Closed loans of patrons without either opt-in of K4 lose their patron, unless a fine for one is still open."""
    total = 0
    for one in database.read(lambda session: kept(session, consortium)):
        before, after = stamp(now - timedelta(days=one.loans)), ("", "")
        while True:
            found = database.read(partial(_to_forget, consortium=consortium, one=one, before=before, after=after))
            for some in batched([loan for _, loan in found], TOGETHER):
                done = database.write(partial(_forget, consortium=consortium, loans=some))
                total += done
                step(done)
            if len(found) < BATCH:
                break
            after = found[-1]
    return total


def batched(keys: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """The keys in their order, so many at a time."""
    return (keys[first : first + most] for first in range(0, len(keys), most))


_MAY_GO = (
    "SELECT l.returned_at, l.loan FROM loan l JOIN branch b ON b.consortium = l.consortium AND b.branch = l.branch"
    " JOIN patron p ON p.consortium = l.consortium AND p.patron = l.patron"
    " WHERE l.consortium = ? AND l.returned_at IS NOT NULL"
    " AND l.patron <> ? AND p.keeps_history = 0 AND p.tells_borrowed_before = 0"
    " AND NOT EXISTS (SELECT 1 FROM fee f WHERE f.consortium = l.consortium AND f.patron = l.patron"
    " AND f.loan = l.loan AND f.status <> 'paid')"
)


def _to_forget(
    session: Session, consortium: str, one: Kept, before: str, after: tuple[str, str]
) -> list[tuple[str, str]]:
    """The next so many, by day and key: what was forgotten in earlier nights is passed over here, holding up nobody."""
    rows = session.rows(
        f"{_MAY_GO} AND l.returned_at < ? AND b.institution = ?"
        " AND l.returned_at >= ? AND (l.returned_at > ? OR l.loan > ?) ORDER BY l.returned_at, l.loan LIMIT ?",
        consortium,
        NOBODY,
        before,
        one.institution,
        after[0],
        after[0],
        after[1],
        BATCH,
    )
    return [(str(at), str(loan)) for at, loan in rows]


def _forget(session: Session, consortium: str, loans: Sequence[str]) -> int:
    """Looks once more: who chose to keep them in the meantime keeps them."""
    still = session.rows(f"{_MAY_GO} AND l.loan IN ({', '.join('?' * len(loans))})", consortium, NOBODY, *loans)
    forget_loans(session, consortium, [str(loan) for _, loan in still])
    return len(still)


def erase_lapsed(database: Database, consortium: str, now: datetime, step: Step) -> int:
    """Erases the patrons whose memberships ended longer ago than their institutions keep, and who owe nothing."""
    days = {one.institution: one.patrons for one in database.read(lambda session: kept(session, consortium))}
    if not days:
        return 0
    newest = (now - timedelta(days=min(days.values()))).date()
    total, after = 0, ""
    while True:
        refs = database.read(partial(_lapsed, consortium=consortium, newest=newest, after=after))
        for ref in refs:
            gone = database.write(partial(_erase_one, consortium=consortium, ref=ref, now=now, days=days))
            total += gone
            step(gone)
        if len(refs) < BATCH:
            return total
        after = refs[-1]


def _lapsed(session: Session, consortium: str, newest: date, after: str) -> list[str]:
    rows = session.rows(
        "SELECT m.patron FROM membership m JOIN patron p ON p.consortium = m.consortium AND p.patron = m.patron"
        " WHERE m.consortium = ? AND m.patron > ? AND p.erased_at IS NULL"
        " GROUP BY m.patron HAVING MAX(m.ends) < ? ORDER BY m.patron LIMIT ?",
        consortium,
        after,
        newest.isoformat(),
        BATCH,
    )
    return [ref for (ref,) in rows]


def _erase_one(session: Session, consortium: str, ref: str, now: datetime, days: dict[str, int]) -> int:
    """Looks once more, now alone with the patron: what came in the meantime counts."""
    session.lock("patron", consortium, ref)
    rows = session.rows(
        "SELECT m.institution, m.ends, p.type FROM membership m"
        " JOIN patron p ON p.consortium = m.consortium AND p.patron = m.patron"
        " WHERE m.consortium = ? AND m.patron = ? ORDER BY m.membership",
        consortium,
        ref,
    )
    due = [date.fromisoformat(ends) + timedelta(days=days[place]) < now.date() for place, ends, _ in rows]
    if not due or not all(due) or rows[0][2] in NEVER_BY_ITSELF or reasons_against(session, consortium, ref):
        return 0
    erase(session, consortium, ref, stamp(now))
    return 1
