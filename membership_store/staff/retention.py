"""What is kept no longer than needed: closed loans without an opt-in (K4), patrons long lapsed (GDPR art. 5).

Days are an institution's own: `loans_kept_days`, `patrons_kept_days`. Each batch is a transaction of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from circulation.model import PatronType
from membership_store.database import Database, Session
from membership_store.staff.acts import stamp
from membership_store.staff.erasing import NOBODY, erase, forget_loans, reasons_against

BATCH = 500
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
        before = stamp(now - timedelta(days=one.loans))
        while True:
            done = database.write(partial(_forget_some, consortium=consortium, one=one, before=before))
            total += done
            step(done)
            if done < BATCH:
                break
    return total


def _forget_some(session: Session, consortium: str, one: Kept, before: str) -> int:
    rows = session.rows(
        "SELECT l.loan FROM loan l JOIN branch b ON b.consortium = l.consortium AND b.branch = l.branch"
        " JOIN patron p ON p.consortium = l.consortium AND p.patron = l.patron"
        " WHERE l.consortium = ? AND l.returned_at IS NOT NULL AND l.returned_at < ? AND b.institution = ?"
        " AND l.patron <> ? AND p.keeps_history = 0 AND p.tells_borrowed_before = 0"
        " AND NOT EXISTS (SELECT 1 FROM fee f WHERE f.consortium = l.consortium AND f.patron = l.patron"
        " AND f.loan = l.loan AND f.status <> 'paid') ORDER BY l.returned_at, l.loan LIMIT ?",
        consortium,
        before,
        one.institution,
        NOBODY,
        BATCH,
    )
    forget_loans(session, consortium, [loan for (loan,) in rows])
    return len(rows)


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
