"""Holds that nobody fetched in time (K8, K12): the night ends them, the next in line gets the copy, staff see the list.

`shelf_until` is the last day on which the copy is kept, library-local; a hold without one is kept until staff end it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from circulation.identifiers import ItemBarcode, PatronRef
from circulation.model import Hold
from circulation.rules.facts import Here
from circulation.rules.region import can_reach
from circulation.rules.returns import SHELF_DAYS
from membership_store import changes
from membership_store.collection import find_item
from membership_store.database import Database, Session, one
from membership_store.network import load_here
from membership_store.staff.acts import Act, Answer, At, Done, Manner, NoSuch
from membership_store.staff.asked import AtBranch, Since
from membership_store.staff.credentials import Role
from membership_store.staff.desk import operator, write_down

BATCH = 500
_OVER = "h.status = 'on_shelf' AND h.shelf_until IS NOT NULL AND h.shelf_until < ?"
# A copy that nobody had since: it stands where it stood, under the name of who did not come.
_STANDING = (
    "h.status = 'cancelled' AND h.shelf_until IS NOT NULL AND COALESCE(h.branch, i.branch) = ? AND NOT EXISTS"
    " (SELECT 1 FROM loan l WHERE l.consortium = h.consortium AND l.item = h.item AND l.returned_at IS NULL)"
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A hold whose copy stands on a shelf: of whom, which copy of which title, where, and its last day."""

    hold: str
    patron: str
    item: str
    title: str
    branch: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfEnded(AtBranch):
    """A hold that the night ended, by its key."""

    hold: str


def end_unclaimed(
    database: Database, consortium: str, now: datetime, chance: Callable[[], str], step: Callable[[int], None]
) -> int:
    """Ends every hold whose last day is over, each in a transaction of its own; says how many."""
    done, after = 0, ""
    while True:
        found = database.read(partial(_over, consortium=consortium, now=now, after=after))
        for item, _ in found:
            ended = database.write(partial(_end, consortium=consortium, item=item, now=now, chance=chance))
            done += ended
            step(ended)
        if len(found) < BATCH:
            return done
        after = found[-1][0]


def _over(session: Session, consortium: str, now: datetime, after: str) -> list[tuple[str, str]]:
    """Copies whose day may be over, by item: which day it is there is looked at later."""
    rows = session.rows(
        f"SELECT h.item, h.hold FROM hold h WHERE h.consortium = ? AND {_OVER} AND h.item > ?"  # noqa: S608 - our words
        " ORDER BY h.item LIMIT ?",
        consortium,
        (now + timedelta(days=1)).date().isoformat(),
        after,
        BATCH,
    )
    return [(str(item), str(hold)) for item, hold in rows]


def _kept(session: Session, consortium: str, item: str) -> _Kept | None:
    row = one(
        session.rows(
            "SELECT h.hold, h.patron, h.item, h.title, COALESCE(h.branch, i.branch), h.shelf_until FROM hold h"
            " JOIN item i ON i.consortium = h.consortium AND i.item = h.item"
            " WHERE h.consortium = ? AND h.item = ? AND h.status = 'on_shelf' AND h.shelf_until IS NOT NULL",
            consortium,
            item,
        )
    )
    if row is None:
        return None
    hold, patron, copy, title, branch, until = row
    return _Kept(hold, patron, copy, title, branch, date.fromisoformat(until))


def _end(session: Session, consortium: str, item: str, now: datetime, chance: Callable[[], str]) -> int:
    """Looks once more, now alone with both patrons and the copy: whoever came in the meantime has it."""
    kept = _kept(session, consortium, item)
    if kept is None:
        return 0
    here = load_here(session, consortium, kept.branch, now)
    heir = _next(session, consortium, kept, here)
    for patron in sorted({kept.patron, *(() if heir is None else (heir[1],))}):
        session.lock("patron", consortium, patron)
    session.lock("item", consortium, item)
    if _kept(session, consortium, item) != kept or kept.until >= here.today:
        return 0
    ended = "UPDATE hold SET status = 'cancelled' WHERE consortium = ? AND hold = ? AND status = 'on_shelf'"
    if session.run(ended, consortium, kept.hold) == 0:
        return 0
    at = At(session, operator(consortium), here, now, chance)
    at.changed(kept.patron)
    if heir is not None:
        _give(at, here, kept, *heir)
    for (copy,) in sorted(at.rows("SELECT item FROM item WHERE consortium = ? AND title = ?", kept.title)):
        changes.touch(session, consortium, changes.ITEM, copy)
    write_down(session, at.staff, "nightly/unclaimed", Done(patron=kept.patron, subject=kept.hold), now, chance())
    return 1


