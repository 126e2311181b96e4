"""A kiosk's credential at the command line: listed, renewed and withdrawn while the store runs, each in the audit."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from circulation import wire
from membership_store.credentials import Kiosk
from offline_cache.store_client import StoreClient
from tests.membership_store.running import ANNEN, DRENTHE, Caller, Demo, StoreProcess, new_kiosk, run

TAKES_EFFECT_S = 5.0
PASSED_ON_S = 2.0  # for the processes of this test


@pytest.fixture
def store(database: Path) -> Iterator[StoreProcess]:
    process = StoreProcess(database)
    yield process
    process.stop()


def kiosk_command(store: StoreProcess, name: str, *more: str | Path) -> str:
    done = run("kiosk", name, "--database", store.database, "--consortium", DRENTHE, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(store: StoreProcess, kiosk: str) -> dict[str, object]:
    found: list[dict[str, object]] = json.loads(kiosk_command(store, "list", "--json"))
    return next(one for one in found if one["kiosk"] == kiosk)


def status(caller: Caller, demo: Demo) -> int:
    return caller.post("/v1/identify", {"presented": wire.encode(demo.shown("anna"))})[0]


def asked(caller: Caller, path: str) -> int:
    return StoreClient(caller.url, caller.token).get(path, TAKES_EFFECT_S).status


def test_a_withdrawn_credential_is_void_within_seconds_while_the_store_runs(store: StoreProcess, demo: Demo) -> None:
    caller, other = (new_kiosk(store.database, store.url, name) for name in ("stolen-1", "annen-9"))
    assert status(caller, demo) == 200  # and is trusted for a few seconds from now on
    said = kiosk_command(store, "withdraw", "--kiosk", "stolen-1")
    ends = time.monotonic() + TAKES_EFFECT_S + PASSED_ON_S
    while status(caller, demo) == 200:
        assert time.monotonic() < ends
        time.sleep(0.2)
    assert status(caller, demo) == 401
    assert asked(caller, "/v1/mirror-key") == 401
    assert asked(caller, "/v1/health") == 401, "who shows a credential is told what it is worth"
    assert (status(other, demo), asked(other, "/v1/health")) == (200, 200)
    assert "counts no more" in said
    assert listed(store, "stolen-1")["ended_at"] is not None
    assert listed(store, "annen-9")["ended_at"] is None


def test_a_renewed_credential_counts_and_the_old_one_does_not_also_after_it_was_withdrawn(
    store: StoreProcess, demo: Demo, tmp_path: Path
) -> None:
    old = new_kiosk(store.database, store.url, "found-1")
    kiosk_command(store, "withdraw", "--kiosk", "found-1")
    again = run("kiosk", "withdraw", "--database", store.database, "--consortium", DRENTHE, "--kiosk", "found-1")
    assert (again.returncode, "still counts" in again.stderr) == (2, True)
    said = kiosk_command(store, "renew", "--kiosk", "found-1", "--token-file", tmp_path / "token")
    token = (tmp_path / "token").read_text("utf-8").strip()
    assert token not in said
    assert status(Caller(store.url, Kiosk(DRENTHE, "found-1", ANNEN), token), demo) == 200
    assert status(old, demo) == 401
    assert (listed(store, "found-1")["ended_at"], listed(store, "found-1")["branch"]) == (None, ANNEN)


def test_what_is_done_to_a_credential_is_in_the_audit_and_nothing_of_it_is(store: StoreProcess, tmp_path: Path) -> None:
    kiosk_command(store, "add", "--branch", ANNEN, "--kiosk", "seen-1", "--token-file", tmp_path / "first")
    kiosk_command(store, "renew", "--kiosk", "seen-1", "--token-file", tmp_path / "second")
    kiosk_command(store, "withdraw", "--kiosk", "seen-1")
    with closing(sqlite3.connect(store.database)) as db:
        rows = db.execute("SELECT act, subject FROM audit WHERE subject = 'seen-1' ORDER BY entry").fetchall()
        every = " ".join(map(str, db.execute("SELECT * FROM audit").fetchall()))
    assert [act for act, _ in rows] == ["kiosk/add", "kiosk/renew", "kiosk/withdraw"]
    for name in ("first", "second"):
        assert (tmp_path / name).read_text("utf-8").strip().rpartition(".")[2] not in every


@pytest.mark.parametrize("name", ["renew", "withdraw"])
def test_a_kiosk_that_is_not_there_is_said_so_and_nothing_is_written(store: StoreProcess, name: str) -> None:
    done = run("kiosk", name, "--database", store.database, "--consortium", DRENTHE, "--kiosk", "nowhere-1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no kiosk nowhere-1" in done.stderr
    with closing(sqlite3.connect(store.database)) as db:
        assert db.execute("SELECT COUNT(*) FROM audit WHERE subject = 'nowhere-1'").fetchone() == (0,)
