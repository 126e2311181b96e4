"""Statistics and reminders (A3): administrative passes and their loans are in neither."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from circulation import identifiers as ids
from circulation.catalogue import on_day
from circulation.model import Loan, PatronType
from circulation.rules.facts import Borrow
from circulation.rules.fines import fine
from circulation.rules.region import effective
from circulation.rules.staffing import counts_in_statistics, usable_address
from membership_store.lent_again import IS_A_LOAN
from membership_store.members import load
from membership_store.staff.acts import Act, Answer, At, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch, Since
from membership_store.staff.credentials import Role
from membership_store.staff.persons import read_person


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(AtBranch):
    """From the first to the last day, both included, library-local."""

    first: date
    last: date


_COUNTED: Mapping[str, str] = {
    "loans": "SELECT p.type, COUNT(*) FROM loan l"  # noqa: S608 - our words
    " JOIN branch b ON b.consortium = l.consortium AND b.branch = l.branch"
    " JOIN patron p ON p.consortium = l.consortium AND p.patron = l.patron WHERE l.consortium = ?"
    f" AND b.institution = ? AND l.lent >= ? AND l.lent <= ? AND l.internal = 0 AND {IS_A_LOAN} GROUP BY p.type",
    "new_memberships": "SELECT p.type, COUNT(*) FROM membership m"
    " JOIN patron p ON p.consortium = m.consortium AND p.patron = m.patron WHERE m.consortium = ?"
    " AND m.institution = ? AND m.starts >= ? AND m.starts <= ? AND m.starts <= m.ends AND m.status <> 'invalid'"
    " GROUP BY p.type",
}
_MEMBERS = (
    "SELECT p.type, COUNT(DISTINCT m.patron) FROM membership m"
    " JOIN patron p ON p.consortium = m.consortium AND p.patron = m.patron WHERE m.consortium = ?"
    " AND m.institution = ? AND m.starts <= ? AND m.ends >= ? AND m.status <> 'invalid' AND m.confirmed = 1"
    " GROUP BY p.type"
)
_TAKEN_IN = (
    "SELECT COALESCE(SUM(cents), 0) FROM payment"
    " WHERE consortium = ? AND institution = ? AND paid_at >= ? AND paid_at < ?"
)


def statistics(at: At, asked: Period) -> Answer:
    """What this institution did in the period, and how many members it has on the last day."""
    if asked.last < asked.first:
        raise Unacceptable("last", "before the first")
    if asked.last == date.max:
        raise Unacceptable("last", "has no day after it")
    days = (asked.first.isoformat(), asked.last.isoformat())
    said: dict[str, object] = {name: _sum(at.rows(sql, at.institution, *days)) for name, sql in _COUNTED.items()}
    last = asked.last.isoformat()
    said["members"] = _sum(at.rows(_MEMBERS, at.institution, last, last))
    after = (asked.last + timedelta(days=1)).isoformat()
    said["cents_paid"] = int(at.rows(_TAKEN_IN, at.institution, asked.first.isoformat(), after)[0][0])
    return Done({"institution": at.institution, "first": asked.first, "last": asked.last, **said})


def _sum(rows: list[tuple[str, int]]) -> int:
    return sum(int(count) for kind, count in rows if counts_in_statistics(PatronType.of(kind)))


def overdue(at: At, asked: Since) -> Answer:
    """Loans of this institution that are late, by key: days late, the fine so far (S8), whether mail can be sent."""
    rows = at.rows(
        "SELECT l.loan, l.item, l.patron, l.branch, l.lent, l.due, p.type FROM loan l"
        " JOIN branch b ON b.consortium = l.consortium AND b.branch = l.branch"
        " JOIN patron p ON p.consortium = l.consortium AND p.patron = l.patron"
        " WHERE l.consortium = ? AND b.institution = ? AND l.returned_at IS NULL AND l.internal = 0 AND l.due < ?"
        " AND l.loan > ? ORDER BY l.loan LIMIT ?",
        at.institution,
        at.today.isoformat(),
        asked.after,
        asked.most,
    )
    found = [_late(at, row) for row in rows if counts_in_statistics(PatronType.of(row[6]))]
    return Done({"loans": found, "next": rows[-1][0] if len(rows) == asked.most else None})


def _late(at: At, row: tuple[str, ...]) -> dict[str, object]:
    key, item, ref, branch, lent, due, _ = row
    loan = Loan(
        ids.ItemBarcode(item),
        ids.PatronRef(ref),
        ids.BranchCode(branch),
        date.fromisoformat(lent),
        date.fromisoformat(due),
    )
    member, person = load(at.session, at.consortium, ref), read_person(at.session, at.consortium, ref)
    used = effective(Borrow(at.here, member.patron)) if member else None
    terms = used.subscription if used else None
    if terms is None and member is not None and member.patron.memberships:
        last = max(member.patron.memberships, key=lambda one: (one.ends, one.subscription))
        terms = on_day(last.subscription, at.today, at.here.catalogue)
    return {
        "loan": key,
        "item": item,
        "patron": ref,
        "branch": branch,
        "due": due,
        "days_late": (at.today - loan.due).days,
        "fine": fine(loan, terms, at.today) if terms else 0,
        "by_mail": person is not None and usable_address(person.email),
    }


ACTS = (
    Act(
        "statistics",
        "What the institution did in a period (A3)",
        Period,
        statistics,
        Role.READER,
        Manner.FIND,
        at_length=True,
    ),
    Act(
        "reminders/overdue",
        "Whom to remind of what is late (A3)",
        Since,
        overdue,
        Role.READER,
        Manner.FIND,
        at_length=True,
    ),
)
