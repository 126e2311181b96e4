"""Workbenches for the device tests; the simulators of a module run on from test to test, set back to a good day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.devices.running import Workbench


@pytest.fixture
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """An empty workbench: the test starts the simulators that it needs."""
    one = Workbench.at(tmp_path_factory.mktemp("run"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A reader, a scanner and a printer that a module's tests share."""
    one = Workbench.at(tmp_path_factory.mktemp("stand"))
    one.serve_reader()
    one.serve_scanner()
    one.serve_printer()
    yield one
    one.close()


@pytest.fixture
def bench_of_the_stand(stand: Workbench) -> Iterator[Workbench]:
    """The module's simulators, all well, with no devices opened on them yet."""
    stand.set_back()
    one = Workbench.at(stand.run_dir, stand.printer_port)
    yield one
    one.close()


@pytest.fixture
def reader(bench_of_the_stand: Workbench) -> Workbench:
    """A reader that is ready."""
    bench_of_the_stand.open(bench_of_the_stand.reader(poll_ms=30))
    return bench_of_the_stand


@pytest.fixture
def scanner(bench_of_the_stand: Workbench) -> Workbench:
    """A scanner that is ready."""
    bench_of_the_stand.open(bench_of_the_stand.scanner())
    return bench_of_the_stand


@pytest.fixture
def printer(bench_of_the_stand: Workbench) -> Workbench:
    """A printer that is ready."""
    bench_of_the_stand.open(bench_of_the_stand.printer())
    return bench_of_the_stand
