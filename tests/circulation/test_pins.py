"""PINs: who needs one, what a wrong one does, and when a pass is locked (P6)."""
# ruff: noqa: N802 - a test bears the id of its rule

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from circulation.outcomes import NextStep, Reason
from circulation.rules.facts import PinState, Policy
from circulation.rules.pins import PinTries, after_wrong, is_locked, needs_pin, pin_is_proved
from tests.circulation.worlds import here, holder, passes, patron, refusal, says, visit

NOW = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
POLICY = Policy()


def test_P6_a_pin_is_needed_for_a_document_number_an_eid_a_patron_or_a_branch_that_asks() -> None:
    assert not needs_pin(visit(holder()))
    assert needs_pin(visit(holder(document_number=True)))
    assert needs_pin(visit(holder(eid=True)))
    assert needs_pin(visit(holder(patron(pin_required=True))))
    assert needs_pin(visit(holder(), at=here(asks_pin=True)))
    assert not needs_pin(visit(at=here(asks_pin=True)))


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        (PinState.NOT_SHOWN, Reason.PIN_NEEDED),
        (PinState.WRONG, Reason.PIN_WRONG),
        (PinState.LOCKED, Reason.PIN_LOCKED),
    ],
)
def test_P6_only_a_proved_pin_opens_a_pass_that_needs_one(pin: PinState, reason: Reason) -> None:
    decided = refusal(visit(holder(document_number=True), pin=pin))
    assert (decided.rule, decided.reason, decided.next) == ("P6", reason, NextStep.DESK)


def test_P6_a_proved_pin_passes() -> None:
    assert passes(visit(holder(document_number=True), pin=PinState.PROVED))


@pytest.mark.parametrize("pin", [one for one in PinState if one is not PinState.LOCKED])
def test_P6_a_pass_that_needs_no_pin_passes_whatever_is_known_of_one(pin: PinState) -> None:
    assert passes(visit(holder(), pin=pin))


def test_P6_a_locked_pass_is_locked_at_a_branch_that_asks_for_no_pin_too() -> None:
    assert says(visit(holder(), pin=PinState.LOCKED)) == ("P6", Reason.PIN_LOCKED)
    assert says(visit(pin=PinState.LOCKED)) == ("K5", Reason.PASS_UNKNOWN)
    assert pin_is_proved(visit(pin=PinState.LOCKED)) is None


def test_P6_a_pin_is_judged_last_of_a_visit() -> None:
    facts = visit(holder(patron(type=patron().type.UNKNOWN), document_number=True), pin=PinState.WRONG)
    assert says(facts) == ("K1", Reason.TYPE_TO_DESK)


def wrong(times: int) -> PinTries:
    """So many wrong PINs in a row."""
    tries = PinTries()
    for _ in range(times):
        tries = after_wrong(tries, NOW, POLICY)
    return tries


def test_P6_four_wrong_pins_do_not_lock_a_pass_and_the_fifth_does_for_fifteen_minutes() -> None:
    assert wrong(4) == PinTries(4)
    assert not is_locked(wrong(4), NOW)
    assert wrong(5) == PinTries(5, NOW + timedelta(minutes=15))
    assert is_locked(wrong(5), NOW)


def test_P6_the_lock_is_over_after_its_last_second() -> None:
    assert is_locked(wrong(5), NOW + timedelta(minutes=15, seconds=-1))
    assert not is_locked(wrong(5), NOW + timedelta(minutes=15))


def test_P6_the_lock_lasts_as_long_in_the_night_that_the_clock_goes_back() -> None:
    local = datetime(2026, 10, 25, 2, 55, tzinfo=UTC)
    tries = after_wrong(PinTries(4), local, POLICY)
    assert tries.locked_until == local + timedelta(minutes=15)


def test_P6_a_pass_keeps_shut_until_its_lock_is_over_and_not_at_that_instant() -> None:
    locked = replace(holder().card, locked_until=NOW)
    assert is_locked(locked, NOW - timedelta(microseconds=1))
    assert not is_locked(locked, NOW)
    assert not is_locked(holder().card, NOW)


def test_P6_a_try_while_it_is_locked_neither_counts_nor_lengthens_the_lock() -> None:
    assert after_wrong(wrong(5), NOW + timedelta(minutes=14), POLICY) == wrong(5)


def test_P6_after_the_lock_the_count_begins_anew() -> None:
    later = NOW + timedelta(minutes=15)
    assert after_wrong(wrong(5), later, POLICY) == PinTries(1)


def test_P6_how_many_tries_and_how_long_is_the_librarys() -> None:
    policy = Policy(pin_tries=1, pin_lock_minutes=2)
    assert after_wrong(PinTries(), NOW, policy) == PinTries(1, NOW + timedelta(minutes=2))


def test_P6_a_locked_pass_says_for_how_many_minutes_at_most_and_any_other_answer_says_nothing() -> None:
    at = here(policy=Policy(pin_lock_minutes=20))
    found = holder(document_number=True)
    values = {}
    for state in (PinState.NOT_SHOWN, PinState.WRONG, PinState.LOCKED):
        said = pin_is_proved(visit(found, at=at, pin=state))
        assert said is not None
        values[state] = said.values
    assert values == {PinState.NOT_SHOWN: {}, PinState.WRONG: {}, PinState.LOCKED: {"count": 20}}
