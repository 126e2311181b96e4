"""Administrative passes: made new (A2), turned from a special patron (A6), and what is out on them (A5)."""

from dataclasses import dataclass, field
from datetime import date

from circulation import identifiers as ids
from circulation.catalogue import ADMINISTRATIVE, on_day
from circulation.model import PassKind, PatronType
from circulation.rules.staffing import may_become_administrative, next_administrative_number, out_on
from membership_store.database import Session, insert, one
from membership_store.staff import contributions, enrolling, passes
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch, OfPatron
from membership_store.staff.contributions import Paying, Term
from membership_store.staff.credentials import Role
from membership_store.staff.passes import NewPass
from membership_store.staff.persons import Person, write_person

LAST_DAY = date(2099, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAdministrativePass(AtBranch):
    """`name`: of the pass, such as "Binder". `number`: an own barcode; None takes the next 29999... number."""

    name: str
    number: ids.PassNumber | None = field(default=None, repr=False)


def make(at: At, asked: MakeAdministrativePass) -> Answer:
    """A2: without login account or e-mail, under 0089, valid to 31-12-2099."""
    name = asked.name.strip()
    if not 1 <= len(name) <= 100:
        raise Unacceptable("name", "1 to 100 characters")
    terms = on_day(ADMINISTRATIVE, at.today, at.here.catalogue)
    if terms is None:
        return Denied("not_on_offer", "A2")
    number = asked.number or _next(at)
    ref, card = f"P{at.chance()}", NewPass(number=number, kind=PassKind.ADMINISTRATIVE)
    no = passes.denied(at, ref, card, administrative=True)
    if no is not None:
        return no
    enrolling.add_patron(at, ref, PatronType.ADMINISTRATIVE)
    write_person(at.session, at.consortium, ref, Person(surname=name))
    key = passes.give(at, ref, card)
    term = Term(ref, at.institution, terms, at.today, LAST_DAY, terms.strips)
    membership = contributions.begin(at, term, 0, Paying.NOW)
    at.changed(ref)
    return Done({"patron": ref, "pass": key, "number": number, "membership": membership}, ref, key)


def _next(at: At) -> ids.PassNumber:
    """The next free number; one that was given out before there was a counter is passed over."""
    number = take_number(at.session, at.consortium)
    while at.one("SELECT 1 FROM pass WHERE consortium = ? AND number = ?", number) is not None:
        number = take_number(at.session, at.consortium)
    return number


def take_number(session: Session, consortium: str) -> ids.PassNumber:
    """Moves the consortium's counter on and gives the number that it stood at (A2)."""
    moved = "UPDATE administrative_number SET next = next + 1 WHERE consortium = ?"
    if session.run(moved, consortium) == 0:
        insert(session, "administrative_number", consortium=consortium, next=1)
        return next_administrative_number(0)
    row = one(session.rows("SELECT next FROM administrative_number WHERE consortium = ?", consortium))
    return next_administrative_number(int(row[0]) - 1 if row else 0)


def turn(at: At, asked: OfPatron) -> Answer:
    """A6: by the type switch only; number and subscription stay. A regular patron never; what was lent is internal."""
    patron = at.member(asked.patron).patron
    if not may_become_administrative(patron.type):
        return Denied("never_administrative", "A6")
    at.run(
        "UPDATE patron SET type = ? WHERE consortium = ? AND patron = ?",
        PatronType.ADMINISTRATIVE.value,
        at.consortium,
        asked.patron,
    )
    at.run(
        "UPDATE loan SET internal = 1, due = lent WHERE consortium = ? AND patron = ? AND returned_at IS NULL",
        at.consortium,
        asked.patron,
    )
    at.run("DELETE FROM login_account WHERE consortium = ? AND patron = ?", at.consortium, asked.patron)
    at.changed(asked.patron)
    for loan in patron.loans:
        at.changed_item(loan.item)
    return Done({"patron": asked.patron, "type": PatronType.ADMINISTRATIVE.value}, asked.patron)


def out(at: At, asked: OfPatron) -> Answer:
    """A5: what is out on it, counted from its loans."""
    patron = at.member(asked.patron).patron
    if patron.type is not PatronType.ADMINISTRATIVE:
        return Denied("not_administrative", "A1")
    loans = [{"item": one.item, "branch": one.branch, "lent": one.lent} for one in patron.loans]
    return Done({"count": out_on(patron.loans), "loans": loans}, asked.patron)


ACTS = (
    Act("administrative/make", "Makes an administrative pass (A2)", MakeAdministrativePass, make),
    Act("administrative/turn", "Turns a special patron into an administrative pass (A6)", OfPatron, turn),
    Act("administrative/out", "What is out on an administrative pass (A5)", OfPatron, out, Role.READER, Manner.FIND),
)
