"""Journeys run the whole product; every journey of a module shares one demo unless it starts its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.running import Demo, running_demo

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that lies here as journeys, and give them the time that a whole product needs to start."""
    lacking = [name for name in ("Xvfb", "xdotool") if not shutil.which(name)]
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(240))
            if lacking:
                item.add_marker(pytest.mark.skip(reason=f"{' and '.join(lacking)} not installed"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole product, freshly started, at Annen; its screen is that of a virtual display."""
    with running_demo(tmp_path_factory.mktemp("demo")) as one:
        yield one
