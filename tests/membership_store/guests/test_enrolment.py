"""Guests at the desk: taken in on the word of home and of nobody else (G1 to G5, G7)."""

from __future__ import annotations

import json
import time
import zlib

import pytest

from circulation.rules.terms import add_months
from tests.membership_store.guests.homes import (
    FLANDERS,
    HOME_ISIL,
    Library,
    new_event,
    silent_home,
    talking_home,
    today,
)
from tests.membership_store.running import Demo


def number(demo: Demo, name: str) -> str:
    return str(demo.passes[name]["number"])


def test_g7_a_guest_has_three_months_and_no_strips_on_the_day_of_enrolment(here: Library, demo: Demo) -> None:
    said = here.enrol(number(demo, "anna"), uid="04A1B2C3D4E5F6")
    assert said["outcome"] == "done"
    assert (said["ends"], said["strips"], said["known"]) == (add_months(today(), 3).isoformat(), 0, False)
    assert said["remind"] == ["ask_identity_document"]
    rows = here.store.rows(
        "SELECT p.type, p.home, c.number, c.kind, u.uid, m.subscription, m.term_source, m.verified FROM patron p"
        " JOIN pass c ON c.consortium = p.consortium AND c.patron = p.patron"
        " JOIN pass_chip u ON u.consortium = c.consortium AND u.pass = c.pass"
        " JOIN membership m ON m.consortium = p.consortium AND m.patron = p.patron"
        " WHERE p.consortium = ? AND p.patron = ?",
        FLANDERS,
        said["patron"],
    )
    day = today().isoformat()
    shown = (number(demo, "anna"), "home", "04A1B2C3D4E5F6")
    assert rows == [("04", HOME_ISIL, *shown, "0345", "provisional", day)]
    places = here.store.rows(
        "SELECT i.institution FROM pass_institution i JOIN pass p ON p.pass = i.pass WHERE p.patron = ?"
        " ORDER BY i.institution",
        said["patron"],
    )
    assert places == [("oosterzele",), ("zottegem",)], "N1: wherever this institution's patrons are accepted"


def test_g3_nothing_of_the_person_is_kept_and_nothing_can_be_changed(here: Library, demo: Demo) -> None:
    said = here.enrol(number(demo, "bram"))
    assert here.store.rows("SELECT * FROM person WHERE patron = ?", said["patron"]) == []


def test_g5_the_strips_are_booked_once_for_each_term_at_home(here: Library, demo: Demo) -> None:
    said = here.enrol(number(demo, "milan"))
    guest = {"patron": said["patron"], "membership": said["membership"]}
    assert here.act("guests/strips", **guest)["strips"] == 125
    again = here.act("guests/strips", **guest)
    assert (again["outcome"], again["reason"], again["rule"]) == ("denied", "strips_booked_already", "G5")
    assert here.store.rows("SELECT strips, cash_code FROM strips_entry WHERE membership = ?", said["membership"]) == [
        (125, "780")
    ]


def test_g5_the_desk_may_book_them_while_enrolling_and_a_second_enrolment_changes_nothing(
    here: Library, demo: Demo
) -> None:
    first = here.enrol(number(demo, "zoe"), with_strips=True)
    second = here.enrol(number(demo, "zoe"), with_strips=True)
    assert (first["strips"], second["strips"]) == (125, 125)
    assert (second["patron"], second["known"]) == (first["patron"], True)
    assert len(here.store.rows("SELECT 1 FROM strips_entry WHERE membership = ?", first["membership"])) == 1


def test_an_event_is_answered_once_and_home_is_not_asked_again(here: Library, demo: Demo) -> None:
    event = new_event()
    with talking_home(200, b'{"outcome":"valid","until":"2099-12-31"}') as address:
        here.lists("NL-1", address, "token")
        first = here.enrol("77001", "NL-1", event)
    assert here.enrol("77001", "NL-1", event) == first
    assert (
        here.ask(
            here.desk,
            "/v1/staff/guests/enrol",
            {"branch": "3550", "number": "77002", "isil": "NL-1"},
            **{"Idempotency-Key": event},
        )[0]
        == 409
    )


@pytest.mark.parametrize("name", ["lapsed", "owes", "guest", "stranger"])
def test_g2_home_says_no_and_nothing_is_kept(here: Library, demo: Demo, name: str) -> None:
    said = here.enrol(number(demo, name))
    assert (said["outcome"], said["reason"], said["rule"]) == ("denied", "home_says_no", "G2")
    assert said["values"] == {}
    rows = here.store.rows(
        "SELECT 1 FROM pass WHERE consortium = ? AND number = ? AND kind = 'home'", FLANDERS, number(demo, name)
    )
    assert rows == []


