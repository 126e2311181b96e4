"""The store keeps to its OpenAPI document, whatever it is asked: no fault of its own, no answer of another form."""

from __future__ import annotations

import json
from collections.abc import Callable

import requests

from membership_store.web.__main__ import text
from tests.membership_store.interface import Grounds, ask_all
from tests.membership_store.running import Caller, Demo, StoreProcess

EXAMPLES = 12


def grounds_of(demo: Demo, kiosk: Caller) -> Grounds:
    """The demo's passes and books, asked for by one kiosk."""
    passes = list(demo.passes.values())
    known = {
        "number": [one["number"] for one in passes],
        "uid": [one["uid"] for one in passes if one["uid"]],
        "item": [one["barcode"] for one in demo.books.values()],
        "branch": [kiosk.kiosk.branch],
    }
    return Grounds(kiosk.url, {"kioskToken": kiosk.token}, known, kiosk.kiosk.id)


def test_a_store_keeps_to_its_document_whatever_it_is_asked(
    demo: Demo, store: StoreProcess, kiosks: Callable[[], Caller]
) -> None:
    grounds = grounds_of(demo, kiosks())
    document = json.loads(text())
    # What staff ask has a test of its own, with grounds of its own.
    rest = {path: row for path, row in document["paths"].items() if not path.startswith("/v1/staff/")}
    ask_all(grounds, document | {"paths": rest}, EXAMPLES)
    reached = {status for counted in grounds.statuses.values() for status in counted}
    assert {200, 422} <= reached, grounds.statuses
    assert requests.get(f"{store.url}/v1/health", timeout=60).status_code == 200
