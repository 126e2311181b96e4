"""One run directory with a workbench for each test; what a test starts ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.simulators.drive import Bench
from tests.devices.running import Events, Workbench


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    """An empty workbench: the test starts the simulators that it needs."""
    one = Workbench(tmp_path, Bench(tmp_path), Events(), [])
    yield one
    one.close()
