"""May this item be lent to this patron (A4, K7, K8, K11, P3)."""

from circulation.model import ItemStatus
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Borrow, Scanned, rule
from circulation.rules.numbers import NumberKind, kind_of, may_be_misread

_STATUS = {
    ItemStatus.REFERENCE: (Reason.ITEM_REFERENCE, NextStep.SHELF),
    ItemStatus.DAMAGED: (Reason.ITEM_DAMAGED, NextStep.DESK),
    ItemStatus.MISSING: (Reason.ITEM_MISSING, NextStep.DESK),
}


@rule("P3")
def scanned_in_the_right_place(borrow: Scanned) -> Refused | None:
    """A pass or a mandate on the item screen has a sentence of its own, if its number is not known as an item."""
    if borrow.item is not None or borrow.barcode is None:
        return None
    kind = kind_of(borrow.barcode)
    if kind in (NumberKind.PASS, NumberKind.ADMINISTRATIVE_PASS):
        return Refused(Reason.PASS_SHOWN_AS_ITEM, "P3", NextStep.SCAN_ITEM)
    if kind is NumberKind.MANDATE:
        return Refused(Reason.MANDATE_SHOWN, "P3", NextStep.SCAN_ITEM)
    return None


@rule("K7")
def item_is_lendable(borrow: Borrow) -> Refused | None:
    """An unknown item, a reference copy, one marked damaged or missing: refused, with where to take it."""
    if borrow.item is None:
        return item_is_known(borrow)
    if borrow.item.status is ItemStatus.LENDABLE:
        return None
    reason, next_step = _STATUS[borrow.item.status]
    return Refused(reason, "K7", next_step)


@rule("K7")
def item_is_known(brought: Scanned) -> Refused | None:
    """An unknown item cannot be taken in: the desk looks at it. What is known of it never stops a return."""
    if brought.item is not None or brought.barcode is None:
        return None
    again = may_be_misread(brought.barcode)
    return Refused(Reason.ITEM_UNKNOWN, "K7", NextStep.SCAN_AGAIN if again else NextStep.DESK)


@rule("A4")
def item_not_internal(borrow: Borrow) -> Refused | None:
    """An item out on an administrative pass goes to the desk."""
    if borrow.item and borrow.item.loan and borrow.item.loan.internal:
        return Refused(Reason.ITEM_INTERNAL, "A4", NextStep.DESK)
    return None


@rule("K11")
def item_not_already_yours(borrow: Borrow) -> Refused | None:
    """Lending the same item again to the same patron is never a silent renewal: it says until when it is theirs."""
    loan = borrow.item.loan if borrow.item else None
    if loan and not loan.internal and loan.patron == borrow.patron.ref:
        return Refused(Reason.ALREADY_YOURS, "K11", NextStep.KEEP, {"due": loan.due})
    return None


@rule("K7")
def item_not_on_loan(borrow: Borrow) -> Refused | None:
    """An item that nobody has returned yet is taken in at the desk first; the other patron is not named."""
    loan = borrow.item.loan if borrow.item else None
    if loan and not loan.internal and loan.patron != borrow.patron.ref:
        return Refused(Reason.ITEM_ON_LOAN, "K7", NextStep.DESK)
    return None


@rule("K8")
def fills_hold(borrow: Borrow) -> bool:
    """Whether a loan fills the patron's hold: this copy stands ready for it, is on its way to it, or was asked for."""
    hold = borrow.item.hold if borrow.item else None
    return hold is not None and hold.patron == borrow.patron.ref


@rule("K8")
def item_not_held_for_another(borrow: Borrow) -> Refused | None:
    """On the hold shelf for this patron it is lent; for another it goes back to the shelf beside you."""
    hold = borrow.item.hold if borrow.item else None
    if hold and hold.on_shelf and hold.patron != borrow.patron.ref:
        return Refused(Reason.HELD_FOR_ANOTHER, "K8", NextStep.HOLD_SHELF)
    return None
