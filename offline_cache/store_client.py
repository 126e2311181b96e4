"""HTTP to the membership store (requests). Tells apart "it never left" and "it may have arrived" (house decision 1)."""

import threading
import time
from dataclasses import dataclass
from functools import cached_property

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

MAX_ANSWER = 64 * 1024
CONNECT_S = 2.0


class LineDown(Exception):
    """No answer came. `sent`: whether the request may have arrived."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the HTTP status and at most 64 KiB of body."""

    status: int
    body: bytes


class StoreClient:
    """A kiosk's line to the store. One session a thread; no proxy or certificate settings from the environment."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }

    def post(self, path: str, body: bytes, deadline_s: float, key: str | None = None) -> Response:
        """Sends JSON and gives the answer. `key` travels as Idempotency-Key. Raises LineDown."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return self._send("POST", path, body, headers, deadline_s)

    def get(self, path: str, deadline_s: float) -> Response:
        """Asks for something that changes nothing. Raises LineDown."""
        return self._send("GET", path, None, {}, deadline_s)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str], deadline_s: float) -> Response:
        ends = time.monotonic() + deadline_s
        try:
            with self._sessions.session.request(
                method,
                self._url + path,
                data=body,
                headers=self._headers | headers,
                timeout=(min(CONNECT_S, deadline_s), deadline_s),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return Response(answer.status_code, _read(answer, ends))
        except (requests.RequestException, OSError) as fault:
            raise LineDown(type(fault).__name__, sent=not _never_left(fault)) from None

    @cached_property
    def _sessions(self) -> "_Sessions":
        return _Sessions()


class _Sessions(threading.local):
    """A session of `requests` is not for several threads."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1))
        self.session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=1))


def _read(answer: requests.Response, ends: float) -> bytes:
    """The body, by pieces, so that a server that drips cannot hold the kiosk beyond the deadline."""
    parts: list[bytes] = []
    size = 0
    while True:
        piece = answer.raw.read1(MAX_ANSWER)
        if not piece:
            return b"".join(parts)
        parts.append(piece)
        size += len(piece)
        if size > MAX_ANSWER:
            raise requests.exceptions.ContentDecodingError("too large")
        if time.monotonic() > ends:
            raise requests.exceptions.ReadTimeout("dripping")


def _never_left(fault: BaseException) -> bool:
    if isinstance(fault, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, NewConnectionError):
            return True
        reason = getattr(seen, "reason", None)
        inner = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = reason if isinstance(reason, BaseException) else inner
    return False
