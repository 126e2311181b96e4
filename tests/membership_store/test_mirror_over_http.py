"""A kiosk's mirror over a real server: a snapshot, then pages; a sign of life; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from circulation.identifiers import ItemBarcode
from circulation.masking import masked
from tests.membership_store.running import Caller, Demo, StoreProcess
from tests.membership_store.snapshots import Taken, opened


def get(kiosk: Caller, path: str, token: str | None = None) -> requests.Response:
    """What the store answers to a question of the mirror."""
    shown = {"Authorization": f"Bearer {token or kiosk.token}"}
    return requests.get(kiosk.url + path, headers=shown, timeout=60)


def snapshot(kiosk: Caller, query: str = "") -> Taken:
    """A snapshot, checked and opened."""
    answer = get(kiosk, f"/v1/snapshot{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    file = get(kiosk, f"/v1/snapshot/{answer.json()['manifest']['snapshot']}")
    assert (file.status_code, file.headers["content-type"]) == (200, "application/octet-stream")
    return opened(answer.json(), file.content, key_of(kiosk))


def key_of(kiosk: Caller) -> bytes:
    """The key that numbers are masked with."""
    return bytes.fromhex(get(kiosk, "/v1/mirror-key").json()["key"])


def test_a_snapshot_and_the_pages_after_it(kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]) -> None:
    taken = snapshot(kiosk)
    item = next(books)
    assert kiosk.borrow(demo.shown("anna"), item)["outcome"] == "checked_out"
    page = get(kiosk, f"/v1/changes?since={taken.manifest['cursor']}").json()
    key = masked(key_of(kiosk), "item", item)
    assert [row["item"]["loan"] is not None for row in page["rows"] if row["key"] == key] == [True]
    assert (page["more"], page["acked_seq"]) == (False, kiosk.seq)
    assert get(kiosk, f"/v1/changes?since={page['next']}").json()["rows"] == []


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("", 422, "invalid"),
        ("?since=abc", 422, "invalid"),
        ("?since=0123456789abcdef-01234567:1", 410, "gone"),
        ("?since={cursor}&limit=0", 422, "invalid"),
        ("?since={cursor}&limit=100000", 422, "invalid"),
        ("?since={cursor}&limit=x", 422, "invalid"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_problem(kiosk: Caller, query: str, status: int, kind: str) -> None:
    answer = get(kiosk, "/v1/changes" + query.format(cursor=snapshot(kiosk).manifest["cursor"]))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, kind)


def test_nobody_without_a_credential_gets_a_mirror(kiosk: Caller) -> None:
    file = f"/v1/snapshot/{snapshot(kiosk).manifest['snapshot']}"
    for path in ("/v1/mirror-key", "/v1/snapshot", file, "/v1/changes?since=a:1"):
        assert get(kiosk, path, "demo-drenthe.nobody.secret").status_code == 401


def test_a_sign_of_life_is_written_down_and_answered_with_the_last_event(store: StoreProcess, kiosk: Caller) -> None:
    cursor = snapshot(kiosk).manifest["cursor"]
    status, body = kiosk.post("/v1/heartbeat", {"cursor": cursor, "waiting": 3, "release": "2026.11"})
    assert (status, json.loads(body)["acked_seq"]) == (200, 0)
    asked = "SELECT cursor, waiting, release FROM kiosk WHERE kiosk = ?"
    assert store.rows(asked, kiosk.kiosk.id) == [(cursor, 3, "2026.11")]
    assert store.rows("SELECT seen_at IS NOT NULL FROM kiosk WHERE kiosk = ?", kiosk.kiosk.id) == [(1,)]


def test_a_sign_of_life_tells_when_the_kiosk_was_started(store: StoreProcess, kiosk: Caller) -> None:
    told = {"boot": "b-1", "since_boot_ms": 90_000, "clock": "free"}
    before = datetime.now(UTC)
    assert kiosk.post("/v1/heartbeat", {"cursor": None, "waiting": 0, "release": "1", "told": told})[0] == 200
    [(boot, began)] = store.rows("SELECT boot, booted_at FROM kiosk_boot WHERE kiosk = ?", kiosk.kiosk.id)
    since = timedelta(seconds=90)
    assert boot == "b-1"
    assert before - since <= datetime.fromisoformat(began) <= datetime.now(UTC) - since
    wrong = {"cursor": None, "waiting": 0, "release": "1", "told": {**told, "since_boot_ms": -1}}
    assert kiosk.post("/v1/heartbeat", wrong)[0] == 422


@pytest.mark.parametrize("said", [{}, {"cursor": None, "waiting": -1, "release": "x"}, {"cursor": 1, "waiting": 0}, []])
def test_a_sign_of_life_that_was_not_agreed_is_refused(kiosk: Caller, said: object) -> None:
    assert kiosk.post("/v1/heartbeat", said)[0] == 422


def test_the_log_says_which_route_and_nothing_of_the_question(store: StoreProcess, kiosk: Caller) -> None:
    cursor = snapshot(kiosk).manifest["cursor"]
    get(kiosk, f"/v1/changes?since={cursor}")
    said = store.log_file.read_text("utf-8")
    assert "GET /v1/changes 200" in said
    assert cursor not in said
