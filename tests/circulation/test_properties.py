"""What must hold whatever the facts: no order of records matters; what is better for a patron never refuses more."""
# ruff: noqa: N802 - a test bears the id of its rule

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.affairs import Route
from circulation.catalogue import CATALOGUE
from circulation.identifiers import BranchCode, InstitutionCode
from circulation.model import FeeStatus, GroupKind, Hold, ItemStatus, Loan, Subscription
from circulation.outcomes import Reason
from circulation.rules.facts import Borrow, Here, PinState, Renew, Return, Visit
from circulation.rules.fines import fine
from circulation.rules.returns import next_hold, route_of
from circulation.rules.verdict import next_open, on_renew, on_return, renewed_due
from tests.circulation.test_verdict import BORROWS, MANY, VISITS
from tests.circulation.worlds import (
    ANNA,
    BERT,
    HERZELE,
    OOSTERZELE,
    TODAY,
    ZOTTEGEM,
    Facts,
    borrow,
    day,
    guest,
    here,
    institutions,
    judged,
    loan,
    loans,
    membership,
    passes,
    patron,
    says,
)

HOLDS = st.lists(
    st.builds(
        lambda who, branch, at: Hold(who, False, branch, institution=at if branch else None),
        st.sampled_from([ANNA, BERT]),
        st.sampled_from([None, BranchCode("3551")]),
        st.sampled_from([None, ZOTTEGEM, OOSTERZELE, HERZELE]),
    ),
    max_size=3,
)
LOANS = st.none() | st.builds(
    lambda who, renewals, due: loan(who, renewals=renewals, due=due),
    st.sampled_from([ANNA, ANNA, BERT]),
    st.integers(0, 3),
    st.integers(-30, 60).map(day),
)
RENEWALS = st.builds(
    lambda facts, holds, own: Renew(
        facts.here, facts.patron, facts.item and replace(facts.item, wanted_by=tuple(holds)), own
    ),
    BORROWS,
    HOLDS,
    LOANS,
)
RETURNS = st.builds(
    lambda facts, holds: Return(facts.here, facts.barcode, facts.item and replace(facts.item, wanted_by=tuple(holds))),
    BORROWS,
    HOLDS,
)


def reasons(facts: Facts) -> set[Reason]:
    """All that refuses."""
    verdict = judged(facts)
    return {one.reason for one in (verdict.decided, *verdict.also) if one is not None}


def with_more_strips(facts: Borrow) -> Borrow:
    rows = tuple(
        row if row.strips_left is None else replace(row, strips_left=row.strips_left + 1)
        for row in facts.patron.memberships
    )
    return replace(facts, patron=replace(facts.patron, memberships=rows))


def with_all_paid(facts: Borrow) -> Borrow:
    fees = tuple(replace(one, status=FeeStatus.PAID) if one.cents > 0 else one for one in facts.patron.fees)
    rows = tuple(replace(row, paid=True) for row in facts.patron.memberships)
    return replace(facts, patron=replace(facts.patron, fees=fees, memberships=rows))


def with_nothing_out(facts: Borrow) -> Borrow:
    return replace(facts, patron=replace(facts.patron, loans=()))


def with_a_higher_limit(facts: Borrow) -> Borrow:
    branch = replace(facts.here.branch, open_amount_limit=facts.here.branch.open_amount_limit + 1)
    return replace(facts, here=replace(facts.here, branch=branch))


def with_the_item_free(facts: Borrow) -> Borrow:
    free = facts.item and replace(facts.item, loan=None, hold=None, status=ItemStatus.LENDABLE)
    return replace(facts, item=free)


BETTER: list[Callable[[Borrow], Borrow]] = [
    with_more_strips,
    with_all_paid,
    with_nothing_out,
    with_a_higher_limit,
    with_the_item_free,
]


@pytest.mark.parametrize("better", BETTER, ids=lambda one: one.__name__)
@MANY
@given(facts=BORROWS)
def test_S2_F4_S3_K8_what_is_better_for_the_patron_never_refuses_more(
    better: Callable[[Borrow], Borrow], facts: Borrow
) -> None:
    assert reasons(better(facts)) <= reasons(facts)


@MANY
@given(BORROWS)
def test_N2_one_more_valid_membership_of_this_institution_never_refuses_who_may_borrow(facts: Borrow) -> None:
    more = replace(facts.patron, memberships=(*facts.patron.memberships, membership("0053", strips_left=None)))
    if not reasons(facts):
        assert not reasons(replace(facts, patron=more))


@MANY
@given(VISITS)
def test_P6_a_proved_pin_never_refuses_more_than_any_other_state_of_it(facts: Visit) -> None:
    proved = reasons(replace(facts, pin=PinState.PROVED))
    others = [reasons(replace(facts, pin=pin)) for pin in PinState if pin is not PinState.PROVED]
    assert all(proved <= one and len(one - proved) <= 1 for one in others)


def _in_group(at: Here, kind: GroupKind) -> Here:
    known = {code: replace(one, accepts=at.institutions[code].accepts) for code, one in institutions(kind).items()}
    return replace(at, institutions=known)


