"""Which subscriptions are on offer to whom, and until when youth lasts (S4, S9, G4). Age never stops a loan."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta

from circulation.catalogue import GUEST, ONE_EACH, SCHOOL, START, SUPPLEMENT, YOUTH, on_day
from circulation.identifiers import SubscriptionCode
from circulation.model import Membership, Patron, Subscription
from circulation.rules.facts import Here, rule
from circulation.rules.terms import contribution_ends, counts, in_term
from values import dataclass

OF_AGE = 19


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants a subscription. `is_institution` by the person/institution field, never by a birth date.

    `asks`: codes that the patron asked for by themselves. `has`: codes that they have or had already. `in_province`:
    a guest whose home library is in this province.
    """

    born: date | None = None
    is_institution: bool = False
    is_guest: bool = False
    asks: frozenset[SubscriptionCode] = frozenset()
    has: frozenset[SubscriptionCode] = frozenset()
    in_province: bool = False


def birthday(born: date, age: int) -> date:
    """The day on which that age is reached. Whoever was born on 29 February has it on 1 March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def age_on(born: date, day: date) -> int:
    """The age in whole years on that day."""
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1


@rule("S4")
def youth_ends(born: date) -> date:
    """The last day of youth: the day before the 19th birthday."""
    return birthday(born, OF_AGE) - timedelta(days=1)


@rule("S4")
def suits_age(terms: Subscription, applicant: Applicant, today: date) -> bool:
    """Both bounds are inclusive. Institutions are exempt; without a birth date nothing with a bound is on offer."""
    if applicant.is_institution or (terms.youngest is None and terms.oldest is None):
        return True
    if applicant.born is None:
        return False
    age = age_on(applicant.born, today)
    return (terms.youngest or 0) <= age and (terms.oldest is None or age <= terms.oldest)


@rule("S4")
def suits_kind(terms: Subscription, applicant: Applicant) -> bool:
    """Institutions choose their own products and those of no age that are not digital; persons never theirs."""
    if not applicant.is_institution:
        return not terms.for_institutions
    for_all = terms.youngest is None and terms.oldest is None and not terms.digital_only
    return terms.for_institutions or for_all


@rule("S9")
def suits_wishes(terms: Subscription, applicant: Applicant) -> bool:
    """What is paid by the month only where the patron asks for it; the free ones once; a school's second is 0082."""
    if SUPPLEMENT in applicant.has and applicant.is_institution:
        return terms.code == SCHOOL
    asked = not terms.on_request or terms.code in applicant.asks
    return asked and not (terms.code in ONE_EACH and terms.code in applicant.has)


@rule("S4", "S9", "G4", "S1")
def on_offer(applicant: Applicant, today: date, catalogue: Iterable[Subscription]) -> tuple[Subscription, ...]:
    """What may be chosen on that day, as it is priced then, by code. A guest from outside the province: 0345 only."""
    rows = tuple(catalogue)
    valid = [on_day(code, today, rows) for code in sorted({one.code for one in rows})]
    choices = [one for one in valid if one is not None and one.selectable]
    if applicant.is_guest:
        return tuple(one for one in choices if one.code == GUEST and not applicant.in_province)
    return tuple(
        one
        for one in choices
        if one.code != GUEST
        and suits_age(one, applicant, today)
        and suits_kind(one, applicant)
        and suits_wishes(one, applicant)
    )


@rule("G4", "S4")
def chosen_by_itself(offers: tuple[Subscription, ...]) -> Subscription | None:
    """The subscription that needs no choice: the only one on offer, and that of youth, which goes by age."""
    if len(offers) == 1:
        return offers[0]
    return next((one for one in offers if one.code == YOUTH), None)


@rule("S9", "N7")
def online_library(patron: Patron, here: Here) -> bool:
    """Whether the patron has the online library of this institution: by a membership of its own, never by a link.

    A regional membership gives no digital collections, and no text promises them.
    """
    mine = here.branch.institution
    rows = [one for one in patron.memberships if one.institution == mine and counts(one, here.today)]
    terms = [on_day(one.subscription, here.today, here.catalogue) for one in rows]
    return any(one is not None and one.online_library for one in terms)


@rule("S4", "S7", "K6")
def after_coming_of_age(
    rows: tuple[Membership, ...],
    born: date,
    today: date,
    catalogue: Iterable[Subscription],
    stopped: Collection[int] = (),
) -> tuple[Membership, ...]:
    """The memberships as they are from the 19th birthday on: youth ended the day before, and Start follows it.

    A next term of youth that was made ahead never begins. Start has its whole balance: open loans cost none of it. It
    waits for the desk as its youth did (K6). `stopped`: the places in `rows` of those that were cancelled, which end on
    the day that was said then and are followed by nothing (S7). All else stays, and asked again nothing changes.
    """
    of_age, last = birthday(born, OF_AGE), youth_ends(born)
    start = on_day(START, of_age, catalogue)
    if today < of_age or start is None:
        return rows
    ends = contribution_ends(of_age, start)
    if ends < today:
        return rows  # grown up long ago
    going_on = [one for n, one in enumerate(rows) if n not in stopped]
    youth = [one for one in going_on if one.subscription == YOUTH and in_term(one, last)]
    grown = {one.institution: one for one in sorted(youth, key=lambda one: one.confirmed)}
    follows = {one.institution for one in rows if one.subscription != YOUTH and in_term(one, of_age)}
    return (
        *(
            replace(one, ends=min(one.ends, last))
            if one.subscription == YOUTH and one.institution in grown and n not in stopped
            else one
            for n, one in enumerate(rows)
        ),
        *(
            replace(one, subscription=START, starts=of_age, ends=ends, strips_left=start.strips, paid=True)
            for place, one in grown.items()
            if place not in follows
        ),
    )
