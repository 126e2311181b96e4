"""Money at the desk: notes, waiving, registering, paying, mandates (F1, F2, F5, S5). Integer cents throughout."""

import re
from dataclasses import dataclass, field
from datetime import date

from circulation.model import FeeKind, FeeStatus
from membership_store.staff import contributions
from membership_store.staff.acts import Act, Answer, At, Denied, Done, NoSuch, Unacceptable
from membership_store.staff.asked import OfPatron

LARGEST = 100_000
_MANDATE = re.compile(r"[0-9]{16}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote(OfPatron):
    """A note of so many cents, such as for an item that was lost."""

    cents: int
    kind: FeeKind = FeeKind.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class OfFee(OfPatron):
    """One amount, by its key."""

    fee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayFees(OfPatron):
    """Amounts that are paid at the desk, and what was taken in for them, in cents."""

    fees: tuple[str, ...]
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMandate(OfPatron):
    """A signed SEPA mandate of 16 digits. Of the account number only the last four are kept."""

    mandate: str = field(repr=False)
    iban: str = field(repr=False, metadata={"secret": True})
    signed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EndMandate(OfPatron):
    """A mandate that is withdrawn."""

    mandate: str = field(repr=False)


def add_note(at: At, asked: AddNote) -> Answer:
    """F5: an amount that the patron owes this institution."""
    at.member(asked.patron)
    if not 0 < asked.cents <= LARGEST:
        raise Unacceptable("cents", f"1 to {LARGEST}")
    if asked.kind is FeeKind.CONTRIBUTION:
        raise Unacceptable("kind", "a contribution comes with its membership")
    key = f"F{at.chance()}"
    at.add(
        "fee",
        fee=key,
        patron=asked.patron,
        institution=at.institution,
        cents=asked.cents,
        status="open",
        kind=asked.kind.value,
        since=at.today.isoformat(),
    )
    at.changed(asked.patron)
    return Done({"fee": key, "cents": asked.cents}, asked.patron, key)


def _fee(at: At, patron: str, fee: str) -> tuple[int, str]:
    """Cents and status of an amount of this institution. Raises NoSuch."""
    row = at.one(
        "SELECT cents, status FROM fee WHERE consortium = ? AND patron = ? AND fee = ? AND institution = ?",
        patron,
        fee,
        at.institution,
    )
    if row is None:
        raise NoSuch("fee")
    return int(row[0]), str(row[1])


def waive(at: At, asked: OfFee) -> Answer:
    """F5: the amount is owed no more, and nothing waits for it (S5); that it was waived stays to be seen."""
    at.member(asked.patron)
    cents, status = _fee(at, asked.patron, asked.fee)
    if status == "paid":
        return Denied("paid_already", "F2")
    at.run(
        "UPDATE fee SET status = 'paid', waived_at = ? WHERE consortium = ? AND fee = ?",
        at.stamp,
        at.consortium,
        asked.fee,
    )
    contributions.free(at, asked.fee)
    at.changed(asked.patron)
    return Done({"fee": asked.fee, "cents": cents}, asked.patron, asked.fee)


def register(at: At, asked: OfFee) -> Answer:
    """F1, S5: an open amount is registered, to be paid later; what must be paid at once stays open."""
    at.member(asked.patron)
    _, status = _fee(at, asked.patron, asked.fee)
    if status != "open":
        return Denied(f"fee_{status}", "F1")
    unpaid = at.one(
        "SELECT s.pay_at_once FROM fee f JOIN membership m ON m.consortium = f.consortium AND m.membership ="
        " f.membership JOIN subscription s ON s.consortium = m.consortium AND s.subscription = m.subscription"
        " WHERE f.consortium = ? AND f.fee = ? AND s.pay_at_once = 1",
        asked.fee,
    )
    if unpaid is not None:
        return Denied("paid_at_once", "S5")
    at.run("UPDATE fee SET status = 'registered' WHERE consortium = ? AND fee = ?", at.consortium, asked.fee)
    at.changed(asked.patron)
    return Done({"fee": asked.fee}, asked.patron, asked.fee)


def pay(at: At, asked: PayFees) -> Answer:
    """F2: paid at the desk, the exact sum, each amount once; never what the bank collects as well (F1)."""
    at.member(asked.patron)
    if not asked.fees or len(set(asked.fees)) != len(asked.fees):
        raise Unacceptable("fees", "each once, and at least one")
    found = {fee: _fee(at, asked.patron, fee) for fee in asked.fees}
    if any(status == "paid" for _, status in found.values()):
        return Denied("paid_already", "F2")
    if any(cents <= 0 or status == FeeStatus.DIRECT_DEBIT.value for cents, status in found.values()):
        return Denied("not_payable_here", "F1")
    due = sum(cents for cents, _ in found.values())
    if asked.cents != due:
        return Denied("amount_differs", "F2", {"cents": due})
    key = contributions.settle(at, asked.patron, {fee: cents for fee, (cents, _) in found.items()})
    at.changed(asked.patron)
    return Done({"payment": key, "cents": due}, asked.patron, key)


def record_mandate(at: At, asked: RecordMandate) -> Answer:
    """F5: the number of the mandate and the account's last four; the account number itself is not kept anywhere."""
    at.member(asked.patron)
    if not _MANDATE.fullmatch(asked.mandate):
        raise Unacceptable("mandate", "16 digits")
    iban = asked.iban.replace(" ", "").upper()
    if not is_iban(iban):
        raise Unacceptable("iban", "its check digits do not hold")
    if asked.signed_on > at.today:
        raise Unacceptable("signed_on", "in the future")
    if at.one("SELECT 1 FROM mandate WHERE consortium = ? AND mandate = ?", asked.mandate) is not None:
        return Denied("mandate_in_use", "F5")
    at.run(
        "UPDATE mandate SET ended_on = ? WHERE consortium = ? AND patron = ? AND ended_on IS NULL",
        at.today.isoformat(),
        at.consortium,
        asked.patron,
    )
    at.add(
        "mandate",
        mandate=asked.mandate,
        patron=asked.patron,
        account_end=iban[-4:],
        signed_on=asked.signed_on.isoformat(),
    )
    return Done({"signed_on": asked.signed_on}, asked.patron)


def end_mandate(at: At, asked: EndMandate) -> Answer:
    """F5: withdrawn from today on."""
    at.member(asked.patron)
    ended = "UPDATE mandate SET ended_on = ? WHERE consortium = ? AND patron = ? AND mandate = ? AND ended_on IS NULL"
    if at.run(ended, at.today.isoformat(), at.consortium, asked.patron, asked.mandate) == 0:
        raise NoSuch("mandate")
    return Done({"ended_on": at.today}, asked.patron)


def is_iban(text: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as 10 to 35, leave 1 when divided by 97."""
    if not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


ACTS = (
    Act("fees/add", "Writes a note for a patron (F5)", AddNote, add_note),
    Act("fees/waive", "Waives an amount (F5)", OfFee, waive),
    Act("fees/register", "Registers an open amount, to be paid later (F1)", OfFee, register),
    Act("fees/pay", "Takes in money at the desk (F2)", PayFees, pay),
    Act("mandates/record", "Records a SEPA mandate (F5)", RecordMandate, record_mandate),
    Act("mandates/end", "Ends a SEPA mandate (F5)", EndMandate, end_mandate),
)
