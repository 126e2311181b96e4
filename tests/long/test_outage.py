"""A million steps of outages over real journals and a real desk (offline_cache/outage_machine.py), in ten parts."""

from __future__ import annotations

import logging

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.offline_cache.outage_machine import QUICK, OutageMachine, a_world

PARTS, STEPS = 10, 100_000
LONG = settings(
    QUICK,
    max_examples=400,
    stateful_step_count=50,
    phases=(Phase.generate, Phase.shrink),
    database=None,
    print_blob=True,
)


@pytest.mark.long(minutes=15)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_million_steps_of_outages_lose_nothing_and_double_nothing(part: int) -> None:
    """Each part begins elsewhere, by chance; what fails is printed so that it can be repeated."""
    logging.getLogger("offline_cache").setLevel(logging.CRITICAL)  # storms by the hundred thousand fill no memory
    steps = 0
    while steps < STEPS:
        with a_world() as world:
            run_state_machine_as_test(type(f"Outage{part}", (OutageMachine,), {"world": world}), settings=LONG)
            steps += world.steps
            print(f"part {part}: {steps} steps", flush=True)
