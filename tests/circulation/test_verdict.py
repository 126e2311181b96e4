"""Rules in the order of docs/rules.md: the first refusal decides, staff see all, and no order of records matters."""
# ruff: noqa: N802 - a test bears the id of its rule

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation.catalogue import CATALOGUE
from circulation.events import Payment
from circulation.identifiers import Isil, ItemBarcode, PassNumber, SubscriptionCode
from circulation.model import (
    Fee,
    FeeStatus,
    GroupKind,
    ItemStatus,
    Membership,
    MembershipStatus,
    PassStatus,
    Patron,
    PatronType,
)
from circulation.outcomes import Reason, Refused, Verdict
from circulation.presented import Presented, Source
from circulation.rules.book import IDS
from circulation.rules.facts import RULE_IDS, Borrow, Here, Holder, PinState, Renew, Visit, first
from circulation.rules.guests import HomeOutcome, HomeSays, may_enrol, may_enrol_alone
from circulation.rules.offline import DO_NOT_KNOW
from circulation.rules.payments import may_pay
from circulation.rules.region import effective
from circulation.rules.subscriptions import may_borrow, strip_balance
from circulation.rules.verdict import (
    ITEM_ORDER,
    PATRON_ORDER,
    RENEW_ORDER,
    RETURN_ORDER,
    VISIT_ORDER,
    due_date,
    on_borrow,
    on_patron,
    on_visit,
)
from tests.circulation.worlds import (
    ANNA,
    ANNEN,
    BARCODE,
    BERT,
    HERZELE,
    NUMBER,
    OLD_NUMBER,
    OOSTERZELE,
    RANDOM_UID,
    TODAY,
    UID,
    ZOTTEGEM,
    Facts,
    borrow,
    brought,
    by_barcode,
    by_chip,
    card,
    day,
    fee,
    guest,
    here,
    hold,
    holder,
    institutions,
    item,
    judged,
    link,
    loan,
    loans,
    membership,
    old_card,
    passes,
    patron,
    refusal,
    renew,
    visit,
)