@pytest.mark.parametrize("isil", ["NL-999", "nl 87", "", "NL_087041"])
def test_g1_a_missing_malformed_or_unlisted_isil_is_refused(here: Library, isil: str) -> None:
    said = here.enrol("880001", isil)
    assert (said["outcome"], said["reason"], said["rule"]) == ("denied", "guest_home_unknown", "G1")


def test_g1_the_isil_of_a_pass_that_this_system_knows_is_filled_in(here: Library, demo: Demo) -> None:
    here.enrol(number(demo, "grace"))
    assert here.enrol(number(demo, "grace"), None)["known"]


def test_g1_an_isil_is_looked_up_by_a_part_of_the_name(here: Library) -> None:
    said = here.act("guests/homes", words="0840")
    assert [one["isil"] for one in said["homes"]] == [HOME_ISIL]


def test_g2_a_silent_home_enrols_nobody_and_the_next_in_the_queue_does_not_wait(here: Library) -> None:
    with silent_home() as address:
        here.lists("NL-2", address, "token")
        said = here.enrol("88001", "NL-2")
        assert (said["outcome"], said["reason"]) == ("denied", "home_silent")
        began = time.monotonic()
        assert here.enrol("88002", "NL-2")["reason"] == "home_silent"
        assert time.monotonic() - began < 4
    assert here.store.rows("SELECT 1 FROM patron WHERE home = 'NL-2'") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b'{"outcome":"valid"}',
        b'{"outcome":"silent","until":null}',
        b'{"outcome":"valid","until":"2099-12-31","name":"Jan"}',
        b'{"outcome":"valid","until":"31-12-2099"}',
        b'{"outcome":"VALID","until":null}',
        b'{"outcome":"ended","until":"2020-01-01","until":"2030-01-01"}',
        b'{"outcome":"valid","until":"2001-01-01"}',
        b'["valid"]',
        b"{" * 5000,
    ],
)
def test_g2_an_answer_that_is_not_what_was_agreed_is_silence(here: Library, body: bytes) -> None:
    isil = f"NL-G{zlib.crc32(body) % 10**8}"
    with talking_home(200, body) as address:
        here.lists(isil, address, "token")
        assert here.enrol("88010", isil)["reason"] == "home_silent"


def test_g2_a_redirect_is_not_followed(here: Library) -> None:
    with (
        talking_home(200, b'{"outcome":"valid","until":null}') as elsewhere,
        talking_home(307, b"", {"Location": elsewhere + "/v1/home-memberships"}) as address,
    ):
        here.lists("NL-4", address, "token")
        assert here.enrol("88011", "NL-4")["reason"] == "home_silent"


@pytest.mark.parametrize(
    ("connector", "address"),
    [("sip2", "127.0.0.1:6001"), ("", ""), ("store", "http://192.0.2.1:80"), ("store", "https://a:b@192.0.2.1")],
)
def test_a_home_that_cannot_be_asked_is_silent_at_once(here: Library, connector: str, address: str) -> None:
    here.lists("NL-5", address, "token", connector)
    began = time.monotonic()
    assert here.enrol("88012", "NL-5")["reason"] == "home_silent"
    assert time.monotonic() - began < 4


def test_g4_nothing_is_on_offer_for_guests_of_the_same_province(here: Library, home: Library, demo: Demo) -> None:
    here.lists("NL-0840010", home.store.url, home.peer)
    here.store.change("UPDATE home_library SET province = 'Oost-Vlaanderen' WHERE isil = ?", HOME_ISIL)
    said = here.enrol(number(demo, "iris"))
    here.store.change("UPDATE home_library SET province = '' WHERE isil = ?", HOME_ISIL)
    assert (said["outcome"], said["reason"], said["rule"]) == ("denied", "nothing_on_offer", "G4")


def test_the_audit_names_the_guest_by_reference_only(here: Library, demo: Demo) -> None:
    said = here.enrol(number(demo, "joris"))
    rows = here.store.rows("SELECT act, patron, subject FROM audit WHERE patron = ?", said["patron"])
    assert rows == [("guests/enrol", said["patron"], said["membership"])]
    kept = here.store.rows("SELECT body FROM staff_answer")
    assert number(demo, "joris") not in json.dumps(kept)