@MANY
@given(BORROWS, HOLDS, LOANS)
def test_N6_transport_never_refuses_more_than_the_same_group_without(
    facts: Borrow, holds: list[Hold], own: Loan | None
) -> None:
    one, other = _in_group(facts.here, GroupKind.THREE_B), _in_group(facts.here, GroupKind.THREE_A)
    assert reasons(replace(facts, here=one)) <= reasons(replace(facts, here=other))
    renewal = Renew(one, facts.patron, facts.item and replace(facts.item, wanted_by=tuple(holds)), own)
    # Who waits in the other institution waits for this copy only where it can come there.
    assert reasons(renewal) - {Reason.WANTED_BY_ANOTHER} <= reasons(replace(renewal, here=other))


@MANY
@given(RENEWALS, st.integers(0, 3))
def test_N6_a_hold_that_the_copy_cannot_reach_changes_nothing(facts: Renew, place: int) -> None:
    if facts.item is None:
        return
    holds = list(facts.item.wanted_by)
    holds.insert(place, Hold(BERT, False, BranchCode("3580"), institution=InstitutionCode("closed-down")))
    more = replace(facts.item, wanted_by=tuple(holds))
    assert on_renew(replace(facts, item=more)) == on_renew(facts)
    alone, together = (Return(facts.here, one.barcode, one) for one in (facts.item, more))
    assert (next_hold(together), route_of(together)) == (next_hold(alone), route_of(alone))


@MANY
@given(RENEWALS, st.randoms(use_true_random=False))
def test_K11_a_renewal_does_not_depend_on_the_order_of_records(facts: Renew, chance: Random) -> None:
    rows, fees = facts.patron.memberships, facts.patron.fees
    who = replace(
        facts.patron,
        memberships=tuple(chance.sample(rows, len(rows))),
        fees=tuple(chance.sample(fees, len(fees))),
    )
    what = facts.item and replace(facts.item, wanted_by=facts.item.wanted_by[::-1])
    assert on_renew(replace(facts, patron=who, item=what)) == on_renew(facts)


@MANY
@given(RENEWALS)
def test_K11_fewer_renewals_and_nobody_waiting_never_refuse_more(facts: Renew) -> None:
    fresh = replace(facts, loan=facts.loan and replace(facts.loan, renewals=0))
    assert reasons(fresh) <= reasons(facts)
    alone = replace(facts, item=facts.item and replace(facts.item, wanted_by=(), hold=None))
    assert reasons(alone) <= reasons(facts)


@MANY
@given(RENEWALS, st.frozensets(st.integers(0, 60).map(day)))
def test_K11_whoever_may_renew_gets_a_day_that_is_open_or_keeps_the_one_they_had(
    facts: Renew, closed: frozenset[date]
) -> None:
    facts = replace(facts, here=replace(facts.here, closed=closed))
    if on_renew(facts).allowed:
        assert facts.loan is not None
        due = renewed_due(facts)
        assert due >= facts.loan.due
        assert due > TODAY
        assert due == facts.loan.due or due not in closed


@MANY
@given(RETURNS)
def test_K10_a_return_is_refused_only_for_an_unknown_item_or_one_of_another_library(facts: Return) -> None:
    refused = on_return(facts).decided
    if refused is None:
        assert facts.item is not None
    else:
        assert refused.reason in {Reason.RETURN_ELSEWHERE, Reason.ITEM_UNKNOWN, Reason.PASS_SHOWN_AS_ITEM}
        assert (facts.item is None) == (refused.reason is not Reason.RETURN_ELSEWHERE)


@MANY
@given(RETURNS)
def test_K10_every_item_has_one_way_to_go_and_a_place_where_it_is_not_its_own_shelf(facts: Return) -> None:
    route, place = route_of(facts)
    assert (route is Route.OTHER_BRANCH) <= bool(place)
    assert bool(place) <= (route in (Route.OTHER_BRANCH, Route.HOLD_SHELF))
    assert place != facts.here.branch.code


@given(st.dates(), st.frozensets(st.integers(0, 40)))
def test_S1_the_next_open_day_is_the_first_that_is_not_closed(first: date, offsets: frozenset[int]) -> None:
    first = min(first, date(9999, 1, 1))
    closed = frozenset(first + timedelta(days=one) for one in offsets)
    found = next_open(first, replace(here(), closed=closed))
    assert found not in closed
    assert all(first + timedelta(days=one) in closed for one in range((found - first).days))


@given(st.sampled_from(CATALOGUE), st.integers(-50, 400))
def test_S8_a_fine_never_falls_and_never_passes_its_maximum(terms: Subscription, late: int) -> None:
    one = loan(ANNA, due=TODAY)
    cents, next_day = fine(one, terms, day(late)), fine(one, terms, day(late + 1))
    assert 0 <= cents <= next_day <= (terms.fine.maximum if terms.fine else 0)


def test_S2_loan_125_is_the_last_and_loan_126_is_refused() -> None:
    assert passes(borrow(patron(membership("0045", strips_left=1), loans=loans(124))))
    assert says(borrow(patron(membership("0045", strips_left=0), loans=loans(125)))) == ("S2", Reason.NO_STRIPS)


def test_G7_a_guest_borrows_on_the_last_day_at_home_and_not_on_the_day_after() -> None:
    row = membership("0345", ends=TODAY, verified=TODAY)
    assert passes(borrow(guest(row)))
    assert says(borrow(guest(row), at=here(today=day(1)))) == ("G7", Reason.GUEST_ENDED)
