"""What the screen must know of a patron beforehand: whose membership is to be renewed by hand (N8), who is a child."""

from datetime import date, timedelta

from circulation.model import Membership, Patron, PatronType
from circulation.rules.facts import Here, rule
from circulation.rules.offers import OF_AGE
from circulation.rules.region import linked
from circulation.rules.terms import counts


@rule("N8")
def ends_soon(patron: Patron, here: Here) -> tuple[Membership, ...]:
    """The memberships of this group that end within the days of the policy and are not followed, in that order.

    One that renews itself does not end, so that nobody is warned of it and nobody pays twice. A guest's is renewed at
    home, and its new end comes from there in the night.
    """
    if patron.type is PatronType.GUEST:
        return ()
    last = here.today + timedelta(days=here.policy.ending_soon_days)
    rows = [
        one
        for one in patron.memberships
        if counts(one, here.today) and here.accepts(one.institution) and one.ends <= last
    ]
    ending = [one for one in rows if not _renews_itself(one, here) and not _is_followed(one, patron, here)]
    return tuple(sorted(ending, key=lambda one: (one.ends, one.institution, one.subscription, one.starts)))


@rule("N8")
def to_renew(patron: Patron, here: Here) -> Membership | None:
    """Of several that end only one needs renewing: that of where they stand, else of the main library, else the first.

    None where one of the group goes on anyway. What does not lend (S6, a school's 0086) stands in for none that does.
    """
    valid = [one for one in patron.memberships if counts(one, here.today) and here.accepts(one.institution)]
    wanted = [one for one in valid if _lends(one, here)] or valid
    ending = [one for one in ends_soon(patron, here) if one in wanted]
    if len(ending) < len(wanted):
        return None
    mine, main = here.branch.institution, patron.main_library
    return min(ending, key=lambda one: (one.institution != mine, one.institution != main), default=None)


@rule("N8")
def told_end(patron: Patron, here: Here) -> date | None:
    """The last day of the membership that is to be renewed, as its patron is told at the start of a visit.

    A child whose membership costs nothing is not told: there is nothing that a child should do.
    """
    row = to_renew(patron, here)
    terms = None if row is None else here.subscription(row.subscription)
    if row is None or (terms is not None and terms.oldest is not None and terms.price == 0):
        return None
    return row.ends


@rule("K2", "S4")
def is_child(patron: Patron, here: Here) -> bool:
    """Whether no amounts are shown: a first name is on file, or the term that runs is one of youth, or ran last.

    How old a guest is, is known at home.
    """
    if patron.child or patron.first_name:
        return True
    running = [one for one in patron.memberships if counts(one, here.today)]
    rows = running or sorted(patron.memberships, key=lambda one: one.ends)[-1:]
    terms = [here.subscription(one.subscription) for one in rows]
    return any(one is not None and one.oldest is not None and one.oldest < OF_AGE for one in terms)


def _lends(row: Membership, here: Here) -> bool:
    terms = linked(row, here)
    return terms is None or terms.lends  # of one that is not linked nobody here knows


def _renews_itself(row: Membership, here: Here) -> bool:
    terms = here.subscription(row.subscription)
    return terms is not None and terms.renews_itself


def _is_followed(row: Membership, patron: Patron, here: Here) -> bool:
    """Whether the same institution's next term has been made already, so that there is no day between.

    What does not lend is no next term of what does.
    """
    following = row.ends + timedelta(days=1)
    rows = [one for one in patron.memberships if counts(one, following) and one.institution == row.institution]
    return any(_lends(one, here) or not _lends(row, here) for one in rows)
