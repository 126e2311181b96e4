"""What it costs to bring an item back late (S8). Integer cents, library-local days."""

from datetime import date

from circulation.model import Loan, Subscription
from circulation.rules.facts import rule


@rule("S8", "A4")
def fine(loan: Loan, terms: Subscription, returned: date) -> int:
    """Cents for one item: days late (closed days count) times the rate, up to the subscription's maximum.

    Nothing where the subscription has no fine data, and never for an internal loan.
    """
    if terms.fine is None or loan.internal:
        return 0
    late = max(0, (returned - loan.due).days)
    return min(late * terms.fine.per_day, terms.fine.maximum)