EXAMPLES: dict[Reason, Facts] = {
    Reason.PASS_UNKNOWN: visit(),
    Reason.PASS_UNREADABLE: visit(presented=by_barcode(PassNumber("20000000000015"))),
    Reason.ITEM_SHOWN_AS_PASS: visit(presented=by_barcode(PassNumber("30000000000012"))),
    Reason.PASS_SHOWN_AS_ITEM: borrow(barcode=ItemBarcode("20000000000014")),
    Reason.MANDATE_SHOWN: borrow(barcode=ItemBarcode("1234567890123456")),
    Reason.PASS_REPLACED: visit(holder(status=PassStatus.REPLACED)),
    Reason.PASS_BLOCKED: visit(holder(status=PassStatus.BLOCKED)),
    Reason.PASS_NOT_UNIQUE: visit(Holder(old_card(OOSTERZELE), patron())),
    Reason.PASS_OF_TWO: visit(holder(), holder(patron(ref=BERT))),
    Reason.EID_NOT_USED: visit(holder(eid=True)),
    Reason.CHIP_RANDOM: visit(presented=by_chip(RANDOM_UID)),
    Reason.TYPE_TO_DESK: visit(holder(patron(type=PatronType.UNKNOWN))),
    Reason.ADMINISTRATIVE_PASS: visit(holder(patron(type=PatronType.ADMINISTRATIVE))),
    Reason.GUEST_WITHOUT_CHIP: visit(holder(guest()), presented=by_barcode()),
    Reason.GUEST_HOME_UNKNOWN: borrow(guest(home=None)),
    Reason.GUEST_ENDED: borrow(guest(membership("0345", ends=day(-1)))),
    Reason.GUEST_UNVERIFIED: borrow(guest(membership("0345", verified=day(-7)))),
    Reason.GUEST_WITHOUT_STRIPS: borrow(guest(membership("0345", verified=TODAY, strips_left=0))),
    Reason.PIN_NEEDED: visit(holder(document_number=True)),
    Reason.NOT_CONFIRMED: borrow(patron(membership(confirmed=False))),
    Reason.LAPSED: borrow(patron(membership(ends=day(-1)))),
    Reason.NOT_SHARED: borrow(patron(membership(at=HERZELE))),
    Reason.NOT_LINKED: borrow(patron(membership("0053", at=OOSTERZELE))),
    Reason.NO_MEMBERSHIP: borrow(Patron(ANNA, PatronType.REGULAR)),
    Reason.NO_SELF_SERVICE: borrow(patron(membership("0086"))),
    Reason.DIGITAL_ONLY: borrow(patron(membership("0141"))),
    Reason.PAY_FIRST: borrow(patron(membership("0091", paid=False))),
    Reason.OPEN_AMOUNT: borrow(patron(fees=(fee(1001),))),
    Reason.NO_STRIPS: borrow(patron(membership(strips_left=0))),
    Reason.ON_PASS_MAXIMUM: borrow(patron(membership("0083"), loans=loans(30))),
    Reason.ITEM_UNKNOWN: borrow(barcode=ItemBarcode("30000000000012")),
    Reason.ITEM_REFERENCE: borrow(what=item(status=ItemStatus.REFERENCE)),
    Reason.ITEM_DAMAGED: borrow(what=item(status=ItemStatus.DAMAGED)),
    Reason.ITEM_MISSING: borrow(what=item(status=ItemStatus.MISSING)),
    Reason.ITEM_INTERNAL: borrow(what=item(loan=loan(internal=True))),
    Reason.ITEM_ON_LOAN: borrow(what=item(loan=loan(BERT))),
    Reason.ALREADY_YOURS: borrow(what=item(loan=loan(ANNA))),
    Reason.HELD_FOR_ANOTHER: borrow(what=item(hold=hold(BERT))),
    Reason.NO_TRANSPORT: borrow(what=item(institution=HERZELE)),
    Reason.RETURN_ELSEWHERE: brought(item(institution=HERZELE)),
    Reason.NOT_ON_LOAN: Renew(here(), patron(), item(), None),
    Reason.WANTED_BY_ANOTHER: renew(what=item(wanted_by=(hold(BERT, on_shelf=False),))),
    Reason.RENEWED_ENOUGH: renew(own=loan(ANNA, renewals=2)),
    Reason.INTERLIBRARY: renew(what=item(interlibrary=True)),
    Reason.NOT_RENEWED_HERE: renew(what=item(institution=HERZELE)),
    Reason.PIN_WRONG: visit(holder(document_number=True), pin=PinState.WRONG),
    Reason.PIN_LOCKED: visit(holder(document_number=True), pin=PinState.LOCKED),
}
# Decided beside a verdict: when a payment comes in, or a guest enrols.
ASKED: dict[Reason, Refused | None] = {
    Reason.NOTHING_TO_PAY: may_pay(borrow(), Payment(("a",), 1, "t")),
    Reason.NOT_PAYABLE_HERE: may_pay(borrow(patron(fees=(fee(5),))), Payment(("a",), 5, "t")),
    Reason.AMOUNT_DIFFERS: may_pay(borrow(patron(fees=(fee(5),))), Payment(("fee-5",), 4, "t")),
    Reason.HOME_SAYS_NO: may_enrol(HomeSays(HomeOutcome.ENDED), isil_known=True),
    Reason.HOME_SILENT: may_enrol(HomeSays(HomeOutcome.SILENT), isil_known=True),
    Reason.NO_SELF_ENROLMENT: may_enrol_alone(here()),
}
# No rule says it: a kiosk puts it in the place of a reason that its release does not know, or was withdrawn itself.
SAID_BY_NO_RULE = {Reason.OTHER, Reason.KIOSK_NOT_ADMITTED}
NAMES = {"Anna", "Bert", ANNA, BERT, NUMBER, OLD_NUMBER, UID, "Oeroeg"}


@pytest.mark.parametrize("reason", list(EXAMPLES), ids=lambda reason: reason.value)
def test_every_reason_has_an_example_that_it_decides(reason: Reason) -> None:
    decided = refusal(EXAMPLES[reason])
    assert decided.reason is reason
    assert decided.rule in IDS


