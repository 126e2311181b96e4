"""One membership, recognised in all libraries of a group (N1, N2, N3, N6, N11)."""

from datetime import date

from circulation.identifiers import InstitutionCode
from circulation.model import Hold, Item, Membership, MembershipStatus, PatronType, Subscription
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Here, Scanned, Standing, once, rule
from circulation.rules.terms import counts
from values import dataclass


@dataclass(frozen=True, slots=True)
class Effective:
    """The membership that counts here, with the subscription of this institution that it is treated by (N1)."""

    membership: Membership
    subscription: Subscription


@rule("N1")
def linked(membership: Membership, here: Here) -> Subscription | None:
    """The subscription of this institution that a membership is treated by, or None where the link is missing."""
    mine = here.branch.institution
    if membership.institution == mine:
        return here.subscription(membership.subscription)
    wanted = (mine, membership.institution, membership.subscription)
    codes = sorted(link.here for link in here.links if (link.at, link.of, link.there) == wanted)
    return here.subscription(codes[0]) if codes else None


@rule("N1", "G5")
def counts_by(membership: Membership, here: Here) -> Subscription | None:
    """The subscription that a membership counts by here today: in force, accepted and linked; else None."""
    in_force = counts(membership, here.today) and here.accepts(membership.institution)
    return linked(membership, here) if in_force else None


@rule("N3")
def effective(borrow: Standing) -> Effective | None:
    """The membership that counts here: of several the one of this institution; else the linked one of the main library;
    else the oldest, ties by the lowest institution code.

    Of several in one place (a school's supplement 0086 beside its 0082) one that lends comes first. Does not depend
    on the order of records. None where no membership is in force, accepted and linked.
    """
    return once(borrow, _effective)


def _effective(borrow: Standing) -> Effective | None:
    here, usable = borrow.here, []
    for one in borrow.patron.memberships:
        subscription = counts_by(one, here)
        if subscription is not None:
            usable.append(Effective(one, subscription))
    return usable[0] if len(usable) == 1 else min(usable, key=lambda one: _rank(one, borrow), default=None)


def _rank(one: Effective, borrow: Standing) -> tuple[object, ...]:
    row = one.membership
    place = (row.institution != borrow.here.branch.institution, row.institution != borrow.patron.main_library)
    strips = -(row.strips_left if row.strips_left is not None else 10**9)
    named = not all(place)
    last = (row.ends, row.subscription, strips, not row.paid, row.verified or row.starts)
    return (*place, named and not one.subscription.lends, row.starts, row.institution, *last)


@rule("N1", "N11")
def sharing(here: Here) -> frozenset[InstitutionCode]:
    """This institution and all of its group, where that group shares memberships."""
    group = (code for code in here.institutions if here.shares_memberships and here.same_group(code))
    return frozenset({here.branch.institution, *group})


@rule("N1")
def recognised_at(here: Here) -> frozenset[InstitutionCode]:
    """Where a patron of this institution is recognised: here, and wherever in its group its patrons are accepted.

    That is for the others to say: to accept theirs here is not to be accepted there.
    """
    mine = here.branch.institution
    return frozenset(code for code in sharing(here) if code == mine or mine in here.institutions[code].accepts)


@rule("N1", "N2", "N11", "S7")
def membership_valid_here(borrow: Standing) -> Refused | None:
    """Valid in one is recognised in all; only lapsed everywhere is lapsed. Groups 1 and 2 share nothing."""
    if effective(borrow) is not None:
        return None
    here, rows = borrow.here, borrow.patron.memberships
    in_force = {one.institution for one in rows if counts(one, here.today)}
    if here.branch.institution in in_force:
        return None  # the catalogue lacks the subscription: S1 says so
    if any(here.accepts(one) for one in in_force):
        return Refused(Reason.NOT_LINKED, "N1", NextStep.DESK)
    if in_force:
        apart = any(here.same_group(one) for one in in_force) and not here.shares_memberships
        return Refused(Reason.NOT_SHARED, "N11" if apart else "N1", NextStep.DESK)
    ended = [one.ends for one in rows if here.accepts(one.institution) and _has_ended(one, here.today)]
    if not ended:
        return Refused(Reason.NO_MEMBERSHIP, "N2", NextStep.DESK)
    if borrow.patron.type is PatronType.GUEST:
        return None  # G7 says so
    return Refused(Reason.LAPSED, "N2", NextStep.DESK, {"ended": max(ended)})


def _has_ended(membership: Membership, today: date) -> bool:
    # A row that never counted (S7, K6) cannot have lapsed either.
    counted = membership.confirmed and membership.status is not MembershipStatus.INVALID
    return counted and membership.starts <= membership.ends < today


def carried(item: Item, here: Here) -> bool:
    """N6: whether the item is of this institution, or its group carries items between its institutions (3b, 3c)."""
    if item.institution == here.branch.institution:
        return True
    group = here.institution.group
    return group is not None and group.kind.has_transport and here.same_group(item.institution)


@rule("N6")
def can_reach(item: Item, hold: Hold, here: Here) -> bool:
    """Whether this copy can come to where the hold will be fetched: where it cannot, it is not for that hold."""
    if hold.institution is None or hold.institution == item.institution:
        return True
    owner, there = here.institutions.get(item.institution), here.institutions.get(hold.institution)
    group = None if owner is None else owner.group
    return group is not None and group.kind.has_transport and there is not None and there.group == group


@rule("N6")
def item_may_leave_here(borrow: Scanned) -> Refused | None:
    """An item of another institution is lent here only where the group has transport (3b, 3c)."""
    item, here = borrow.item, borrow.here
    if item is None or carried(item, here):
        return None
    return Refused(Reason.NO_TRANSPORT, "N6", NextStep.OTHER_BRANCH, {"place": here.name_of(item.institution)})


@rule("N6")
def item_may_come_back_here(brought: Scanned) -> Refused | None:
    """An item of another institution is taken in only where the group has transport; else its own library does."""
    item, here = brought.item, brought.here
    if item is None or carried(item, here):
        return None
    return Refused(Reason.RETURN_ELSEWHERE, "N6", NextStep.OTHER_BRANCH, {"place": here.name_of(item.institution)})
