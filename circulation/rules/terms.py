"""When a membership row counts (S7, K6). Both days of a term are inclusive."""

from datetime import date

from circulation.model import Membership, MembershipStatus


def in_term(membership: Membership, today: date) -> bool:
    """S7: neither marked invalid nor ending before it begins, and its term contains today."""
    if membership.status is MembershipStatus.INVALID:
        return False
    return membership.starts <= today <= membership.ends


def counts(membership: Membership, today: date) -> bool:
    """S7 and K6: in term, and confirmed at the desk where it was enrolled online."""
    return membership.confirmed and in_term(membership, today)
