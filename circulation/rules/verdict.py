"""Runs the rules in the order of rules.md §1. The first refusal decides; all others are kept for staff."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar

from circulation.outcomes import Refused, Verdict
from circulation.rules import fees, guests, items, passes, region, subscriptions
from circulation.rules.facts import Borrow, Visit
from circulation.rules.region import effective

VISIT_ORDER: tuple[Callable[[Visit], Refused | None], ...] = (
    passes.chip_is_an_identity,
    passes.shown_in_the_right_place,
    passes.pass_is_known,
    passes.pass_is_active,
    passes.pass_is_unique_here,
    passes.not_administrative,
    passes.type_may_visit,
    passes.guest_shows_a_chip,
    passes.pin_is_not_needed,
)
PATRON_ORDER: tuple[Callable[[Borrow], Refused | None], ...] = (
    subscriptions.membership_confirmed,
    guests.guest_home_is_known,
    guests.guest_term_runs,
    guests.guest_is_verified,
    region.membership_valid_here,
    subscriptions.not_digital_only,
    subscriptions.subscription_lends,
    subscriptions.paid_first,
    fees.open_amount_within_limit,
    subscriptions.strips_left,
    subscriptions.below_maximum,
)
ITEM_ORDER: tuple[Callable[[Borrow], Refused | None], ...] = (
    items.scanned_in_the_right_place,
    items.item_not_internal,
    items.item_is_lendable,
    items.item_not_already_yours,
    items.item_not_on_loan,
    items.item_not_held_for_another,
    region.item_may_leave_here,
)
Facts = TypeVar("Facts")


def _verdict(rules: Sequence[Callable[[Facts], Refused | None]], facts: Facts) -> Verdict:
    refusals = [one for one in (rule(facts) for rule in rules) if one is not None]
    return Verdict(refusals[0], tuple(refusals[1:])) if refusals else Verdict(None)


def on_visit(visit: Visit) -> Verdict:
    """Known, active → unique here → type → chip → PIN."""
    return _verdict(VISIT_ORDER, visit)


def on_patron(borrow: Borrow) -> Verdict:
    """May this patron borrow anything here today, whatever the item?"""
    return _verdict(PATRON_ORDER, borrow)


def on_borrow(borrow: Borrow) -> Verdict:
    """May this patron borrow this item here today? The patron's own rules come first."""
    return _verdict(PATRON_ORDER + ITEM_ORDER, borrow)


def due_date(borrow: Borrow) -> date:
    """The day that the loan ends: the linked subscription's days after today (0089: the loan date itself).

    Raises ValueError where the patron has no subscription that lends; ask for a verdict first.
    """
    found = effective(borrow)
    if found is None or found.subscription.loan_days is None:
        raise ValueError("no subscription to lend under")
    return borrow.here.today + timedelta(days=found.subscription.loan_days)