@pytest.mark.parametrize("reason", list(ASKED), ids=lambda reason: reason.value)
def test_a_reason_beside_the_verdicts_has_an_example_too(reason: Reason) -> None:
    said = ASKED[reason]
    assert said is not None
    assert said.reason is reason
    assert said.rule in IDS


def test_every_reason_is_said_by_a_rule_but_those_that_a_kiosk_says_of_itself() -> None:
    assert not EXAMPLES.keys() & ASKED.keys()
    assert set(Reason) - EXAMPLES.keys() - ASKED.keys() == SAID_BY_NO_RULE | DO_NOT_KNOW


def test_every_rule_that_is_run_bears_ids_of_the_rules() -> None:
    orders = (*VISIT_ORDER, *PATRON_ORDER, *ITEM_ORDER, *RENEW_ORDER, *RETURN_ORDER)
    assert {f"{one.__module__}.{one.__qualname__}" for one in orders} <= set(RULE_IDS)
    assert {one for ids in RULE_IDS.values() for one in ids} <= IDS


def test_the_order_of_a_visit_is_that_of_the_rules() -> None:
    assert [RULE_IDS[f"{one.__module__}.{one.__qualname__}"][0] for one in VISIT_ORDER] == (
        ["P8", "P3", "K5", "P7", "P4", "A1", "K1", "G6", "P6"]
    )


def test_the_order_of_a_loan_is_that_of_the_rules() -> None:
    assert [RULE_IDS[f"{one.__module__}.{one.__qualname__}"][0] for one in (*PATRON_ORDER, *ITEM_ORDER)] == (
        ["K6", "G1", "G2", "G8", "N1", "S6", "S1", "S5", "F4", "S2", "S3", "P3", "A4", "K7", "K11", "K7", "K8", "N6"]
    )


def test_one_patron_after_another_trouble_hears_the_first_and_staff_all_of_it() -> None:
    everything = patron(membership("0091", paid=False, strips_left=0), fees=(fee(1001),))
    verdict = on_borrow(borrow(everything, item(status=ItemStatus.DAMAGED, hold=hold(BERT), institution=HERZELE)))
    assert verdict.decided is not None
    assert [verdict.decided.rule, *(one.rule for one in verdict.also)] == ["S5", "F4", "S2", "K7", "K8", "N6"]
    assert not verdict.allowed


def test_a_verdict_without_refusals_allows() -> None:
    assert on_borrow(borrow()) == Verdict(None)
    assert on_borrow(borrow()).allowed


def test_a_patron_is_judged_before_any_item_is_scanned() -> None:
    assert on_patron(borrow(what=item(status=ItemStatus.DAMAGED))).allowed
    assert on_patron(EXAMPLES[Reason.OPEN_AMOUNT]).decided == refusal(EXAMPLES[Reason.OPEN_AMOUNT])  # type: ignore[arg-type]


def test_the_first_of_several_answers_is_the_first_refusal() -> None:
    no = refusal(EXAMPLES[Reason.LAPSED])
    assert first([None, no, refusal(EXAMPLES[Reason.OPEN_AMOUNT])]) == no
    assert first([None]) is None


def due(subscription: str, today: date = TODAY) -> date:
    row = membership(subscription, starts=date(2000, 1, 1), ends=date(2099, 12, 31))
    return due_date(borrow(patron(row), at=here(today=today)))


@pytest.mark.parametrize(
    ("subscription", "days"), [("0045", 21), ("JEUGD", 21), ("0082", 42), ("0083", 126), ("0089", 0)]
)
def test_S1_the_due_date_is_so_many_days_after_today(subscription: str, days: int) -> None:
    assert (due(subscription) - TODAY).days == days


def test_S1_the_due_date_passes_the_ends_of_months_and_years() -> None:
    assert due("0045", date(2027, 12, 20)) == date(2028, 1, 10)
    assert due("0045", date(2028, 2, 9)) == date(2028, 3, 1)
    assert due("0045", date(2027, 2, 9)) == date(2027, 3, 2)


