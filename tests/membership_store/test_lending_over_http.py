"""The main paths over a real server: who is this, lend, refuse, give up (contract of circulation.wire)."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import requests

from circulation import wire
from circulation.events import Kind
from circulation.identifiers import ItemBarcode
from circulation.outcomes import CheckedOut, Identified, Reason, Refused, Voided
from tests.membership_store.running import Caller, Demo, StoreProcess, new_kiosk


def identify(kiosk: Caller, demo: Demo, name: str) -> Identified | Refused:
    """What the store says of that pass."""
    status, body = kiosk.post("/v1/identify", {"presented": wire.encode(demo.shown(name))})
    assert status == 200, body
    answer: Identified | Refused = wire.decode_answer(wire.loads(body), Identified, Refused)
    return answer


def test_health_needs_no_credential(store: StoreProcess) -> None:
    answer = requests.get(store.url + "/v1/health", timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_patron_is_known_by_chip_and_never_by_name(kiosk: Caller, demo: Demo) -> None:
    anna = identify(kiosk, demo, "anna")
    assert isinstance(anna, Identified)
    assert (anna.first_name, anna.language, anna.cannot_borrow) == ("", "nl", None)
    assert (anna.open_loans, anna.may_borrow) == (3, 120)
    assert "anna" not in str(anna.patron).lower()


def test_youth_hear_their_first_name_and_messages_for_staff_stay_with_staff(kiosk: Caller, demo: Demo) -> None:
    daan, hanna, iris = (identify(kiosk, demo, name) for name in ("daan", "hanna", "iris"))
    assert isinstance(daan, Identified)
    assert isinstance(hanna, Identified)
    assert isinstance(iris, Identified)
    assert daan.first_name == "Daan"
    assert (len(hanna.messages), iris.messages) == (1, ())
    assert (daan.child, hanna.child) == (True, False)


def test_who_may_not_borrow_is_served_all_the_same(kiosk: Caller, demo: Demo) -> None:
    lapsed = identify(kiosk, demo, "lapsed")
    assert isinstance(lapsed, Identified)
    assert lapsed.cannot_borrow is not None
    assert lapsed.cannot_borrow.reason is Reason.LAPSED


def test_identify_changes_nothing(store: StoreProcess, kiosk: Caller, demo: Demo) -> None:
    before = (
        store.rows("SELECT * FROM patron"),
        store.rows("SELECT * FROM kiosk"),
        store.rows("SELECT * FROM event_answer"),
    )
    identify(kiosk, demo, "chris")
    after = (
        store.rows("SELECT * FROM patron"),
        store.rows("SELECT * FROM kiosk"),
        store.rows("SELECT * FROM event_answer"),
    )
    assert before == after


def test_a_loan_takes_a_strip_and_is_due_after_the_days_of_the_subscription(
    store: StoreProcess, kiosk: Caller, demo: Demo
) -> None:
    answer = kiosk.borrow(demo.shown("grace"), demo.book("oeroeg"))
    today = datetime.now(ZoneInfo("Europe/Amsterdam")).date()
    lent = wire.decode_answer(answer, CheckedOut)
    assert lent == CheckedOut(demo.book("oeroeg"), "Oeroeg", today + timedelta(days=21), 1, 119)
    assert store.rows("SELECT COUNT(*) FROM loan WHERE item = ? AND returned_at IS NULL", lent.item) == [(1,)]


def test_an_item_kept_for_this_patron_is_lent_and_its_hold_filled(
    store: StoreProcess, kiosk: Caller, demo: Demo
) -> None:
    item = demo.book("held-for-anna")
    assert kiosk.borrow(demo.shown("anna"), item)["hold_filled"] is True
    assert store.rows("SELECT status FROM hold WHERE item = ?", item) == [("filled",)]


def test_an_item_kept_for_another_is_refused_with_what_to_do(kiosk: Caller, demo: Demo) -> None:
    answer = kiosk.borrow(demo.shown("anna"), demo.book("held-for-bram"))
    assert (answer["outcome"], answer["rule"], answer["next"]) == ("refused", "K8", "hold_shelf")


def test_who_may_borrow_hears_of_what_is_refused_whether_it_is_lent_and_nobody_else_does(
    kiosk: Caller, demo: Demo
) -> None:
    out, here = demo.book("on-loan"), demo.book("reference")
    told = [
        (name, item)
        for name in ("no-strips", "blocked", "stranger")
        for item in (out, here)
        if kiosk.borrow(demo.shown(name), item)["on_loan"]
    ]
    assert told == [("no-strips", out)]


def test_a_running_visit_notices_that_the_pass_was_blocked_meanwhile(
    store: StoreProcess, kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]
) -> None:
    assert isinstance(identify(kiosk, demo, "nora"), Identified)
    store.change("UPDATE pass SET status = 'blocked' WHERE number = ?", demo.passes["nora"]["number"])
    answer = kiosk.borrow(demo.shown("nora"), next(books))
    assert (answer["outcome"], answer["rule"]) == ("refused", "P7")


def test_a_number_on_the_chip_that_nobody_knows_does_not_hide_the_chip_that_the_desk_linked(
    kiosk: Caller, demo: Demo
) -> None:
    linked = wire.encode(demo.shown("joris")) | {"number": "NOBODY-1"}
    status, body = kiosk.post("/v1/identify", {"presented": linked})
    assert (status, json.loads(body)["outcome"]) == (200, "identified")


def test_what_a_kiosk_gave_up_closes_its_sequence(kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]) -> None:
    event = kiosk.event(demo.shown("anna"), next(books), Kind.VOID)
    status, body = kiosk.tell(event)
    assert status == 200
    assert wire.decode_answer(wire.loads(body), Voided) == Voided(event["id"])
    assert kiosk.borrow(demo.shown("anna"), next(books))["outcome"] == "checked_out"


def test_a_kiosk_sees_the_world_of_its_own_branch(store: StoreProcess, demo: Demo) -> None:
    kiosk = new_kiosk(store.database, store.url, "far-away", "3550", "demo-vlaanderen")
    status, body = kiosk.post("/v1/identify", {"presented": wire.encode(demo.shown("anna"))})
    answer = json.loads(body)
    assert (status, answer["rule"], answer["reason"]) == (200, "K5", "pass_unknown")


def test_sigterm_ends_the_server_with_a_clean_code_and_no_leftover_journal(database: Path) -> None:
    process = StoreProcess(database)
    assert requests.get(process.url + "/v1/health", timeout=30).status_code == 200
    assert process.stop(signal.SIGTERM) == 0
    assert not database.with_name("store.db-wal").exists()
