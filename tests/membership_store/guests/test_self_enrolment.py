"""G10: a guest enrols at the kiosk with the own chip and the own PIN of home, where the institution allows it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from circulation.events import Action
from membership_store import pins
from tests.membership_store.guests.homes import FLANDERS, HOME_ISIL, ZOTTEGEM, Library, new_event, silent_home
from tests.membership_store.running import DRENTHE, Caller, Demo, new_kiosk

PIN = "24680"
_names = count(1)


@pytest.fixture(scope="module", autouse=True)
def proved(home: Library, demo: Demo) -> None:
    """Some patrons of home have a PIN there."""
    for name in ("anna", "bram", "chris", "iris", "lapsed"):
        home.store.change(
            "INSERT INTO pin SELECT consortium, patron, ?, '2026-01-01' FROM pass WHERE consortium = ? AND number = ?",
            pins.hashed(PIN),
            DRENTHE,
            demo.passes[name]["number"],
        )


@pytest.fixture
def kiosk(here: Library) -> Iterator[Caller]:
    """A new kiosk in Zottegem, where guests may enrol by themselves."""
    allow(here, 1)
    yield new_kiosk(here.store.database, here.store.url, f"guests-{next(_names)}", ZOTTEGEM, FLANDERS)
    allow(here, 0)


def allow(here: Library, on: int) -> None:
    here.store.change(
        "UPDATE institution SET self_enrolment = ? WHERE consortium = ? AND institution = 'zottegem'", on, FLANDERS
    )
    here.store.change("UPDATE network_version SET version = version + 1 WHERE consortium = ?", FLANDERS)


def uid_of(number: str) -> str:
    """The UID of the chip in the pass of that number."""
    return f"04{int(number):012X}"[:14]


def ask(kiosk: Caller, number: str, event: str | None = None, **more: Any) -> tuple[int, bytes]:
    shown = {"source": "chip", "number": number, "uid": uid_of(number)}
    return kiosk.post(
        "/v1/guest-enrolments",
        {"event": event or new_event(), "presented": shown, "isil": HOME_ISIL, "pin": PIN} | more,
    )


def test_g10_a_guest_enrols_and_may_borrow_at_once(kiosk: Caller, here: Library, demo: Demo) -> None:
    number = demo.passes["anna"]["number"]
    status, body = ask(kiosk, number)
    assert status == 200
    assert b'"outcome":"identified"' in body
    assert b'"may_borrow":125' in body
    assert b'"cannot_borrow":null' in body
    status, again = kiosk.post(
        "/v1/identify", {"presented": {"source": "chip", "number": number, "uid": uid_of(number)}}
    )
    assert again == body
    assert len(here.store.rows("SELECT 1 FROM strips_entry WHERE cash_code = '780'")) == 1


@pytest.fixture
def asked_of_everybody(here: Library) -> Iterator[None]:
    """The branch in Zottegem asks everybody for a PIN (P6)."""

    def ask_all(on: int) -> None:
        here.store.change("UPDATE branch SET asks_pin = ? WHERE consortium = ? AND branch = ?", on, FLANDERS, ZOTTEGEM)
        here.store.change("UPDATE network_version SET version = version + 1 WHERE consortium = ?", FLANDERS)

    ask_all(1)
    yield
    ask_all(0)


@pytest.mark.usefixtures("asked_of_everybody")
def test_p6_g10_where_everybody_is_asked_for_a_pin_the_one_of_home_counts_for_that_visit_only(
    kiosk: Caller, here: Library, demo: Demo
) -> None:
    number = demo.passes["iris"]["number"]
    shown = {"source": "chip", "number": number, "uid": uid_of(number)}
    status, body = ask(kiosk, number)
    assert status == 200
    assert b'"outcome":"identified"' in body
    assert kiosk.post("/v1/identify", {"presented": shown})[1] == body, "no second PIN within this visit"
    elsewhere = new_kiosk(here.store.database, here.store.url, f"guests-{next(_names)}", ZOTTEGEM, FLANDERS)
    assert b"pin_needed" in elsewhere.post("/v1/identify", {"presented": shown})[1]
    kiosk.tell(kiosk.act(Action.END_VISIT, demo.shown("iris"), None))
    assert b"pin_needed" in kiosk.post("/v1/identify", {"presented": shown})[1]


def test_g10_an_event_enrols_once_and_is_answered_alike(kiosk: Caller, here: Library, demo: Demo) -> None:
    number, event = demo.passes["bram"]["number"], new_event()
    first = ask(kiosk, number, event)
    assert ask(kiosk, number, event) == first
    assert len(here.store.rows("SELECT 1 FROM pass WHERE kind = 'home' AND number = ?", number)) == 1
    assert ask(kiosk, demo.passes["chris"]["number"], event)[0] == 409
    kept = repr(here.store.rows("SELECT * FROM guest_enrolment"))
    assert number not in kept
    assert PIN not in kept


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"pin": "1111"}, "home_says_no"),
        ({"isil": "NL-0000"}, "guest_home_unknown"),
        ({"isil": ""}, "guest_home_unknown"),
        ({"isil": "no isil"}, "guest_home_unknown"),
        ({"presented": {"source": "barcode", "number": "2000000000005"}}, "guest_without_chip"),
        ({"presented": {"source": "chip", "number": "2000000000005"}}, "guest_without_chip"),
        ({"presented": {"source": "chip", "uid": "08112233"}}, "chip_random"),
    ],
)
def test_g10_the_same_checks_as_at_the_desk(kiosk: Caller, demo: Demo, more: dict[str, Any], reason: str) -> None:
    status, body = ask(kiosk, demo.passes["chris"]["number"], **more)
    assert status == 200
    assert f'"reason":"{reason}"'.encode() in body


def test_g10_a_membership_that_ended_at_home_is_refused(kiosk: Caller, demo: Demo) -> None:
    body = ask(kiosk, demo.passes["lapsed"]["number"])[1]
    assert b'"reason":"home_says_no"' in body
    assert b'"next":"own_library"' in body


def test_g10_off_by_default(kiosk: Caller, here: Library, demo: Demo) -> None:
    allow(here, 0)
    assert b'"reason":"no_self_enrolment"' in ask(kiosk, demo.passes["chris"]["number"])[1]


def test_g10_a_silent_home_enrols_nobody(kiosk: Caller, here: Library) -> None:
    with silent_home() as address:
        here.lists("NL-22", address, "token")
        assert b'"reason":"home_silent"' in ask(kiosk, "991", isil="NL-22")[1]


def test_g10_pins_cannot_be_tried_in_bulk(kiosk: Caller) -> None:
    answers = [ask(kiosk, "992", isil="NL-0000")[0] for _ in range(12)]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_no_pin_reaches_a_log(here: Library, home: Library) -> None:
    for library in (here, home):
        assert PIN not in library.store.log_file.read_text("utf-8")
