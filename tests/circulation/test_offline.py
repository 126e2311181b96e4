"""What a kiosk may do while nobody answers: how old its mirror is, and what the branch allows then."""
# ruff: noqa: N802 - a test bears the id of its rule

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.events import Action
from circulation.model import PatronType
from circulation.outcomes import Reason
from circulation.rules.facts import Borrow, OfflinePolicy, PinState
from circulation.rules.offline import (
    Freshness,
    Offline,
    allowed,
    freshness,
    pin_cannot_be_checked,
    within_the_outage,
)
from tests.circulation.worlds import here, holder, patron, visit

DEFAULT = OfflinePolicy()


@pytest.mark.parametrize(
    ("minutes", "worth"),
    [
        (0, Freshness.FRESH),
        (239, Freshness.FRESH),
        (240, Freshness.USABLE),
        (1439, Freshness.USABLE),
        (1440, Freshness.TOO_OLD),
        (-1, Freshness.TOO_OLD),
        (None, Freshness.TOO_OLD),
    ],
)
def test_a_mirror_is_worth_what_its_age_says(minutes: int | None, worth: Freshness) -> None:
    assert freshness(None if minutes is None else timedelta(minutes=minutes), DEFAULT) is worth


@given(st.integers(-10, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_mirror_is_never_worth_more_when_it_is_older(age: int, more: int, fresh: int, usable: int) -> None:
    policy = replace(DEFAULT, fresh_minutes=fresh, usable_minutes=usable)
    order = [Freshness.TOO_OLD, Freshness.USABLE, Freshness.FRESH]
    young, old = (freshness(timedelta(minutes=one), policy) for one in (max(0, age), max(0, age) + more))
    assert order.index(old) <= order.index(young)


def test_lending_and_taking_back_are_allowed_and_nothing_else_by_default() -> None:
    fresh = Offline(DEFAULT, Freshness.FRESH)
    assert {action for action in Action if allowed(action, fresh) is None} == {Action.CHECK_OUT, Action.CHECK_IN}


def test_an_old_mirror_is_for_returns_only() -> None:
    old = Offline(DEFAULT, Freshness.TOO_OLD)
    said = allowed(Action.CHECK_OUT, old)
    assert said is not None
    assert said.reason is Reason.OFFLINE_RETURNS_ONLY
    assert allowed(Action.CHECK_IN, old) is None


@pytest.mark.parametrize("name", ["borrow", "take_back", "pay"])
def test_a_branch_may_allow_and_forbid_each(name: str) -> None:
    action = {"borrow": Action.CHECK_OUT, "take_back": Action.CHECK_IN, "pay": Action.PAY}[name]
    for may in (True, False):
        offline = Offline(replace(DEFAULT, **{name: may}), Freshness.FRESH)
        said = allowed(action, offline)
        assert (said is None) is may
        assert said is None or said.reason is Reason.OFFLINE_NOT_ALLOWED


def test_P6_a_pass_that_needs_a_pin_goes_to_the_desk_and_a_proved_one_goes_on() -> None:
    shown = visit(holder(patron(pin_required=True)))
    said = pin_cannot_be_checked(shown, DEFAULT)
    assert said is not None
    assert (said.rule, said.reason) == ("P6", Reason.OFFLINE_PIN)
    assert pin_cannot_be_checked(replace(shown, pin=PinState.PROVED), DEFAULT) is None
    assert pin_cannot_be_checked(visit(holder()), DEFAULT) is None
    assert pin_cannot_be_checked(visit(), DEFAULT) is None


def test_P6_a_library_may_trust_its_patrons_but_never_a_number_that_can_be_read_off_a_document() -> None:
    trusting = replace(DEFAULT, lends_without_pin=True)
    assert pin_cannot_be_checked(visit(holder(patron(pin_required=True))), trusting) is None
    assert pin_cannot_be_checked(visit(holder(), at=here(asks_pin=True)), trusting) is None
    assert pin_cannot_be_checked(visit(holder(document_number=True)), trusting) is not None
    assert pin_cannot_be_checked(visit(holder(eid=True)), trusting) is not None


def test_a_fresh_mirror_takes_nothing_away_and_an_older_one_lends_a_few_and_nothing_to_guests() -> None:
    somebody, guest = Borrow(here(), patron()), Borrow(here(), patron(type=PatronType.GUEST))
    assert within_the_outage(guest, Offline(DEFAULT, Freshness.FRESH, lent=99)) is None
    assert within_the_outage(somebody, Offline(DEFAULT, Freshness.USABLE, lent=4)) is None
    said = within_the_outage(somebody, Offline(DEFAULT, Freshness.USABLE, lent=5))
    assert said is not None
    assert (said.reason, said.values) == (Reason.OFFLINE_MAXIMUM, {"count": 5})
    refused = within_the_outage(guest, Offline(DEFAULT, Freshness.USABLE))
    assert refused is not None
    assert refused.reason is Reason.OFFLINE_GUEST
    welcoming = replace(DEFAULT, usable_guests=True)
    assert within_the_outage(guest, Offline(welcoming, Freshness.USABLE)) is None