@pytest.mark.parametrize("reason", [Reason.LAPSED, Reason.DIGITAL_ONLY, Reason.NO_SELF_SERVICE, Reason.NO_MEMBERSHIP])
def test_S1_without_a_subscription_that_lends_there_is_no_due_date(reason: Reason) -> None:
    facts = EXAMPLES[reason]
    assert isinstance(facts, Borrow)
    with pytest.raises(ValueError, match="no subscription"):
        due_date(facts)


# Random worlds: most of them wrong in several ways at once.

INSTITUTIONS = st.sampled_from([ZOTTEGEM, OOSTERZELE, HERZELE, ANNEN])
OFFSETS = st.sampled_from([-100, -8, -7, -6, -1, 0, 1, 100])
CODES = st.sampled_from([*sorted({one.code for one in CATALOGUE}), SubscriptionCode("9999")])
MEMBERSHIPS = st.builds(
    Membership,
    INSTITUTIONS,
    CODES,
    OFFSETS.map(day),
    OFFSETS.map(day),
    st.sampled_from(MembershipStatus),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, -1, 0, 1, 125]),
    st.none() | OFFSETS.map(day),
)
RUNNING = MEMBERSHIPS.map(
    lambda row: replace(row, starts=day(-100), ends=day(100), status=MembershipStatus.NORMAL, confirmed=True)
)
FEES = st.builds(
    Fee, st.just("fee"), st.sampled_from([-500, 1, 500, 999, 1000, 1001]), INSTITUTIONS, st.sampled_from(FeeStatus)
)
PATRONS = st.builds(
    lambda rows, fees, kind, home, main, ref, pin, count: Patron(
        ref,
        kind,
        home=home,
        main_library=main,
        memberships=tuple(rows),
        fees=tuple(fees),
        pin_required=pin,
        loans=loans(count),
    ),
    st.lists(RUNNING | MEMBERSHIPS, max_size=4),
    st.lists(FEES, max_size=4),
    st.sampled_from([PatronType.REGULAR, PatronType.GUEST, *PatronType]),
    st.sampled_from([None, Isil("NL-070288")]),
    st.none() | INSTITUTIONS,
    st.just(ANNA),
    st.booleans(),
    st.sampled_from([0, 29, 30]),
)
WORLDS = st.builds(
    lambda kind, accepts, eid, pin, links: here(
        institutions(kind, frozenset(accepts), eid), links=tuple(links), asks_pin=pin
    ),
    st.sampled_from([GroupKind.THREE_B, *GroupKind]),
    st.sampled_from([{OOSTERZELE}, {OOSTERZELE, HERZELE}, set()]),
    st.booleans(),
    st.booleans(),
    st.lists(st.builds(link, CODES, CODES, INSTITUTIONS), max_size=4).map(
        lambda some: [link(), link("0345", "0345"), *some]
    ),
)
ITEMS = st.none() | st.builds(
    lambda status, borrowed, internal, held, at: item(
        status=status,
        loan=loan(borrowed, internal=internal) if borrowed else None,
        hold=hold(*held) if held else None,
        institution=at,
    ),
    st.sampled_from([ItemStatus.LENDABLE, *ItemStatus]),
    st.sampled_from([None, ANNA, BERT]),
    st.booleans(),
    st.none() | st.tuples(st.sampled_from([ANNA, BERT]), st.booleans()),
    INSTITUTIONS,
)
BORROWS = st.builds(Borrow, WORLDS, PATRONS, st.sampled_from([BARCODE, ItemBarcode(NUMBER)]), ITEMS)
CARDS = st.builds(
    card,
    st.sampled_from([NUMBER, OLD_NUMBER]),
    status=st.sampled_from(PassStatus),
    unique=st.booleans(),
    institutions=st.frozensets(INSTITUTIONS),
    document_number=st.booleans(),
    eid=st.booleans(),
)
PRESENTED = st.builds(
    Presented, st.sampled_from(Source), st.sampled_from([None, NUMBER, OLD_NUMBER]), st.sampled_from([UID, RANDOM_UID])
)
PEOPLE = st.builds(
    lambda kind, pin, subscription: patron(membership(subscription), type=kind, pin_required=pin),
    st.sampled_from(PatronType),
    st.booleans(),
    st.sampled_from(["0045", "0082"]),
)
VISITS = st.builds(
    lambda at, shown, who, cards, others: Visit(
        at, shown, tuple([Holder(one, who) for one in cards] + [Holder(one, patron(ref=BERT)) for one in others])
    ),
    st.sampled_from([here(), here(institutions(uses_eid=True)), here(asks_pin=True)]),
    PRESENTED,
    PEOPLE,
    st.lists(CARDS, max_size=2),
    st.lists(CARDS, max_size=1),
)
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Record = TypeVar("Record")
Rules = Sequence[Callable[..., Refused | None]]