def _next(session: Session, consortium: str, kept: _Kept, here: Here) -> tuple[str, str] | None:
    """Hold and patron of who waits longest for this copy, if it is to be fetched where it stands.

    Who wants it elsewhere gets it when it is taken in: it is then sent there (K10). Who waits where it cannot come
    does not wait for it (N6).
    """
    copy = find_item(session, consortium, ItemBarcode(kept.item))
    waiting = session.rows(
        "SELECT h.hold, h.patron, h.branch, b.institution FROM hold h"
        " LEFT JOIN branch b ON b.consortium = h.consortium AND b.branch = h.branch"
        " WHERE h.consortium = ? AND h.title = ? AND h.status = 'waiting' AND (h.item IS NULL OR h.item = ?)"
        " ORDER BY h.placed_at, h.hold",
        consortium,
        kept.title,
        kept.item,
    )
    for hold, patron, branch, institution in waiting:
        if copy is not None and can_reach(copy, Hold(PatronRef(patron), False, branch, institution=institution), here):
            return (str(hold), str(patron)) if branch in (None, kept.branch) else None
    return None


def _give(at: At, here: Here, kept: _Kept, hold: str, patron: str) -> None:
    until = here.today + timedelta(days=SHELF_DAYS)
    at.session.change_one(
        "UPDATE hold SET status = 'on_shelf', item = ?, shelf = ?, shelf_until = ?"
        " WHERE consortium = ? AND hold = ? AND status = 'waiting' AND (item IS NULL OR item = ?)",
        kept.item,
        here.policy.hold_shelf,
        until.isoformat(),
        at.consortium,
        hold,
        kept.item,
    )
    at.changed(patron)


def listed(at: At, asked: Since) -> Answer:
    """What stands on this branch's hold shelf under the name of who did not come, by key: for the next, or to go back.

    What is taken in or lent leaves the list by itself; what staff put back is said by `holds/cleared`.
    """
    rows = at.rows(
        "SELECT h.hold, h.patron, h.item, h.shelf, h.shelf_until, n.hold FROM hold h"  # noqa: S608 - our words
        " JOIN item i ON i.consortium = h.consortium AND i.item = h.item"
        " LEFT JOIN hold n ON n.consortium = h.consortium AND n.item = h.item AND n.status = 'on_shelf'"
        f" WHERE h.consortium = ? AND {_STANDING} AND h.hold > ? ORDER BY h.hold LIMIT ?",
        asked.branch,
        asked.after,
        asked.most,
    )
    names = ("hold", "patron", "item", "shelf", "until", "for_hold")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return Done({"holds": found, "next": rows[-1][0] if len(rows) == asked.most else None})


def cleared(at: At, asked: OfEnded) -> Answer:
    """Staff have laid the copy where it belongs now."""
    row = at.one(
        "SELECT h.patron FROM hold h JOIN item i ON i.consortium = h.consortium AND i.item = h.item"
        " WHERE h.consortium = ? AND h.hold = ? AND h.status = 'cancelled' AND COALESCE(h.branch, i.branch) = ?",
        asked.hold,
        asked.branch,
    )
    if row is None:
        raise NoSuch("hold")
    at.run("UPDATE hold SET shelf_until = NULL WHERE consortium = ? AND hold = ?", at.consortium, asked.hold)
    return Done({"hold": asked.hold}, str(row[0]), asked.hold)


ACTS = (
    Act("holds/unclaimed", "Copies that nobody fetched in time (K8)", Since, listed, Role.READER, Manner.FIND),
    Act("holds/cleared", "Staff have laid an unclaimed copy where it belongs", OfEnded, cleared),
)
