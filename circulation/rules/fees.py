"""What is owed and whether it stops borrowing (F1, F4). Integer cents."""

from circulation.identifiers import InstitutionCode
from circulation.model import FeeStatus, Patron
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules.facts import Standing, rule


@rule("F4")
def open_amount(patron: Patron, institution: InstitutionCode) -> int:
    """Cents with the status open at that institution, less the credit there."""
    return sum([one.cents for one in patron.fees if one.status is FeeStatus.OPEN and one.institution == institution])


@rule("F4")
def open_amount_within_limit(borrow: Standing) -> Refused | None:
    """Strictly over the branch limit stops borrowing; registered and direct-debit amounts never count."""
    owed = open_amount(borrow.patron, borrow.here.branch.institution)
    if owed <= borrow.here.branch.open_amount_limit:
        return None
    values = {"cents": owed, "limit": borrow.here.branch.open_amount_limit}
    return Refused(Reason.OPEN_AMOUNT, "F4", NextStep.DESK, values)
