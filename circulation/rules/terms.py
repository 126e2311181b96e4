"""When a membership row counts, and how long a term runs (S7, K6). Both days of a term are inclusive."""

from calendar import monthrange
from datetime import date, timedelta

from circulation.model import Membership, MembershipStatus, Subscription
from circulation.rules.facts import rule

FIRST_YEAR, LAST_YEAR = 1850, 2999
"""Of the days that come from outside: from beyond these years a term, or a time zone, would lead off the calendar."""


def is_reckonable(day: date) -> bool:
    """Whether terms and ages can be reckoned from that day."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


@rule("S7")
def in_term(membership: Membership, today: date) -> bool:
    """Neither marked invalid nor ending before it begins, and its term contains today."""
    if membership.status is MembershipStatus.INVALID:
        return False
    return membership.starts <= today <= membership.ends


@rule("S7", "K6")
def counts(membership: Membership, today: date) -> bool:
    """In term, and confirmed at the desk where it was enrolled online."""
    return membership.confirmed and in_term(membership, today)


def month_end(day: date) -> date:
    """The last day of the month that the day is in."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where it has no such day (31 January: 28 February)."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    return first.replace(day=min(day.day, month_end(first).day))


@rule("S7", "G7")
def contribution_ends(begin: date, subscription: Subscription) -> date:
    """The last day of a term that begins on that day: the term added, then that month's last day.

    A temporary subscription runs exact calendar months and no longer.
    """
    ends = add_months(begin, subscription.months)
    return ends if subscription.temporary else month_end(ends)


@rule("S7")
def cancelled_end(today: date, from_next_month: bool) -> date:
    """The last day of a membership that is cancelled today: yesterday, or this month's last where it is per the first.

    Cancelled now it counts no more today, so that a visit that is going on notices.
    """
    return month_end(today) if from_next_month else today - timedelta(days=1)
