"""Stopping, changing, extending and confirming memberships (N8, N9, S7, K6)."""

from dataclasses import dataclass
from datetime import date, timedelta

from circulation import identifiers as ids
from circulation.catalogue import ADMINISTRATIVE, on_day
from circulation.model import Membership, Patron, PatronType, Subscription
from circulation.rules.notices import to_renew
from circulation.rules.offers import Applicant, suits_age
from circulation.rules.staffing import may_change, may_stop
from circulation.rules.terms import cancelled_end, contribution_ends, in_term
from membership_store.members import Member, load
from membership_store.staff import contributions
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, NoSuch
from membership_store.staff.asked import OfMembership, Since
from membership_store.staff.contributions import Paying, Term
from membership_store.staff.credentials import Role
from membership_store.staff.enrolling import Choice, pick
from membership_store.staff.persons import read_person


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMembership(OfMembership):
    """`from_next_month`: it counts until this month's last day; else it counts no more at once (S7)."""

    from_next_month: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMembership(OfMembership):
    """The subscription that takes the place of the present one for the rest of its term."""

    subscription: ids.SubscriptionCode
    paying: Paying = Paying.REGISTER


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendMembership(OfMembership):
    """The next term of the same subscription."""

    paying: Paying = Paying.REGISTER


def find(at: At, asked: OfMembership) -> tuple[Patron, Membership]:
    """The patron and that membership. Raises NoSuch."""
    member = at.member(asked.patron)
    return member.patron, _row(member, asked.membership)


def _row(member: Member, key: str) -> Membership:
    found = dict(zip(member.memberships, member.patron.memberships, strict=True)).get(key)
    if found is None:
        raise NoSuch("membership")
    return found


def stop(at: At, asked: StopMembership) -> Answer:
    """S7, N9: ends it now or per the first of the month. What was paid or is owed stays as it is."""
    patron, row = find(at, asked)
    if not may_stop(row, patron, at.here):
        return Denied("not_yours_to_stop", "N9")
    last = cancelled_end(at.today, asked.from_next_month)
    if not in_term(row, at.today) and not row.starts > at.today:
        return Denied("not_in_force", "S7")
    ends = min(row.ends, last)
    _end(at, asked.membership, ends)
    at.changed(asked.patron)
    return Done({"membership": asked.membership, "ends": ends}, asked.patron, asked.membership)


def _end(at: At, membership: str, ends: date) -> None:
    at.run(
        "UPDATE membership SET ends = ?, cancelled_on = ? WHERE consortium = ? AND membership = ?",
        ends.isoformat(),
        at.today.isoformat(),
        at.consortium,
        membership,
    )


def change(at: At, asked: ChangeMembership) -> Answer:
    """N9: another subscription for the rest of the term, at the difference in price; used strips stay used."""
    patron, row = find(at, asked)
    if asked.subscription == ADMINISTRATIVE:
        return Denied("administrative_is_a_type", "A6")
    if not may_change(row, at.here):
        return Denied("not_yours_to_change", "N9")
    if not in_term(row, at.today):
        return Denied("not_in_force", "S7")
    if row.subscription == asked.subscription:
        return Denied("the_same_subscription", "N9")
    person = read_person(at.session, at.consortium, asked.patron)
    terms = pick(at, person, patron, Choice(subscription=asked.subscription))
    if isinstance(terms, Denied):
        return terms
    if terms.temporary:  # its own months at its own price, paid at once: never the rest of a longer term (S5, S7)
        return Denied("temporary_begins_anew", "S7")
    old = on_day(row.subscription, at.today, at.here.catalogue)
    _end(at, asked.membership, at.today - timedelta(days=1))
    term = Term(asked.patron, row.institution, terms, at.today, row.ends, _left(row, old, terms))
    cents = max(0, terms.price - (old.price if old else 0))
    key = contributions.begin(at, term, cents, asked.paying)
    at.run("UPDATE loan SET membership = ? WHERE consortium = ? AND membership = ? AND returned_at IS NULL",
           key, at.consortium, asked.membership)  # fmt: skip
    at.changed(asked.patron)
    said = {"membership": key, "subscription": terms.code, "ends": row.ends, "cents": cents}
    return Done(said, asked.patron, key)


