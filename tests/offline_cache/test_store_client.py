"""The line to the store: what may have arrived, what never left, and a deadline that nothing outlasts."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest
import requests

from offline_cache import store_client
from offline_cache.line_state import LineState
from offline_cache.store_client import LineDown, StoreClient
from tests.offline_cache.raw_server import LONG_S, Call, RawServer, answering, head_and_body

BODY = b'{"a":1}'
SHORT_S = 0.4  # a deadline that is to pass


def client(url: str) -> StoreClient:
    return StoreClient(url, "token-of-this-kiosk")


def asks(url: str, deadline_s: float = LONG_S) -> LineDown:
    """How a request fails."""
    with pytest.raises(LineDown) as caught:
        client(url).post("/v1/checkouts", BODY, deadline_s, "key-1")
    return caught.value


def test_a_request_arrives_whole_and_its_answer_comes_back() -> None:
    seen: Queue[bytes] = Queue()

    with RawServer(answering(b'{"outcome":"voided"}', seen=seen)) as server:
        response = client(server.url + "/").post("/v1/checkouts", BODY, LONG_S, "key-1")
    head, body = head_and_body(seen.get(timeout=LONG_S))
    assert (response.status, response.body) == (200, b'{"outcome":"voided"}')
    assert body == BODY
    assert head.startswith(b"POST /v1/checkouts HTTP/1.1\r\n")
    lines = {line.lower() for line in head.split(b"\r\n")}
    assert {b"idempotency-key: key-1", b"content-type: application/json"} <= lines
    assert b"authorization: bearer token-of-this-kiosk" in lines


def test_what_came_back_is_not_in_its_repr() -> None:
    with RawServer(answering(b"secret title")) as server:
        assert "secret" not in repr(client(server.url).get("/v1/health", LONG_S))


def test_a_prepared_line_asks_nothing_and_has_loaded_what_its_first_request_needs() -> None:
    code = (
        "import sys\nfrom offline_cache.store_client import StoreClient\n"
        "line = StoreClient('http://127.0.0.1:1', 'x')\n"
        "before = 'requests' in sys.modules\nline.prepare()\nloaded = set(sys.modules)\n"
        "try:\n    line.get('/v1/health', 5)\nexcept Exception as fault:\n    print(before, type(fault).__name__)\n"
        "print('circulation.wire' in loaded)\n"
        "print(*[name for name in set(sys.modules) - loaded if name.startswith(('requests', 'urllib3'))])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "LineDown", "True"]
    with RawServer(answering()) as server:
        line = client(server.url)
        line.prepare()
        assert server.calls == 0
        assert line.get("/v1/health", LONG_S).status == 200


def test_a_connection_serves_again_after_a_whole_answer() -> None:
    with RawServer(answering()) as server:
        line = client(server.url)
        for _ in range(5):
            assert line.post("/x", BODY, LONG_S).status == 200
        assert server.calls == 1


@pytest.mark.parametrize("form", ["whole", "chunked", "until the end"])
def test_every_form_of_body_is_read(form: str) -> None:
    def script(call: Call) -> None:
        call.request()
        if form == "whole":
            call.answer(b"abcdef")
        elif form == "chunked":
            call.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
        else:
            call.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef")

    with RawServer(script) as server:
        assert client(server.url).post("/x", BODY, LONG_S).body == b"abcdef"


def test_an_answer_of_a_mebibyte_is_read_whole() -> None:
    with RawServer(answering(b"a" * 1024 * 1024)) as server:
        assert client(server.url).post("/x", BODY, LONG_S).body == b"a" * 1024 * 1024


# ---- nothing left


def test_a_refused_connection_says_that_nothing_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert asks(f"http://127.0.0.1:{port}").sent is False


def test_a_connection_that_nobody_takes_says_that_nothing_left() -> None:
    with full_house() as port:
        assert asks(f"http://127.0.0.1:{port}", SHORT_S).sent is False


def test_a_name_that_nobody_knows_says_that_nothing_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert asks("http://store.invalid").sent is False


def test_a_failed_handshake_says_that_nothing_left() -> None:
    with RawServer(lambda call: call.say(b"this is not TLS\r\n\r\n")) as server:
        assert asks(server.url.replace("http:", "https:")).sent is False


def test_a_url_that_cannot_be_says_that_nothing_left() -> None:
    assert asks("http://[half").sent is False


def test_name_service_that_hangs_is_left_at_the_deadline_and_nothing_leaves_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: Queue[bytes] = Queue()
    with RawServer(lambda call: seen.put(call.request())) as server, hanging_names(monkeypatch) as let_go:
        line = client(server.url)
        with pytest.raises(LineDown) as caught:
            line.post("/v1/checkouts", BODY, SHORT_S)
        assert caught.value.sent is False
        let_go()
        assert head_and_body(seen.get(timeout=LONG_S))[1] == b""  # the head may come, the body never


def test_those_left_behind_are_few_and_do_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(answering()) as server, hanging_names(monkeypatch) as let_go:
        line = client(server.url)
        for _ in range(store_client.LEFT_BEHIND):
            with pytest.raises(LineDown):
                line.post("/x", BODY, 0.01)
        with pytest.raises(LineDown, match="still hang") as caught:
            line.post("/x", BODY, LONG_S)
        assert caught.value.sent is False
        let_go()
        until(lambda: line.get("/x", LONG_S).status == 200)


# ---- it may have arrived


def closes(call: Call) -> None:
    call.request()


def resets(call: Call) -> None:
    call.request()
    call.reset()


def stays_silent(call: Call) -> None:
    call.request()
    call.silence()


def answers_rubbish(call: Call) -> None:
    call.request()
    call.say(b"\x00\xff nonsense\r\n\r\n")


def answers_half_a_line(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 20")


def answers_half_a_body(call: Call) -> None:
    call.request()
    call.say(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"outcome":"che')


def answers_half_a_chunk(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc")


def answers_a_broken_chunk(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n")


def answers_too_much(call: Call) -> None:
    call.request()
    call.answer(b"x" * (store_client.MAX_ANSWER + 1))


def answers_too_much_for_ever(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\n\r\n")
    call.drip(b"x" * 65536, 0)


def answers_too_many_heads(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n{}")


def drips_the_status(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 ")
    call.drip(b"O")


def drips_the_head(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\nX: ")
    call.drip(b"y")


def says_continue_for_ever(call: Call) -> None:
    call.request()
    call.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def drips_the_body(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    call.drip(b" ")


def drips_chunks(call: Call) -> None:
    call.request()
    call.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    call.drip(b"1\r\n \r\n")


@pytest.mark.parametrize(
    "script",
    [
        closes, resets, answers_rubbish, answers_half_a_line, answers_half_a_body, answers_half_a_chunk,
        answers_a_broken_chunk, answers_too_much, answers_too_much_for_ever, answers_too_many_heads,
    ],
)  # fmt: skip
def test_an_answer_that_breaks_off_or_makes_no_sense_leaves_open_whether_it_was_done(
    script: Callable[[Call], None],
) -> None:
    with RawServer(script) as server:
        assert asks(server.url).sent is True
        assert server.calls == 1  # on a fresh connection there is no second try here: the desk decides


@pytest.mark.parametrize(
    "script",
    [stays_silent, drips_the_status, drips_the_head, says_continue_for_ever, drips_the_body, drips_chunks],
)
def test_the_deadline_is_total_however_slowly_the_answer_comes(script: Callable[[Call], None]) -> None:
    with RawServer(script) as server:
        assert asks(server.url, SHORT_S).sent is True


def test_a_tls_line_that_breaks_after_the_request_leaves_open_whether_it_was_done() -> None:
    request = store_client._Request("POST", "https://store.invalid", {}, BODY)
    exchange = store_client._Exchange(_BreaksAfterSending(), request, time.monotonic() + LONG_S, lambda *_: None)
    exchange.run()
    with pytest.raises(LineDown) as caught:
        exchange.outcome()
    assert caught.value.sent is True


class _BreaksAfterSending(requests.Session):
    """TLS that breaks while the answer is read, as a bad record does."""

    def request(self, *_: Any, data: Any = b"", **__: Any) -> requests.Response:
        assert b"".join(data) == BODY
        raise requests.exceptions.SSLError("bad record")


# ---- a connection that the server closed meanwhile


def test_a_connection_closed_under_a_second_request_is_replaced_under_the_same_key() -> None:
    seen: Queue[bytes] = Queue()

    def script(call: Call) -> None:
        seen.put(call.request())
        call.answer()
        if request := call.request():  # the next one on this connection is taken and dropped
            seen.put(request)

    with RawServer(script) as server:
        line = client(server.url)
        assert line.post("/x", BODY, LONG_S, "key-1").status == 200
        assert line.post("/x", BODY, LONG_S, "key-2").status == 200
        requests = [seen.get(timeout=LONG_S) for _ in range(3)]
    assert [b"key-2" in one for one in requests] == [False, True, True]
    assert server.calls == 2


def test_a_connection_that_was_closed_while_idle_is_replaced_unseen() -> None:
    def script(call: Call) -> None:
        call.request()
        call.answer()

    with RawServer(script) as server:
        line = client(server.url)
        for _ in range(5):
            assert line.get("/x", LONG_S).status == 200
        assert server.calls == 5


def test_what_may_have_arrived_on_the_old_connection_stays_so_where_a_new_one_is_refused() -> None:
    def script(call: Call) -> None:
        call.request()
        call.answer()
        call.request()
        server.stop_listening()
        call.reset()

    with RawServer(script) as server:
        line = client(server.url)
        assert line.post("/x", BODY, LONG_S, "key-1").status == 200
        with pytest.raises(LineDown) as caught:
            line.post("/x", BODY, LONG_S, "key-2")
    assert caught.value.sent is True


def answers_the_repeat(status: str) -> Callable[[Call], None]:
    """The first connection is answered once, and breaks under the second request; the next one is answered so."""
    calls: Queue[Call] = Queue()

    def script(call: Call) -> None:
        calls.put(call)
        if calls.qsize() > 1:
            call.request()
            call.answer(b"{}", status, b"Content-Type: application/problem+json\r\n")
            return
        call.request()
        call.answer()
        call.request()

    return script


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("401 Unauthorized", LineState.REFUSED),
        ("403 Forbidden", LineState.REFUSED),
        ("429 Too Many Requests", LineState.ANSWERS),
    ],
)
def test_a_no_to_the_repeat_says_nothing_of_what_was_sent_before_it(status: str, state: LineState) -> None:
    seen: list[LineState] = []
    with RawServer(answers_the_repeat(status)) as server:
        line = StoreClient(server.url, "token-of-this-kiosk", seen.append)
        assert line.post("/x", BODY, LONG_S, "key-1").status == 200
        with pytest.raises(LineDown, match=status[:3]) as caught:
            line.post("/x", BODY, LONG_S, "key-2")
    assert caught.value.sent is True
    assert caught.value.state is state
    assert seen == [LineState.ANSWERS, state]


@pytest.mark.parametrize("status", ["401 Unauthorized", "200 OK", "409 Conflict"])
def test_any_other_answer_to_the_repeat_counts_and_a_no_to_what_changes_nothing(status: str) -> None:
    with RawServer(answers_the_repeat(status)) as server:
        line = client(server.url)
        assert line.post("/x", BODY, LONG_S, "key-1").status == 200
        key = None if status.startswith("401") else "key-2"
        assert line.post("/x", BODY, LONG_S, key).status == int(status[:3])


# ---- who is asked


def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    with RawServer(answering(b"", "302 Found", b"Location: /portal\r\n")) as server:
        assert client(server.url).post("/x", BODY, LONG_S).status == 302
        assert server.calls == 1


def test_a_proxy_or_a_password_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("HOME", str(home))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    seen: Queue[bytes] = Queue()
    with RawServer(answering(seen=seen)) as server:
        assert client(server.url).get("/x", LONG_S).status == 200
    assert b"Bearer token-of-this-kiosk" in seen.get(timeout=LONG_S)


def test_many_threads_ask_at_once_and_each_gets_its_own_answer() -> None:
    def script(call: Call) -> None:
        while request := call.request():
            call.answer(head_and_body(request)[1])

    with RawServer(script) as server:
        line, wrong = client(server.url), []

        def ask(number: int) -> None:
            for turn in range(20):
                said = f"{number}/{turn}".encode()
                if line.post("/x", said, LONG_S).body != said:
                    wrong.append(said)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG_S)
    assert wrong == []


def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition, generously."""
    pause = threading.Event()
    for _ in range(int(LONG_S / 0.01)):
        try:
            if condition():
                return
        except LineDown:
            pass
        pause.wait(0.01)
    raise AssertionError("it never came")


@contextmanager
def full_house() -> Iterator[int]:
    """A port whose queue of connections is full, so that a new one gets neither yes nor no."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        guests = []
        try:
            for _ in range(4):
                guest = socket.socket()
                guest.setblocking(False)
                guest.connect_ex(("127.0.0.1", port))
                guests.append(guest)
            yield port
        finally:
            for guest in guests:
                guest.close()


@contextmanager
def hanging_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Name service that answers only after the returned function was called."""
    answered, real = threading.Event(), socket.getaddrinfo

    def hang(*args: Any, **named: Any) -> Any:
        answered.wait(LONG_S)
        return real(*args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        yield answered.set
    finally:
        answered.set()
