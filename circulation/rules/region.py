"""One membership, recognised in all libraries of a group (N1, N2, N3, N6, N11)."""

from dataclasses import dataclass

from circulation.catalogue import on_day
from circulation.model import Membership, PatronType, Subscription
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Borrow, Here, rule
from circulation.rules.terms import counts


@dataclass(frozen=True, slots=True)
class Effective:
    """The membership that counts here, with the subscription of this institution that it is treated by (N1)."""

    membership: Membership
    subscription: Subscription


def linked(membership: Membership, here: Here) -> Subscription | None:
    """N1: the subscription of this institution that a membership is treated by, or None where the link is missing."""
    mine = here.branch.institution
    if membership.institution == mine:
        return on_day(membership.subscription, here.today, here.catalogue)
    for link in here.links:
        if (link.at, link.of, link.there) == (mine, membership.institution, membership.subscription):
            return on_day(link.here, here.today, here.catalogue)
    return None


def effective(borrow: Borrow) -> Effective | None:
    """N3: here; else the linked one of the main library; else the oldest, ties by the lowest institution code.

    Does not depend on the order of records. None where no membership is in force, accepted and linked.
    """
    here, mine = borrow.here, borrow.here.branch.institution
    usable = []
    for one in borrow.patron.memberships:
        if counts(one, here.today) and here.accepts(one.institution):
            subscription = linked(one, here)
            if subscription is not None:
                usable.append(Effective(one, subscription))
    if not usable:
        return None
    main = borrow.patron.main_library

    def rank(one: Effective) -> tuple[object, ...]:
        row = one.membership
        strips = -(row.strips_left if row.strips_left is not None else 10**9)
        return (
            row.institution != mine,
            row.institution != main,
            row.starts,
            row.institution,
            row.ends,
            row.subscription,
            strips,
            not row.paid,
            row.verified or row.starts,
        )

    return min(usable, key=rank)


@rule("N1", "N2", "N11", "S7")
def membership_valid_here(borrow: Borrow) -> Refused | None:
    """Valid in one is recognised in all; only lapsed everywhere is lapsed. Groups 1 and 2 share nothing."""
    if effective(borrow) is not None:
        return None
    if borrow.patron.type is PatronType.GUEST:
        return None  # G7 has its own sentence
    here, rows = borrow.here, borrow.patron.memberships
    in_force = [one for one in rows if counts(one, here.today)]
    if any(here.accepts(one.institution) for one in in_force):
        return Refused(Reason.NOT_LINKED, "N1", NextStep.DESK)
    if in_force:
        return Refused(Reason.NOT_SHARED, "N11", NextStep.DESK)
    ended = [one.ends for one in rows if one.starts <= one.ends < here.today]
    if ended:
        return Refused(Reason.LAPSED, "N2", NextStep.DESK, {"ended": max(ended)})
    return Refused(Reason.NO_MEMBERSHIP, "N2", NextStep.DESK)


@rule("N6")
def item_may_leave_here(borrow: Borrow) -> Refused | None:
    """An item of another institution is lent here only where the group has transport (3b, 3c)."""
    item, here = borrow.item, borrow.here
    if item is None or item.institution == here.branch.institution:
        return None
    mine, theirs = here.institution, here.institutions.get(item.institution)
    if (
        theirs is not None
        and mine.group is not None
        and mine.group == theirs.group
        and mine.group.kind.has_transport
    ):
        return None
    return Refused(
        Reason.NO_TRANSPORT, "N6", NextStep.OTHER_BRANCH, {"place": here.name_of(item.institution)}
    )
