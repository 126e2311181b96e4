"""HTTP to the membership store (requests). Tells apart "it never left" and "it may have arrived" (house decision 1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from offline_cache.line_state import LineState, state_of, wait_s
from values import dataclass

if TYPE_CHECKING:
    import requests

MAX_ANSWER = 1024 * 1024
PIECE = 64 * 1024
CONNECT_S = 2.0
LEFT_BEHIND = 8
_KEY = "Idempotency-Key"
# Answers that say "nothing was done", of the one request that they answer.
_NOT_DONE = (401, 403, 429)


class LineDown(Exception):
    """No answer came. `sent`: whether the request may have arrived."""

    def __init__(self, why: str, *, sent: bool, state: LineState = LineState.SILENT) -> None:
        super().__init__(why)
        self.sent = sent
        self.state = state


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the HTTP status and at most 1 MiB of body. `wait_s`: for how long it wants to be left alone."""

    status: int
    body: bytes = field(repr=False)
    state: LineState = LineState.ANSWERS
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


class StoreClient:
    """A kiosk's line to the store, for any thread; no proxy or certificate settings from the environment.
    `on_state`: told after each request, on the thread that waited for it, what the line is like.

    A deadline is total: name service, connecting, sending, every byte of the answer. What is sent here may be sent
    twice: it changes nothing, or carries an Idempotency-Key.
    """

    def __init__(self, url: str, token: str, on_state: Callable[[LineState], None] = lambda _: None) -> None:
        self._url, self._on_state = url.rstrip("/"), on_state
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        self._free: list[requests.Session] = []
        self._places = threading.BoundedSemaphore(LEFT_BEHIND)

    def prepare(self) -> None:
        """Loads what the first request would wait for, 0.2 s; asks nothing of the store."""
        import circulation.wire  # noqa: F401 - what is sent and answered

        self._free.append(_new_session())

    def post(self, path: str, body: bytes, deadline_s: float, key: str | None = None) -> Response:
        """Sends JSON and gives the answer. `key` travels as Idempotency-Key. Raises LineDown."""
        headers = {"Content-Type": "application/json"} | ({_KEY: key} if key else {})
        return self._send(_Request("POST", self._url + path, self._headers | headers, body), deadline_s)

    def get(self, path: str, deadline_s: float) -> Response:
        """Asks for something that changes nothing. Raises LineDown."""
        return self._send(_Request("GET", self._url + path, self._headers), deadline_s)

    def _send(self, request: _Request, deadline_s: float) -> Response:
        try:
            found = self._sent(request, deadline_s)
        except LineDown as fault:
            self._on_state(fault.state)
            raise
        self._on_state(found.state)
        return found

    def _sent(self, request: _Request, deadline_s: float) -> Response:
        ends = time.monotonic() + deadline_s
        try:
            used = self._free.pop()
        except IndexError:
            return self._exchange(_new_session(), request, ends)
        try:
            return self._exchange(used, request, ends)
        except LineDown as fault:
            # The other end may close an idle connection just as it is used again; that says nothing of the line.
            if time.monotonic() >= ends:
                raise
            return self._again(request, ends, fault)

    def _again(self, request: _Request, ends: float, first: LineDown) -> Response:
        try:
            found = self._exchange(_new_session(), request, ends)
        except LineDown as second:
            raise LineDown(str(second), sent=first.sent or second.sent, state=second.state) from None
        if first.sent and _KEY in request.headers and found.status in _NOT_DONE:
            # It says so of the second: the first may have been done before the store was asked too often, or said no.
            raise LineDown(f"status {found.status}", sent=True, state=found.state)
        return found

    def _exchange(self, session: requests.Session, request: _Request, ends: float) -> Response:
        """In a thread of its own: nothing else ends name service, or an answer that drips, in time."""
        if not self._places.acquire(blocking=False):
            raise LineDown("earlier requests still hang", sent=False)
        exchange = _Exchange(session, request, ends, self._end)
        threading.Thread(target=exchange.run, name="store", daemon=True).start()
        return exchange.outcome()

    def _end(self, session: requests.Session, whole: bool) -> None:
        """A session serves again after a whole answer only."""
        if whole:
            self._free.append(session)
        else:
            session.close()
        self._places.release()


class _Exchange:
    """One request and its answer. Who waits for it may leave at any moment; from then on nothing leaves any more.

    It is the body of the request, in `__iter__`: no server acts on a request before its body is there, so that the
    moment when the body is asked for is the moment from which the request may have arrived.
    """

    def __init__(
        self,
        session: requests.Session,
        request: _Request,
        ends: float,
        on_end: Callable[[requests.Session, bool], None],
    ) -> None:
        self._session, self._request, self._ends, self._on_end = session, request, ends, on_end
        self._lock, self._over = threading.Lock(), threading.Event()
        self._sent = self._left = False
        self._answer: Response | None = None
        self._why, self._state = "Timeout", LineState.SILENT

    def outcome(self) -> Response:
        """The answer, awaited until the deadline. Raises LineDown."""
        self._over.wait(max(0.0, self._ends - time.monotonic()))
        with self._lock:
            self._left = True
            if self._answer is not None:
                return self._answer
            raise LineDown(self._why, sent=self._sent, state=self._state)

    def run(self) -> None:
        """Sends and reads, on its own thread."""
        answer = None
        try:
            answer = self._asked()
        except Exception as fault:  # noqa: BLE001  whatever a library raises here, it is no answer
            self._why, self._state = type(fault).__name__, state_of_fault(fault)
        with self._lock:
            self._answer = answer
        self._on_end(self._session, answer is not None)
        self._over.set()

    def __len__(self) -> int:
        return len(self._request.body)

    def __iter__(self) -> Iterator[bytes]:
        with self._lock:
            if self._left:
                raise TimeoutError("nobody waits for this any more")
            self._sent = True
        yield self._request.body

    def _asked(self) -> Response:
        left = max(0.001, self._ends - time.monotonic())
        with self._session.request(
            self._request.method,
            self._request.url,
            data=self if self._request.body else None,
            headers=self._request.headers,
            timeout=(min(CONNECT_S, left), left),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = self._read(answer)
            return Response(
                answer.status_code, body, state_of(answer.status_code, answer.headers), wait_s(answer.headers)
            )

    def _read(self, answer: requests.Response) -> bytes:
        found = bytearray()
        while piece := answer.raw.read1(PIECE):
            found += piece
            if len(found) > MAX_ANSWER:
                raise ValueError("too large")
            if time.monotonic() > self._ends:
                raise TimeoutError("dripping")
        return bytes(found)


def state_of_fault(fault: Exception) -> LineState:
    """What it says of the line that a request ended so; `fault` is any that requests raises."""
    from requests.exceptions import SSLError

    return LineState.CERTIFICATE if isinstance(fault, SSLError) else LineState.SILENT


def _new_session() -> requests.Session:
    import requests  # late: 0.2 s that the first picture need not wait for
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1))
    session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=1))
    return session
