"""Which pass, whose, and may a visit begin with it (K1, K5, A1, P2 to P8)."""

from circulation.identifiers import is_random
from circulation.model import PassStatus, PatronType
from circulation.outcomes import OFFERS_ENROLMENT, NextStep, Reason, Refused, Value
from circulation.presented import Source
from circulation.rules.facts import Visit, rule
from circulation.rules.numbers import NumberKind, kind_of, may_be_misread
from circulation.rules.terms import counts


@rule("P8")
def chip_is_an_identity(visit: Visit) -> Refused | None:
    """A chip that makes a new number for every reading identifies nobody, unless a number is written in it."""
    shown = visit.presented
    if shown.number is None and shown.uid is not None and is_random(shown.uid):
        return Refused(Reason.CHIP_RANDOM, "P8", NextStep.PASS)
    return None


@rule("P3")
def shown_in_the_right_place(visit: Visit) -> Refused | None:
    """An item or a mandate on the pass screen has a sentence of its own, if its number is not known as a pass."""
    if visit.known or visit.presented.number is None:
        return None
    kind = kind_of(visit.presented.number)
    if kind is NumberKind.ITEM:
        return Refused(Reason.ITEM_SHOWN_AS_PASS, "P3", NextStep.PASS)
    if kind is NumberKind.MANDATE:
        return Refused(Reason.MANDATE_SHOWN, "P3", NextStep.PASS)
    return None


@rule("G10", "G6")
def enrolment_offer(visit: Visit) -> dict[str, Value]:
    """What a refusal says besides where guests may enrol by themselves: every chip that nobody knows is offered it.

    It looks at the chip and at the branch and at nothing else, so that it tells nothing of anybody.
    """
    own_chip = visit.presented.source is not Source.BARCODE and visit.presented.uid is not None
    return {OFFERS_ENROLMENT: 1} if visit.here.policy.self_enrolment and own_chip else {}


@rule("K5", "P2")
def pass_is_known(visit: Visit) -> Refused | None:
    """Not found in the network. A failing check digit only adds the hint to scan again (P2)."""
    if visit.known:
        return None
    number = visit.presented.number
    if number is not None and may_be_misread(number):
        return Refused(Reason.PASS_UNREADABLE, "K5", NextStep.SCAN_AGAIN)
    return Refused(Reason.PASS_UNKNOWN, "K5", NextStep.DESK, enrolment_offer(visit))


@rule("P4")
def pass_is_unique_here(visit: Visit) -> Refused | None:
    """The number is unique in the network or linked to this institution, and belongs to one patron only."""
    holder = visit.holder
    if holder is not None:
        refused = holder.card.eid and not visit.here.institution.uses_eid
        return Refused(Reason.EID_NOT_USED, "P4", NextStep.DESK) if refused else None
    if not visit.known:
        return None
    reason = Reason.PASS_OF_TWO if visit.works_here else Reason.PASS_NOT_UNIQUE
    return Refused(reason, "P4", NextStep.DESK)


@rule("P7")
def pass_is_active(visit: Visit) -> Refused | None:
    """A replaced or blocked pass goes to the desk."""
    holder = visit.holder
    if holder is None or holder.card.status is PassStatus.ACTIVE:
        return None
    replaced = holder.card.status is PassStatus.REPLACED
    return Refused(Reason.PASS_REPLACED if replaced else Reason.PASS_BLOCKED, "P7", NextStep.DESK)


@rule("A1")
def not_administrative(visit: Visit) -> Refused | None:
    """An administrative pass works in staff mode only; administrative is decided by the type, never by the number."""
    holder = visit.holder
    if holder and holder.patron.type is PatronType.ADMINISTRATIVE:
        return Refused(Reason.ADMINISTRATIVE_PASS, "A1", NextStep.DESK)
    return None


@rule("K1")
def type_may_visit(visit: Visit) -> Refused | None:
    """Regular patrons and guests; a special patron only with a valid subscription of a school or a home."""
    holder = visit.holder
    if holder is None or holder.patron.type in visit.here.policy.visit_types:
        return None
    if holder.patron.type is PatronType.SPECIAL:
        suits, today = visit.here.policy.special_subscriptions, visit.here.today
        if any(one.subscription in suits and counts(one, today) for one in holder.patron.memberships):
            return None
    if holder.patron.type is PatronType.ADMINISTRATIVE:
        return None  # A1 has its own sentence
    return Refused(Reason.TYPE_TO_DESK, "K1", NextStep.DESK)


@rule("G6")
def guest_shows_a_chip(visit: Visit) -> Refused | None:
    """A typed or scanned number never stands in for the chip of a guest."""
    holder = visit.holder
    if holder is None or holder.patron.type is not PatronType.GUEST:
        return None
    if visit.presented.source is Source.BARCODE:
        return Refused(Reason.GUEST_WITHOUT_CHIP, "G6", NextStep.DESK)
    return None
