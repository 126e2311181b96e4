"""Books renewals, one or all: an answer per item (K11, K12, N5), and a strip where the library counts one (S2)."""

from dataclasses import dataclass, replace
from datetime import timedelta

from circulation.affairs import Renewed, RenewedAll, Unrenewed
from circulation.events import Event
from circulation.model import Item, Loan
from circulation.outcomes import Refused, Verdict
from circulation.rules import verdict
from circulation.rules.facts import Here, Renew
from circulation.rules.region import effective
from membership_store.books import Books
from membership_store.collection import find_item, items_lent_to
from membership_store.database import Contested
from membership_store.ledger import UNSET_LOAN_DAYS
from membership_store.members import Member
from membership_store.situation import Opening, open_visit


@dataclass(frozen=True, slots=True)
class Asked:
    """A loan that its patron wants to keep longer, and what the rules say of it."""

    renew: Renew
    verdict: Verdict
    member: Member


def asked(here: Here, member: Member, item: Item | None) -> Asked:
    """Judges the renewal of an item; the loan is the patron's own open one, or none."""
    loan = None if item is None else item.loan
    mine = loan if loan is not None and loan.patron == member.patron.ref else None
    renew = Renew(here, member.patron, item, mine)
    return Asked(renew, verdict.on_renew(renew), member)


def take_renewal(books: Books, event: Event) -> Renewed | Refused:
    """Renews one loan if the rules allow it, else refuses; what happened already is booked and flagged."""
    opening = _opened(books, event)
    item = find_item(books.session, books.consortium, event.scanned, to_write=True)
    wanted = None if opening.member is None else asked(opening.here, opening.member, item)
    whole = opening.verdict if wanted is None else opening.and_then(lambda _: wanted.verdict)
    if whole.decided is not None:
        if not books.happened:
            return whole.decided
        books.flag_all(event, whole)
    if wanted is None or wanted.renew.loan is None:
        return _park(books, event, opening, item)
    return _book(books, wanted)[0]


def take_renewals(books: Books, event: Event) -> RenewedAll | Refused:
    """Renews all that may be renewed of a patron's loans, the one due first before the others.

    A pass that is refused refuses all. Told as a fact it is flagged, and what the rules allow is renewed: which items
    were meant is nowhere else to be had.
    """
    opening = _opened(books, event)
    if opening.verdict.decided is not None:
        if not books.happened:
            return opening.verdict.decided
        books.flag_all(event, opening.verdict)
    if opening.member is None:
        books.flag(event, "K5", "parked", numbers=True)
        return RenewedAll()
    member, done, refused = opening.member, list[Renewed](), list[Unrenewed]()
    for item, loan in _loans(books, member):
        wanted = asked(opening.here, member, item)
        if wanted.verdict.decided is None:
            renewed, member = _book(books, wanted)
            done.append(renewed)
        else:
            refused.append(Unrenewed(item.barcode, item.title, loan.due, wanted.verdict.decided))
    return RenewedAll(tuple(done), tuple(refused))


def _opened(books: Books, event: Event) -> Opening:
    return open_visit(
        books.session,
        books.consortium,
        books.kiosk.branch,
        event.shown,
        books.at,
        kiosk=books.kiosk.id,
        to_write=True,
    )


def _loans(books: Books, member: Member) -> list[tuple[Item, Loan]]:
    """The patron's open loans with their items, the one due first before the others."""
    for barcode in sorted(loan.item for loan in member.patron.loans):
        books.session.lock("item", books.consortium, barcode)
    items = items_lent_to(books.session, books.consortium, member.patron.ref)
    found = [(one, one.loan) for one in items.values() if one.loan is not None and not one.loan.internal]
    return sorted(found, key=lambda one: (one[1].due, one[0].barcode))


def _book(books: Books, wanted: Asked) -> tuple[Renewed, Member]:
    """Moves the due date, and takes a strip where renewals cost one. Raises Contested."""
    renew, loan, item = wanted.renew, wanted.renew.loan, wanted.renew.item
    if loan is None or item is None:
        raise ValueError("no loan to renew")
    try:
        due = verdict.renewed_due(renew)
    except ValueError:
        due = max(loan.due, renew.here.today + timedelta(days=UNSET_LOAN_DAYS))
    moved = books.session.run(
        "UPDATE loan SET due = ?, renewals = renewals + 1"
        " WHERE consortium = ? AND item = ? AND patron = ? AND returned_at IS NULL AND renewals = ?",
        due.isoformat(),
        books.consortium,
        item.barcode,
        loan.patron,
        loan.renewals,
    )
    if moved != 1:
        raise Contested
    member = wanted.member
    if renew.here.policy.renewal_takes_strip:
        member = replace(member, patron=books.take_strip(member, effective(renew)))
    books.patron_changed(loan.patron)
    books.item_changed(item.barcode)
    left = max(0, renew.here.policy.max_renewals - loan.renewals - 1)
    return Renewed(item.barcode, item.title, due, left), member


def _park(books: Books, event: Event, opening: Opening, item: Item | None) -> Renewed:
    """No loan to book it on: staff get both numbers, the kiosk its acknowledgement."""
    books.flag(event, "K11" if opening.member else "K5", "parked", numbers=True)
    title, due = "" if item is None else item.title, opening.here.today + timedelta(days=UNSET_LOAN_DAYS)
    return Renewed(event.scanned, title, due)
