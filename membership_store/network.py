"""Where and when: loads the `Here` of a branch (its network, links, catalogue, policy) for the rules (N1, N6, S1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from circulation.identifiers import BranchCode, InstitutionCode, Isil, SubscriptionCode
from circulation.model import (
    Branch,
    Fine,
    Group,
    GroupKind,
    Institution,
    PatronType,
    ProductLink,
    Subscription,
)
from circulation.rules.facts import Here, OfflinePolicy, Policy
from membership_store.changes import NETWORK
from membership_store.database import Row, Session, one


class NoSuchBranch(LookupError):
    """The consortium has no branch of that code."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read of a branch, and the state of its network then. `here` has no date of its own yet."""

    state: Row
    zone: str
    here: Here


def load_here(session: Session, consortium: str, branch: str, moment: datetime) -> Here:
    """The branch with all that the rules may ask of its network, on the library's own date at the moment (UTC).

    What was read once is remembered as long as the network's version stands: one statement then. Raises NoSuchBranch.
    """
    known: _Kept | None = session.memory.get(("here", consortium, branch))
    state = _state(session, consortium)
    if known is None or known.state != state or _changes_now(session, consortium):
        known = _read(session, consortium, branch, state)
        # What this transaction changed itself may be undone, and what changed while it was read is mixed.
        if state and not _changes_now(session, consortium) and _state(session, consortium) == state:
            session.memory["here", consortium, branch] = known
    return replace(known.here, today=local_date(moment, known.zone))


def zone_of(session: Session, consortium: str, branch: str) -> str:
    """The time zone of a branch, as it was when its `Here` was last loaded in this transaction. Raises NoSuchBranch."""
    known: _Kept | None = session.memory.get(("here", consortium, branch))
    if known is not None and not _changes_now(session, consortium):
        return known.zone
    row = one(session.rows("SELECT zone FROM branch WHERE consortium = ? AND branch = ?", consortium, branch))
    if row is None:
        raise NoSuchBranch(branch)
    return str(row[0])


def asked_of_network(consortium: str) -> tuple[str, tuple[str]]:
    """What finds the version of the network, which is asked first of all."""
    return (
        (
            "SELECT v.version, h.generation FROM network_version v JOIN feed_head h ON h.consortium = v.consortium"
            " WHERE v.consortium = ?"
        ),
        (consortium,),
    )


def _state(session: Session, consortium: str) -> Row:
    """The version of the network, and the generation of the data: a restored database may give a version again."""
    sql, values = asked_of_network(consortium)
    return one(session.rows(sql, *values)) or ()


def _changes_now(session: Session, consortium: str) -> bool:
    return (consortium, NETWORK.value, "") in session.touched


def _read(session: Session, consortium: str, branch: str, state: Row) -> _Kept:
    row = one(
        session.rows(
            "SELECT b.name, b.institution, b.open_amount_limit, b.asks_pin, b.zone, b.hold_shelf, i.unverified_nights,"
            " i.max_renewals, i.renewal_takes_strip, i.renews_others, i.pin_tries, i.pin_lock_minutes,"
            " i.ending_soon_days, i.self_enrolment, b.offline_borrow, b.offline_return, b.offline_pay,"
            " b.offline_fresh_minutes, b.offline_usable_minutes, b.offline_usable_items, b.offline_usable_guests,"
            " b.offline_lends_without_pin, i.mail_from"
            " FROM branch b JOIN institution i ON i.consortium = b.consortium AND i.institution = b.institution"
            " WHERE b.consortium = ? AND b.branch = ?",
            consortium,
            branch,
        )
    )
    if row is None:
        raise NoSuchBranch(branch)
    name, institution, limit, asks_pin, zone, hold_shelf, nights, renewals, takes, others, *rest = row
    tries, minutes, soon, self_enrolment, *offline, mail_from = rest
    here = Here(
        Branch(BranchCode(branch), name, InstitutionCode(institution), limit, bool(asks_pin)),
        _institutions(session, consortium),
        date.min,
        _links(session, consortium, institution),
        _catalogue(session, consortium),
        Policy(
            visit_types=_visit_types(session, consortium, institution),
            special_subscriptions=_visit_subscriptions(session, consortium, institution),
            unverified_nights=nights,
            hold_shelf=hold_shelf,
            max_renewals=renewals,
            renewal_takes_strip=bool(takes),
            renews_others=bool(others),
            pin_tries=tries,
            pin_lock_minutes=minutes,
            ending_soon_days=soon,
            self_enrolment=bool(self_enrolment),
            offline=_offline(offline),
        ),
        _closed(session, consortium, branch),
        mail_from,
    )
    return _Kept(state, zone, here)


