"""Runs the rules in their order (docs/rules.md). The first refusal decides; all others are kept for staff."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from circulation.outcomes import Refused, Verdict
from circulation.rules import fees, guests, items, passes, pins, region, renewals, subscriptions
from circulation.rules.facts import Borrow, Here, Renew, Return, Scanned, Standing, Visit, rule
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
    pins.pin_is_proved,
)
MEMBERSHIP_ORDER: tuple[Callable[[Standing], Refused | None], ...] = (
    subscriptions.membership_confirmed,
    guests.guest_home_is_known,
    guests.guest_term_runs,
    guests.guest_is_verified,
    region.membership_valid_here,
    subscriptions.not_digital_only,
    subscriptions.subscription_lends,
)
PATRON_ORDER: tuple[Callable[[Standing], Refused | None], ...] = (
    *MEMBERSHIP_ORDER,
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
BORROW_ORDER: tuple[Callable[[Borrow], Refused | None], ...] = (*PATRON_ORDER, *ITEM_ORDER)
RENEW_ORDER: tuple[Callable[[Renew], Refused | None], ...] = (
    *MEMBERSHIP_ORDER,
    fees.open_amount_within_limit,
    renewals.strip_for_renewal,
    renewals.loan_is_yours,
    renewals.nobody_waits_for_it,
    renewals.not_renewed_too_often,
    renewals.not_interlibrary,
    renewals.renewed_where_it_belongs,
)
RETURN_ORDER: tuple[Callable[[Scanned], Refused | None], ...] = (
    items.scanned_in_the_right_place,
    items.item_is_known,
    region.item_may_come_back_here,
)
Facts = TypeVar("Facts")
_NO_REFUSAL = Verdict(None)
_DAY = timedelta(days=1)


def _verdict(rules: Sequence[Callable[[Facts], Refused | None]], facts: Facts) -> Verdict:
    refusals = []
    for one in rules:
        no = one(facts)
        if no is not None:
            refusals.append(no)
    return Verdict(refusals[0], tuple(refusals[1:])) if refusals else _NO_REFUSAL


def on_visit(visit: Visit) -> Verdict:
    """Known, active → unique here → type → chip → PIN."""
    return _verdict(VISIT_ORDER, visit)


def on_patron(borrow: Borrow) -> Verdict:
    """May this patron borrow anything here today, whatever the item?"""
    return _verdict(PATRON_ORDER, borrow)


def on_borrow(borrow: Borrow) -> Verdict:
    """May this patron borrow this item here today? The patron's own rules come first."""
    return _verdict(BORROW_ORDER, borrow)


def on_item(borrow: Borrow) -> Verdict:
    """May this item be lent to this patron, of whom `on_patron` has said nothing?"""
    return _verdict(ITEM_ORDER, borrow)


def told(borrow: Borrow, no: Refused) -> Refused:
    """The refusal as the kiosk hears it: with whether the item is lent, which a patron's own reason does not say."""
    loan = borrow.item.loan if borrow.item else None
    return replace(no, on_loan=True) if loan and not loan.internal else no


def on_renew(renew: Renew) -> Verdict:
    """May this loan run longer? The membership comes first, then what is owed, then the loan and its item."""
    return _verdict(RENEW_ORDER, renew)


def on_return(brought: Return) -> Verdict:
    """May this item be taken in here? Neither pass nor loan is needed; another library's item may be sent on."""
    return _verdict(RETURN_ORDER, brought)


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