def _left(row: Membership, old: Subscription | None, terms: Subscription) -> int | None:
    """S2: the new balance, less the strips that this term has used."""
    if terms.strips is None:
        return None
    used = 0
    if old is not None and old.strips is not None and row.strips_left is not None:
        used = max(0, old.strips - row.strips_left)
    return max(0, terms.strips - used)


def extend(at: At, asked: ExtendMembership) -> Answer:
    """N8, S1: the next term, at the price of the day; never a second time, and never where another goes on."""
    patron, row = find(at, asked)
    if row.institution != at.institution:
        return Denied("not_of_here", "N9")
    if not in_term(row, at.today):
        return Denied("not_in_force", "S7")
    if patron.type is PatronType.GUEST:
        return Denied("guest_term_from_home", "G7")
    later = [one for one in patron.memberships if one.institution == row.institution and one.starts > row.ends]
    if any(in_term(one, one.starts) for one in later):  # one that was stopped before it began is none
        return Denied("extended_already", "N8")
    terms = on_day(row.subscription, at.today, at.here.catalogue)
    if terms is None or not terms.selectable:
        return Denied("not_on_offer", "S1")
    starts = row.ends + timedelta(days=1)
    person = read_person(at.session, at.consortium, asked.patron)
    if person is not None and not suits_age(terms, Applicant(person.born, person.is_institution), starts):
        return Denied("not_on_offer", "S4")
    if terms.renews_itself:
        return Denied("renews_itself", "N8")
    ends = contribution_ends(starts, terms)
    key = contributions.begin(at, Term.of(at, asked.patron, terms, starts, ends), terms.price, asked.paying)
    at.changed(asked.patron)
    said = {"membership": key, "starts": starts, "ends": ends, "cents": terms.price}
    return Done(said, asked.patron, key)


def confirm(at: At, asked: OfMembership) -> Answer:
    """K6: an enrolment that came online counts from now on."""
    _, row = find(at, asked)
    if row.institution != at.institution:
        return Denied("not_of_here", "N9")
    if row.confirmed:
        return Denied("confirmed_already", "K6")
    at.run(
        "UPDATE membership SET confirmed = 1 WHERE consortium = ? AND membership = ?", at.consortium, asked.membership
    )
    at.changed(asked.patron)
    return Done({"membership": asked.membership}, asked.patron, asked.membership)


def ending(at: At, asked: Since) -> Answer:
    """N8: memberships of here that end soon; `renew` for the one of a patron that needs renewing, if any does."""
    until = at.today + timedelta(days=at.here.policy.ending_soon_days)
    rows = at.rows(
        "SELECT membership, patron, subscription, ends FROM membership WHERE consortium = ? AND institution = ?"
        " AND ends >= ? AND ends <= ? AND starts <= ? AND status <> 'invalid' AND confirmed = 1 AND membership > ?"
        " ORDER BY membership LIMIT ?",
        at.institution,
        at.today.isoformat(),
        until.isoformat(),
        at.today.isoformat(),
        asked.after,
        asked.most,
    )
    found = []
    for key, ref, subscription, ends in rows:
        member = load(at.session, at.consortium, ref)
        if member is None:
            continue
        one, needed = _row(member, key), to_renew(member.patron, at.here)
        terms = on_day(one.subscription, at.today, at.here.catalogue)
        found.append(
            {
                "membership": key,
                "patron": ref,
                "subscription": subscription,
                "ends": ends,
                "renews_itself": bool(terms and terms.renews_itself),
                "renew": needed is one,
            }
        )
    return Done({"memberships": found, "next": rows[-1][0] if len(rows) == asked.most else None})


ACTS = (
    Act("memberships/stop", "Stops a membership (N9, S7)", StopMembership, stop),
    Act("memberships/change", "Changes a membership into another (N9)", ChangeMembership, change),
    Act("memberships/extend", "Extends a membership by its next term (N8)", ExtendMembership, extend),
    Act("memberships/confirm", "Confirms an enrolment that came online (K6)", OfMembership, confirm),
    Act("memberships/ending", "What ends soon here (N8)", Since, ending, Role.READER, Manner.FIND),
)
