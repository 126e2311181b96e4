"""Takes a guest in, on the word of the home library (G1 to G5, G7): patron, pass, provisional term, strips.

Home is asked before, outside the transaction. Nothing of the guest is kept but the pass and the home library (G3).
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime

from circulation.catalogue import GUEST_STRIPS
from circulation.model import PassKind, PatronType, Subscription
from circulation.outcomes import NextStep, Reason, Refused
from circulation.rules import guests, offers, region
from circulation.rules.facts import Borrow, Here
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store import changes
from membership_store.books import stamp
from membership_store.database import Contested, Session, insert, one
from membership_store.guests.homes import Home, Question
from membership_store.guests.known import Known, chip_of, guest_of, in_use, number_of
from membership_store.members import load

OPEN_TERM = "open"


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest as the store knows one: the patron, the membership here, and whether it was there before."""

    patron: str
    membership: str
    ends: date
    strips: int
    known: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Where a guest is taken in: one transaction, at a branch, at an instant (UTC). `chance` gives a random key."""

    session: Session
    consortium: str
    here: Here
    now: datetime
    chance: Callable[[], str]

    def take_in(
        self, home: Home, question: Question, says: HomeSays, subscription: str | None, *, with_strips: bool
    ) -> Guest | Refused:
        """Enrols whom home vouches for, once: whoever is enrolled already is found again.

        `subscription`: the one that was chosen, None for the only one on offer (G4). `with_strips`: G5 at once.
        """
        refused = guests.may_enrol(believed(says, self.here.today), isil_known=True)
        if refused is not None:
            return refused
        terms = self._terms(home, subscription)
        if terms is None:
            return Refused(Reason.NO_SELF_ENROLMENT, "G4", NextStep.DESK)
        known = self._held(question)
        places = region.recognised_at(self.here)
        refused = in_use(self.session, self.consortium, question, known, places)
        if refused is not None:
            if known is None:
                self._stays_unknown(question)
            return refused
        patron, card = self._add_patron(question) if known is None else (known.patron, known.card)
        self._link(card, question, places)
        key, ends = self._term(patron, terms, says)
        self._keep_word(patron, says)
        if with_strips:
            book_strips(self, key)
        changes.touch(self.session, self.consortium, changes.PATRON, patron)
        return Guest(patron, key, ends, balance_of(self.session, self.consortium, key), known is not None)

    def _held(self, question: Question) -> Known | None:
        """The guest, if known already, held until the end. Raises Contested where the pass became another's (N12)."""
        known = guest_of(self.session, self.consortium, question)
        if known is not None:
            self.session.lock("patron", self.consortium, known.patron)
            if guest_of(self.session, self.consortium, question) != known:
                raise Contested
        return known

    def _stays_unknown(self, question: Question) -> None:
        """G1: the pass in the way is not this guest's. Raises Contested where somebody enrolled the guest meanwhile."""
        if guest_of(self.session, self.consortium, question) is not None:
            raise Contested

    def _terms(self, home: Home, subscription: str | None) -> Subscription | None:
        """G4: the only subscription on offer chooses itself; for guests from outside the province."""
        inside = bool(home.province) and home.province == self.here.institution.province
        applicant = offers.Applicant(is_guest=True, in_province=inside)
        on_offer = offers.on_offer(applicant, self.here.today, self.here.catalogue)
        if subscription is None:
            return offers.chosen_by_itself(on_offer)
        return next((one for one in on_offer if one.code == subscription), None)

    def _add_patron(self, question: Question) -> tuple[str, str]:
        """The patron and the pass. Its key follows from home and number: two who enrol one guest at once meet in it."""
        patron, card = f"G{self.chance()}", self._free_key(question)
        insert(
            self.session,
            "patron",
            consortium=self.consortium,
            patron=patron,
            type=PatronType.GUEST.value,
            home=question.isil,
        )
        insert(
            self.session,
            "pass",
            consortium=self.consortium,
            **{"pass": card},
            patron=patron,
            number=number_of(question),
            network_unique=0,
            kind=PassKind.HOME.value,
        )
        return patron, card

    def _free_key(self, question: Question) -> str:
        """The key of a new pass; another by chance only where a pass has it that bears another number by now."""
        key = _key_of(self.session, self.consortium, question)
        taken = "SELECT 1 FROM pass WHERE consortium = ? AND pass = ?"
        if one(self.session.rows(taken, self.consortium, key)) is None:
            return key
        self._stays_unknown(question)
        return f"H{self.chance()}"

    def _link(self, card: str, question: Question, places: Collection[str]) -> None:
        """P4, P8: the pass works wherever this institution's patrons are recognised, its chip stands for it.

        It bears its own number from when that is known, in the place of its chip's.
        """
        rows = self.session.rows(
            "SELECT institution FROM pass_institution WHERE consortium = ? AND pass = ?", self.consortium, card
        )
        for place in sorted({*places} - {place for (place,) in rows}):
            insert(self.session, "pass_institution", consortium=self.consortium, institution=place, **{"pass": card})
        if question.number is not None:
            named = "UPDATE pass SET number = ? WHERE consortium = ? AND pass = ? AND number <> ?"
            self.session.run(named, question.number, self.consortium, card, question.number)
        uid = chip_of(question)
        linked = "SELECT 1 FROM pass_chip WHERE consortium = ? AND uid = ? AND pass = ?"
        if uid is not None and one(self.session.rows(linked, self.consortium, uid, card)) is None:
            insert(self.session, "pass_chip", consortium=self.consortium, uid=uid, **{"pass": card})

    def _term(self, patron: str, terms: Subscription, says: HomeSays) -> tuple[str, date]:
        """G7: a term that runs stays; one that ended begins anew with its balance; else a new one without strips."""
        today = self.here.today
        row = one(
            self.session.rows(
                "SELECT membership, ends, cancelled_on FROM membership WHERE consortium = ? AND patron = ?"
                " AND institution = ? AND status <> 'invalid' ORDER BY starts DESC, membership",
                self.consortium,
                patron,
                self.here.branch.institution,
            )
        )
        starts, ends = guests.first_term(today)
        if row is not None and row[1] >= today.isoformat() and row[2] is None:
            return str(row[0]), date.fromisoformat(row[1])
        elsewhere = self._elsewhere(patron)
        if elsewhere is not None:
            return elsewhere
        until = says.until.isoformat() if says.until else None
        key = str(row[0]) if row is not None else f"M{self.chance()}"
        if row is not None:
            self.session.run(
                "UPDATE membership SET starts = ?, ends = ?, verified = ?, home_until = ?, term_source = 'provisional',"
                " cancelled_on = NULL, subscription = ? WHERE consortium = ? AND membership = ?",
                starts.isoformat(),
                ends.isoformat(),
                today.isoformat(),
                until,
                terms.code,
                self.consortium,
                key,
            )
            return key, ends
        insert(
            self.session,
            "membership",
            consortium=self.consortium,
            membership=key,
            patron=patron,
            institution=self.here.branch.institution,
            subscription=terms.code,
            starts=starts.isoformat(),
            ends=ends.isoformat(),
            verified=today.isoformat(),
            term_source="provisional",
            home_until=until,
        )
        insert(self.session, "strips", consortium=self.consortium, membership=key, balance=0)
        return key, ends

    def _elsewhere(self, patron: str) -> tuple[str, date] | None:
        """N12: the term at another institution of the group that counts here too: there is nothing to do then.

        One that was stopped is none, though it may count until the end of the month (S7).
        """
        member = load(self.session, self.consortium, patron)
        standing = None if member is None else region.effective(Borrow(self.here, member.patron))
        if member is None or standing is None or standing.membership.institution == self.here.branch.institution:
            return None
        key = member.key_of(standing.membership)
        goes_on = "SELECT 1 FROM membership WHERE consortium = ? AND membership = ? AND cancelled_on IS NULL"
        rows = self.session.rows(goes_on, self.consortium, key)
        return (key, standing.membership.ends) if rows else None

    def _keep_word(self, patron: str, says: HomeSays) -> None:
        """G8: what home has just said counts from now on for each of the guest's terms that runs, not from the night.

        The terms stay as they are: their ends come with the night (G7).
        """
        today = self.here.today.isoformat()
        self.session.run(
            "UPDATE membership SET verified = ?, home_until = ? WHERE consortium = ? AND patron = ?"
            " AND status <> 'invalid' AND cancelled_on IS NULL AND ends >= ?",
            today,
            says.until.isoformat() if says.until else None,
            self.consortium,
            patron,
            today,
        )


