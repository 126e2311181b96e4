"""Guests from another library (*landelijk lenen*): G1, G7 and G8. G6 is with the passes, G5 with the strips."""

from circulation.model import PatronType
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Borrow, rule
from circulation.rules.terms import in_term


@rule("G1")
def guest_home_is_known(borrow: Borrow) -> Refused | None:
    """A guest carries the ISIL of the home library; missing or unknown is refused."""
    if borrow.patron.type is not PatronType.GUEST:
        return None
    if borrow.patron.home is None or not borrow.patron.home_known:
        return Refused(Reason.GUEST_HOME_UNKNOWN, "G1", NextStep.DESK)
    return None


@rule("G2", "G7")
def guest_term_runs(borrow: Borrow) -> Refused | None:
    """Valid exactly as long as the home membership. The patron is sent home, without the reason or an amount (G2)."""
    if borrow.patron.type is not PatronType.GUEST:
        return None
    here = borrow.here
    begun = [one for one in borrow.patron.memberships if here.accepts(one.institution) and one.starts <= here.today]
    if not begun or any(in_term(one, here.today) for one in begun):
        return None
    return Refused(Reason.GUEST_ENDED, "G7", NextStep.OWN_LIBRARY)


@rule("G8")
def guest_is_verified(borrow: Borrow) -> Refused | None:
    """After seven nights without word from the home library self-service stops and says so.

    The nights are those between the last word (or the enrolment, at which the home answered) and today.
    """
    if borrow.patron.type is not PatronType.GUEST:
        return None
    here = borrow.here
    rows = [one for one in borrow.patron.memberships if here.accepts(one.institution) and in_term(one, here.today)]
    words = [one.verified or one.starts for one in rows]
    if words and (here.today - max(words)).days >= here.policy.unverified_nights:
        return Refused(Reason.GUEST_UNVERIFIED, "G8", NextStep.DESK, {"since": max(words)})
    return None
