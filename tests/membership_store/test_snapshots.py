"""A snapshot as a kiosk fetches it: vouched for, sealed, gone on with where a line broke, made once for many."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature, InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.masking import ITEM, masked
from membership_store import snapshot_file, spool
from membership_store.changes import renew_generation
from membership_store.feed import Feed
from membership_store.spool import BeingMade, NotOurs, Offered, Spool, spool_beside
from provisioning.demo.store_clock import library
from tests.membership_store.counter import Counter
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess, new_kiosk, run
from tests.membership_store.snapshots import opened

KEY = bytes(range(32))


def get(kiosk: Caller, path: str, **headers: str) -> requests.Response:
    """What the store answers."""
    shown = {"Authorization": f"Bearer {kiosk.token}", **headers}
    return kiosk.session.get(kiosk.url + path, headers=shown, timeout=60)


def offered(kiosk: Caller, query: str = "") -> dict[str, Any]:
    """What can be fetched."""
    found: dict[str, Any] = get(kiosk, f"/v1/snapshot{query}").json()
    return found


def file_of(offer: dict[str, Any]) -> str:
    """Where it is."""
    return f"/v1/snapshot/{offer['manifest']['snapshot']}"


def masking_key(kiosk: Caller) -> bytes:
    """The consortium's key, as the store hands it out."""
    return bytes.fromhex(get(kiosk, "/v1/mirror-key").json()["key"])


def vouching(store: StoreProcess) -> str:
    """The public key, as the command line prints it."""
    done = run("signing-key", "--database", str(store.database), "--consortium", DRENTHE)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_snapshot_is_vouched_for_and_opened_with_the_key_that_kiosks_get(store: StoreProcess, kiosk: Caller) -> None:
    offer, key = offered(kiosk), masking_key(kiosk)
    whole = get(kiosk, file_of(offer))
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    taken = opened(offer, whole.content, key, vouching(store))
    assert (taken.rows[0]["kind"], taken.rows[0]["zone"]) == ("network", "Europe/Amsterdam")
    assert {row["ver"] for row in taken.rows} == {taken.manifest["seq"]}
    assert {row["kind"] for row in taken.rows} == {"network", "patron", "item"}
    assert b"patron" not in whole.content
    assert offer["manifest"]["key_id"] == get(kiosk, "/v1/mirror-key").json()["key_id"]


def test_a_manifest_or_a_file_that_was_changed_on_the_way_is_found_out(store: StoreProcess, kiosk: Caller) -> None:
    offer, key, public = offered(kiosk), masking_key(kiosk), vouching(store)
    file = get(kiosk, file_of(offer)).content
    longer = {**offer, "manifest": {**offer["manifest"], "not_after": "2099-01-01T00:00:00.000000+00:00"}}
    with pytest.raises(InvalidSignature):
        opened(longer, file, key, public)
    with pytest.raises(InvalidTag):
        opened(offer, file, bytes(32), public)
    with pytest.raises(AssertionError):
        opened(offer, file[:-1] + bytes([file[-1] ^ 1]), key, public)


