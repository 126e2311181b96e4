"""The simulated line between kiosk and store: cut, restored, slow, stalled, and losing answers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from devices.simulators.drive import BenchError
from tests.devices.running import LIMIT_S, Workbench, eventually, free_port

LOST = (ConnectionError, http.client.HTTPException, TimeoutError)


class Store(ThreadingHTTPServer):
    """A store that keeps connections alive and counts what it has done."""

    daemon_threads = True

    def __init__(self) -> None:
        self.done: list[str] = []
        super().__init__(("127.0.0.1", 0), Answer)

    def handle_error(self, request: object, client_address: object) -> None:
        """A line that breaks off is what this is about."""


class Answer(BaseHTTPRequestHandler):
    """POST is done, then answered."""

    protocol_version = "HTTP/1.1"
    server: Store

    def do_POST(self) -> None:
        """Do it, then say so, in two pieces."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.done.append(f"{self.path} {body.decode()}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.flush()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """A large answer, and the end of the connection."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"x" * 3_000_000)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Line:
    """A store behind a line, and a caller in front of it."""

    def __init__(self, workbench: Workbench, store: Store) -> None:
        self.bench = workbench.bench
        self.store = store
        self.port = free_port()
        to = f"127.0.0.1:{store.server_port}"
        workbench.serve("line", "--listen", f"127.0.0.1:{self.port}", "--to", to)
        self.kept = self.call()

    def call(self, timeout_s: float = LIMIT_S) -> http.client.HTTPConnection:
        """A connection that is kept alive."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)

    def post(self, path: str, body: str, connection: http.client.HTTPConnection | None = None) -> str:
        """One request on the kept connection; its answer."""
        connection = connection or self.kept
        connection.request("POST", path, body)
        return connection.getresponse().read().decode()


@pytest.fixture
def line(workbench: Workbench) -> Iterator[Line]:
    """A good line to a store."""
    with Store() as store:
        thread = threading.Thread(target=store.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        one = Line(workbench, store)
        yield one
        one.kept.close()
        store.shutdown()


def test_a_good_line_carries_requests_and_answers_on_one_connection(line: Line) -> None:
    for number in "123":
        assert line.post("/v1/checkouts", number) == number
    assert line.bench.status()["line"]["connections"] == 1


def test_a_large_answer_comes_whole_though_the_store_hangs_up_behind_it(line: Line) -> None:
    line.kept.request("GET", "/v1/snapshot")
    assert len(line.kept.getresponse().read()) == 3_000_000
    eventually("hung up", lambda: line.bench.status()["line"]["connections"] == 0)


def test_a_cut_line_breaks_calls_off_and_refuses_new_ones_until_it_is_restored(line: Line) -> None:
    line.post("/v1/checkouts", "before")
    line.bench.unplug("network")
    with pytest.raises(LOST):
        line.post("/v1/checkouts", "during")
    with pytest.raises(ConnectionRefusedError):
        line.post("/v1/checkouts", "during", line.call())
    line.bench.plug("network")
    assert line.post("/v1/checkouts", "after", line.call()) == "after"
    assert line.store.done == ["/v1/checkouts before", "/v1/checkouts after"]


def test_an_answer_is_lost_after_the_store_has_done_what_was_asked(line: Line) -> None:
    line.post("/v1/checkouts", "before")
    line.bench.lose_answers(1)
    with pytest.raises(LOST):
        line.post("/v1/checkouts", "lost")
    assert line.store.done[-1] == "/v1/checkouts lost"
    assert line.post("/v1/checkouts", "after", line.call()) == "after"
    assert line.bench.status()["line"]["lost"] == 1


def test_answers_are_lost_until_the_line_is_restored_when_no_count_is_given(line: Line) -> None:
    line.bench.lose_answers()
    for number in "123":
        with pytest.raises(LOST):
            line.post("/v1/checkouts", number, line.call())
    assert len(line.store.done) == 3
    line.bench.plug("network")
    assert line.post("/v1/checkouts", "after", line.call()) == "after"


def test_only_answers_to_the_requests_that_are_meant_are_lost_and_counted(line: Line) -> None:
    line.bench.lose_answers(1, "/v1/checkouts")
    assert line.post("/v1/identify", "who") == "who"
    with pytest.raises(LOST):
        line.post("/v1/checkouts", "lost")
    assert line.post("/v1/checkouts", "after", line.call()) == "after"


def test_a_slow_line_holds_answers_back_and_does_not_change_them(line: Line) -> None:
    line.bench.delay(0.3)
    impatient = line.call(0.1)
    with pytest.raises(TimeoutError):
        line.post("/v1/checkouts", "first", impatient)
    eventually("the store did it", lambda: line.store.done == ["/v1/checkouts first"])
    assert line.post("/v1/checkouts", "second") == "second"
    line.bench.delay(0)
    assert line.post("/v1/checkouts", "third") == "third"


def test_a_stalled_line_takes_a_call_and_carries_nothing(line: Line) -> None:
    line.bench.stall_line()
    with pytest.raises(LOST):
        line.post("/v1/checkouts", "never", line.call(0.3))
    assert line.store.done == []
    line.bench.plug("network")
    assert line.post("/v1/checkouts", "after", line.call()) == "after"


@pytest.mark.parametrize("delay_s", [0.0, 0.05])
def test_a_transcript_of_the_line_has_both_directions_and_nothing_that_lets_anybody_in(
    line: Line, delay_s: float
) -> None:
    line.bench.delay(delay_s)
    line.bench.record("network")
    line.kept.request("POST", "/v1/checkouts", "book", {"Authorization": "Bearer 7h3k3y", "Cookie": "staff=7h3k3y"})
    assert line.kept.getresponse().read() == b"book"
    said = line.bench.transcript("network")
    assert "; POST /v1/checkouts HTTP/1.1\n" in said
    assert "; HTTP/1.1 200 OK\n" in said
    assert "; book\n" in said
    over = b"".join(bytes.fromhex(row[19:]) for row in said.splitlines() if not row.startswith("#") and ";" not in row)
    assert b"Authorization: (left out)\r\n" in over
    assert b"7h3k3y" not in over


def test_a_store_that_is_not_there_is_a_broken_call(line: Line) -> None:
    line.store.shutdown()
    line.store.server_close()
    with pytest.raises(LOST):
        line.post("/v1/checkouts", "nobody", line.call())


def test_a_wrong_count_or_delay_is_refused_in_a_sentence(line: Line) -> None:
    with pytest.raises(BenchError, match="must be a number of seconds"):
        line.bench.delay(-1)
    with pytest.raises(BenchError, match="count must be a whole number"):
        line.bench.lose_answers(-1)
