"""Everything in this folder needs root or a long installation, so only `make test-system` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests, so that none is forgotten."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.system)