def test_a_broken_download_goes_on_where_it_broke(kiosk: Caller) -> None:
    offer = offered(kiosk)
    size = offer["manifest"]["bytes"]
    whole = get(kiosk, file_of(offer)).content
    for first in (0, 1, size // 2, size - 1):
        rest = get(kiosk, file_of(offer), Range=f"bytes={first}-")
        assert (rest.status_code, rest.headers["content-range"]) == (206, f"bytes {first}-{size - 1}/{size}")
        assert whole[:first] + rest.content == whole
    part = get(kiosk, file_of(offer), Range="bytes=10-19")
    assert (part.content, part.headers["content-length"]) == (whole[10:20], "10")


@pytest.mark.parametrize(
    ("wanted", "status"),
    [("bytes={size}-", 416), ("bytes=9-3", 416), ("bytes=-5", 200), ("lines=1-", 200), ("bytes=1-2,5-6", 200)],
)
def test_a_range_that_is_not_there_is_said_and_one_of_another_form_is_passed_over(
    kiosk: Caller, wanted: str, status: int
) -> None:
    offer = offered(kiosk)
    size = offer["manifest"]["bytes"]
    answer = get(kiosk, file_of(offer), Range=wanted.format(size=size))
    assert answer.status_code == status
    assert status == 200 or answer.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize("name", ["0" * 32, "x", "..", "%2e%2e%2fstore.db", "A" * 32])
def test_a_file_that_is_not_kept_is_gone(kiosk: Caller, name: str) -> None:
    assert get(kiosk, f"/v1/snapshot/{name}").status_code in (404, 410)
    assert get(kiosk, f"/v1/snapshot/{'0' * 32}").json()["type"] == "/problems/gone"


def test_a_kiosk_of_another_consortium_gets_neither_the_file_nor_the_key(store: StoreProcess, kiosk: Caller) -> None:
    stranger = new_kiosk(store.database, store.url, f"of-{kiosk.kiosk.id}", "3550", "demo-vlaanderen")
    assert get(stranger, file_of(offered(kiosk))).status_code == 410
    assert masking_key(stranger) != masking_key(kiosk)


def test_kiosks_of_one_branch_share_a_snapshot_and_each_scope_has_its_own(
    kiosks: Callable[[], Caller],
) -> None:
    one, other = kiosks(), kiosks()
    assert offered(one) == offered(other)
    scopes = ["", "?items=branch", "?items=none", "?items=institution", "?patrons=institution"]
    found = [offered(one, scope)["manifest"] for scope in scopes]
    assert len({manifest["generation"] for manifest in found}) == len(scopes)
    assert found[0]["rows"] >= found[3]["rows"] >= found[1]["rows"] > found[2]["rows"]
    assert offered(one, "?patrons=group&items=group") == offered(one)


@pytest.mark.parametrize("query", ["?patrons=all", "?items=x", "?items="])
def test_a_scope_that_does_not_exist_is_refused(kiosk: Caller, query: str) -> None:
    assert get(kiosk, f"/v1/snapshot{query}").status_code == 422
    assert get(kiosk, f"/v1/changes{query}&since=a:1").status_code == 422


def test_a_cursor_of_one_scope_is_void_in_another(kiosk: Caller) -> None:
    cursor = offered(kiosk, "?items=none")["manifest"]["cursor"]
    assert get(kiosk, f"/v1/changes?since={cursor}&items=none").status_code == 200
    assert get(kiosk, f"/v1/changes?since={cursor}").status_code == 410


@pytest.fixture
def feed(counter: Counter, tmp_path: Path) -> Feed:
    """A feed with a spool of its own."""
    return Feed(counter.database, lambda: counter.now, Spool(tmp_path / "spool"))


def made(feed: Feed, counter: Counter) -> dict[str, Any]:
    """What it offers the counter's kiosk."""
    found: dict[str, Any] = json.loads(feed.snapshot(counter.kiosk))
    return found


def test_a_snapshot_is_made_anew_after_an_hour_and_after_a_restore(feed: Feed, counter: Counter) -> None:
    first = made(feed, counter)
    counter.now += timedelta(minutes=59)
    assert made(feed, counter) == first
    counter.now += timedelta(minutes=1)
    second = made(feed, counter)
    assert second["manifest"]["snapshot"] != first["manifest"]["snapshot"]
    counter.database.write(renew_generation)
    assert made(feed, counter)["manifest"]["generation"] != second["manifest"]["generation"]


def test_many_who_ask_at_once_get_the_same_one(feed: Feed, counter: Counter) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: feed.snapshot(counter.kiosk), range(4)))
    assert len(set(found)) == 1


def test_the_spool_is_for_its_owner_only_and_holds_nothing_that_can_be_read(
    feed: Feed, counter: Counter, demo: Demo, tmp_path: Path
) -> None:
    made(feed, counter)
    folder = tmp_path / "spool" / DRENTHE
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, folder.parent)} == {0o700}
    key = json.loads(feed.key(counter.kiosk))["key"]
    number = demo.passes["anna"]["number"]
    secret = [key, number, masked(bytes.fromhex(key), ITEM, demo.book("oeroeg")), demo.books["oeroeg"]["title"]]
    kept = b"".join(one.read_bytes() for one in folder.iterdir())
    assert [one for one in secret if one.encode() in kept] == []


