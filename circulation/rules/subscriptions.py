"""What a membership gives: S1, S2, S3, S5, S6, S7 and the confirmation of K6."""

from circulation.catalogue import on_day
from circulation.model import PatronType
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Standing, rule
from circulation.rules.payments import borrows_from_the_start
from circulation.rules.region import Effective, effective
from circulation.rules.terms import counts, in_term


@rule("K6")
def membership_confirmed(borrow: Standing) -> Refused | None:
    """Enrolled online and not yet confirmed; refused only if no other membership counts."""
    if effective(borrow) is not None:
        return None
    here, rows = borrow.here, borrow.patron.memberships
    accepted = [one for one in rows if here.accepts(one.institution)]
    if any(counts(one, here.today) for one in accepted):
        return None
    if any(in_term(one, here.today) and not one.confirmed for one in accepted):
        return Refused(Reason.NOT_CONFIRMED, "K6", NextStep.DESK)
    return None


@rule("S6")
def not_digital_only(borrow: Standing) -> Refused | None:
    """A digital subscription borrows no physical item."""
    found = effective(borrow)
    if found and found.subscription.digital_only:
        return Refused(Reason.DIGITAL_ONLY, "S6", NextStep.DESK)
    return None


@rule("S1")
def subscription_lends(borrow: Standing) -> Refused | None:
    """No self-service loan where the catalogue leaves the period blank, has it end at once, or lacks the product."""
    found = effective(borrow)
    if found is None:
        here, rows = borrow.here, borrow.patron.memberships
        listed = not any(one.institution == here.branch.institution and counts(one, here.today) for one in rows)
        return None if listed else Refused(Reason.NO_SELF_SERVICE, "S1", NextStep.DESK)
    if found.subscription.digital_only or found.subscription.lends:
        return None
    return Refused(Reason.NO_SELF_SERVICE, "S1", NextStep.DESK)


@rule("S5", "S1")
def paid_first(borrow: Standing) -> Refused | None:
    """0091 is paid at once: no loan before. Told is the price of the day on which it began, whatever it costs now."""
    found = effective(borrow)
    if found and not borrows_from_the_start(found.subscription, found.membership.paid):
        row = found.membership
        charged = on_day(found.subscription.code, row.starts, borrow.here.catalogue) or found.subscription
        return Refused(Reason.PAY_FIRST, "S5", NextStep.DESK, {"cents": charged.price})
    return None


@rule("S2")
def strip_balance(found: Effective) -> int | None:
    """The strips that the term still has. None where the (linked, N1) subscription or the membership counts none.

    A loan takes one strip exactly where this is not None.
    """
    return None if found.subscription.strips is None else found.membership.strips_left


@rule("S2", "G5")
def strips_left(borrow: Standing) -> Refused | None:
    """A loan takes one of the term's strips; without any left it is refused. A guest has none before G5 is booked."""
    found = effective(borrow)
    if found is None or found.subscription.digital_only:
        return None
    balance = strip_balance(found)
    if balance is None or balance > 0:
        return None
    if borrow.patron.type is PatronType.GUEST:
        return Refused(Reason.GUEST_WITHOUT_STRIPS, "S2", NextStep.DESK)
    return Refused(Reason.NO_STRIPS, "S2", NextStep.DESK, {"ends": found.membership.ends})


@rule("S3")
def below_maximum(borrow: Standing) -> Refused | None:
    """The maximum on the pass is a limit on loans at one time; the loans of the whole region count."""
    found = effective(borrow)
    if found is None or found.subscription.on_pass is None:
        return None
    if len(borrow.patron.loans) < found.subscription.on_pass:
        return None
    values = {"count": len(borrow.patron.loans), "maximum": found.subscription.on_pass}
    return Refused(Reason.ON_PASS_MAXIMUM, "S3", NextStep.RETURN_SOMETHING, values)


@rule("S2", "S3")
def may_borrow(borrow: Standing) -> int | None:
    """How many more items, by S2 and S3 together; None where neither sets a maximum, 0 where nothing lends (S1, S6)."""
    found = effective(borrow)
    if found is None or not found.subscription.lends:
        return 0
    limits = []
    balance = strip_balance(found)
    if balance is not None:
        limits.append(max(0, balance))
    if found.subscription.on_pass is not None:
        limits.append(max(0, found.subscription.on_pass - len(borrow.patron.loans)))
    return min(limits) if limits else None
