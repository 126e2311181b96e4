"""The desk keeps to its OpenAPI document, whatever a manager asks: no fault of the store, no answer of another form."""

from __future__ import annotations

import json

import pytest

from membership_store.web.__main__ import text
from tests.membership_store.interface import Grounds, ask_all
from tests.membership_store.running import ANNEN, StoreProcess
from tests.membership_store.staff.desk import Clerk

EXAMPLES = 3


@pytest.mark.system  # half a minute; of the kiosks' part the same is tried in test_interface
def test_the_desk_keeps_to_its_document_whatever_it_is_asked(boss: Clerk, store: StoreProcess) -> None:
    made = boss.enrol(), boss.enrol()
    fees = [boss.done("fees/add", patron=one["patron"], cents=100)["fee"] for one in made]
    rows = store.rows("SELECT item FROM item WHERE institution = 'aa-en-hunze' ORDER BY item")
    known = {
        "branch": [ANNEN],
        "patron": [one["patron"] for one in made],
        "kept": [made[0]["patron"]],
        "gone": [made[1]["patron"]],
        "membership": [one["membership"] for one in made],
        "fee": fees,
        "item": [row[0] for row in rows[:5]],
        "subscription": ["0045", "0053", "0091"],
        "born": ["1990-01-01", "2016-01-01"],
        "postcode": ["9468 BG"],
    }
    document = json.loads(text())
    desk = {path: row for path, row in document["paths"].items() if path.startswith("/v1/staff/")}
    grounds = Grounds(boss.url, {"staffToken": boss.token}, known)
    ask_all(grounds, document | {"paths": desk}, EXAMPLES)
    assert len(grounds.statuses) == len(desk)
    assert {200, 404, 422} <= {status for counted in grounds.statuses.values() for status in counted}
