"""The order of a run: what waits longest begins first, so that all workers end together. No drawn test is timed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import engine

# How long an example takes says how busy the machine is, and the first one reads the source for constants.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
# A failure is told before the test's own time is over: a longer search for a smaller one would hide it.
engine.MAX_SHRINKING_SECONDS = 30

HERE = Path(__file__).parent
FIRST = (
    "journeys/test_faults.py",
    "membership_store/guests",
    "provisioning/bootstrap",
    "membership_store/test_acts_under_faults.py",
    "kiosk/screens/test_window.py",
    "kiosk/screens/test_pages.py",
    "journeys",  # not all at once: each is a whole product with a screen
    "provisioning/demo",
    "devices/test_zvt_terminal.py",  # waits, while the store works
    "devices/test_nexo_terminal.py",
    "devices/item_pad/test_feig_pad.py",
    "membership_store",
    "kiosk/screens",
    "devices/bench",
    "devices/test_nexo_chaos.py",
    "devices/test_receipt_printer.py",
    "kiosk/test_closed.py",
    "kiosk/test_journalled_machine.py",
    "offline_cache/test_mirror_cli.py",
    "offline_cache/test_outage_machine.py",
    "circulation/test_mutations.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files change places; within a file, and among files of one rank, nothing does."""
    items.sort(key=lambda item: _rank(item.path.relative_to(HERE)))


def _rank(path: Path) -> int:
    names = {path.as_posix(), *(parent.as_posix() for parent in path.parents)}
    return next((rank for rank, first in enumerate(FIRST) if first in names), len(FIRST))
