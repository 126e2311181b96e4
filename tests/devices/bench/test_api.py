"""The workbench's JSON API, on real simulators: what the page does, and whoever drives the kiosk from outside."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from devices.simulators.bench.app import Workbench as Page
from devices.simulators.drive import Bench
from tests.devices.running import Events, Workbench

DRAWER = [
    {"name": "anna", "label": "Anna", "expect": "may borrow", "number": "20000000001007", "uid": "04a1b2c3d4e5f6",
     "ndef": None, "kind": "ntag213", "group": "Regio"},
    {"name": "bram", "label": "Bram", "expect": "refused", "number": "20000000001015", "uid": None, "ndef": None,
     "kind": "ntag213", "group": "Regio"},
]  # fmt: skip
PILE = [
    {"name": "oeroeg", "title": "Oeroeg", "barcode": "30000000000018", "expect": "lent"},
    {"name": "diner", "title": "Het diner", "barcode": "30000000000026", "expect": "held for another"},
]


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A run directory with a drawer, a pile, a reader, a scanner and a printer: one for all tests here."""
    run_dir = tmp_path_factory.mktemp("bench")
    (run_dir / "drawer.json").write_text(json.dumps(DRAWER), encoding="utf-8")
    (run_dir / "pile.json").write_text(json.dumps(PILE), encoding="utf-8")
    one = Workbench(run_dir, Bench(run_dir), Events(), [])
    one.serve_reader()
    one.serve_scanner()
    one.serve_printer()
    yield one
    one.close()


@pytest.fixture
def page(workbench: Workbench) -> Iterator[TestClient]:
    """A caller of the workbench; the reader is empty."""
    workbench.bench.remove_pass()
    with TestClient(Page(workbench.bench, None).app(), base_url="http://127.0.0.1:8700") as client:
        yield client


def do(page: TestClient, **order: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.post("/api/do", json=order).json()
    return answer


def state(page: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = page.get("/api/state").json()
    return answer


def scans(workbench: Workbench) -> int:
    return int(workbench.bench.status()["scanner"]["scans"])


def test_a_tapped_pass_lies_on_the_reader_until_it_is_taken_away(page: TestClient) -> None:
    assert do(page, do="place-pass", name="anna") == {"ok": True, "said": "On the reader: Anna."}
    assert state(page)["reader"]["pass"] == {"kind": "ntag213", "uid": "04a1b2c3d4e5f6", "name": "anna"}
    assert do(page, do="remove-pass")["ok"]
    assert state(page)["reader"]["pass"] is None


def test_a_pass_without_chip_is_not_laid_down_but_scanned(page: TestClient, workbench: Workbench) -> None:
    before = scans(workbench)
    refused = do(page, do="place-pass", name="bram")
    assert refused["ok"] is False
    assert "no chip" in refused["error"]
    assert do(page, do="scan-pass", name="bram")["ok"]
    assert scans(workbench) == before + 1


def test_books_and_typed_barcodes_reach_the_scanner(page: TestClient, workbench: Workbench) -> None:
    before = scans(workbench)
    assert do(page, do="scan-book", name="oeroeg")["said"] == "Scanned: Oeroeg."
    assert do(page, do="scan", text="30000000000099")["ok"]
    assert scans(workbench) == before + 2


@pytest.mark.parametrize("what", ["reader", "scanner", "printer"])
def test_a_plug_is_pulled_and_put_back(page: TestClient, what: str) -> None:
    assert do(page, do="unplug", what=what)["ok"]
    assert state(page)[what]["plugged"] is False
    assert do(page, do="plug", what=what)["ok"]
    assert state(page)[what]["plugged"] is True


def test_the_printer_runs_out_of_paper_and_gets_new(page: TestClient) -> None:
    do(page, do="paper-out")
    assert state(page)["printer"]["paper"] == "out"
    do(page, do="paper-in")
    assert state(page)["printer"]["paper"] == "in"


def test_a_simulator_that_does_not_run_is_told_as_such_and_its_deeds_are_refused_in_a_sentence(
    page: TestClient,
) -> None:
    assert state(page)["line"] is None
    answer = page.post("/api/do", json={"do": "unplug", "what": "network"})
    assert answer.status_code == 409
    assert answer.json() == {"ok": False, "error": "the simulator line does not answer; is the demo running?"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"do": 1}',
        b'{"do": "fly"}',
        b'{"do": "place-pass"}',
        b'{"do": "place-pass", "name": 3}',
        b'{"do": "place-pass", "name": "nobody"}',
        b'{"do": "remove-pass", "more": 1}',
        b'{"do": "unplug", "what": "moon"}',
        b'{"do": "delay", "seconds": NaN}',
        b'{"do": "scan", "text": null}',
        b"{" + b" " * 70000 + b"}",
        b"\xff\xfe",
    ],
)
def test_an_order_that_makes_no_sense_is_answered_with_a_sentence(page: TestClient, body: bytes) -> None:
    answer = page.post("/api/do", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 409}
    assert answer.json()["ok"] is False
    assert answer.json()["error"]