def believed(says: HomeSays, today: date) -> HomeSays:
    """A home that vouches for a membership whose last day is over has not said anything that counts."""
    over = says.outcome is HomeOutcome.VALID and says.until is not None and says.until < today
    return HomeSays(HomeOutcome.SILENT) if over else says


def _key_of(session: Session, consortium: str, question: Question) -> str:
    """A keyed hash: the number cannot be read from it."""
    row = one(session.rows("SELECT identity_key FROM consortium WHERE consortium = ?", consortium))
    said = f"{question.isil}\0{number_of(question)}".encode()
    return "H" + hashlib.blake2b(said, key=bytes.fromhex(row[0] if row else ""), digest_size=16).hexdigest()


def book_strips(at: Enrolment, membership: str) -> bool:
    """G5: books the free strips under cash code 780, once for each term of the home membership; says whether it did.

    They come on top of nothing: the first time what was lent offline before is taken off, and a balance that came from
    elsewhere is no less than it was; later a fresh term begins.
    """
    row = one(
        at.session.rows(
            "SELECT m.patron, m.home_until, s.balance, s.overdrawn FROM membership m"
            " LEFT JOIN strips s ON s.consortium = m.consortium AND s.membership = m.membership"
            " WHERE m.consortium = ? AND m.membership = ?",
            at.consortium,
            membership,
        )
    )
    if row is None:
        return False
    patron, told, balance, overdrawn = row
    until = date.fromisoformat(told) if told else None
    booked = _booked(at, patron, membership)
    terms = [None if term == OPEN_TERM else date.fromisoformat(term) for _, term in booked]
    if not guests.strips_due(terms, until, at.here.today):
        return False
    anew = any(key == membership for key, _ in booked)
    strips = GUEST_STRIPS if anew else max(balance or 0, GUEST_STRIPS - (overdrawn or 0))
    at.session.run("DELETE FROM strips WHERE consortium = ? AND membership = ?", at.consortium, membership)
    insert(at.session, "strips", consortium=at.consortium, membership=membership, balance=strips)
    insert(
        at.session,
        "strips_entry",
        consortium=at.consortium,
        entry=f"S{at.chance()}",
        membership=membership,
        strips=GUEST_STRIPS,
        cash_code=guests.CASH_CODE,
        term=until.isoformat() if until else OPEN_TERM,
        booked_at=stamp(at.now),
    )
    return True


def _booked(at: Enrolment, patron: str, membership: str) -> list[tuple[str, str]]:
    """The bookings of that membership and of those of the patron that count here too: whose, and for which home term.

    What was booked for one that was stopped, or that nothing links to here, lends nothing here (N1, S7).
    """
    rows = at.session.rows(
        "SELECT e.membership, e.term, m.cancelled_on FROM membership m"
        " JOIN strips_entry e ON e.consortium = m.consortium AND e.membership = m.membership"
        " WHERE m.consortium = ? AND m.patron = ? AND e.cash_code = ? ORDER BY e.booked_at, e.entry",
        at.consortium,
        patron,
        guests.CASH_CODE,
    )
    member = load(at.session, at.consortium, patron)
    held = () if member is None else zip(member.memberships, member.patron.memberships, strict=True)
    count = {key for key, row in held if region.counts_by(row, at.here) is not None}
    return [(key, term) for key, term, ended in rows if key == membership or (key in count and ended is None)]


def balance_of(session: Session, consortium: str, membership: str) -> int:
    """The strips that the term still has."""
    row = one(
        session.rows(
            "SELECT balance - overdrawn FROM strips WHERE consortium = ? AND membership = ?", consortium, membership
        )
    )
    return 0 if row is None else int(row[0])
