"""N12: two records of one patron become one. Everything moves to the record that is kept; the other is erased."""

from dataclasses import dataclass

from circulation.identifiers import PatronRef
from circulation.model import PatronType
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch, Since
from membership_store.staff.credentials import Role
from membership_store.staff.erasing import erase

_MOVED = ("pass", "membership", "loan", "fee", "payment", "message", "hold", "mandate", "handover", "receipt_mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePatrons(AtBranch):
    """`gone` becomes part of `kept`."""

    kept: PatronRef
    gone: PatronRef


def merge(at: At, asked: MergePatrons) -> Answer:
    """Passes, memberships, loans, amounts and all else move; person, PIN and account of the kept one count."""
    if asked.kept == asked.gone:
        raise Unacceptable("gone", "the same patron")
    first, second = sorted((asked.kept, asked.gone))
    members = {ref: at.member(ref).patron for ref in (first, second)}
    kept, gone = members[asked.kept], members[asked.gone]
    if kept.type is not gone.type or kept.type is PatronType.ADMINISTRATIVE or kept.home != gone.home:
        return Denied("not_alike", "N12")
    if _has_account(at, asked.kept) and _has_account(at, asked.gone):
        return Denied("two_accounts", "G9")
    items = at.rows("SELECT item FROM loan WHERE consortium = ? AND patron = ? AND returned_at IS NULL", asked.gone)
    wanted = at.rows(
        "SELECT i.item FROM hold h JOIN item i ON i.consortium = h.consortium AND i.title = h.title"
        " WHERE h.consortium = ? AND h.patron = ? AND h.status IN ('waiting', 'on_shelf')",
        asked.gone,
    )
    _cancel_double_holds(at, asked)
    if not _has(at, "pin", asked.kept):
        _move(at, "pin", asked)
    if not _has_account(at, asked.kept):
        _move(at, "login_account", asked)
    for table in _MOVED:
        _move(at, table, asked)
    erase(at.session, at.consortium, asked.gone, at.stamp)
    at.changed(asked.kept)
    for (item,) in sorted({*items, *wanted}):
        at.changed_item(item)
    return Done({"patron": asked.kept, "loans_moved": len(items)}, asked.kept, asked.gone)


def _move(at: At, table: str, asked: MergePatrons) -> None:
    sql = f"UPDATE {table} SET patron = ? WHERE consortium = ? AND patron = ?"  # noqa: S608 - words of this module
    at.run(sql, asked.kept, at.consortium, asked.gone)


def _has(at: At, table: str, patron: str) -> bool:
    sql = f"SELECT 1 FROM {table} WHERE consortium = ? AND patron = ?"  # noqa: S608 - words of this module
    return at.one(sql, patron) is not None


def _has_account(at: At, patron: str) -> bool:
    return _has(at, "login_account", patron)


def _cancel_double_holds(at: At, asked: MergePatrons) -> None:
    """One hold a title: what both waited for is waited for once, and no more where a copy stands ready (K8)."""
    for loser, winner, statuses in (
        (asked.kept, asked.gone, "'on_shelf'"),
        (asked.gone, asked.kept, "'waiting', 'on_shelf'"),
    ):
        at.run(
            "UPDATE hold SET status = 'cancelled' WHERE consortium = ? AND patron = ? AND status = 'waiting'"  # noqa: S608
            f" AND title IN (SELECT title FROM hold WHERE consortium = ? AND patron = ? AND status IN ({statuses}))",
            at.consortium,
            loser,
            at.consortium,
            winner,
        )


def duplicates(at: At, asked: Since) -> Answer:
    """Patrons of the network with one surname and birth date. `after`: the last surname's search key."""
    rows = at.rows(
        "SELECT search_key, born FROM person WHERE consortium = ? AND born IS NOT NULL AND search_key > ?"
        " AND sex <> 'instelling' GROUP BY search_key, born HAVING COUNT(*) > 1 ORDER BY search_key, born LIMIT ?",
        asked.after,
        asked.most,
    )
    found = []
    for key, born in rows:
        refs = at.rows(
            "SELECT patron FROM person WHERE consortium = ? AND search_head = ? AND search_key = ? AND born = ?"
            " ORDER BY patron",
            key[:3],
            key,
            born,
        )
        known = [ref for (ref,) in refs if at.knows(ref)]
        if len(known) > 1:
            found.append({"patrons": known, "born": born})
    return Done({"duplicates": found, "next": rows[-1][0] if len(rows) == asked.most else None})


ACTS = (
    Act("patrons/merge", "Makes one patron of two records (N12)", MergePatrons, merge, Role.MANAGER),
    Act("patrons/duplicates", "Who may stand here twice (N12)", Since, duplicates, Role.DESK, Manner.FIND),
)
