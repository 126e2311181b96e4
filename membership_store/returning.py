"""Books what came back: the loan ends, a late one is fined, the next hold gets it, it goes where it must (K10, K8, S8).

No pass is shown, and nothing that is answered says whose loan it was. What lies in the bin is booked whatever N6 says.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from circulation.affairs import CheckedIn, Route
from circulation.events import Event
from circulation.identifiers import InstitutionCode, ItemBarcode, SubscriptionCode
from circulation.model import Item, ItemStatus, Membership, Subscription
from circulation.outcomes import Reason, Refused, Verdict
from circulation.rules import verdict
from circulation.rules.facts import Here, Return
from circulation.rules.fines import at_rates_of, fine, terms_of
from circulation.rules.region import linked
from circulation.rules.returns import SHELF_DAYS, internal_stays_open, must_let_go, next_hold, route_of
from membership_store import freed_holds, lent_again, whereabouts
from membership_store.books import Books, stamp
from membership_store.collection import find_item
from membership_store.database import Contested, Session, insert, one
from membership_store.lent_again import Until
from membership_store.members import load
from membership_store.network import load_here
from membership_store.whereabouts import Ended


@dataclass(frozen=True, slots=True)
class Brought:
    """An item that somebody brings, and what the rules say of it."""

    facts: Return
    verdict: Verdict

    @property
    def item(self) -> Item | None:
        """The item, where it is known."""
        return self.facts.item


def look_at_return(
    session: Session, consortium: str, branch: str, barcode: ItemBarcode, moment: datetime, *, to_write: bool = False
) -> Brought:
    """Loads and judges what was brought to the branch at that moment (UTC). Raises NoSuchBranch.

    `to_write`: the item and whoever has it are held until the transaction ends.
    """
    here = load_here(session, consortium, branch, moment)
    if to_write:
        for (patron,) in session.rows(
            "SELECT patron FROM loan WHERE consortium = ? AND item = ? AND returned_at IS NULL", consortium, barcode
        ):
            session.lock("patron", consortium, patron)
    facts = Return(here, barcode, find_item(session, consortium, barcode, to_write=to_write))
    return Brought(facts, verdict.on_return(facts))


def take_back(books: Books, event: Event) -> CheckedIn | Refused:
    """Takes an item in, or refuses it (N6); what lies in the bin already is booked and flagged."""
    brought = look_at_return(
        books.session, books.consortium, books.kiosk.branch, event.scanned, books.at, to_write=True
    )
    if brought.verdict.decided is not None:
        if not books.happened:
            return brought.verdict.decided
        books.flag_all(event, brought.verdict)
    if brought.item is None:
        books.flag(event, "K7", "parked", numbers=True)
        return CheckedIn(event.scanned, "", Route.STAFF, was_on_loan=False)
    return _book(books, event, brought, brought.item)


def _book(books: Books, event: Event, brought: Brought, item: Item) -> CheckedIn:
    is_past = books.happened and whereabouts.seen_since(books, item.barcode, books.not_after) is not None
    was_on_loan = _end_loan(books, event, brought, item)
    if is_past:
        return _past(books, event, brought, was_on_loan=was_on_loan)
    route, code = route_of(brought.facts)
    if brought.verdict.decided is not None:
        route, code = Route.OTHER_BRANCH, item.branch
    if item.status is ItemStatus.MISSING:
        books.flag(event, "K7", Reason.ITEM_MISSING.value)
    if route is Route.STAFF and item.interlibrary:
        books.flag(event, "K12", Reason.INTERLIBRARY.value)
    if not was_on_loan:
        whereabouts.came_back(books, item.barcode, stamp(books.at), books.kiosk.id)
    _leaves_the_list(books, item)
    place = _send(books, brought, item, route, code)
    books.item_changed(item.barcode)
    return CheckedIn(item.barcode, item.title, route, place, was_on_loan)


def _past(books: Books, event: Event, brought: Brought, *, was_on_loan: bool) -> CheckedIn:
    """Told so late that others have had the item since: it lies no more where this kiosk put it, and goes nowhere."""
    item = brought.item
    if item is None:
        raise ValueError("no item came back")
    if was_on_loan and item.loan is not None and not internal_stays_open(brought.facts):
        lent_again.go_on(books, item.loan, Until())
    elif not was_on_loan:
        ended = whereabouts.end_earlier(books, item.barcode)
        if ended is None:
            whereabouts.came_back(books, item.barcode, stamp(books.at), books.kiosk.id)
        else:
            books.flag(event, "K10", "returned_earlier")
            _fine_anew(books, event, brought.facts.here, replace(item, loan=ended.loan), ended)
            lent_again.go_on(books, ended.loan, ended.until)
            books.patron_changed(ended.loan.patron)
            was_on_loan = True
    books.item_changed(item.barcode)
    route, code = route_of(brought.facts)
    name = _name_of(books, brought.facts.here, code) if route is Route.OTHER_BRANCH else code
    return CheckedIn(item.barcode, item.title, route, name, was_on_loan)


def _end_loan(books: Books, event: Event, brought: Brought, item: Item) -> bool:
    """Ends the open loan and books its fine; says whether there was one that ended."""
    if item.loan is None:
        return False
    if internal_stays_open(brought.facts):
        books.flag(event, "A4", Reason.ITEM_INTERNAL.value)
        return True
    key, lent_at, membership = books.session.rows(
        "SELECT loan, lent_at, membership FROM loan WHERE consortium = ? AND item = ? AND returned_at IS NULL",
        books.consortium,
        item.barcode,
    )[0]
    at = stamp(books.at)
    if lent_at > stamp(books.not_after) and not books.did_before(key):
        # A return of an earlier time, told late: the loan that runs now is another one. What this kiosk lent itself
        # came before by its own sequence, whatever its clock says.
        books.flag(event, "house 2", "returned_before_loan")
        return False
    books.session.run(
        "UPDATE loan SET returned_at = ?, returned_branch = ?, returned_kiosk = ? WHERE consortium = ? AND loan = ?",
        max(at, lent_at),
        books.kiosk.branch,
        books.kiosk.id,
        books.consortium,
        key,
    )
    _fine(books, event, brought.facts.here, item, key, membership)
    books.patron_changed(item.loan.patron)
    return True


def _fine_anew(books: Books, event: Event, here: Here, item: Item, ended: Ended) -> None:
    """S8: an open fine of the later return is waived, and that of this one owed; one that was paid is left to staff.

    A loan that gave way to the next one had no return yet that could be fined: this is it.
    """
    known = books.session.rows(
        "SELECT 1 FROM fee WHERE consortium = ? AND loan = ? AND kind = 'fine'", books.consortium, ended.key
    )
    waived = books.session.run(
        "UPDATE fee SET status = 'paid', waived_at = ? WHERE consortium = ? AND loan = ? AND kind = 'fine'"
        " AND status = 'open'",
        stamp(books.now),
        books.consortium,
        ended.key,
    )
    if waived > 0 or not known:
        _fine(books, event, here, item, ended.key, ended.membership)


def _fine(books: Books, event: Event, here: Here, item: Item, key: str, membership: str | None) -> None:
    """S8: what a late return costs by the terms that the loan was made under, owed where it was lent."""
    loan = item.loan
    if loan is None or here.today <= loan.due:
        return
    there = (
        here if loan.branch == here.branch.code else load_here(books.session, books.consortium, loan.branch, books.at)
    )
    terms = _terms(books, there, loan.patron, membership, loan.lent)
    cents = 0 if terms is None else fine(loan, terms, here.today)
    if cents > 0:
        insert(
            books.session,
            "fee",
            consortium=books.consortium,
            fee=f"fine-{books.key(event)}",
            patron=loan.patron,
            institution=there.branch.institution,
            cents=cents,
            status="open",
            kind="fine",
            since=here.today.isoformat(),
            loan=key,
        )


def _terms(books: Books, there: Here, patron: str, membership: str | None, lent: date) -> Subscription | None:
    """The subscription that a loan was made under, as the branch that lent it treats it; None where nobody knows.

    Its rates are those of the day of the return, where the catalogue still has it (S1).
    """
    row = one(
        books.session.rows(
            "SELECT institution, subscription FROM membership WHERE consortium = ? AND membership = ?",
            books.consortium,
            membership,
        )
    )
    if row is None:
        member = load(books.session, books.consortium, patron)
        return None if member is None else terms_of(member.patron, there, lent)
    made_under = Membership(InstitutionCode(row[0]), SubscriptionCode(row[1]), lent, lent)
    terms = linked(made_under, replace(there, today=lent))
    return None if terms is None else at_rates_of(terms, there)


def _send(books: Books, brought: Brought, item: Item, route: Route, code: str) -> str:
    """Books where the item is on its way to, and keeps it for the hold that it is for. Gives the place in words."""
    hold, here = next_hold(brought.facts), brought.facts.here
    moving = route is Route.OTHER_BRANCH
    found = "lendable" if item.status is ItemStatus.MISSING else item.status.value
    if must_let_go(brought.facts) and freed_holds.free(books.session, books.consortium, item.barcode):
        books.copies_changed(item.barcode)  # before it is on its way no more: by that a chosen copy is known
    books.session.run(
        "UPDATE item SET status = ?, in_transit_to = ? WHERE consortium = ? AND item = ?",
        found,
        code if moving and brought.verdict.decided is None else None,
        books.consortium,
        item.barcode,
    )
    if route is Route.HOLD_SHELF and hold is not None:
        until = here.today + timedelta(days=SHELF_DAYS)
        _keep_for(books, item, hold.patron, "on_shelf", code, until.isoformat())
    elif moving and hold is not None and brought.verdict.decided is None:
        _keep_for(books, item, hold.patron, "waiting", "")
    return _name_of(books, here, code) if moving else code


def _leaves_the_list(books: Books, item: Item) -> None:
    """K8: a copy that nobody fetched in time is in hand now, and no longer to be cleared from the shelf."""
    books.session.later(
        "UPDATE hold SET shelf_until = NULL WHERE consortium = ? AND item = ? AND status = 'cancelled'"
        " AND shelf_until IS NOT NULL",
        books.consortium,
        item.barcode,
    )


def _keep_for(books: Books, item: Item, patron: str, status: str, shelf: str, until: str | None = None) -> None:
    """K8: the copy is chosen for this hold, the oldest that the patron has on it or on its title.

    `until`: its last day on the shelf; one that stands there keeps the day that it has, however often it is taken in.
    What is on its way to a shelf has none: its days begin when it arrives. Nothing holds the hold's row, which another
    kiosk that takes in another copy, or staff, may change as well: raises Contested, at the latest before the commit.
    """
    row = one(
        books.session.rows(
            "SELECT h.hold, h.item, h.status, h.shelf_until FROM hold h"
            " JOIN item i ON i.consortium = h.consortium AND i.title = h.title"
            " WHERE h.consortium = ? AND i.item = ? AND h.patron = ? AND h.status IN ('on_shelf', 'waiting')"
            " AND (h.item IS NULL OR h.item = i.item) ORDER BY h.status, h.placed_at, h.hold",
            books.consortium,
            item.barcode,
            patron,
        )
    )
    if row is None:
        raise Contested  # it is another copy's since it was looked at, or was ended
    hold, copy, was, last_day = row
    books.session.change_one(
        "UPDATE hold SET item = ?, status = ?, shelf = ?, shelf_until = ?"
        " WHERE consortium = ? AND hold = ? AND patron = ? AND status = ? AND (item IS NULL OR item = ?)",
        item.barcode,
        status,
        shelf,
        last_day if last_day is not None and was == status == "on_shelf" else until,
        books.consortium,
        hold,
        patron,
        was,
        item.barcode,
    )
    books.patron_changed(patron)
    if copy is None:
        books.copies_changed(item.barcode)


def _name_of(books: Books, here: Here, code: str) -> str:
    """The name of a branch for a sentence: what the patron or a colleague reads on the screen."""
    if code == here.branch.code:
        return here.branch.name
    row = one(books.session.rows("SELECT name FROM branch WHERE consortium = ? AND branch = ?", books.consortium, code))
    return code if row is None else str(row[0])
