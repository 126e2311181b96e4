"""The line to another store: a total deadline, TLS that is verified, and nothing believed that was not agreed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from circulation import identifiers as ids
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.guests.connectors import FACTORY, NOT_IN_THIS_RELEASE, NoConnector, connect
from membership_store.guests.homes import Home, Question
from membership_store.guests.store_connector import StoreConnector
from tests.membership_store.guests.homes import dripping_home, silent_home, talking_home

ISIL = ids.Isil("NL-1")
QUESTION = Question(ISIL, ids.PassNumber("12345"))
SILENT = HomeSays(HomeOutcome.SILENT)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "peer.token"
    file.write_text("a.b.c\n")
    return str(file)


def line(address: str, secret: str) -> StoreConnector:
    return StoreConnector(Home(ISIL, "x", "store", address, secret))


def test_a_deadline_is_total_also_for_an_answer_that_drips(secret: str) -> None:
    with dripping_home() as address:
        began = time.monotonic()
        assert line(address, secret).ask(QUESTION, 0.5) == SILENT
        assert time.monotonic() - began < 1.5


def test_a_home_that_never_answers_is_silent_in_time_and_does_not_pile_up_threads(secret: str) -> None:
    with silent_home() as address:
        one = line(address, secret)
        for _ in range(8):
            began = time.monotonic()
            assert one.ask(QUESTION, 0.2) == SILENT
            assert time.monotonic() - began < 1.0


def test_who_asks_us_to_wait_is_waited_for_within_the_deadline_only(secret: str) -> None:
    with talking_home(429, b"{}", {"Retry-After": "1"}) as address:
        began = time.monotonic()
        assert line(address, secret).ask(QUESTION, 1.5) == SILENT
        assert 0.9 < time.monotonic() - began < 2.5


@pytest.mark.parametrize("status", [201, 204, 301, 401, 404, 500])
def test_only_a_200_is_an_answer(secret: str, status: int) -> None:
    with talking_home(status, b'{"outcome":"unknown","until":null}') as address:
        assert line(address, secret).ask(QUESTION, 2.0) == SILENT


def test_a_line_serves_again_after_an_answer(secret: str) -> None:
    with talking_home(200, b'{"outcome":"ended","until":null}') as address:
        one = line(address, secret)
        for _ in range(3):
            assert one.ask(QUESTION, 2.0) == HomeSays(HomeOutcome.ENDED)
        one.close()


def test_a_home_nobody_listens_at_is_silent(secret: str) -> None:
    assert line("http://127.0.0.1:9", secret).ask(QUESTION, 2.0) == SILENT


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(secret: str, tls_home: str) -> None:
    assert line(tls_home, secret).ask(QUESTION, 3.0) == SILENT


def test_the_place_of_sip2_says_that_it_is_not_in_this_release() -> None:
    assert set(FACTORY) == {"store", "sip2"}
    one = connect(Home(ISIL, "x", "sip2", "192.0.2.1:6001", ""))
    assert isinstance(one, NoConnector)
    assert NOT_IN_THIS_RELEASE in one.why


@pytest.mark.parametrize("address", ["http://192.0.2.1", "ftp://x", "", "https://u:p@h", "https://h?q=1"])
def test_an_address_without_tls_or_with_more_than_an_address_is_not_used(secret: str, address: str) -> None:
    assert isinstance(connect(Home(ISIL, "x", "store", address, secret)), NoConnector)


def test_a_secret_that_cannot_be_read_is_said_without_its_content(tmp_path: Path) -> None:
    one = connect(Home(ISIL, "x", "store", "https://h", str(tmp_path / "none")))
    assert isinstance(one, NoConnector)
    assert "cannot be read" in one.why


def test_a_question_shows_nobody_in_its_repr() -> None:
    assert "12345" not in repr(Question(ISIL, ids.PassNumber("12345"), ids.ChipUid("04AABBCC"), "2468"))
    assert "2468" not in repr(Question(ISIL, pin="2468"))
