"""What this kiosk did and its mirror does not contain yet, laid over the mirror's facts (house decision 4). Pure.

Loans add to the patron's loans, take a strip and mark the item; returns end the loan and fine a late one; payments take
away the fee. What the mirror has already is not counted twice: a page may hold an event before it says that it does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from circulation.affairs import CheckedIn, Paid, Renewed, Route
from circulation.identifiers import ItemBarcode, PatronRef
from circulation.model import Fee, FeeKind, FeeStatus, Hold, Item, ItemStatus, Loan, Membership, Patron, changed
from circulation.outcomes import CheckedOut
from circulation.rules.facts import Borrow, Here, Return, Standing
from circulation.rules.fines import fine, terms_of
from circulation.rules.payments import PAYABLE
from circulation.rules.region import effective
from circulation.rules.returns import internal_stays_open, next_hold, route_of
from circulation.rules.subscriptions import strip_balance
from values import dataclass

NOBODY = PatronRef("")


@dataclass(frozen=True, slots=True)
class Own:
    """One own event, masked. `patron` is NOBODY where the pass is not known, `item` None where there was none.

    `done` is None while nobody knows whether it was done: it counts for the limits, and the item is nobody's to lend.
    `fees` and `cents` are a payment's. `offline`: done without the library system.
    """

    day: date
    patron: PatronRef
    item: ItemBarcode | None
    done: CheckedOut | CheckedIn | Paid | Renewed | None
    offline: bool = False
    fees: frozenset[str] = frozenset()
    cents: int = 0


def patron_with(patron: Patron, here: Here, own: Iterable[Own]) -> Patron:
    """The patron after these events, oldest first."""
    for one in own:
        match one.done:
            case CheckedIn():
                patron = _brought_back(patron, here, one)
            case _ if one.patron != patron.ref:
                continue
            case CheckedOut(due=due):
                patron = _borrowed(patron, here, one, due)
            case None:
                patron = _borrowed(patron, here, one, one.day)
            case Renewed(due=due):
                patron = _renewed(patron, here, one, due)
            case Paid():
                patron = _paid(patron, here, one)
    return patron


def lent_offline(patron: PatronRef, own: Sequence[Own]) -> int:
    """How many items the patron borrowed without the library system since it was last heard of."""
    if not own:
        return 0
    return sum(one.patron == patron and one.offline and isinstance(one.done, CheckedOut) for one in own)


def item_with(item: Item, here: Here, own: Iterable[Own]) -> Item:
    """The item after these events, oldest first; all of them are about this item."""
    for one in own:
        if isinstance(one.done, CheckedOut):
            item = _taken(item, _loan(one, here, one.done.due))
        elif isinstance(one.done, Renewed) and item.loan is not None:
            item = replace(item, loan=replace(item.loan, due=one.done.due, renewals=item.loan.renewals + 1))
        elif isinstance(one.done, CheckedIn):
            item = _brought(item, here)
    return item


def with_loan(borrow: Standing, loan: Loan) -> Patron:
    """The patron with one loan more, and one strip less."""
    patron = borrow.patron
    return changed(patron, loans=(*patron.loans, loan), memberships=_strip_taken(borrow))


def _strip_taken(borrow: Standing) -> tuple[Membership, ...]:
    """S2: one strip less in the membership that counts here, where it counts strips."""
    found, rows = effective(borrow), borrow.patron.memberships
    if found is None or strip_balance(found) is None:
        return rows
    return tuple([_one_less(one, found.membership) for one in rows])


def _borrowed(patron: Patron, here: Here, one: Own, due: date) -> Patron:
    if one.item is None or any(loan.item == one.item for loan in patron.loans):
        return patron
    return with_loan(Borrow(here, patron), _loan(one, here, due))


def _renewed(patron: Patron, here: Here, one: Own, due: date) -> Patron:
    loans = tuple(replace(loan, due=due) if loan.item == one.item else loan for loan in patron.loans)
    if loans == patron.loans:
        return patron
    if not here.policy.renewal_takes_strip:
        return replace(patron, loans=loans)
    return replace(patron, loans=loans, memberships=_strip_taken(Borrow(here, patron)))


def _brought_back(patron: Patron, here: Here, one: Own) -> Patron:
    """S8: a loan that ends late is fined by the terms that counted when it was made, as the library system will do.

    As if it had been lent here †: the mirror does not know which library a branch elsewhere belongs to.
    """
    ended = next((loan for loan in patron.loans if loan.item == one.item), None)
    if ended is None:
        return patron
    patron = replace(patron, loans=tuple(loan for loan in patron.loans if loan is not ended))
    terms = terms_of(patron, replace(here, today=one.day), ended.lent) if one.day > ended.due else None
    cents = 0 if terms is None else fine(ended, terms, one.day)
    if cents == 0:
        return patron
    owed = Fee("fine", cents, here.branch.institution, FeeStatus.OPEN, FeeKind.FINE, one.day)
    return replace(patron, fees=(*patron.fees, owed))


def _loan(one: Own, here: Here, due: date) -> Loan:
    return Loan(one.item or ItemBarcode(""), one.patron, here.branch.code, one.day, due)


def _one_less(row: Membership, used: Membership) -> Membership:
    if row is not used or row.strips_left is None:
        return row
    return changed(row, strips_left=row.strips_left - 1)


def _taken(item: Item, loan: Loan) -> Item:
    """K8: a hold of whoever took it is filled, one of anybody else waits: for the next copy where it stood ready.

    Whether this copy was asked for by its number is not known here: what waited for it goes on doing so.
    """
    hold = item.hold
    kept = hold if hold is not None and not hold.on_shelf and hold.patron != loan.patron else None
    filled = hold if hold is not None and hold.patron == loan.patron else None
    first = item.wanted_by.index(filled) if filled in item.wanted_by else -1
    wanted = tuple(replace(one, on_shelf=False) for n, one in enumerate(item.wanted_by) if n != first)
    return replace(item, loan=loan, hold=kept, wanted_by=wanted)


def _brought(item: Item, here: Here) -> Item:
    """As the library system books a return: the loan ends, what was missing is found, the next hold gets it.

    A hold on this copy that it cannot come to stays: whether it was asked for by its number is not known here.
    """
    brought = Return(here, item.barcode, item)
    route, place = route_of(brought)
    hold = next_hold(brought)
    loan = item.loan if internal_stays_open(brought) else None
    status = ItemStatus.LENDABLE if item.status is ItemStatus.MISSING else item.status
    after = replace(item, loan=loan, status=status)
    if hold is None or route not in (Route.HOLD_SHELF, Route.OTHER_BRANCH):
        return after
    kept = replace(hold, on_shelf=route is Route.HOLD_SHELF, shelf=place if route is Route.HOLD_SHELF else "")
    return replace(after, hold=kept, wanted_by=_in_place(item.wanted_by, hold, kept))


def _in_place(holds: tuple[Hold, ...], old: Hold, new: Hold) -> tuple[Hold, ...]:
    rest = [one for one in holds if one != old]
    return (new, *rest)


def _paid(patron: Patron, here: Here, one: Own) -> Patron:
    """F1, F2: each chosen amount that the money covers is gone; credit makes up what is lacking, and what is left
    becomes credit."""
    mine = here.branch.institution
    chosen = [fee for fee in patron.fees if _is_payable(fee, mine) and fee.ref in one.fees]
    tegoed = [fee for fee in patron.fees if fee.institution == mine and _is_credit(fee)]
    lacking = max(0, sum(fee.cents for fee in chosen) - one.cents)
    stands = -sum(fee.cents for fee in tegoed)
    used = lacking if lacking <= stands else 0
    purse, settled = one.cents + used, set()
    for fee in sorted(chosen, key=lambda fee: (fee.since is None, fee.since, fee.ref)):
        if fee.cents <= purse:
            purse -= fee.cents
            settled.add(fee.ref)
    gone = settled | {fee.ref for fee in tegoed}
    kept = tuple(fee for fee in patron.fees if fee.ref not in gone)
    left = stands - used + purse
    return replace(patron, fees=(*kept, Fee("credit", -left, mine)) if left > 0 else kept)


def _is_payable(fee: Fee, institution: str) -> bool:
    return fee.institution == institution and fee.status in PAYABLE and fee.cents > 0


def _is_credit(fee: Fee) -> bool:
    return fee.status is FeeStatus.OPEN and fee.cents < 0
