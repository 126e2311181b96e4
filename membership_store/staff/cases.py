"""What waits for staff: flags that an act raised (house 2), cases under a hand-over code (N10), the audit itself."""

from dataclasses import dataclass

from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, NoSuch, Unacceptable
from membership_store.staff.asked import AtBranch, Since
from membership_store.staff.credentials import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class OfFlag(AtBranch):
    """One flag, by its key."""

    flag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindCase(AtBranch):
    """The code that a kiosk gave a patron."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAudit(Since):
    """Whose acts, or what was done with whom; empty for all of them."""

    patron: str = ""
    of_staff: str = ""


def flags(at: At, asked: Since) -> Answer:
    """What happened at this branch although a rule says no, and was not settled yet; the oldest key first."""
    rows = at.rows(
        "SELECT flag, kiosk, rule, reason, raised_at, shown_pass, shown_item FROM staff_flag"
        " WHERE consortium = ? AND branch = ? AND settled_at IS NULL AND flag > ? ORDER BY flag LIMIT ?",
        asked.branch,
        asked.after,
        asked.most,
    )
    names = ("flag", "kiosk", "rule", "reason", "raised_at", "shown_pass", "shown_item")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return Done({"flags": found, "next": rows[-1][0] if len(rows) == asked.most else None})


def settle(at: At, asked: OfFlag) -> Answer:
    """Staff have seen to it. What was shown of a pass is needed no more and goes."""
    row = at.one(
        "SELECT settled_at FROM staff_flag WHERE consortium = ? AND branch = ? AND flag = ?", asked.branch, asked.flag
    )
    if row is None:
        raise NoSuch("flag")
    if row[0] is not None:
        return Denied("settled_already", "house 2")
    at.run(
        "UPDATE staff_flag SET settled_at = ?, shown_pass = NULL WHERE consortium = ? AND flag = ?",
        at.stamp,
        at.consortium,
        asked.flag,
    )
    return Done({"flag": asked.flag}, subject=asked.flag)


def find_case(at: At, asked: FindCase) -> Answer:
    """N10: what the kiosk refused, while the code lives; who looked is written down.

    However it was typed: small letters, and whatever stands between them, are no part of a code.
    """
    code = "".join(letter for letter in asked.code if letter.isalnum()).upper()
    if not 4 <= len(code) <= 8:
        raise Unacceptable("code", "4 to 8 characters")
    row = at.one(
        "SELECT h.branch, h.patron, h.item, h.rule, h.reason, h.raised_at, b.institution FROM handover h"
        " JOIN branch b ON b.consortium = h.consortium AND b.branch = h.branch"
        " WHERE h.consortium = ? AND h.code = ? AND h.until > ?",
        code,
        at.stamp,
    )
    if row is None or row[6] not in at.network:
        raise NoSuch("case")
    names = ("branch", "patron", "item", "rule", "reason", "raised_at")
    return Done(dict(zip(names, row[:6], strict=True)), row[1], f"{row[3]} {row[4]}")


def audit(at: At, asked: ListAudit) -> Answer:
    """Who did what, the first first. Staff of an institution see the acts of its own staff and of the operator."""
    sql = (
        "SELECT a.entry, a.staff, a.act, a.patron, a.subject, a.done_at FROM audit a"
        " LEFT JOIN staff s ON s.consortium = a.consortium AND s.staff = a.staff WHERE a.consortium = ? AND a.entry > ?"
    )
    values: list[str | int] = [asked.after]
    if asked.patron:
        sql, values = sql + " AND a.patron = ?", [*values, asked.patron]
    if asked.of_staff:
        sql, values = sql + " AND a.staff = ?", [*values, asked.of_staff]
    if at.staff.institution is not None:
        sql += " AND (s.institution IS NULL OR s.institution = ?)"
        values = [*values, at.staff.institution]
    rows = at.rows(sql + " ORDER BY a.entry LIMIT ?", *values, asked.most)
    names = ("entry", "staff", "act", "patron", "subject", "done_at")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return Done({"entries": found, "next": rows[-1][0] if len(rows) == asked.most else None})


ACTS = (
    Act("flags/list", "What happened although a rule says no (house 2)", Since, flags, Role.READER, Manner.FIND),
    Act("flags/settle", "Staff have seen to a flag", OfFlag, settle),
    Act("cases/find", "The case under a hand-over code (N10)", FindCase, find_case, Role.READER, Manner.LOOK),
    Act("audit", "Who did what", ListAudit, audit, Role.MANAGER, Manner.FIND),
)
