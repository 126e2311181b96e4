"""The pull's line to the store: pages of JSON, and a file that goes on where it broke off (Range, RFC 9110 §14).

Nothing of what is asked stands in a log; a silence of half a minute ends a request.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from circulation import wire
from offline_cache.line_state import LineState, state_of, wait_s
from offline_cache.store_client import LineDown, Response, state_of_fault

if TYPE_CHECKING:
    import requests

_CONNECT_S, _SILENCE_S = 2.0, 30.0
# A snapshot of a million patrons takes a store half a minute to make before the first byte comes.
_MAKING_S = 180.0
_PIECE = 256 * 1024
_MOST_JSON = 16 * 1024 * 1024


class CutShort(Exception):
    """The file did not come whole; what came is kept, and the next call goes on from there."""


class NotKept(Exception):
    """The store has thrown that file away, or never had it."""


class PullLine:
    """HTTP to the store with the kiosk's credential, for one thread. `state`: what the line was like the last time, and
    `wait_s`: for how long the store then wanted to be left alone."""

    def __init__(self, url: str, token: str) -> None:
        import requests

        self._url = url.rstrip("/")
        self.state, self.wait_s = LineState.SILENT, 0.0
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})

    def get(self, path: str, deadline_s: float = _MAKING_S) -> Response:
        """The answer to a question, 16 MiB at most. Raises LineDown."""
        import requests

        try:
            with self._asked(path, deadline_s, {"Accept": "application/json"}) as answer:
                body = bytearray()
                for piece in answer.iter_content(_PIECE):
                    body += piece
                    if len(body) > _MOST_JSON:
                        raise LineDown("too large", sent=True)
                return Response(answer.status_code, bytes(body))
        except requests.RequestException as fault:
            raise LineDown(type(fault).__name__, sent=True) from None

    def download(self, path: str, into: Path, size: int) -> None:
        """Adds to `into` what it lacks of a file of that size, and syncs it. Raises LineDown, NotKept, CutShort, and
        OSError where it cannot be written."""
        import requests

        descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            here = min(file.seek(0, os.SEEK_END), size)
            file.truncate(here)
            if here == size:
                return
            try:
                with self._asked(path, _SILENCE_S, {"Range": f"bytes={here}-"} if here else {}) as answer:
                    here = _begin(answer, file.seek, here)
                    file.truncate(here)
                    for piece in answer.iter_content(_PIECE):
                        here += _written(file.fileno(), piece[: size - here])
            except requests.RequestException as fault:
                raise LineDown(type(fault).__name__, sent=True) from None
            os.fsync(file.fileno())
        if here < size:
            raise CutShort

    def close(self) -> None:
        """Ends the connection."""
        self._session.close()

    def _asked(self, path: str, silence_s: float, headers: dict[str, str]) -> "requests.Response":
        import requests

        try:
            answer = self._session.get(
                self._url + path,
                headers=headers,
                timeout=(_CONNECT_S, silence_s),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as fault:
            self.state, self.wait_s = state_of_fault(fault), 0.0
            raise
        self.state, self.wait_s = state_of(answer.status_code, answer.headers), wait_s(answer.headers)
        return answer


def plain(answer: Response) -> Any:
    """The JSON in an answer of 200. Raises LineDown for another answer."""
    if answer.status != 200:
        raise LineDown(f"status {answer.status}", sent=True)
    try:
        return wire.loads(answer.body, _MOST_JSON)
    except wire.WireError:
        raise LineDown("not JSON", sent=True) from None


def _begin(answer: "requests.Response", seek: Any, here: int) -> int:
    """Where the answer's bytes belong: at the place that was asked for, or at the beginning."""
    if answer.status_code in (404, 410, 416):
        raise NotKept
    ranged = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {here}-")
    if not ranged and answer.status_code != 200:
        raise LineDown(f"status {answer.status_code}", sent=True)
    seek(here if ranged else 0)
    return here if ranged else 0


def _written(descriptor: int, piece: bytes) -> int:
    done = 0
    while done < len(piece):
        done += os.write(descriptor, piece[done:])
    return done
