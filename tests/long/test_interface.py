"""The store keeps to its OpenAPI document through thousands of requests to each of its operations, on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from membership_store.demo import writer
from membership_store.opening import Spec
from membership_store.web.__main__ import text
from tests.membership_store.cluster import Cluster
from tests.membership_store.interface import ask_all
from tests.membership_store.running import Demo, StoreProcess, new_kiosk, run
from tests.membership_store.test_interface import grounds_of

EXAMPLES = 250


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Spec]:
    """The demo in a database of each engine."""
    if request.param == "sqlite":
        yield tmp_path / "store.db"
        return
    with closing(Cluster()) as cluster:
        yield cluster.address(cluster.new())


@pytest.mark.long(minutes=45)
@pytest.mark.timeout(3600)
def test_a_store_keeps_to_its_document_whatever_it_is_asked(address: Spec, tmp_path: Path) -> None:
    done = run("demo-data", "--database", str(address), "--out", tmp_path, "--branch", writer.DEFAULT_BRANCH)
    assert done.returncode == 0, done.stderr
    store = StoreProcess(address)
    try:
        grounds = grounds_of(Demo.read(tmp_path), new_kiosk(address, store.url, "kiosk-long"), address)
        ask_all(grounds, json.loads(text()), EXAMPLES)
    finally:
        store.stop()
