"""A virtual machine with the kiosk's journal on ext4 is reset, or loses its power, again and again: nothing is missing.

The same cuts under a journal that does not sync, and on a disk that lies about its cache, lose what was promised.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.power.machine import Machine
from tests.power.root import ROOT, Missing
from tests.power.trial import Kind, Trial

CUTS = {Kind.POWER: 60, Kind.RESET: 20}
LIVES = 5
WEAKENED, LYING = 10, 10
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


@KINDS
@pytest.mark.long(minutes=12)
def test_nothing_that_was_promised_is_missing_after(kind: Kind, machine: Machine) -> None:
    trial = Trial(machine, kind, random.Random())
    while trial.found.cuts < CUTS[kind]:
        trial.on_a_new_disk(LIVES)
    print(kind.value, trial.found)
    assert (trial.found.lost, trial.found.unusable) == (0, Counter())
    assert trial.found.promises > 500
    assert kind is Kind.RESET or trial.found.dropped > 0


@KINDS
@pytest.mark.long(minutes=5)
def test_a_journal_that_does_not_sync_loses_promises_in(kind: Kind, machine: Machine) -> None:
    trial = Trial(machine, kind, random.Random(), ["synchronous=NORMAL"])
    while trial.found.cuts < WEAKENED:
        trial.on_a_new_disk(1)
    print(kind.value, trial.found)
    assert trial.found.lost > 0


@pytest.mark.long(minutes=5)
def test_on_a_disk_that_says_flushed_and_did_not_promises_are_lost(machine: Machine) -> None:
    trial = Trial(machine, Kind.POWER, random.Random())
    while trial.found.cuts < LYING:
        trial.on_a_new_disk(1, lies=True)
    print(trial.found)
    assert trial.found.lost + trial.found.unusable.total() > 0
