"""Joining at the desk: a search first (N12), the fields of K14, an offer by age at the day's price (S1, S4, S9)."""

from dataclasses import dataclass, field
from datetime import date

from circulation import identifiers as ids
from circulation.catalogue import ADMINISTRATIVE, SUPPLEMENT
from circulation.model import PassStatus, Patron, PatronType, Subscription
from circulation.presented import ReceiptChoice
from circulation.rules.offers import Applicant, chosen_by_itself, on_offer
from circulation.rules.staffing import UNIQUE_KINDS, Enrolment, enrolment_need, must_be_replaced, usable_address
from circulation.rules.terms import contribution_ends, in_term
from membership_store.staff import accounts, contributions, passes
from membership_store.staff.acts import Act, Answer, At, Denied, Done, Manner, Unacceptable
from membership_store.staff.asked import AtBranch, OfPatron
from membership_store.staff.contributions import Paying, Term
from membership_store.staff.credentials import Role
from membership_store.staff.passes import NewPass
from membership_store.staff.persons import (
    INSTITUTION_BORN,
    LONGEST_LANGUAGE,
    Person,
    faults,
    folded,
    lacking,
    read_person,
    write_person,
)

FREE = ids.SubscriptionCode("0001")
ENROLLED_BY_HAND = (PatronType.REGULAR, PatronType.SPECIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOffer(AtBranch):
    """For whom an offer is made. `asks`: codes that the patron asked for by themselves (S9)."""

    born: date | None = field(default=None, repr=False)
    is_institution: bool = False
    asks: tuple[ids.SubscriptionCode, ...] = ()
    patron: ids.PatronRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the patron chose. `subscription` None: the only one on offer. `begin` None: today."""

    subscription: ids.SubscriptionCode | None = None
    paying: Paying = Paying.REGISTER
    begin: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPatron(AtBranch):
    """Somebody new. `type`: 00, or 01 for a special patron. `despite`: patrons found by the search who are others.

    `account`: K14, whether to make a login account; `user_name`: the one that the patron has already.
    """

    person: Person
    card: NewPass
    choice: Choice
    type: PatronType = PatronType.REGULAR
    despite: tuple[ids.PatronRef, ...] = ()
    account: bool = True
    user_name: str = field(default="", repr=False)
    language: str = "nl"
    receipt: ReceiptChoice = ReceiptChoice.ASK
    keeps_history: bool = False
    tells_borrowed_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolAgain(OfPatron):
    """Somebody whom the search found. `second`: to be a member here although a membership elsewhere is valid (N7)."""

    choice: Choice
    card: NewPass | None = None
    second: bool = False


def make_offer(at: At, asked: AskOffer) -> Answer:
    """S4, S9: what is on offer, at the price of the day; `chosen`: the one that needs no choice."""
    applicant = Applicant(asked.born, asked.is_institution, asks=frozenset(asked.asks))
    if asked.patron is not None:
        patron = at.member(asked.patron).patron
        person = read_person(at.session, at.consortium, asked.patron)
        applicant = _applicant(person, patron, asked.asks)
    offers = _offers(at, applicant)
    chosen = chosen_by_itself(offers)
    return Done({"offers": [_line(one) for one in offers], "chosen": chosen.code if chosen else None}, asked.patron)


def _line(one: Subscription) -> dict[str, object]:
    return {"subscription": one.code, "name": one.name, "cents": one.price, "months": one.months, "strips": one.strips}


def _applicant(person: Person | None, patron: Patron | None, asks: tuple[ids.SubscriptionCode, ...]) -> Applicant:
    return Applicant(
        person.born if person else None,
        person is not None and person.is_institution,
        patron is not None and patron.type is PatronType.GUEST,
        frozenset(asks),
        frozenset(one.subscription for one in patron.memberships) if patron else frozenset(),
    )


def _offers(at: At, applicant: Applicant) -> tuple[Subscription, ...]:
    rows = on_offer(applicant, at.today, at.here.catalogue)
    return tuple(one for one in rows if one.code != ADMINISTRATIVE)


def pick(at: At, person: Person | None, patron: Patron | None, choice: Choice) -> Subscription | Denied:
    """The subscription that was chosen, if it is on offer to that person; what somebody names, they ask for (S9)."""
    asks = () if choice.subscription is None else (choice.subscription,)
    offers = _offers(at, _applicant(person, patron, asks))
    if choice.subscription is None:
        return chosen_by_itself(offers) or Denied("choose", "G4", {"count": len(offers)})
    found = next((one for one in offers if one.code == choice.subscription), None)
    if found is None:
        return Denied("not_on_offer", "S4")
    if found.code == SUPPLEMENT and not at.staff.role.includes(Role.MANAGER):
        return Denied("educators_only", "S9")
    if found.code == FREE and not (person and person.selection):
        return Denied("selection_needed", "S9")
    return found


def enrol(at: At, asked: EnrolPatron) -> Answer:
    """Enrols somebody new, after a search that found nobody else."""
    person = _whole(at, asked)
    if isinstance(person, Denied):
        return person
    ref = f"P{at.chance()}"
    terms = pick(at, person, None, asked.choice)
    if isinstance(terms, Denied):
        return terms
    no = passes.denied(at, ref, asked.card) or _account_denied(at, asked)
    if no is not None:
        return no
    add_patron(at, ref, asked.type, asked)
    write_person(at.session, at.consortium, ref, person)
    card = passes.give(at, ref, asked.card)
    said = {"patron": ref, "pass": card, **join(at, ref, terms, asked.choice, terms.price)}
    if asked.account:
        said |= accounts.open_account(at, ref, asked.user_name)
    at.changed(ref)
    return Done(said, ref, str(said["membership"]))


def _whole(at: At, asked: EnrolPatron) -> Person | Denied:
    """The person with all that is mandatory, whom nobody in the network is."""
    if asked.type not in ENROLLED_BY_HAND:
        raise Unacceptable("type", "guests and administrative passes are made elsewhere")
    if len(asked.language) > LONGEST_LANGUAGE:
        raise Unacceptable("language", "a code of a language")
    person = asked.person
    wrong = faults(person, at.today)
    if wrong:
        raise Unacceptable("person." + wrong[0], "cannot be right")
    empty = lacking(person, at.today)
    if asked.account and not asked.user_name and not usable_address(person.email):
        empty.append("email")
    if empty:
        return Denied("fields_missing", "K14", {"fields": empty})
    others = [ref for ref in same_person(at, person) if ref not in asked.despite]
    if others:
        need = enrolment_need(at.member(others[0]).patron, at.here)
        reason = "valid_elsewhere" if need is Enrolment.NOTHING else "known_already"
        return Denied(reason, "N12", {"patrons": others, "need": need.value})
    if person.is_institution and person.born is None:
        person = Person(**{name: getattr(person, name) for name in person.__slots__} | {"born": INSTITUTION_BORN})
    return person


def same_person(at: At, person: Person) -> list[str]:
    """N12: the patrons of the network with that surname and birth date (an institution: and that postcode)."""
    key = folded(person.surname)
    rows = at.rows(
        "SELECT patron, born, postcode FROM person WHERE consortium = ? AND search_head = ? AND search_key = ?"
        " ORDER BY patron",
        key[:3],
        key,
    )
    born = person.born.isoformat() if person.born else None
    if person.is_institution:
        found = [ref for ref, _, postcode in rows if _plain(postcode) == _plain(person.postcode)]
    else:
        found = [ref for ref, theirs, _ in rows if born is not None and theirs == born]
    return [ref for ref in found if at.knows(ref)]


def _plain(postcode: str) -> str:
    return postcode.replace(" ", "").upper()


def _account_denied(at: At, asked: EnrolPatron) -> Denied | None:
    return accounts.name_denied(at, asked.user_name) if asked.account and asked.user_name else None


def add_patron(at: At, ref: str, kind: PatronType, asked: EnrolPatron | None = None) -> None:
    """The patron's own row; the first name comes with the person."""
    at.add(
        "patron",
        patron=ref,
        type=kind.value,
        language=asked.language if asked else "",
        receipt=(asked.receipt if asked else ReceiptChoice.NONE).value,
        main_library=at.institution,
        keeps_history=int(asked is not None and asked.keeps_history),
        tells_borrowed_before=int(asked is not None and asked.tells_borrowed_before),
    )


def join(at: At, ref: str, terms: Subscription, choice: Choice, cents: int) -> dict[str, object]:
    """Begins a term here; says its key, its last day (S7) and what it costs."""
    starts = choice.begin or at.today
    if not at.today <= starts or (starts - at.today).days > 366:
        raise Unacceptable("choice.begin", "not within a year from today")
    ends = contribution_ends(starts, terms)
    key = contributions.begin(at, Term.of(at, ref, terms, starts, ends), cents, choice.paying)
    return {"membership": key, "subscription": terms.code, "starts": starts, "ends": ends, "cents": cents}


def enrol_again(at: At, asked: EnrolAgain) -> Answer:
    """N12, N7: for a patron whom the search found: lapsed here, or known elsewhere only."""
    patron = at.member(asked.patron).patron
    need = enrolment_need(patron, at.here)
    if patron.type not in ENROLLED_BY_HAND:
        return Denied("type_to_desk", "K1")
    if need is Enrolment.NOTHING and not (asked.second and not _is_member_here(at, patron)):
        return Denied("valid_elsewhere", "N12", {"need": need.value})
    person = read_person(at.session, at.consortium, asked.patron)
    terms = pick(at, person, patron, asked.choice)
    if isinstance(terms, Denied):
        return terms
    no = _card_denied(at, asked, patron)
    if no is not None:
        return no
    card = passes.give(at, asked.patron, asked.card, follow_on=True) if asked.card else None
    cents = 0 if need is Enrolment.NOTHING else terms.price  # N7: paid once only
    said = join(at, asked.patron, terms, asked.choice, cents)
    replace = any(must_be_replaced(one) for one in patron.passes if one.status is PassStatus.ACTIVE) and card is None
    at.changed(asked.patron)
    return Done({**said, "pass": card, "replace_pass": replace}, asked.patron, str(said["membership"]))


def _is_member_here(at: At, patron: Patron) -> bool:
    return any(one.institution == at.institution and in_term(one, at.today) for one in patron.memberships)


def _card_denied(at: At, asked: EnrolAgain, patron: Patron) -> Denied | None:
    """N12, P4: whoever comes from elsewhere needs a pass that works here."""
    if asked.card is not None:
        if asked.card.kind not in UNIQUE_KINDS:
            return Denied("not_unique", "P5")
        return passes.denied(at, asked.patron, asked.card)
    active = [one for one in patron.passes if one.status is PassStatus.ACTIVE]
    works = any(one.unique or at.institution in one.institutions for one in active)
    return None if works else Denied("unique_pass_needed", "N12")


ACTS = (
    Act(
        "offers",
        "What is on offer to whom, at the price of the day (S4, S9)",
        AskOffer,
        make_offer,
        Role.READER,
        Manner.FIND,
    ),
    Act("patrons/enrol", "Enrols somebody new, after a search (N12)", EnrolPatron, enrol),
    Act("patrons/enrol-again", "Enrols a patron whom the search found (N12, N7)", EnrolAgain, enrol_again),
)