def in_order(rules: Rules, facts: Visit | Borrow) -> list[Refused]:
    return [no for no in (one(facts) for one in rules) if no is not None]


@MANY
@given(st.one_of(VISITS, BORROWS))
def test_the_first_refusal_of_the_declared_order_decides_and_staff_get_the_rest(facts: Visit | Borrow) -> None:
    rules: Rules = VISIT_ORDER if isinstance(facts, Visit) else (*PATRON_ORDER, *ITEM_ORDER)
    verdict = judged(facts)
    said = [verdict.decided, *verdict.also] if verdict.decided else []
    assert said == in_order(rules, facts)
    assert verdict.allowed == (not said)


@MANY
@given(st.one_of(VISITS, BORROWS))
def test_every_refusal_names_an_id_of_its_rule_and_no_person(facts: Visit | Borrow) -> None:
    rules: Rules = VISIT_ORDER if isinstance(facts, Visit) else (*PATRON_ORDER, *ITEM_ORDER)
    for one in rules:
        no = one(facts)
        if no is not None:
            assert no.rule in RULE_IDS[f"{one.__module__}.{one.__qualname__}"]
            assert NAMES.isdisjoint(str(value) for value in no.values.values())


@MANY
@given(BORROWS, st.randoms(use_true_random=False))
def test_N3_the_verdict_does_not_depend_on_the_order_of_records(facts: Borrow, chance: Random) -> None:
    def shuffled(some: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(chance.sample(some, len(some)))

    who, at = facts.patron, facts.here
    other_who = replace(who, memberships=shuffled(who.memberships), fees=shuffled(who.fees), loans=shuffled(who.loans))
    other_at = replace(at, links=shuffled(at.links), catalogue=shuffled(at.catalogue))
    other = replace(facts, patron=other_who, here=other_at)
    assert on_borrow(other) == on_borrow(facts)
    assert effective(other) == effective(facts)
    assert may_borrow(other) == may_borrow(facts)


@MANY
@given(VISITS)
def test_P4_the_verdict_does_not_depend_on_the_order_of_passes(facts: Visit) -> None:
    other = replace(facts, found=facts.found[::-1])
    assert on_visit(other) == on_visit(facts)
    first_holder, last_holder = facts.holder, other.holder
    if first_holder and last_holder:
        assert first_holder.patron.ref == last_holder.patron.ref
        assert first_holder.card.number == last_holder.card.number


@MANY
@given(VISITS)
def test_P7_a_visit_that_begins_has_one_active_pass_of_one_patron(facts: Visit) -> None:
    if on_visit(facts).allowed:
        assert facts.holder is not None
        assert facts.holder.card.status is PassStatus.ACTIVE
        assert len({one.patron.ref for one in facts.works_here if one.card.status is PassStatus.ACTIVE}) == 1


@MANY
@given(BORROWS)
def test_S1_whoever_may_borrow_has_a_membership_in_force_a_later_due_date_and_a_strip(facts: Borrow) -> None:
    if not on_patron(facts).allowed:
        return
    found = effective(facts)
    assert found is not None
    assert found.membership.starts <= TODAY <= found.membership.ends
    assert due_date(facts) > TODAY
    assert strip_balance(found) is None or strip_balance(found) > 0  # type: ignore[operator]
    assert may_borrow(facts) != 0


@MANY
@given(PATRONS, WORLDS)
def test_S2_S3_zero_more_items_means_a_refusal(who: Patron, at: Here) -> None:
    facts = borrow(who, at=at)
    if may_borrow(facts) == 0:
        assert not passes(facts)