def _offline(values: Sequence[Any]) -> OfflinePolicy:
    """What the branch allows while the store is out of reach, of the columns in their order."""
    borrow, take_back, pay, fresh, usable, items, guests, without_pin = values
    return OfflinePolicy(
        bool(borrow), bool(take_back), bool(pay), fresh, usable, items, bool(guests), bool(without_pin)
    )


def local_date(moment: datetime, zone: str) -> date:
    """The date of an instant at the library: a loan at 23:30 UTC in summer is tomorrow's in Annen."""
    return moment.astimezone(UTC).astimezone(ZoneInfo(zone)).date()


def _closed(session: Session, consortium: str, branch: str) -> frozenset[date]:
    rows = session.rows("SELECT day FROM closed_day WHERE consortium = ? AND branch = ?", consortium, branch)
    return frozenset(date.fromisoformat(day) for (day,) in rows)


def _institutions(session: Session, consortium: str) -> dict[InstitutionCode, Institution]:
    accepts: dict[str, set[InstitutionCode]] = {}
    for institution, accepted in session.rows(
        "SELECT institution, accepted FROM accepts WHERE consortium = ?", consortium
    ):
        accepts.setdefault(institution, set()).add(InstitutionCode(accepted))
    found = {}
    for code, name, isil, province, uses_eid, group, kind in session.rows(
        "SELECT i.institution, i.name, i.isil, i.province, i.uses_eid, g.cooperation, g.kind FROM institution i"
        " LEFT JOIN cooperation g ON g.consortium = i.consortium AND g.cooperation = i.cooperation"
        " WHERE i.consortium = ?",
        consortium,
    ):
        found[InstitutionCode(code)] = Institution(
            InstitutionCode(code),
            name,
            Isil(isil) if isil else None,
            Group(group, GroupKind(kind)) if group else None,
            frozenset(accepts.get(code, ())),
            bool(uses_eid),
            province,
        )
    return found


def _links(session: Session, consortium: str, institution: str) -> tuple[ProductLink, ...]:
    rows = session.rows(
        "SELECT subscription, of_institution, of_subscription FROM product_link"
        " WHERE consortium = ? AND institution = ?",
        consortium,
        institution,
    )
    return tuple(
        ProductLink(InstitutionCode(institution), SubscriptionCode(here), InstitutionCode(of), SubscriptionCode(there))
        for here, of, there in rows
    )


def _catalogue(session: Session, consortium: str) -> tuple[Subscription, ...]:
    rows = session.rows(
        "SELECT subscription, name, price, months, valid_from, valid_to, strips, on_pass, loan_days, fine_per_day,"
        " fine_maximum, digital_only, pay_at_once, youngest, oldest, for_institutions, selectable, on_request,"
        " temporary, online_library, unlimited_holds, renews_itself FROM subscription"
        " WHERE consortium = ? ORDER BY subscription, valid_from",
        consortium,
    )
    found = []
    for code, name, price, months, since, until, strips, on_pass, days, per_day, maximum, *rest in rows:
        digital, at_once, youngest, oldest, *others = rest
        found.append(
            Subscription(
                SubscriptionCode(code),
                name,
                price,
                months,
                date.fromisoformat(since),
                date.fromisoformat(until),
                strips,
                on_pass,
                days,
                None if per_day is None else Fine(per_day, maximum),
                bool(digital),
                bool(at_once),
                youngest,
                oldest,
                *map(bool, others),
            )
        )
    return tuple(found)


def _visit_types(session: Session, consortium: str, institution: str) -> frozenset[PatronType]:
    rows = session.rows("SELECT type FROM visit_type WHERE consortium = ? AND institution = ?", consortium, institution)
    return frozenset(PatronType.of(code) for (code,) in rows)


def _visit_subscriptions(session: Session, consortium: str, institution: str) -> frozenset[SubscriptionCode]:
    rows = session.rows(
        "SELECT subscription FROM visit_subscription WHERE consortium = ? AND institution = ?", consortium, institution
    )
    return frozenset(SubscriptionCode(code) for (code,) in rows)


def consortium_of(session: Session, branch: str) -> str:
    """The consortium of a branch code, for staff who know only that. Raises NoSuchBranch for none or several."""
    rows = session.rows("SELECT consortium FROM branch WHERE branch = ?", branch)
    if len(rows) != 1:
        raise NoSuchBranch(branch)
    return str(rows[0][0])
