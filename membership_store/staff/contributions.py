"""A membership and what it costs: its row, its strips, its contribution paid or registered (S1, S2, S5, S7, F1)."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from circulation.identifiers import InstitutionCode
from circulation.model import FeeStatus, Subscription
from circulation.rules.payments import contribution_status
from membership_store.staff.acts import At


class Paying(Enum):
    """How a contribution is settled: paid now at the desk, registered to be paid later, or by direct debit (S5, F1)."""

    NOW = "now"
    REGISTER = "register"
    DIRECT_DEBIT = "direct_debit"


@dataclass(frozen=True, slots=True)
class Term:
    """A term that begins: of whom, of what product, from when until when, at which institution."""

    patron: str
    institution: InstitutionCode
    terms: Subscription
    starts: date
    ends: date
    strips: int | None

    @classmethod
    def of(cls, at: At, patron: str, terms: Subscription, starts: date, ends: date) -> "Term":
        """A term here, with the whole balance of its subscription."""
        return cls(patron, at.institution, terms, starts, ends, terms.strips)


def begin(at: At, term: Term, cents: int, paying: Paying) -> str:
    """Writes the membership down with its strips and its contribution of so many cents; returns its key.

    What is always paid at once stands open and unpaid until it is paid (S5), however it was asked.
    """
    key = f"M{at.chance()}"
    paid = cents == 0 or paying is Paying.NOW
    at.add(
        "membership",
        membership=key,
        patron=term.patron,
        institution=term.institution,
        subscription=term.terms.code,
        starts=term.starts.isoformat(),
        ends=term.ends.isoformat(),
        status="normal" if paid else "invoiced",
        paid=int(paid),
    )
    if term.strips is not None:
        at.add("strips", membership=key, balance=term.strips)
        book(at, key, term.strips)
    if cents > 0:
        fee = charge(at, term, key, cents, paying)
        if paying is Paying.NOW:
            settle(at, term.patron, {fee: cents})
    return key


def charge(at: At, term: Term, membership: str, cents: int, paying: Paying) -> str:
    """F1: writes the contribution down as owed to this institution; returns its key."""
    key = f"F{at.chance()}"
    status = contribution_status(term.terms, paying is not Paying.NOW)
    if paying is Paying.DIRECT_DEBIT and not term.terms.pay_at_once:
        status = FeeStatus.DIRECT_DEBIT
    at.add(
        "fee",
        fee=key,
        patron=term.patron,
        institution=at.institution,
        cents=cents,
        status=status.value,
        kind="contribution",
        since=at.today.isoformat(),
        membership=membership,
    )
    return key


def settle(at: At, patron: str, fees: dict[str, int]) -> str:
    """F2: books that these amounts (cents by fee) were paid at the desk, and what they pay for; returns the payment."""
    key = f"B{at.chance()}"
    at.add(
        "payment",
        payment=key,
        patron=patron,
        institution=at.institution,
        branch=at.here.branch.code,
        terminal=f"desk/{key}",
        cents=sum(fees.values()),
        paid_at=at.stamp,
    )
    for fee, cents in fees.items():
        at.add("payment_fee", payment=key, fee=fee, cents=cents)
        at.run("UPDATE fee SET status = 'paid' WHERE consortium = ? AND fee = ?", at.consortium, fee)
        free(at, fee)
    return key


def free(at: At, fee: str) -> None:
    """S5: the membership whose contribution this amount was waits for no money any more."""
    paid = (
        "UPDATE membership SET paid = 1 WHERE consortium = ? AND membership ="
        " (SELECT membership FROM fee WHERE consortium = ? AND fee = ?)"
    )
    at.run(paid, at.consortium, at.consortium, fee)


def book(at: At, membership: str, strips: int) -> None:
    """S2: the entry that says what was booked on a balance."""
    at.add("strips_entry", entry=f"E{at.chance()}", membership=membership, strips=strips, booked_at=at.stamp)