def test_a_waiting_page_hears_of_a_change_at_once_and_of_nothing_when_nothing_changes(page: TestClient) -> None:
    version = state(page)["version"]
    assert page.get(f"/api/state?after={version}&wait=1").status_code == 204
    heard: list[dict[str, Any]] = []
    waiting = threading.Thread(
        target=lambda: heard.append(page.get(f"/api/state?after={version}&wait=20").json()), daemon=True
    )
    waiting.start()
    do(page, do="place-pass", name="anna")
    waiting.join(15)
    assert heard[0]["version"] != version
    assert heard[0]["reader"]["pass"]["name"] == "anna"


def test_drawer_and_pile_are_shown_and_searched_by_every_word(page: TestClient) -> None:
    assert [one["name"] for one in page.get("/api/drawer").json()["passes"]] == ["anna", "bram"]
    assert page.get("/api/books").json()["found"] == 2
    assert [one["name"] for one in page.get("/api/books?q=HET din").json()["books"]] == ["diner"]
    assert [one["name"] for one in page.get("/api/books?q=30000000000018").json()["books"]] == ["oeroeg"]
    limited = page.get("/api/books?limit=1").json()
    assert (len(limited["books"]), limited["found"]) == (1, 2)


def test_receipts_are_listed_newest_first_and_no_other_file_is_given_out(
    page: TestClient, workbench: Workbench
) -> None:
    folder = workbench.run_dir / "receipts"
    folder.mkdir(exist_ok=True)
    for name in ("0001.png", "0002.png", "0010.png", "0002.txt", "0011.png.part", "x.png"):
        (folder / name).write_bytes(name.encode())
    assert state(page)["receipts"] == ["0010", "0002", "0001"]
    assert page.get("/receipts/0002.png").content == b"0002.png"
    assert page.get("/receipts/0002.txt").text == "0002.txt"
    for foreign in ("0003.png", "x.png", "..%2Fdrawer.json", "%2e%2e%2f%2e%2e%2fdrawer.json", "0011.png.part"):
        assert page.get(f"/receipts/{foreign}").status_code == 404, foreign


def test_processes_are_told_alive_or_ended_and_only_their_logs_are_shown(
    page: TestClient, workbench: Workbench
) -> None:
    (workbench.run_dir / "log").mkdir()
    (workbench.run_dir / "log" / "kiosk.log").write_text("".join(f"line {n}\n" for n in range(100)), encoding="utf-8")
    (workbench.run_dir / "processes.json").write_text(
        json.dumps(
            [
                {"name": "kiosk", "title": "Kiosk", "pid": os.getpid(), "log": "log/kiosk.log"},
                {"name": "store", "title": "Store", "pid": None, "log": "log/store.log"},
            ]
        ),
        encoding="utf-8",
    )
    shown = state(page)["processes"]
    assert [(one["name"], one["running"]) for one in shown] == [("kiosk", True), ("store", False)]
    assert page.get("/api/log?name=kiosk&lines=2").text == "line 98\nline 99"
    assert page.get("/api/log?name=store").status_code == 404
    assert page.get("/api/log?name=../drawer.json").status_code == 404


def test_without_a_screen_there_is_no_picture_and_no_touch_but_a_sentence(page: TestClient) -> None:
    assert state(page)["screen"] is None
    assert page.get("/api/screen").status_code == 404
    assert page.post("/api/touch", json={"do": "tap", "x": 1, "y": 1}).status_code == 503


def test_the_page_and_all_that_it_loads_come_from_the_workbench_itself(page: TestClient) -> None:
    html = page.get("/").text
    assert "<html" in html
    for name in ("page.css", "page.js", "devices.js", "icon.svg"):
        assert name in html
        assert page.get(f"/{name}").status_code == 200
    for text in (html, page.get("/page.css").text, page.get("/page.js").text, page.get("/devices.js").text):
        assert "//" not in text.replace("// ", "").replace("http://www.w3.org/2000/svg", "")
    assert "default-src 'self'" in page.get("/").headers["Content-Security-Policy"]
