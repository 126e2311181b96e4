"""What it costs to bring an item back late (S8). Integer cents, library-local days."""

from dataclasses import replace
from datetime import date

from circulation.catalogue import on_day
from circulation.model import Loan, Patron, Subscription
from circulation.rules.facts import Borrow, Here, rule
from circulation.rules.region import effective


@rule("S8", "A4")
def fine(loan: Loan, terms: Subscription, returned: date) -> int:
    """Cents for one item: days late (closed days count) times the rate, up to the subscription's maximum.

    Nothing where the subscription has no fine data, and never for an internal loan.
    """
    if terms.fine is None or loan.internal:
        return 0
    late = max(0, (returned - loan.due).days)
    return min(late * terms.fine.per_day, terms.fine.maximum)


def terms_of(patron: Patron, here: Here, lent: date) -> Subscription | None:
    """The subscription that counted for the patron on the day of a loan, where nobody wrote down which it was.

    At the rates of `here.today`, the day of the return. None where none counted.
    """
    found = effective(Borrow(replace(here, today=lent), patron))
    return None if found is None else at_rates_of(found.subscription, here)


def at_rates_of(terms: Subscription, here: Here) -> Subscription:
    """The subscription as it is on that day, where the catalogue still has it (S1)."""
    return on_day(terms.code, here.today, here.catalogue) or terms
