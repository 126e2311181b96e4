"""What the line to the store is like: who refuses, who asks to wait, who is not the store, whose certificate it is."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.desk import AskedToWait, DeskUnreachable, NotAdmitted
from circulation.events import Action, Event, Kind
from offline_cache.downloads import PullLine
from offline_cache.event_line import StoreEvents
from offline_cache.line_state import LONGEST_WAIT_S, LineState, state_of, wait_s
from offline_cache.store_client import LineDown, StoreClient
from tests.membership_store.test_certificates import signed
from tests.offline_cache.journals import AT, BOOK, KIOSK, SHOWN, ids
from tests.offline_cache.raw_server import LONG_S, Call, RawServer, answering

PROBLEM = b"Content-Type: application/problem+json\r\n"
PAGE = b"Content-Type: text/html\r\n"
EVENT = Event(ids()(), KIOSK, 1, Kind.FACT, Action.CHECK_OUT, SHOWN, BOOK, AT)
CASES = [
    ("200 OK", b"", LineState.ANSWERS),
    ("409 Conflict", PROBLEM, LineState.ANSWERS),
    ("401 Unauthorized", PROBLEM, LineState.REFUSED),
    ("403 Forbidden", b"Content-Type: application/problem+json; charset=utf-8\r\n", LineState.REFUSED),
    ("401 Unauthorized", PAGE, LineState.STRANGER),
    ("403 Forbidden", b"", LineState.STRANGER),
    ("302 Found", b"Location: http://login.example/\r\n", LineState.STRANGER),
    ("407 Proxy Authentication Required", PAGE, LineState.STRANGER),
    ("511 Network Authentication Required", PAGE, LineState.STRANGER),
    ("429 Too Many Requests", PROBLEM + b"Retry-After: 7\r\n", LineState.WAIT),
    ("503 Unavailable", b"Retry-After: 7\r\n", LineState.WAIT),
    ("503 Unavailable", b"", LineState.FAILS),
    ("500 Internal Server Error", PROBLEM, LineState.FAILS),
]


@pytest.mark.parametrize(("status", "head", "state"), CASES)
def test_what_an_answer_says_of_the_line_is_told_by_both_clients(status: str, head: bytes, state: LineState) -> None:
    told: list[LineState] = []
    with RawServer(answering(b"{}", status, head)) as server:
        response = StoreClient(server.url, "token", told.append).get("/v1/health", LONG_S)
        pull = PullLine(server.url, "token")
        pull.get("/v1/changes")
        pull.close()
    waits = 7.0 if state is LineState.WAIT else 0.0
    assert (response.state, response.wait_s, told) == (state, waits, [state])
    assert (pull.state, pull.wait_s) == (state, waits)


def test_silence_is_told_also_after_an_answer() -> None:
    told: list[LineState] = []
    with RawServer(answering()) as server:
        client = StoreClient(server.url, "token", told.append)
        client.get("/v1/health", LONG_S)
        url = server.url
    with pytest.raises(LineDown):
        client.get("/v1/health", LONG_S)
    pull = PullLine(url, "token")
    with pytest.raises(LineDown):
        pull.get("/v1/changes")
    assert told == [LineState.ANSWERS, LineState.SILENT]
    assert pull.state is LineState.SILENT


def test_a_pull_that_was_asked_to_wait_owes_nothing_to_a_line_that_is_dead_since() -> None:
    with RawServer(answering(b"{}", "503 Unavailable", b"Retry-After: 300\r\n")) as server:
        pull = PullLine(server.url, "token")
        pull.get("/v1/changes")
        assert pull.wait_s == 300.0
    with pytest.raises(LineDown):
        pull.get("/v1/changes")
    assert (pull.state, pull.wait_s) == (LineState.SILENT, 0.0)


def test_a_certificate_that_is_not_the_store_s_is_told_and_nothing_was_sent_to_whoever_has_it(tmp_path: Path) -> None:
    certificate, key, _ = signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard: list[bytes] = []
    told: list[LineState] = []

    def shake_hands(call: Call) -> None:
        with suppress(OSError), context.wrap_socket(call.sock, server_side=True) as secure:
            heard.append(secure.recv(65536))

    with RawServer(shake_hands) as server:
        url = f"https://localhost:{server.port}"
        with pytest.raises(LineDown) as caught:
            StoreClient(url, "token", told.append).post("/v1/identify", b"{}", LONG_S)
        pull = PullLine(url, "token")
        with pytest.raises(LineDown):
            pull.get("/v1/changes")
    assert (caught.value.sent, caught.value.state, told) == (False, LineState.CERTIFICATE, [LineState.CERTIFICATE])
    assert pull.state is LineState.CERTIFICATE
    assert b"".join(heard) == b""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 12 "}, 12.0),
        ({"Retry-After": "86400"}, LONGEST_WAIT_S),
        ({"Retry-After": "9" * 400}, LONGEST_WAIT_S),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "Sun, 22 Nov 2026 07:00:30 GMT", "Date": "Sun, 22 Nov 2026 07:00:00 GMT"}, 30.0),
        ({"Retry-After": "Sun, 22 Nov 2026 07:00:30 GMT"}, 0.0),
        ({"Retry-After": "Sun, 22 Nov 2026 07:00:00 GMT", "Date": "Sun, 22 Nov 2026 07:00:30 GMT"}, 0.0),
    ],
)
def test_a_wait_is_believed_up_to_five_minutes_and_by_no_clock_of_the_kiosk(
    headers: dict[str, str], seconds: float
) -> None:
    assert wait_s(headers) == seconds


@given(st.text(max_size=40), st.text(max_size=40), st.integers(100, 599))
def test_whatever_stands_in_a_header_nobody_is_quiet_for_ever(after: str, date: str, status: int) -> None:
    headers = {"Retry-After": after, "Date": date, "Content-Type": date}
    assert 0.0 <= wait_s(headers) <= LONGEST_WAIT_S
    assert state_of(status, headers) in LineState


@pytest.mark.parametrize(
    ("status", "head", "fault", "sent"),
    [
        ("401 Unauthorized", PROBLEM, NotAdmitted, False),
        ("401 Unauthorized", PAGE, DeskUnreachable, False),
        ("429 Too Many Requests", b"Retry-After: 3\r\n", AskedToWait, False),
        ("503 Unavailable", b"Retry-After: 3\r\n", AskedToWait, True),
    ],
)
def test_events_that_are_told_meet_the_same_answers(
    status: str, head: bytes, fault: type[DeskUnreachable], sent: bool
) -> None:
    with RawServer(answering(b"{}", status, head)) as server, pytest.raises(DeskUnreachable) as caught:
        StoreEvents(StoreClient(server.url, "token")).tell([EVENT], None, LONG_S)
    assert (type(caught.value), caught.value.sent) == (fault, sent)
