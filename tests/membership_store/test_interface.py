"""The store keeps to its OpenAPI document, whatever it is asked: no fault of its own, no answer of another form."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing

import requests

from membership_store.opening import Spec, open_database
from membership_store.staff.credentials import Role, Staff, add_staff
from membership_store.web.__main__ import text
from tests.membership_store.interface import Grounds, ask_all
from tests.membership_store.running import DRENTHE, Caller, Demo, StoreProcess

EXAMPLES = 4  # 250 in the long proof


def grounds_of(demo: Demo, kiosk: Caller, database: Spec) -> Grounds:
    """The demo's passes and books, asked for by one kiosk."""
    passes = list(demo.passes.values())
    known = {
        "number": [one["number"] for one in passes],
        "uid": [one["uid"] for one in passes if one["uid"]],
        "item": [one["barcode"] for one in demo.books.values()],
        "branch": [kiosk.kiosk.branch],
        "patron": patrons_of(database),
    }
    tokens = {"kioskToken": kiosk.token, "staffToken": token_of(database, Role.MANAGER)}
    tokens["peerToken"] = token_of(database, Role.PEER)
    return Grounds(kiosk.url, tokens, known, kiosk.kiosk.id, cursor_of(kiosk))


def cursor_of(kiosk: Caller) -> str:
    """Where a mirror of the kiosk stands that has just got a snapshot."""
    shown = {"Authorization": f"Bearer {kiosk.token}"}
    snapshot = kiosk.session.get(f"{kiosk.url}/v1/snapshot", headers=shown, timeout=60)
    return str(snapshot.json()["manifest"]["cursor"])


def patrons_of(database: Spec) -> list[str]:
    """Some references of patrons."""
    asked = "SELECT patron FROM patron WHERE consortium = ? ORDER BY patron LIMIT 40"
    with closing(open_database(database)) as opened:
        return [ref for (ref,) in opened.read(lambda session: session.rows(asked, DRENTHE))]


def token_of(database: Spec, role: Role) -> str:
    """The token of somebody new of the demo's first consortium, with that role."""
    with closing(open_database(database)) as opened:
        return opened.write(lambda session: add_staff(session, Staff(DRENTHE, f"all-sorts-{role.value}", role)))


def test_a_store_keeps_to_its_document_whatever_it_is_asked(
    demo: Demo, store: StoreProcess, kiosks: Callable[[], Caller]
) -> None:
    grounds = grounds_of(demo, kiosks(), store.database)
    document = json.loads(text())
    # What staff ask has a test of its own, with grounds of its own.
    rest = {path: row for path, row in document["paths"].items() if not path.startswith("/v1/staff/")}
    ask_all(grounds, document | {"paths": rest}, EXAMPLES)
    reached = {status for counted in grounds.statuses.values() for status in counted}
    assert {200, 422} <= reached, grounds.statuses
    assert requests.get(f"{store.url}/v1/health", timeout=60).status_code == 200
