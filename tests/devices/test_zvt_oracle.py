"""Many payments at a terminal with many troubles: at the end its books and what the driver said agree to the cent."""

from __future__ import annotations

import random

import pytest

from devices.ports import PayOutcome, PayResult
from tests.devices.running import LIMIT_S, Workbench, eventually
from tests.devices.zvt_running import Till

_TROUBLES = ("none", "none", "asked", "approved", "told", "settled")
_KEYS = ("approve", "approve", "approve", "decline", "cancel")


def visit(till: Till, chance: random.Random, reference: str, cents: int) -> PayResult:
    """One payment with its trouble, asked about until an outcome is known, or is known to stay unknown."""
    trouble, key, booked = chance.choice(_TROUBLES), chance.choice(_KEYS), chance.random() < 0.8
    if trouble != "none":
        till.do("lose-line", when=trouble, payment=chance.choice(("kept", "reversed")))
    till.do("auto", key=key, seconds=0.1)
    result = till.terminal.pay(cents, reference, lambda _: None, LIMIT_S)
    if result.outcome is PayOutcome.APPROVED:
        result = till.terminal.settle(reference, booked=booked, deadline_s=LIMIT_S)
    if result.outcome is PayOutcome.UNKNOWN:
        till.ready()
        result = till.recover(reference, cents, terminal_ref=result.terminal_ref)
        if result.outcome is PayOutcome.APPROVED:
            result = till.terminal.settle(reference, booked=booked, deadline_s=LIMIT_S)
    return result


@pytest.mark.parametrize("seed", [2, 11])
def test_the_books_agree_with_what_was_said_after_a_bad_day(workbench: Workbench, seed: int) -> None:
    till, chance = Till(workbench, "tcp"), random.Random(seed)
    assert till.paid(1, "opening").outcome is PayOutcome.APPROVED
    said = {cents: visit(till, chance, f"visit-{cents}", cents).outcome for cents in range(100, 106)}
    eventually("rest", lambda: till.status["screen"] == "idle")
    status = till.status
    charged = {one["cents"] for one in status["ledger"] if one.get("payment") and not one["reversed"]} - {1}
    approved = {cents for cents, outcome in said.items() if outcome is PayOutcome.APPROVED}
    unknown = {cents for cents, outcome in said.items() if outcome is PayOutcome.UNKNOWN}
    assert approved <= charged <= approved | unknown
    assert status["seen"]["06 01"] <= 1 + len(said)
    assert len(unknown) <= 3
    till.stop()