def test_a_spool_that_others_may_look_into_is_not_used(feed: Feed, counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o755)
    with pytest.raises(NotOurs):
        made(feed, counter)
    (tmp_path / "spool").rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "spool").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotOurs):
        made(feed, counter)


def test_what_is_a_day_old_is_thrown_away_and_what_is_younger_stays(
    feed: Feed, counter: Counter, tmp_path: Path
) -> None:
    first = made(feed, counter)["manifest"]["snapshot"]
    counter.now += timedelta(hours=2)
    second = made(feed, counter)["manifest"]["snapshot"]
    old = tmp_path / "spool" / DRENTHE / f"{first}.snapshot"
    assert old.exists()
    os.utime(old, (time.time() - spool.KEPT_S - 60,) * 2)
    counter.now += timedelta(hours=2)
    made(feed, counter)
    assert not old.exists()
    assert old.with_name(f"{second}.snapshot").exists()


@pytest.mark.skipif(library() is None, reason="libfaketime not installed")
def test_a_store_whose_clock_is_far_ahead_of_that_of_its_files_keeps_what_it_just_made(tmp_path: Path) -> None:
    made_there = (
        "from pathlib import Path; import sys; from membership_store.spool import Offered, Spool\n"
        "one = Spool(Path(sys.argv[1])); said = one.add('c', 'g', lambda file, id: Offered({'snapshot': id}, ''))\n"
        "print(one.open('c', said.manifest['snapshot']) is not None)"
    )
    ahead = {**os.environ, "LD_PRELOAD": str(library()), "FAKETIME": "+40d"}
    done = subprocess.run(
        [sys.executable, "-c", made_there, str(tmp_path / "spool")],
        env=ahead,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_who_waits_too_long_for_another_worker_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PATIENCE_S", 0.3)
    one = Spool(tmp_path / "spool")
    with one.alone("c", "g"), pytest.raises(BeingMade), one.alone("c", "g"):
        pass
    with one.alone("c", "g"):
        pass


def test_a_snapshot_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    one = Spool(tmp_path / "spool")

    def write(file: Any, _: str) -> Offered:
        file.write(b"half of it")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        one.add("c", "g", write)
    assert list((tmp_path / "spool" / "c").iterdir()) == []


def test_a_spool_lies_beside_a_file_or_where_the_system_keeps_state(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spool_beside(Path("/var/lib/store/store.db")) == Path("/var/lib/store/store.db.spool")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/store:/elsewhere")
    assert spool_beside("postgresql:///store") == Path("/var/lib/store/spool")


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 700), max_size=12), block=st.sampled_from([64, 500, snapshot_file.BLOCK]))
def test_whatever_rows_are_written_are_read_again_and_no_block_can_be_left_out(sizes: list[int], block: int) -> None:
    lines = [os.urandom(size).hex().encode() + b"\n" for size in sizes]
    file, snapshot = BytesIO(), "a" * 32
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_file, "BLOCK", block)
        written = snapshot_file.write(file, iter(lines), KEY, snapshot)
    offer = {
        "manifest": {
            "snapshot": snapshot,
            "sha256": written.sha256,
            "bytes": written.size,
            "blocks": written.blocks,
            "rows": written.rows,
        }
    }
    assert opened(offer, file.getvalue(), KEY).raw == b"".join(lines)
    if written.blocks > 1:
        first = 16 + int.from_bytes(file.getvalue()[:4])
        rest = file.getvalue()[first:]
        fewer = {
            **offer["manifest"],
            "blocks": written.blocks - 1,
            "bytes": len(rest),
            "sha256": sha256(rest).hexdigest(),
        }
        with pytest.raises(InvalidTag):
            opened({"manifest": fewer}, rest, KEY)


def test_the_signing_key_is_made_once_and_stays(store: StoreProcess) -> None:
    assert vouching(store) == vouching(store)
    assert len(vouching(store)) == 64


def test_the_demo_writes_what_its_kiosk_checks_snapshots_with(demo: Demo) -> None:
    said = run("signing-key", "--database", demo.folder / "store.db", "--consortium", DRENTHE).stdout.strip()
    assert (demo.folder / "secrets" / "store.pub").read_text("utf-8").strip() == said
