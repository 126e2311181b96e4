"""Books what was lent: loan, strip and hold in the caller's transaction (S2, K8), and facts whatever the rules say.

House decision 2: what physically happened is never refused, only recorded and flagged.
"""

from dataclasses import replace
from datetime import date, timedelta

from circulation.events import Event
from circulation.model import Loan
from circulation.outcomes import CheckedOut, Refused
from circulation.rules import verdict
from circulation.rules.facts import Borrow
from circulation.rules.items import fills_hold
from circulation.rules.region import effective
from circulation.rules.staffing import is_told_of_an_earlier_loan
from circulation.rules.subscriptions import may_borrow
from membership_store import freed_holds, lent_again, whereabouts
from membership_store.books import Books, stamp
from membership_store.members import Member
from membership_store.register import add_loan
from membership_store.situation import Situation, look

UNSET_LOAN_DAYS = 21


def take_loan(books: Books, event: Event) -> CheckedOut | Refused:
    """Lends if the rules allow it, else refuses; what has happened already is booked and flagged. Raises Contested."""
    situation = look(
        books.session,
        books.consortium,
        books.kiosk.branch,
        event.shown,
        books.at,
        event.scanned,
        kiosk=books.kiosk.id,
        to_write=True,
    )
    if not books.happened:
        return situation.refused or _lend(books, event, situation)
    ended = _over_since(books, situation)
    if ended is not None:
        if situation.borrow and situation.borrow.item and situation.borrow.item.loan is None:
            books.flag(event, "K10", "returned_meanwhile")  # else a rule says that another has it
        books.flag_all(event, situation.verdict)
        return _lend(books, event, situation, ended=ended)
    return _lend(books, event, situation) if situation.verdict.decided is None else _record(books, event, situation)


def _over_since(books: Books, situation: Situation) -> str | None:
    """When a loan that is told late was over again, because others had the item in hand before the store heard of it.

    As long as another loan runs, only what came back before that one began says so.
    """
    item = situation.borrow.item if situation.borrow else None
    if item is None:
        return None
    seen = whereabouts.seen_since(books, item.barcode, books.not_before)
    return seen if item.loan is None or (seen is not None and not whereabouts.is_lending(books, item, seen)) else None


def _lend(books: Books, event: Event, situation: Situation, *, ended: str | None = None) -> CheckedOut:
    """Lends, after the rules allowed it or it happened. `ended`: told so late that the loan is over since then.

    It took its strip all the same (S2); where the item is now is another matter.
    """
    borrow, member = situation.borrow, situation.member
    if borrow is None or borrow.item is None or member is None:
        raise ValueError("nothing to lend, or nobody to lend it to")
    loan = _loan(event, situation, borrow)
    found = effective(borrow)
    under = _membership(borrow, member)
    again = _borrowed_before(books, borrow)  # asked before there is this loan, which may be over already
    lent_at = stamp(books.at) if ended is None else min(stamp(books.at), ended)
    add_loan(books.session, books.consortium, books.key(event), loan, lent_at, ended, under)
    patron, filled = books.take_strip(member, found), _fill_hold(books, borrow, ended)
    if ended is None:
        _free_holds(books, borrow)
        _leaves(books, borrow)
        patron = replace(patron, loans=(*patron.loans, loan))
    books.patron_changed(patron.ref)
    books.item_changed(borrow.item.barcode)
    after = replace(borrow, patron=patron)
    return CheckedOut(loan.item, borrow.item.title, loan.due, len(patron.loans), may_borrow(after), filled, again)


def _record(books: Books, event: Event, situation: Situation) -> CheckedOut:
    """Books a loan that has happened, and tells staff of every rule that would have refused it."""
    books.flag_all(event, situation.verdict)
    borrow = situation.borrow
    if borrow is None or borrow.item is None:
        return _park(books, event, situation)
    standing = borrow.item.loan
    if standing is not None and standing.patron == borrow.patron.ref and not standing.internal:
        lent_again.keep(books, event, _loan(event, situation, borrow), _membership(borrow, situation.member))
        title, loans = borrow.item.title, len(borrow.patron.loans)
        return CheckedOut(event.scanned, title, standing.due, loans, may_borrow(borrow))
    if standing is not None:
        later = whereabouts.give_way(books, borrow.item)
        if later is not None:
            return _lend(books, event, situation, ended=later)
        books.patron_changed(standing.patron)
    return _lend(books, event, situation)


def _membership(borrow: Borrow, member: Member | None) -> str | None:
    """The key of the membership that a loan is made under, where one counts."""
    found = effective(borrow)
    return None if found is None or member is None else member.key_of(found.membership)


def _loan(event: Event, situation: Situation, borrow: Borrow) -> Loan:
    today = situation.here.today
    return Loan(event.scanned, borrow.patron.ref, situation.here.branch.code, today, _due(borrow, today))


def _fill_hold(books: Books, borrow: Borrow, ended: str | None) -> bool:
    """K8: the patron has what the hold was for. The item was held when it was read.

    A copy on its way to them was chosen later than a loan that is over by now.
    """
    hold = None if borrow.item is None else borrow.item.hold
    if hold is None or not fills_hold(borrow) or not (hold.on_shelf or ended is None):
        return False
    return (
        books.session.run(
            "UPDATE hold SET status = 'filled'"
            " WHERE consortium = ? AND item = ? AND patron = ? AND status IN ('on_shelf', 'waiting')",
            books.consortium,
            borrow.barcode,
            borrow.patron.ref,
        )
        > 0
    )


def _borrowed_before(books: Books, borrow: Borrow) -> bool:
    """K4: whether the patron, who has asked to be told, had a copy of this title before."""
    if not borrow.patron.tells_borrowed_before:
        return False
    rows = books.session.rows(
        "SELECT 1 FROM loan l JOIN item i ON i.consortium = l.consortium AND i.item = l.item"  # noqa: S608 - our words
        " JOIN item this ON this.consortium = i.consortium AND this.title = i.title"
        " WHERE l.consortium = ? AND l.patron = ? AND l.returned_at IS NOT NULL AND this.item = ?"
        f" AND {lent_again.IS_A_LOAN} ORDER BY l.returned_at LIMIT 1",
        books.consortium,
        borrow.patron.ref,
        borrow.barcode,
    )
    return is_told_of_an_earlier_loan(borrow.patron, bool(rows))


def _free_holds(books: Books, borrow: Borrow) -> None:
    """K8: the item that was kept for another has left: the other waits for the next copy, as the first in line."""
    item = borrow.item
    if item is None or item.hold is None:
        return
    if freed_holds.free(books.session, books.consortium, item.barcode, borrow.patron.ref):
        books.copies_changed(item.barcode)


def _leaves(books: Books, borrow: Borrow) -> None:
    books.session.later(
        "UPDATE item SET in_transit_to = NULL WHERE consortium = ? AND item = ? AND in_transit_to IS NOT NULL",
        books.consortium,
        borrow.barcode,
    )


def _park(books: Books, event: Event, situation: Situation) -> CheckedOut:
    """Nobody or nothing to book it on: staff get both numbers, the kiosk its acknowledgement."""
    title = situation.borrow.item.title if situation.borrow and situation.borrow.item else ""
    books.flag(event, "K5" if situation.borrow is None else "K7", "parked", numbers=True)
    return CheckedOut(event.scanned, title, situation.here.today + timedelta(days=UNSET_LOAN_DAYS), 0, None)


def _due(borrow: Borrow, today: date) -> date:
    try:
        return verdict.due_date(borrow)
    except ValueError:
        return today + timedelta(days=UNSET_LOAN_DAYS)
