"""Who may give orders to the workbench: its own page and scripts here, not other web sites (DNS rebinding, CSRF)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from devices.simulators.bench.guard import Guard, host_is_ours

NAMES = frozenset({"localhost", "counter", "counter.local"})
JSON = {"Content-Type": "application/json"}


async def done(request: Request) -> Response:
    return PlainTextResponse("done")


def client(host: str = "127.0.0.1:8700") -> TestClient:
    """A caller that addresses the guarded application as `host`."""
    inner = Starlette(routes=[Route("/", done, methods=["GET", "POST"])])
    return TestClient(Guard(inner, NAMES), base_url=f"http://{host}")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8700",
        "localhost",
        "LOCALHOST:18700",
        "[::1]:8700",
        "192.168.1.20:8700",
        "counter.local:80",
        "counter.",
    ],
)
def test_the_machines_own_addresses_and_names_are_answered_at_any_port(host: str) -> None:
    assert host_is_ours(host, NAMES)


@pytest.mark.parametrize(
    "host",
    ["", "example.org", "127.0.0.1.example.org:8700", "localhost.example.org", "127.1.example", "[x]", ":80"],
)
def test_a_name_that_somebody_else_may_point_here_is_refused(host: str) -> None:
    assert not host_is_ours(host, NAMES)


@given(st.text(max_size=40))
def test_no_host_header_makes_the_guard_fail(host: str) -> None:
    host_is_ours(host, NAMES)


def test_a_rebound_name_gets_neither_page_nor_orders_and_is_told_why() -> None:
    for answer in (client("evil.example").get("/"), client("evil.example").post("/", json={}, headers=JSON)):
        assert answer.status_code == 403
        assert "localhost" in answer.json()["error"]


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://127.0.0.1.evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1"],
)
def test_an_order_from_another_web_site_is_refused_and_told_why(origin: str) -> None:
    answer = client().post("/", json={}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "another web site" in answer.json()["error"]


def test_the_own_page_and_a_script_without_an_origin_are_obeyed() -> None:
    assert client().post("/", json={}, headers={"Origin": "http://127.0.0.1:8700"}).text == "done"
    assert client("localhost:9000").post("/", json={}, headers={"Origin": "http://localhost:9000"}).text == "done"
    assert client().post("/", json={}).text == "done"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_foreign_form_can_send_without_asking_is_refused(kind: str) -> None:
    answer = client().post("/", content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "JSON" in answer.json()["error"]
