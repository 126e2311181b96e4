"""A virtual machine with the kiosk's journal or mirror on ext4 is reset, or loses its power: nothing is missing.

The same cuts without syncing, and on a disk that lies about its cache, lose what was promised.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.power.guest import WEAKENED
from tests.power.machine import Machine
from tests.power.root import ROOT, Missing
from tests.power.trial import Kind, Trial
from tests.power.works import WORKS

CUTS = {Kind.POWER: 40, Kind.RESET: 20}
FEW, LIVES = 10, 5
WORK = pytest.mark.parametrize("work", WORKS)
KINDS = pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A virtual machine, booted once."""
    folder = tmp_path_factory.mktemp("machine")
    try:
        yield Machine(folder, ROOT / "build" / "kernel")
    except Missing as lack:
        pytest.skip(f"no virtual machine here without {lack}")
    finally:
        shutil.rmtree(folder)


@WORK
@KINDS
@pytest.mark.long(minutes=15)
def test_nothing_that_was_promised_is_missing_after(kind: Kind, work: str, machine: Machine) -> None:
    trial = Trial(machine, kind, [work], random.Random())
    while trial.found.cuts < CUTS[kind]:
        trial.on_a_new_disk(LIVES)
    print(work, kind.value, trial.found)
    assert (trial.found.lost, trial.found.unusable) == (0, Counter())
    assert trial.found.promises > CUTS[kind] * 10
    assert kind is Kind.RESET or trial.found.dropped > 0


@WORK
@KINDS
@pytest.mark.long(minutes=6)
def test_without_syncing_promises_are_lost_in(kind: Kind, work: str, machine: Machine) -> None:
    trial = Trial(machine, kind, [work, WEAKENED], random.Random())
    while trial.found.cuts < FEW:
        trial.on_a_new_disk(1)
    print(work, kind.value, trial.found)
    assert trial.found.lost + trial.found.unusable.total() > 0


@pytest.mark.long(minutes=6)
def test_on_a_disk_that_says_flushed_and_did_not_promises_are_lost(machine: Machine) -> None:
    trial = Trial(machine, Kind.POWER, ["journal"], random.Random())
    while trial.found.cuts < FEW:
        trial.on_a_new_disk(1, lies=True)
    print(trial.found)
    assert trial.found.lost + trial.found.unusable.total() > 0
