"""What is unplugged, cut, killed or silent never costs a loan, never doubles one, and leaves a clear screen."""

import http.server
import re
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import pytest

from tests.journeys.running import GOOD, cards, wait_until
from tests.journeys.whole_app import WholeApp, started

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeApp]:
    with started(tmp_path_factory.mktemp("j") / "run", idle_s="10") as one:
        yield one


@pytest.fixture(autouse=True)
def _begun_at_rest(app: WholeApp) -> None:
    """One fault shows as one failure, not in every journey after it."""
    app.put_right()


def test_an_answer_lost_after_the_commit_is_asked_again_and_the_loan_is_one(app: WholeApp) -> None:
    book = app.book()
    app.begin_visit("anna")
    app.bench.lose_answers(None, match="checkouts")
    app.bench.scan(book)
    app.wait_log("sent, answer lost")
    assert app.loans_of(book) == 1, "the store had committed"
    app.bench.plug("network")
    app.wait_log("delivered late: CheckedOut")
    assert app.loans_of(book) == 1
    app.leave()


def test_a_kiosk_killed_before_the_answer_asks_again_after_its_restart(app: WholeApp) -> None:
    book, seq = app.book(), app.last_seq()
    app.begin_visit("bram")
    app.bench.lose_answers(None, match="POST")  # that of a repeated event too: nothing is answered before the kill
    app.bench.scan(book)
    wait_until("the store's commit", lambda: app.loans_of(book) == 1)
    app.kill_kiosk()
    assert "delivered late" not in app.since_mark()
    app.bench.remove_pass()
    app.bench.plug("network")
    app.start_kiosk()
    app.wait_log("delivered late: CheckedOut")
    assert app.loans_of(book) == 1
    assert app.last_seq() == seq + 1


def test_without_a_line_nothing_is_lent_and_the_sequence_has_no_hole(app: WholeApp) -> None:
    first, second = app.book(), app.book()
    app.begin_visit("anna")
    app.bench.unplug("network")
    app.bench.scan(first)
    app.wait_log("not sent|an earlier event waits|no connection")
    assert app.loans_of(first) == 0
    app.bench.plug("network")
    app.bench.scan(second)
    app.wait_log("item lent")
    assert (app.loans_of(first), app.loans_of(second)) == (0, 1)
    app.bench.scan(first)
    app.wait_log("item lent", 2)
    assert app.loans_of(first) == 1
    app.leave()


def test_a_pass_without_a_line_hears_so_and_works_when_it_is_back(app: WholeApp) -> None:
    app.bench.unplug("network")
    app.mark()
    app.present("anna")
    app.wait_log("screen NoAnswer")
    app.lift()
    app.bench.plug("network")
    app.begin_visit("anna")
    app.leave()


def test_a_store_that_takes_five_seconds_can_be_left_and_can_be_waited_for(app: WholeApp) -> None:
    app.bench.delay(5)
    app.mark()
    app.present("anna")
    app.wait_log("screen Waiting")
    first = app.picture()
    wait_until("something that moves", lambda: app.picture().tobytes() != first.tobytes(), 3)
    app.touch("stop")
    app.wait_log("screen Rest", limit_s=4)
    app.lift()
    app.begin_visit("anna")
    app.bench.delay(0)
    app.leave()


@pytest.mark.parametrize("device", ["reader", "scanner", "printer"])
def test_every_device_unplugged_and_replugged_at_every_screen(app: WholeApp, device: str) -> None:
    name = {"reader": "pass_reader", "scanner": "item_scanner", "printer": "receipt_printer"}[device]

    def replug() -> None:
        app.mark()
        app.bench.unplug(device)
        if device != "printer":
            app.wait_log(f"device {name}: lost")
        time.sleep(0.3)
        app.bench.plug(device)
        if device != "printer":
            app.wait_log(f"device {name}: ready")

    replug()  # rest
    book = app.book()
    app.begin_visit("anna")
    replug()
    app.bench.scan(book)
    app.wait_log("item lent")
    app.bench.remove_pass()
    app.touch("done")
    app.wait_log("screen Finished")
    replug()
    app.mark()
    app.touch("no_receipt")
    app.wait_log("screen Rest")
    app.present("ghost") if any(one["name"] == "ghost" for one in app.bench.drawer()) else app.bench.place(
        "04AABBCCDDEE11"
    )
    app.wait_log("screen NoVisit")
    replug()
    app.bench.remove_pass()
    app.mark()
    app.touch("done")
    app.wait_log("screen Rest")
    assert app.kiosk_lives()
    assert app.loans_of(book) == 1


