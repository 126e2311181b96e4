"""A terminal that answers a minute and a half after it was asked, in real time: all drivers at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from devices.ports import Health, HealthChanged, PaymentTerminal, PayOutcome, PayResult, PayStep
from tests.devices.nexo_stand import serve
from tests.devices.running import Events, Workbench, eventually
from tests.devices.zvt_running import Till

ANSWER_S, PATIENCE_S = 90.0, 120.0  # patience as `python -m devices try` has it, and as the terminals' makers advise
Pay = Callable[[], PayResult]


def timed(pay: Pay) -> tuple[PayResult, float]:
    """The result, and the seconds that it took."""
    began = time.monotonic()
    return pay(), time.monotonic() - began


def waits_for_a_card(till: Till) -> bool:
    """Whether the terminal does."""
    return bool(till.status["waiting"])


def was_always_ready(events: Events) -> bool:
    """Whether nothing was said of the terminal since it was first ready."""
    states = [one.health.state for one in events.of(HealthChanged)]
    return set(states[states.index(Health.READY) :]) == {Health.READY}


@pytest.mark.long(minutes=2)
@pytest.mark.timeout(400)
def test_an_approval_after_ninety_seconds_is_waited_for_believed_and_settled_on_every_protocol(tmp_path: Path) -> None:
    (nexo_dir, tcp_dir, serial_dir) = (tmp_path / one for one in ("nexo", "tcp", "serial"))
    stand, workbenches = serve(nexo_dir), [Workbench.at(one) for one in (tcp_dir, serial_dir)]
    nexo, tills = stand.open(), [Till(one, wire) for one, wire in zip(workbenches, ("tcp", "serial"), strict=True)]
    steps: list[PayStep] = []
    try:
        with ThreadPoolExecutor(3) as pool:
            paying = [pool.submit(timed, partial(nexo.pay, 1610, "late", steps.append, PATIENCE_S))]
            paying += [
                pool.submit(timed, partial(till.terminal.pay, 1610, "late", steps.append, PATIENCE_S)) for till in tills
            ]
            stand.wait_for_card()
            stand.do("approve", after=ANSWER_S)
            for till in tills:
                eventually("a payment at the keypad", partial(waits_for_a_card, till))
                till.do("approve", after=ANSWER_S)
            for one in paying:
                result, seconds = one.result()
                assert (result.outcome, result.cents) == (PayOutcome.APPROVED, 1610)
                assert ANSWER_S - 1.0 < seconds < PATIENCE_S
        terminals: list[PaymentTerminal] = [nexo, *(till.terminal for till in tills)]
        for terminal in terminals:
            assert terminal.settle("late", booked=True, deadline_s=20.0).outcome is PayOutcome.APPROVED
        assert [(one["cents"], one["given_back"]) for one in stand.ledger("late")] == [(1610, 0)]
        for till in tills:
            assert till.status["charged"] == 1610
            assert was_always_ready(till.events)
        assert PayStep.CARD in steps
    finally:
        stand.stop()
        stand.workbench.close()
        for till, workbench in zip(tills, workbenches, strict=True):
            till.stop()
            workbench.close()
