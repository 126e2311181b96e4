"""What a library says of its patrons to another: valid and until when, ended, unknown; never a word more (G2, K5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from membership_store import pins
from membership_store.opening import open_database
from tests.membership_store.guests.homes import HOME_ISIL, Library, today
from tests.membership_store.running import DRENTHE, Demo

UNKNOWN = {"outcome": "unknown", "until": None}
ENDED = {"outcome": "ended", "until": None}


def number(demo: Demo, name: str) -> str:
    return str(demo.passes[name]["number"])


def ends(home: Library, demo: Demo, name: str) -> str:
    rows = home.store.rows(
        "SELECT MAX(m.ends) FROM membership m JOIN pass p ON p.consortium = m.consortium AND p.patron = m.patron"
        " WHERE m.consortium = ? AND p.number = ?",
        DRENTHE,
        number(demo, name),
    )
    return str(rows[0][0])


def test_g2_a_membership_that_runs_is_valid_until_its_last_day(home: Library, demo: Demo) -> None:
    said = home.vouch(number=number(demo, "anna"))
    assert said == {"outcome": "valid", "until": ends(home, demo, "anna")}


def test_n2_lapsed_here_but_valid_in_the_group_is_valid(home: Library, demo: Demo) -> None:
    assert home.vouch(number=number(demo, "lapsed-here"))["outcome"] == "valid"
    assert home.vouch(number=number(demo, "neighbour"))["outcome"] == "valid"


@pytest.mark.parametrize(
    "name", ["lapsed", "never", "enrolled-online", "digital", "month-unpaid", "owes", "replaced", "blocked"]
)
def test_g2_what_does_not_run_has_ended_and_nothing_says_why(home: Library, demo: Demo, name: str) -> None:
    assert home.vouch(number=number(demo, name)) == ENDED


@pytest.mark.parametrize("name", ["guest", "binder", "school", "stranger", "not-unique", "double-one", "donor"])
def test_k5_what_is_unknown_and_what_is_not_ours_are_one_answer(home: Library, demo: Demo, name: str) -> None:
    assert home.vouch(number=number(demo, name)) == UNKNOWN


def test_k5_another_librarys_isil_is_unknown(home: Library, demo: Demo) -> None:
    assert home.vouch(number=number(demo, "anna"), isil="NL-070288") == UNKNOWN


def test_g2_a_fine_that_is_open_too_long_ends_it_and_a_fresh_one_does_not(home: Library, demo: Demo) -> None:
    [(patron,)] = home.store.rows(
        "SELECT patron FROM pass WHERE consortium = ? AND number = ?", DRENTHE, number(demo, "chris")
    )
    for days, outcome in ((60, "valid"), (61, "ended")):
        since = (today() - timedelta(days=days)).isoformat()
        home.store.change("DELETE FROM fee WHERE consortium = ? AND patron = ?", DRENTHE, patron)
        home.store.change(
            "INSERT INTO fee (consortium, fee, patron, institution, cents, status, kind, since)"
            " VALUES (?, 'old-fine', ?, 'aa-en-hunze', 15, 'open', 'fine', ?)",
            DRENTHE,
            patron,
            since,
        )
        assert home.vouch(number=number(demo, "chris"))["outcome"] == outcome


def test_g10_a_pin_is_proved_and_a_wrong_one_is_as_unknown_as_nobody(home: Library, demo: Demo) -> None:
    [(patron, card)] = home.store.rows(
        "SELECT patron, pass FROM pass WHERE consortium = ? AND number = ?", DRENTHE, number(demo, "daan")
    )
    database = open_database(home.store.database)
    try:
        kept = pins.hashed("2468")
        database.write(
            lambda session: session.run("INSERT INTO pin VALUES (?, ?, ?, '2026-01-01')", DRENTHE, patron, kept)
        )
    finally:
        database.close()
    assert home.vouch(number=number(demo, "daan"), pin="2468")["outcome"] == "valid"
    for _ in range(5):
        assert home.vouch(number=number(demo, "daan"), pin="1357") == UNKNOWN
    assert home.vouch(number=number(demo, "daan"), pin="2468") == UNKNOWN, "P6: locked after five wrong ones"
    assert home.store.rows("SELECT wrong FROM pin_try WHERE pass = ?", card)
    assert home.vouch(number=number(demo, "anna"), pin="2468") == UNKNOWN, "somebody without a PIN proves nothing"


def test_a_peers_credential_opens_nothing_else_and_no_other_opens_this(home: Library, demo: Demo) -> None:
    question = {"isil": HOME_ISIL, "number": number(demo, "anna")}
    assert home.ask(home.desk, "/v1/home-memberships", question)[0] == 403
    assert home.ask("x.y.z", "/v1/home-memberships", question)[0] == 401
    assert home.ask(home.peer, "/v1/staff/guests/homes", {"branch": "9401", "words": "x"})[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        {"isil": HOME_ISIL},
        {"isil": "not an isil", "number": "1"},
        {"number": "1"},
        {"isil": HOME_ISIL, "number": "1", "name": "x"},
        {"isil": HOME_ISIL, "number": "1", "pin": "12"},
    ],
)
def test_g1_a_question_that_is_not_what_was_agreed_is_refused(home: Library, body: dict[str, str]) -> None:
    assert home.ask(home.peer, "/v1/home-memberships", body)[0] == 422


def test_neither_number_nor_pin_reaches_the_log(home: Library, demo: Demo) -> None:
    home.vouch(number=number(demo, "anna"), pin="86420")
    log = home.store.log_file.read_text("utf-8")
    assert "home-memberships" in log
    assert number(demo, "anna") not in log
    assert "86420" not in log


def test_k5_who_tries_numbers_in_bulk_is_slowed(home: Library) -> None:
    for n in range(100):
        status, said = home.ask(home.peer, "/v1/home-memberships", {"isil": HOME_ISIL, "number": f"77{n:012}"})
        if status == 429:
            assert said["type"] == "/problems/too-many"
            return
    pytest.fail("a hundred unknown numbers, and nobody slowed them")
