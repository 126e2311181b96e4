"""Several workers on one address: who dies is replaced, nobody is left over, and a SQLite file keeps its one writer."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from membership_store.opening import Spec
from tests.membership_store.engines import Server
from tests.membership_store.running import LIMIT_S, ROOT, command, eventually, run
from tests.processes import lives


def children(pid: int) -> set[int]:
    """The processes that this one started."""
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Spec]:
    """The demo on PostgreSQL."""
    one = server.new()
    yield one
    server.drop(one)


@pytest.fixture
def serving(database: Spec) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Two workers, and where they listen."""
    asked = command("serve", "--database", database, "--listen", "127.0.0.1:0", "--workers", "2")
    process = subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield process, process.stdout.readline().split()[1]
    process.kill()
    process.wait(LIMIT_S)
    process.stdout.close()


def test_a_worker_that_dies_is_replaced_and_no_caller_is_turned_away(
    serving: tuple[subprocess.Popen[str], str],
) -> None:
    process, url = serving
    first = children(process.pid)
    assert len(first) == 2
    for pid in first:
        subprocess.run(["kill", "-KILL", str(pid)], check=True)
        # Who is dealt to the one that is gone waits until another takes its place.
        assert [requests.get(f"{url}/v1/health", timeout=LIMIT_S).status_code for _ in range(12)] == [200] * 12
    eventually("two new workers", lambda: len(children(process.pid) - first) == 2)


def test_workers_end_together_when_they_are_told(serving: tuple[subprocess.Popen[str], str]) -> None:
    process, _ = serving
    workers = children(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_S) == 0
    assert not any(lives(one) for one in workers)


def test_workers_do_not_outlive_a_parent_that_was_killed(serving: tuple[subprocess.Popen[str], str]) -> None:
    process, _ = serving
    workers = children(process.pid)
    process.kill()
    eventually("the end of the workers", lambda: not any(lives(one) for one in workers))


def test_a_sqlite_file_has_one_writer(tmp_path: Path) -> None:
    said = run("serve", "--database", tmp_path / "store.db", "--workers", "2")
    assert said.returncode == 2
    assert "one writer" in said.stderr
