"""What can be paid where the patron stands, and whether a payment fits it (F1, F2, S5). Integer cents."""

from circulation.events import Payment
from circulation.identifiers import InstitutionCode
from circulation.model import Fee, FeeStatus, Patron, Subscription
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Standing, rule

PAYABLE = frozenset({FeeStatus.OPEN, FeeStatus.REGISTERED})


@rule("F1")
def payable(patron: Patron, institution: InstitutionCode) -> tuple[Fee, ...]:
    """What can be paid there: its own amounts, open or registered; direct debit is shown only. Oldest first."""
    mine = [one for one in patron.fees if one.institution == institution and one.status in PAYABLE and one.cents > 0]
    return tuple(sorted(mine, key=lambda one: (one.since is None, one.since, one.ref)))


@rule("F1")
def credit(patron: Patron, institution: InstitutionCode) -> int:
    """The cents of *tegoed* that stand there, as a positive number."""
    rows = (one for one in patron.fees if one.institution == institution and one.status is FeeStatus.OPEN)
    return -sum(one.cents for one in rows if one.cents < 0)


@rule("F1")
def owed(patron: Patron, institution: InstitutionCode) -> int:
    """All that is payable there, less the credit that stands there; never below zero."""
    return max(0, sum(one.cents for one in payable(patron, institution)) - credit(patron, institution))


@rule("F2")
def may_pay(at: Standing, payment: Payment) -> Refused | None:
    """Each chosen amount is payable here and is chosen once; the terminal takes their sum, less the credit there."""
    mine = at.here.branch.institution
    open_here = {one.ref: one.cents for one in payable(at.patron, mine)}
    if owed(at.patron, mine) == 0:
        return Refused(Reason.NOTHING_TO_PAY, "F2", NextStep.KEEP)
    if not payment.fees or not open_here.keys() >= set(payment.fees):
        return Refused(Reason.NOT_PAYABLE_HERE, "F2", NextStep.DESK)
    takes = sum(open_here[one] for one in payment.fees) - credit(at.patron, mine)
    if len(set(payment.fees)) != len(payment.fees) or payment.cents != takes:
        return Refused(Reason.AMOUNT_DIFFERS, "F2", NextStep.SCAN_AGAIN)
    return None


@rule("S5")
def contribution_status(terms: Subscription, registers: bool) -> FeeStatus:
    """How a new contribution stands: registered where the patron pays later, open where it must be paid at once."""
    return FeeStatus.REGISTERED if registers and not terms.pay_at_once else FeeStatus.OPEN


@rule("S5")
def borrows_from_the_start(terms: Subscription, paid: bool) -> bool:
    """Whether the first loan need not wait for the money: only what is always paid at once makes it wait."""
    return paid or not terms.pay_at_once
