"""Whatever comes in: a clear problem (RFC 9457), nothing done, nothing personal in the answer or in the log."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circulation import wire
from circulation.identifiers import ItemBarcode
from tests.membership_store.running import Caller, Demo, StoreProcess

LIMIT = 64 * 1024
SECRET = "20009401999995"
ACTS = ("checkouts", "checkins", "renewals", "payments", "visit-ends", "voids")
PATHS = [f"/v1/{name}" for name in ("identify", "account", "explain", "handovers", *ACTS)]


def problem(status: int, body: bytes) -> dict[str, Any]:
    """The problem details, checked for their form."""
    said: dict[str, Any] = json.loads(body)
    assert said["status"] == status
    assert {"type", "title", "status", "detail"} <= set(said)
    assert SECRET not in body.decode()
    return said


@pytest.fixture
def event(kiosk: Caller, demo: Demo, books: Iterator[ItemBarcode]) -> dict[str, Any]:
    """A request that would be good."""
    return kiosk.event(demo.shown("anna"), next(books))


BROKEN: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("nothing", lambda _: None),
    ("a list", lambda e: [e]),
    ("a text", lambda _: SECRET),
    ("no id", lambda e: {k: v for k, v in e.items() if k != "id"}),
    ("one field more", lambda e: e | {SECRET: 1}),
    ("an id of version 4", lambda e: e | {"id": e["id"][:14] + "4" + e["id"][15:]}),
    ("an id in capitals", lambda e: e | {"id": e["id"].upper()}),
    ("a sequence that is true", lambda e: e | {"seq": True}),
    ("a sequence with a fraction", lambda e: e | {"seq": 1.0}),
    ("a sequence as text", lambda e: e | {"seq": "1"}),
    ("a negative sequence", lambda e: e | {"seq": -1}),
    ("a sequence beyond all", lambda e: e | {"seq": 2**70}),
    ("an unknown kind", lambda e: e | {"kind": "wish"}),
    ("a void on the wrong route", lambda e: e | {"kind": "void"}),
    ("an unknown action", lambda e: e | {"action": "burn"}),
    ("another kiosk", lambda e: e | {"kiosk": "annen-1"}),
    ("no pass", lambda e: e | {"presented": None}),
    ("a pass of nothing", lambda e: e | {"presented": {"source": "chip"}}),
    ("a pass that is a list", lambda e: e | {"presented": [SECRET]}),
    ("a chip that is none", lambda e: e | {"presented": {"source": "chip", "uid": SECRET + "XX"}}),
    ("a number with a quote", lambda e: e | {"presented": {"source": "chip", "number": "1' OR '1'='1"}}),
    ("a number of a kilobyte", lambda e: e | {"presented": {"source": "chip", "number": "2" * 1024}}),
    ("an item with a bell", lambda e: e | {"item": "3940\x07"}),
    ("an item with half a letter", lambda e: e | {"item": "\ud800"}),
    ("an item with a SIP2 bar", lambda e: e | {"item": f"{SECRET}|AB"}),
    ("a moment without a zone", lambda e: e | {"at": "2026-01-01T10:00:00"}),
    ("a moment before all calendars", lambda e: e | {"at": "0001-01-01T00:00:00+14:00"}),
    ("a moment after all calendars", lambda e: e | {"at": "9999-12-31T23:59:59-14:00"}),
    ("no moment", lambda e: e | {"at": SECRET}),
]


@pytest.mark.parametrize(("what", "broken"), BROKEN, ids=[what for what, _ in BROKEN])
def test_json_that_was_not_agreed_is_refused_and_takes_no_sequence_number(
    store: StoreProcess, kiosk: Caller, event: dict[str, Any], what: str, broken: Callable[[dict[str, Any]], Any]
) -> None:
    status, body = kiosk.post("/v1/checkouts", broken(event))
    assert (status, problem(status, body)["type"]) == (422, "/problems/invalid"), what
    assert store.rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", kiosk.kiosk.id) == [(0,)]
    assert kiosk.tell(event)[0] == 200


NO_JSON = {
    "nothing": b"",
    "half an object": b'{"id": "' + SECRET.encode(),
    "NaN": b'{"seq": NaN}',
    "infinity": b'{"seq": -Infinity}',
    "nested a thousand deep": b"[" * 30_000 + b"]" * 30_000,
    "a number of 60,000 digits": b"1" * 60_000,
    "a name twice": b'{"id": 1, "id": 2}',
    "Latin-1": '{"id": "é"}'.encode("latin-1"),
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "a form": b"number=" + SECRET.encode(),
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_json_is_malformed(kiosk: Caller, path: str, body: bytes) -> None:
    status, said = kiosk.post(path, body)
    assert (status, problem(status, said)["type"]) == (400, "/problems/malformed")


@pytest.mark.parametrize("shown", [None, [], "x", {}, {"source": "chip"}, {"source": 7, "number": SECRET}])
def test_identify_wants_a_pass_and_nothing_else(kiosk: Caller, shown: object) -> None:
    for data in ({"presented": shown}, {"presented": shown, "more": 1}, shown):
        status, body = kiosk.post("/v1/identify", data)
        assert (status, problem(status, body)["status"]) == (422, 422)


def test_a_header_that_names_another_event_is_malformed(kiosk: Caller, event: dict[str, Any]) -> None:
    other = {"Idempotency-Key": event["id"][:-1] + ("0" if event["id"][-1] != "0" else "1")}
    status, body = kiosk.post("/v1/checkouts", event, **other)
    assert (status, problem(status, body)["type"]) == (400, "/problems/malformed")
    assert kiosk.post("/v1/checkouts", event, **{"Idempotency-Key": event["id"]})[0] == 200


def filled_to(event: dict[str, Any], size: int) -> bytes:
    """The event as JSON of exactly that size."""
    body = json.dumps(event).encode()
    return body + b" " * (size - len(body))


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(kiosk: Caller, event: dict[str, Any]) -> None:
    status, body = kiosk.post("/v1/checkouts", filled_to(event, LIMIT + 1))
    assert (status, problem(status, body)["type"]) == (413, "/problems/too-large")
    assert kiosk.post("/v1/checkouts", filled_to(event, LIMIT))[0] == 200


def test_a_body_without_a_length_is_cut_off_at_64_kib_too(
    store: StoreProcess, kiosk: Caller, event: dict[str, Any]
) -> None:
    line = http.client.HTTPConnection("127.0.0.1", store.port, timeout=30)
    pieces = (filled_to(event, LIMIT + 1)[n : n + 4096] for n in range(0, LIMIT + 1, 4096))
    headers = {"Authorization": f"Bearer {kiosk.token}", "Transfer-Encoding": "chunked"}
    line.request("POST", "/v1/checkouts", pieces, headers, encode_chunked=True)
    answer = line.getresponse()
    assert (answer.status, problem(413, answer.read())["type"]) == (413, "/problems/too-large")
    line.close()


def test_a_length_that_lies_about_gigabytes_is_refused_before_anything_is_read(
    store: StoreProcess, kiosk: Caller
) -> None:
    with socket.create_connection(("127.0.0.1", store.port), timeout=30) as line:
        head = f"POST /v1/identify HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer {kiosk.token}\r\n"
        line.sendall(f"{head}Content-Length: 99999999999\r\n\r\n".encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer nonsense",
        "Bearer demo-drenthe.annen-1.",
        "Bearer demo-drenthe.annen-1.wrong",
        "Bearer ..",
        "Bearer " + "x" * 5000,
        "Bearer demo-drenthe.' OR 1=1 --.x",
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_without_its_own_credential_nobody_asks_anything(store: StoreProcess, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.post(store.url + path, data=b"{}", headers=headers, timeout=30)
    assert (answer.status_code, problem(401, answer.content)["type"]) == (401, "/problems/unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_credential_with_another_secret_or_of_another_kiosk_is_worth_nothing(
    kiosk: Caller, kiosks: Callable[[], Caller], event: dict[str, Any]
) -> None:
    other = kiosks()
    right = kiosk.token
    kiosk.token = f"{kiosk.token[:-1]}{'A' if kiosk.token[-1] != 'A' else 'B'}"
    assert kiosk.tell(event)[0] == 401
    kiosk.token = other.token
    assert kiosk.tell(event)[0] == 422
    kiosk.token = right
    assert kiosk.tell(event)[0] == 200


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/patrons/" + SECRET, "/v1/checkouts/", "/docs", "/openapi.json"])
def test_an_unknown_route_is_not_found(store: StoreProcess, path: str) -> None:
    answer = requests.get(store.url + path, timeout=30, allow_redirects=False)
    assert (answer.status_code, problem(404, answer.content)["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/checkouts"), ("DELETE", "/v1/voids"), ("POST", "/v1/health")]
)
def test_another_method_is_not_allowed(store: StoreProcess, method: str, path: str) -> None:
    answer = requests.request(method, store.url + path, timeout=30)
    assert (answer.status_code, problem(405, answer.content)["type"]) == (405, "/problems/method-not-allowed")
    assert answer.headers["Allow"]


@pytest.mark.parametrize("noise", [b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50, SECRET.encode()])
def test_what_is_not_http_ends_the_connection_and_nothing_else(store: StoreProcess, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", store.port), timeout=30) as line:
        line.sendall(noise)
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass
    assert requests.get(store.url + "/v1/health", timeout=30).status_code == 200


def test_a_request_that_breaks_off_in_the_middle_of_its_body_does_nothing(
    store: StoreProcess, kiosk: Caller, event: dict[str, Any]
) -> None:
    body = json.dumps(event).encode()
    head = f"POST /v1/checkouts HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer {kiosk.token}\r\n"
    with socket.create_connection(("127.0.0.1", store.port), timeout=30) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    assert requests.get(store.url + "/v1/health", timeout=30).status_code == 200
    assert store.rows("SELECT 1 FROM event_answer WHERE event = ?", event["id"]) == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_an_event_with_anything_in_any_field_never_breaks_the_server(
    kiosk: Caller, demo: Demo, data: st.DataObject
) -> None:
    good = kiosk.event(demo.shown("anna"), demo.book("oeroeg"), seq=2**40)
    where = data.draw(st.sampled_from([*good, "presented.number", "presented.uid", "presented.source"]))
    value = data.draw(_json)
    field, _, inner = where.partition(".")
    body = json.dumps(good | {field: good[field] | {inner: value} if inner else value}).encode()
    status, said = kiosk.post("/v1/checkouts", body)
    assert status in (400, 409, 422), said
    problem(status, said)


def test_the_log_names_routes_and_never_a_number_a_chip_a_title_or_a_credential(
    store: StoreProcess, kiosk: Caller, demo: Demo, event: dict[str, Any]
) -> None:
    """Runs last: it looks at all that the tests above made the server say."""
    kiosk.tell(event)
    kiosk.tell(event | {"item": demo.book("eline-vere")})
    kiosk.post("/v1/identify", {"presented": wire.encode(demo.shown("daan"))})
    requests.get(f"{store.url}/v1/patrons/{demo.passes['daan']['number']}?uid={demo.passes['daan']['uid']}", timeout=30)
    log = store.log_file.read_text("utf-8")
    assert "POST /v1/identify 200" in log
    assert "POST /v1/checkouts 422" in log
    assert "came back as another act" in log
    assert "Traceback" not in log
    private = {one[key] for one in demo.passes.values() for key in ("number", "uid", "ndef") if one[key]}
    private |= {one[key] for one in demo.books.values() for key in ("barcode", "title")}
    private |= {kiosk.token, kiosk.token.rpartition(".")[2], SECRET, "Daan", event["item"]}
    assert [one for one in private if one in log] == []
