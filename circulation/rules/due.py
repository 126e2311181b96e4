"""The day on which a loan ends (S1, A4), and the later one that a renewal gives (K11)."""

from datetime import date, timedelta

from circulation.rules.facts import Here, Renew, Standing, rule
from circulation.rules.region import effective

_DAY = timedelta(days=1)


def next_open(day: date, here: Here) -> date:
    """That day, or the first one after it on which the branch is open."""
    while day in here.closed:
        day += _DAY
    return day


@rule("S1", "A4")
def due_date(borrow: Standing) -> date:
    """The day that the loan ends: the linked subscription's days after today, on a day that the branch is open.

    A loan without a period (0089) is due on the loan date itself, open or not (A4). Raises ValueError where the patron
    has no subscription that lends; ask for a verdict first.
    """
    found = effective(borrow)
    if found is None or found.subscription.loan_days is None:
        raise ValueError("no subscription to lend under")
    days = found.subscription.loan_days
    due = borrow.here.today + _DAY * days
    return due if days == 0 else next_open(due, borrow.here)


@rule("K11")
def renewed_due(renew: Renew) -> date:
    """The day that the renewed loan ends: counted from today, never earlier than it was due already.

    Raises ValueError where there is no loan, or no subscription that lends; ask for a verdict first.
    """
    if renew.loan is None:
        raise ValueError("no loan to renew")
    return max(due_date(renew), renew.loan.due)
