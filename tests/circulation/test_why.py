"""Why yes or no: every rule of the order with what it looked at, the same verdict, and nothing private in it."""
# ruff: noqa: N802 - a test bears the id of its rule

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation import wire
from circulation.events import Action
from circulation.identifiers import SubscriptionCode
from circulation.model import GroupKind, Message
from circulation.outcomes import Reason, Refused
from circulation.rules import verdict
from circulation.rules.facts import Borrow, Return, Visit
from circulation.rules.verdict import on_borrow, on_renew, on_return, on_visit
from circulation.rules.why import Explanation, Step, explain
from tests.circulation.test_verdict import BORROWS, EXAMPLES, MANY, NAMES, VISITS
from tests.circulation.worlds import (
    BERT,
    HERZELE,
    OOSTERZELE,
    TODAY,
    borrow,
    brought,
    day,
    fee,
    guest,
    here,
    hold,
    holder,
    institutions,
    item,
    link,
    loan,
    loans,
    membership,
    patron,
    renew,
    visit,
)


def step(found: Explanation, name: str) -> Step:
    """The step of that rule."""
    return next(one for one in found.steps if one.name == name)


def looked(found: Explanation, name: str) -> dict[str, str]:
    """What that rule looked at."""
    return {one.name: one.value for one in step(found, name).looked_at}


def names(rules: Sequence[object]) -> list[str]:
    return [one.__name__ for one in rules]  # type: ignore[attr-defined]


def test_K13_a_loan_is_explained_rule_by_rule_in_their_order() -> None:
    found = explain(visit(holder()), borrow(), Action.CHECK_OUT)
    wanted = [*verdict.VISIT_ORDER, *verdict.PATRON_ORDER, *verdict.ITEM_ORDER]
    assert [one.name for one in found.steps] == names(wanted)
    assert found.decided is None
    assert found.also == ()
    assert all(one.refused is None and one.ids for one in found.steps)


def test_K13_a_renewal_and_a_return_have_orders_of_their_own() -> None:
    renewal = explain(visit(holder()), renew(), Action.RENEW)
    assert [one.name for one in renewal.steps] == names([*verdict.VISIT_ORDER, *verdict.RENEW_ORDER])
    back = explain(None, brought(item(institution=HERZELE)), Action.CHECK_IN)
    assert [one.name for one in back.steps] == names(verdict.RETURN_ORDER)
    assert back.decided is not None
    assert back.decided.reason is Reason.RETURN_ELSEWHERE


def test_K13_what_decided_comes_first_and_what_would_have_refused_besides_follows() -> None:
    who = patron(membership("0091", paid=False, strips_left=0), fees=(fee(1001),))
    found = explain(visit(holder(who)), borrow(who, item(hold=hold(BERT))), Action.CHECK_OUT)
    assert found.decided is not None
    assert [found.decided.rule, *(one.rule for one in found.also)] == ["S5", "F4", "S2", "K8"]
    assert [one.name for one in found.steps if one.refused] == (
        ["paid_first", "open_amount_within_limit", "strips_left", "item_not_held_for_another"]
    )


def test_F4_says_which_amounts_and_which_limit_it_looked_at() -> None:
    who = patron(fees=(fee(900), fee(101, at=OOSTERZELE)))
    seen = looked(explain(None, borrow(who), Action.CHECK_OUT), "open_amount_within_limit")
    assert seen["patron.fees.1.cents"] == "900"
    assert seen["patron.fees.2.institution"] == "oosterzele"
    assert "patron.fees.2.cents" not in seen
    assert seen["here.branch.open_amount_limit"] == "1000"
    assert seen["patron.fees.count"] == "2"


def test_G8_says_the_last_word_and_the_nights_that_are_allowed() -> None:
    who = guest(membership("0345", verified=day(-9)))
    seen = looked(explain(None, borrow(who), Action.CHECK_OUT), "guest_is_verified")
    assert seen["patron.memberships.1.verified"] == day(-9).isoformat()
    assert seen["here.policy.unverified_nights"] == "7"
    assert seen["here.today"] == TODAY.isoformat()
    assert seen["patron.type"] == "04"


def test_S2_says_the_balance_and_the_subscription_that_counts_here() -> None:
    who = patron(membership("0053", at=OOSTERZELE, strips_left=0))
    at = here(links=(link("0053", "0045"),))
    seen = looked(explain(None, borrow(who, at=at), Action.CHECK_OUT), "strips_left")
    assert seen["patron.memberships.1.strips_left"] == "0"
    assert seen["here.catalogue.0045.strips"] == "125"
    assert "here.catalogue.0053.strips" not in seen


def test_N6_says_the_kind_of_the_group() -> None:
    at = here(institutions(GroupKind.THREE_A))
    seen = looked(explain(None, brought(item(institution=OOSTERZELE), at), Action.CHECK_IN), "item_may_come_back_here")
    assert seen["here.institutions.zottegem.group.kind"] == "3a"
    assert seen["item.institution"] == "oosterzele"
    assert seen["item"] == "given"
    assert seen.keys().isdisjoint({"here", "here.branch", "here.institutions", "here.institutions.zottegem"})