def test_a_printer_that_dies_in_the_middle_of_a_receipt_holds_nobody(app: WholeApp) -> None:
    book = app.book()
    app.begin_visit("anna")
    app.bench.scan(book)
    app.wait_log("item lent")
    app.lift()
    app.touch("done")
    app.wait_log("screen Finished")
    app.bench.printer_dies_after(60)
    app.touch("print")
    app.wait_log(r"receipt \S+: (unknown|not_printed)")
    app.wait_log("screen Rest")
    app.bench.plug("printer")
    assert app.loans_of(book) == 1


def test_corrupt_and_cut_frames_of_the_reader_end_in_a_visit_all_the_same(app: WholeApp) -> None:
    for kind in ("corrupt", "truncate", "silent"):
        app.bench.reader_fault(kind, 3)
        app.begin_visit("anna")
        app.leave()


def test_a_silent_patron_is_asked_then_wiped_and_taken_up_again_by_the_same_pass(app: WholeApp) -> None:
    book = app.book()
    app.begin_visit("anna")
    app.bench.scan(book)
    app.wait_log("item lent")
    app.bench.remove_pass()
    assert cards(app.still_picture(), GOOD) == 1
    app.wait_log("under StillThere")
    app.wait_log("visit ended: out_of_time, 1 lent")
    app.wait_log("screen Rest")
    wait_until("it is wiped", lambda: cards(app.picture(), GOOD) == 0)
    app.begin_visit("anna")
    app.lift()
    app.touch("done")
    app.wait_log("visit ended: done, 1 lent")
    app.mark()
    app.touch("no_receipt")
    app.wait_log("screen Rest")
    assert app.loans_of(book) == 1


class _Nonsense(http.server.BaseHTTPRequestHandler):
    """A store that answers with what no store says."""

    answers: ClassVar[list[bytes]] = [
        b"{", b"[]", b"null", b"\xff\xfe", b'{"outcome":"identified"}', b'{"outcome":"identified","patron":7}',
        b'{"outcome":"refused","reason":7,"rule":"K5","next":"desk","values":{}}', b'{"a":' * 5000, b"<html>welcome",
        b'{"outcome":"checked_out"}', b'{"outcome":"identified","patron":"p","open_loans":true}', b"NaN",
    ]  # fmt: skip
    asked = 0

    def do_POST(self) -> None:
        """Each of them once, to what a pass asks."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say(self.answers[type(self).asked % len(self.answers)])
        type(self).asked += 1

    def do_GET(self) -> None:
        """Whether it is well."""
        self._say(b"<html>welcome")

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.mark.system  # each kind of it waits for the deadline
def test_a_store_that_answers_nonsense_is_a_store_that_does_not_answer(app: WholeApp) -> None:
    app.stop_kiosk()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Nonsense)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    right = app.config.read_text("utf-8")
    try:
        app.config.write_text(
            re.sub(r"(?m)^url = .*$", f'url = "http://127.0.0.1:{server.server_port}"', right), "utf-8"
        )
        app.start_kiosk()
        for _ in _Nonsense.answers:
            app.mark()
            app.present("anna")
            app.wait_log("screen NoAnswer")
            app.lift()
            app.touch("done")
            app.wait_log("screen Rest")
        assert app.kiosk_lives()
        assert "Traceback" not in app.log()
    finally:
        app.stop_kiosk()
        server.shutdown()
        app.config.write_text(right, "utf-8")
        app.start_kiosk()


def test_sigterm_ends_the_kiosk_in_order(app: WholeApp) -> None:
    app.begin_visit("anna")
    app.bench.remove_pass()
    assert app.stop_kiosk() == 0
    assert "Traceback" not in app.log()
