"""Books what a terminal took (F1, F2, F3, S5). A payment is a fact: it is never asked for and never refused here.

A terminal's reference is booked once, a fee is paid once; what is left of the money stands as credit (tegoed).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from circulation.affairs import Paid
from circulation.events import Event, Payment
from circulation.identifiers import InstitutionCode
from circulation.model import Fee, FeeStatus, Patron
from circulation.rules.facts import Here
from circulation.rules.payments import credit, owed, payable
from membership_store.books import Books, stamp
from membership_store.database import insert, one
from membership_store.members import Member, load
from membership_store.situation import open_visit

# Of a terminal's reference, in characters: what the table takes.
LONGEST_REFERENCE = 100


@dataclass(frozen=True, slots=True)
class Share:
    """How the money was divided. Cents: `used` of the credit that stood there, `left` of the money that was given."""

    fees: tuple[Fee, ...]
    used: int
    left: int


def take_payment(books: Books, event: Event) -> Paid:
    """Books a payment; whatever does not fit is flagged and stands as credit."""
    if event.payment is None:
        raise ValueError("no payment came with this act")
    paid = event.payment
    opening = open_visit(
        books.session,
        books.consortium,
        books.kiosk.branch,
        event.shown,
        books.at,
        kiosk=books.kiosk.id,
        to_write=True,
    )
    institution, member = opening.here.branch.institution, opening.member
    if _is_booked(books, paid):
        books.flag(event, "F3", "terminal_reference_again")
        return Paid(paid.terminal, paid.cents, _owed(member, institution))
    books.flag_each(event, (opening.verdict.decided,))
    _add_payment(books, event, paid, None if member is None else member.patron.ref, institution)
    if member is None:
        books.flag(event, "K5", "parked", numbers=True)
        return Paid(paid.terminal, paid.cents, 0, paid.cents)
    share = divided(member.patron, institution, paid)
    _flag(books, event, member, institution, paid, share)
    _settle(books, event, share)
    _use_credit(books, member, institution, share.used)
    if share.left > 0:
        _add_credit(books, event, member, opening.here, share.left)
    books.patron_changed(member.patron.ref)
    after = load(books.session, books.consortium, member.patron.ref)
    return Paid(paid.terminal, paid.cents, _owed(after, institution), share.left)


def divided(patron: Patron, institution: InstitutionCode, paid: Payment) -> Share:
    """Which of the chosen fees the money pays, each whole, the oldest first; credit makes up what is lacking (F1)."""
    chosen = [one for one in payable(patron, institution) if one.ref in paid.fees]
    lacking = max(0, sum(one.cents for one in chosen) - paid.cents)
    used = lacking if lacking <= credit(patron, institution) else 0
    purse, settled = paid.cents + used, []
    for fee in chosen:
        if fee.cents <= purse:
            purse -= fee.cents
            settled.append(fee)
    return Share(tuple(settled), used, purse)


def _owed(member: Member | None, institution: InstitutionCode) -> int:
    return 0 if member is None else owed(member.patron, institution)


def _is_booked(books: Books, paid: Payment) -> bool:
    known = "SELECT 1 FROM payment WHERE consortium = ? AND terminal = ?"
    return one(books.session.rows(known, books.consortium, paid.terminal)) is not None


def _add_payment(books: Books, event: Event, paid: Payment, patron: str | None, institution: InstitutionCode) -> None:
    insert(
        books.session,
        "payment",
        consortium=books.consortium,
        payment=books.key(event),
        patron=patron,
        institution=institution,
        branch=books.kiosk.branch,
        kiosk=books.kiosk.id,
        event=event.id,
        terminal=paid.terminal,
        cents=paid.cents,
        paid_at=stamp(books.at),
    )


def _flag(
    books: Books, event: Event, member: Member, institution: InstitutionCode, paid: Payment, share: Share
) -> None:
    """Tells staff what did not fit: an amount that is not the sum, a fee that was settled, is elsewhere, or unknown."""
    known = _cents_of(books, member, paid)
    payable_here = {one.ref for one in payable(member.patron, institution)}
    for fee in sorted(set(paid.fees) - payable_here):
        books.flag(event, "F2", "fee_settled" if known.get(fee, ("", 0))[0] == "paid" else "not_payable_here")
    if paid.cents + share.used != sum(cents for _, cents in known.values()):
        books.flag(event, "F2", "amount_differs")


def _cents_of(books: Books, member: Member, paid: Payment) -> Mapping[str, tuple[str, int]]:
    """Status and cents of the chosen fees, as far as they are this patron's, settled or not."""
    chosen = sorted(set(paid.fees))
    places = ", ".join("?" * len(chosen))
    rows = books.session.rows(
        f"SELECT fee, status, cents FROM fee WHERE consortium = ? AND patron = ? AND fee IN ({places})",  # noqa: S608
        books.consortium,
        member.patron.ref,
        *chosen,
    )
    return {fee: (status, cents) for fee, status, cents in rows}


def _settle(books: Books, event: Event, share: Share) -> None:
    """F2, S5: the fees are paid, once, and with them the memberships that they were for."""
    for fee in share.fees:
        books.session.run("UPDATE fee SET status = 'paid' WHERE consortium = ? AND fee = ?", books.consortium, fee.ref)
        key = {"consortium": books.consortium, "payment": books.key(event)}
        insert(books.session, "payment_fee", fee=fee.ref, cents=fee.cents, **key)
        books.session.run(
            "UPDATE membership SET paid = 1 WHERE consortium = ? AND membership IN"
            " (SELECT membership FROM fee WHERE consortium = ? AND fee = ?)",
            books.consortium,
            books.consortium,
            fee.ref,
        )


def _use_credit(books: Books, member: Member, institution: InstitutionCode, cents: int) -> None:
    """Takes the cents from the patron's credit there; a credit that is used up is settled."""
    rows = [fee for fee in member.patron.fees if fee.institution == institution and fee.status is FeeStatus.OPEN]
    for row in sorted((fee for fee in rows if fee.cents < 0), key=lambda fee: fee.ref):
        taken = min(cents, -row.cents)
        if taken <= 0:
            return
        cents -= taken
        status = "paid" if taken == -row.cents else "open"
        books.session.run(
            "UPDATE fee SET cents = cents + ?, status = ? WHERE consortium = ? AND fee = ?",
            taken,
            status,
            books.consortium,
            row.ref,
        )


def _add_credit(books: Books, event: Event, member: Member, here: Here, cents: int) -> None:
    """F1: money that nothing was owed for stands to the patron's credit."""
    insert(
        books.session,
        "fee",
        consortium=books.consortium,
        fee=f"credit-{books.key(event)}",
        patron=member.patron.ref,
        institution=here.branch.institution,
        cents=-cents,
        status="open",
        kind="other",
        since=here.today.isoformat(),
    )