def test_K1_says_yes_no_none_and_lists_as_words() -> None:
    found = explain(visit(holder()), borrow(), Action.CHECK_OUT)
    assert looked(found, "type_may_visit")["here.policy.visit_types"] == "00, 04"
    assert looked(found, "pin_is_proved")["here.branch.asks_pin"] == "no"
    assert looked(found, "item_not_internal")["item.loan"] == "none"
    many = replace(here().policy, special_subscriptions=frozenset(SubscriptionCode(str(at)) for at in range(9)))
    special = EXAMPLES[Reason.TYPE_TO_DESK]
    assert isinstance(special, Visit)
    who = replace(special.found[0].patron, type=type(special.found[0].patron.type).SPECIAL)
    seen = looked(explain(visit(holder(who), at=here(policy=many)), None, Action.CHECK_OUT), "type_may_visit")
    assert seen["here.policy.special_subscriptions"] == "9 of them"
    eight = replace(many, special_subscriptions=frozenset(SubscriptionCode(str(at)) for at in range(8)))
    seen = looked(explain(visit(holder(who), at=here(policy=eight)), None, Action.CHECK_OUT), "type_may_visit")
    assert seen["here.policy.special_subscriptions"] == "0, 1, 2, 3, 4, 5, 6, 7"


def test_K8_another_patrons_reference_is_looked_at_and_not_shown() -> None:
    seen = looked(explain(None, borrow(what=item(hold=hold(BERT))), Action.CHECK_OUT), "item_not_held_for_another")
    assert seen["item.hold.patron"] == "(not shown)"
    assert seen["item.hold.on_shelf"] == "yes"


def test_K5_a_pass_of_nobody_is_explained_by_the_visit_alone() -> None:
    found = explain(visit(), None, Action.CHECK_OUT)
    assert [one.name for one in found.steps] == names(verdict.VISIT_ORDER)
    assert found.decided is not None
    assert found.decided.reason is Reason.PASS_UNKNOWN


@pytest.mark.parametrize(
    ("wanted", "action"),
    [(borrow(), Action.RENEW), (brought(), Action.CHECK_OUT), (renew(), Action.CHECK_IN), (None, Action.PAY)],
)
def test_K13_facts_that_do_not_go_with_the_action_are_an_error(wanted: Borrow | Return | None, action: Action) -> None:
    with pytest.raises(ValueError, match="nothing to explain"):
        explain(None, wanted, action)


SECRETS = {*NAMES, "Piet", "Heeft schulden"}


@MANY
@given(VISITS, BORROWS)
def test_K13_an_explanation_says_what_the_verdicts_say_and_travels_whole(shown: Visit, wanted: Borrow) -> None:
    told = replace(wanted.patron, first_name="Piet", messages=(Message("Heeft schulden"),))
    wanted = replace(wanted, patron=told)
    found = explain(shown, wanted, Action.CHECK_OUT)
    visit_says, borrow_says = on_visit(shown), on_borrow(wanted)
    said = [one for one in (visit_says.decided, *visit_says.also, borrow_says.decided, *borrow_says.also) if one]
    assert [found.decided, *found.also] == said if said else found.decided is None
    assert [one.refused for one in found.steps if one.refused] == said
    values = {one.value for step in found.steps for one in step.looked_at}
    assert SECRETS.isdisjoint(values)
    body = wire.dumps(wire.encode(found))
    assert wire.decode(Explanation, wire.loads(body)) == found


OWN = st.sampled_from([loan("anna"), loan("anna", renewals=2), loan(BERT)])  # type: ignore[arg-type]


@MANY
@given(BORROWS, OWN)
def test_K13_renewals_and_returns_are_explained_as_they_are_decided(wanted: Borrow, own: object) -> None:
    renewal = renew(wanted.patron, wanted.item, wanted.here, own)  # type: ignore[arg-type]
    back = brought(wanted.item, wanted.here)
    for found, says in (
        (explain(None, renewal, Action.RENEW), on_renew(renewal)),
        (explain(None, back, Action.CHECK_IN), on_return(back)),
    ):
        assert (found.decided, found.also) == (says.decided, says.also)


def test_K13_an_explanation_of_many_memberships_and_loans_stays_small_enough_to_send() -> None:
    rows = tuple(membership("0045", starts=day(-at), ends=day(at)) for at in range(1, 6))
    who = patron(*rows, loans=loans(400))
    found = explain(visit(holder(who)), borrow(who), Action.CHECK_OUT)
    assert len(wire.dumps(wire.encode(found))) < wire.MAX_BYTES


def test_K13_the_deciding_refusal_is_the_one_that_the_patron_hears() -> None:
    for facts in EXAMPLES.values():
        if isinstance(facts, Borrow):
            decided = explain(None, facts, Action.CHECK_OUT).decided
            assert isinstance(decided, Refused)
            assert decided == on_borrow(facts).decided
