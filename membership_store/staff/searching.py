"""Finding patrons within the network, by number, surname or birth date (N2, N12, K5), and looking at one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from circulation import identifiers as ids
from circulation.catalogue import on_day
from circulation.model import Membership, Patron
from circulation.rules.facts import Borrow
from circulation.rules.region import effective
from circulation.rules.terms import counts
from membership_store.members import Member, load
from membership_store.staff.acts import Act, Answer, At, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch, OfPatron
from membership_store.staff.credentials import Role
from membership_store.staff.persons import HEAD, folded, read_person

MOST = 50
CANDIDATES = 2000
# Put in order here: for the order of a key SQLite would walk the whole consortium.
_OF_NUMBER = "SELECT patron FROM pass WHERE consortium = ? AND number = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPatrons(AtBranch):
    """A pass number, or the beginning of a surname (3 letters), or a birth date, or the last two together."""

    number: ids.PassNumber | None = field(default=None, repr=False)
    surname: str = field(default="", repr=False)
    born: date | None = field(default=None, repr=False)


def search(at: At, asked: SearchPatrons) -> Answer:
    """Those found; `valid` is judged over the whole group (N2). At most 50, `more` says whether there are others."""
    refs = list(islice((ref for ref in _candidates(at, asked) if at.knows(ref)), MOST + 1))
    found = [_line(at, member) for member in (load(at.session, at.consortium, ref) for ref in refs[:MOST]) if member]
    return Done({"patrons": found, "more": len(refs) > MOST})


def _candidates(at: At, asked: SearchPatrons) -> list[str]:
    if asked.number is not None:
        return sorted({ref for (ref,) in at.rows(_OF_NUMBER, asked.number)})
    if asked.surname:
        rows = _by_name(at, folded(asked.surname), asked.born)
    elif asked.born is not None:
        rows = at.rows(
            "SELECT patron FROM person WHERE consortium = ? AND born = ? ORDER BY search_key, patron LIMIT ?",
            asked.born.isoformat(),
            CANDIDATES,
        )
    else:
        raise Unacceptable("body", "needs a number, a surname or a birth date")
    return [ref for (ref,) in rows]


def _by_name(at: At, key: str, born: date | None) -> list[tuple[Any, ...]]:
    if len(key) < HEAD and born is None:
        raise Unacceptable("surname", f"at least {HEAD} letters, or a birth date besides")
    sql = "SELECT patron FROM person WHERE consortium = ? AND search_key LIKE ?"
    values: list[str | int] = [f"{key}%"]
    if len(key) >= HEAD:
        sql, values = sql + " AND search_head = ?", [*values, key[:HEAD]]
    if born is not None:
        sql, values = sql + " AND born = ?", [*values, born.isoformat()]
    return at.rows(sql + " ORDER BY search_key, born, patron LIMIT ?", *values, CANDIDATES)


def _line(at: At, member: Member) -> dict[str, object]:
    patron = member.patron
    person = read_person(at.session, at.consortium, patron.ref)
    return {
        "patron": patron.ref,
        "type": patron.type.value,
        "valid": is_valid(at, patron),
        "valid_here": any(_counts_here(at, one) for one in patron.memberships),
        "surname": person.surname if person else "",
        "prefix": person.prefix if person else "",
        "initials": person.initials if person else "",
        "born": person.born if person else None,
        "town": person.town if person else "",
    }


def is_valid(at: At, patron: Patron) -> bool:
    """N2: lapsed here but valid elsewhere in the group is valid; only lapsed everywhere is lapsed."""
    return any(at.here.accepts(one.institution) and counts(one, at.today) for one in patron.memberships)


def _counts_here(at: At, one: Membership) -> bool:
    return one.institution == at.institution and counts(one, at.today)


def look(at: At, asked: OfPatron) -> Answer:
    """All that the desk may see of a patron; who looked is written down."""
    member = at.member(asked.patron)
    patron = member.patron
    person = read_person(at.session, at.consortium, asked.patron)
    used = effective(Borrow(at.here, patron))
    said = {
        "patron": patron.ref,
        "type": patron.type.value,
        "language": patron.language,
        "receipt": patron.receipt,
        "main_library": patron.main_library,
        "home": patron.home,
        "keeps_history": patron.keeps_history,
        "tells_borrowed_before": patron.tells_borrowed_before,
        "pin_required": patron.pin_required,
        "valid": is_valid(at, patron),
        "treated_as": used.subscription.code if used else None,
        "different_kinds": different_kinds(at, patron.memberships),
        "person": person,
        "memberships": [
            {"membership": key, **_membership(at, one)}
            for key, one in zip(member.memberships, patron.memberships, strict=True)
        ],
        **_rows_of(at, asked.patron),
    }
    return Done(said, asked.patron)


def different_kinds(at: At, rows: Iterable[Membership]) -> bool:
    """N3: valid memberships of different kinds in the group; one of them is best stopped soon."""
    valid = [one for one in rows if at.here.accepts(one.institution) and counts(one, at.today)]
    links = {(link.of, link.there): link.here for link in at.here.links}
    return len({links.get((one.institution, one.subscription), one.subscription) for one in valid}) > 1


def _membership(at: At, one: Membership) -> dict[str, object]:
    terms = on_day(one.subscription, at.today, at.here.catalogue)
    return {
        "institution": one.institution,
        "subscription": one.subscription,
        "name": terms.name if terms else "",
        "starts": one.starts,
        "ends": one.ends,
        "status": one.status,
        "confirmed": one.confirmed,
        "paid": one.paid,
        "strips": one.strips_left,
        "verified": one.verified,
        "counts": at.here.accepts(one.institution) and counts(one, at.today),
    }


# What else is kept of a patron, by the name under which the desk sees it: columns, and where they stand.
_LISTS = {
    "passes": ("number, status, kind, network_unique, follow_on", "pass WHERE {of} ORDER BY pass || ''"),
    "fees": (
        "fee, institution, cents, status, kind, since, membership",
        "fee WHERE {of} AND status <> 'paid' ORDER BY fee || ''",
    ),
    "messages": (
        "message, body, for_patron, acknowledge",
        "message WHERE {of} AND acknowledged_at IS NULL ORDER BY message || ''",
    ),
    "loans": (
        "item, branch, lent, due, renewals, internal",
        "loan WHERE {of} AND returned_at IS NULL ORDER BY due, loan",
    ),
    "holds": (
        "hold, title, item, status, branch, shelf",
        "hold WHERE {of} AND status IN ('waiting', 'on_shelf') ORDER BY placed_at, hold",
    ),
    "accounts": ("user_name, made_at, activation_until, activated_at, first_login_at", "login_account WHERE {of}"),
    "mandates": ("account_end, signed_on, ended_on", "mandate WHERE {of} ORDER BY signed_on, mandate"),
    "pin": ("set_at", "pin WHERE {of}"),
}
_OF = "consortium = ? AND patron = ?"


def _rows_of(at: At, patron: str) -> dict[str, list[dict[str, object]]]:
    found = {}
    for name, (columns, where) in _LISTS.items():
        rows = at.rows(f"SELECT {columns} FROM {where.format(of=_OF)}", patron)  # noqa: S608 - words of this module
        names = columns.split(", ")
        found[name] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


ACTS = (
    Act("patrons/search", "Finds patrons in the network (N2, N12)", SearchPatrons, search, Role.READER, Manner.FIND),
    Act("patrons/look", "All that the desk may see of a patron", OfPatron, look, Role.READER, Manner.LOOK),
)
