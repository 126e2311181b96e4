"""Asks another membership store: `POST /v1/home-memberships` over HTTPS, as a peer with a credential (RFC 6750).

The deadline is total, and an answer counts only if it is what was agreed, to the letter; all else is silence.
"""

import logging
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from circulation import wire
from circulation.rules.guests import HomeOutcome, HomeSays
from membership_store.guests.homes import Home, Question

log = logging.getLogger(__name__)
PATH = "/v1/home-memberships"
CONNECT_S = 3.0
MAX_ANSWER = 4096
LEFT_BEHIND = 4
SILENT = HomeSays(HomeOutcome.SILENT)
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSetUp(ValueError):
    """The row of the home library does not say how to ask it; the message says what is wrong, and no secret."""


class StoreConnector:
    """A line to another store. Reads its credential anew for each line. Raises NotSetUp."""

    def __init__(self, home: Home) -> None:
        parts = urlsplit(home.address)
        # TLS outside this machine: a credential and pass numbers travel there.
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise NotSetUp(f"{home.isil}: the address is not an https:// one")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise NotSetUp(f"{home.isil}: the address holds more than scheme, host, port and path")
        try:
            token = Path(home.secret_file).read_text("ascii").strip() if home.secret_file else ""
        except (OSError, ValueError):
            token = ""
        if not token:
            raise NotSetUp(f"{home.isil}: the file with its credential cannot be read")
        self._isil = home.isil
        self._url = home.address.rstrip("/") + PATH
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        self._session: requests.Session | None = None
        self._hanging = threading.BoundedSemaphore(LEFT_BEHIND)

    def ask(self, question: Question, within_s: float) -> HomeSays:
        """See HomeLibrary.ask. The exchange has a thread of its own: nothing else ends a name service, or an answer
        that drips, in time."""
        ends = time.monotonic() + within_s
        while True:
            status, body, wait_s = self._exchange(question, ends)
            if status not in (429, 503) or time.monotonic() + wait_s >= ends:
                break
            time.sleep(wait_s)
        says = _says(status, body)
        if says.outcome is HomeOutcome.SILENT:
            log.warning("home %s: no answer that counts (status %d)", self._isil, status)
        return says

    def close(self) -> None:
        """See HomeLibrary.close."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _exchange(self, question: Question, ends: float) -> tuple[int, bytes, float]:
        """Status, body, and the seconds that the other end wants us to wait; status 0 where no answer came."""
        if not self._hanging.acquire(blocking=False):
            return 0, b"", 0.0
        session, self._session = self._session or _new_session(), None
        told: list[tuple[int, bytes, float]] = []

        def run() -> None:
            try:
                told.append(self._asked(session, question, ends))
            except Exception as fault:  # noqa: BLE001 - whatever a library raises here, it is no answer
                log.info("home %s: %s", self._isil, type(fault).__name__)
            finally:
                self._hanging.release()

        exchange = threading.Thread(target=run, name="home", daemon=True)
        exchange.start()
        exchange.join(max(0.0, ends - time.monotonic()))
        if exchange.is_alive() or not told:
            session.close()
            return 0, b"", 0.0
        self._session = session
        return told[0]

    def _asked(self, session: requests.Session, question: Question, ends: float) -> tuple[int, bytes, float]:
        left = max(0.01, ends - time.monotonic())
        with session.post(
            self._url,
            data=wire.dumps({name: value for name, value in _fields(question).items() if value is not None}),
            headers=self._headers,
            timeout=(min(CONNECT_S, left), left),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = bytearray()
            while piece := answer.raw.read1(MAX_ANSWER):
                body += piece
                if len(body) > MAX_ANSWER or time.monotonic() > ends:
                    raise ValueError("too large, or too slow")
            return answer.status_code, bytes(body), _seconds(answer.headers.get("Retry-After", ""))


def _fields(question: Question) -> dict[str, str | None]:
    return {"isil": question.isil, "number": question.number, "uid": question.uid, "pin": question.pin}


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1.0


def _says(status: int, body: bytes) -> HomeSays:
    """The answer, read strictly: an outcome, a last day where it runs, and not a field more."""
    if status != 200:
        return SILENT
    try:
        data = wire.loads(body)
        says: HomeSays = wire.decode(HomeSays, data)
    except wire.WireError:
        return SILENT
    if not isinstance(data, dict) or "until" not in data or says.outcome is HomeOutcome.SILENT:
        return SILENT
    return says if says.outcome is HomeOutcome.VALID or says.until is None else SILENT


def _new_session() -> requests.Session:
    """Certificates are verified, and no setting of the environment (proxy, certificates, .netrc) counts."""
    session = requests.Session()
    session.trust_env = False
    once: Any = HTTPAdapter(pool_connections=1, pool_maxsize=1)
    session.mount("http://", once)
    session.mount("https://", once)
    return session
