"""Which kiosk asks, and whether it may ask about passes now (K5). The branch comes from the kiosk's row alone.

A credential is a Bearer token (RFC 6750), bound to a TLS client certificate where the kiosk's row names one.
"""

import math
import time
from collections.abc import Callable

from anyio import CapacityLimiter, sleep, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from circulation import wire
from membership_store import problems
from membership_store.credentials import Kiosk, fingerprint
from membership_store.desk import StoreDesk
from membership_store.guarding import MISSES, Bucket, Guard, Trusted
from membership_store.web.body import bearer

_MISSED = tuple(f'"reason":"{one.value}"'.encode() for one in sorted(MISSES, key=lambda one: one.value))
CERTIFICATE = "client_certificate"
"""In the state of a request: the fingerprint of the certificate that the connection itself was opened with."""


class KioskAccess:
    """Lets kiosks in, and holds back the one that tries numbers."""

    def __init__(self, desk: StoreDesk, guard: Guard) -> None:
        self._desk, self._guard = desk, guard
        self._trusted: Trusted[Kiosk] = Trusted(guard.trust_s, time.monotonic)
        self._misses: Bucket[tuple[str, str]] = Bucket(guard.misses, guard.misses_a_minute, time.monotonic)

    async def kiosk(self, request: Request) -> Kiosk:
        """The kiosk that asks. Raises Problem (401)."""
        token, certificate = bearer(request), self._certificate(request)
        known = self._trusted.who(token, certificate)
        if known is None:
            known = await run_in_threadpool(self._desk.kiosk_of, token, certificate)
            if known is None:
                raise problems.unauthorized()
            self._trusted.trust(known, token, certificate)
        return known

    def _certificate(self, request: Request) -> str:
        header = self._guard.certificate_header
        named = request.headers.get(header, "") if header else ""
        return fingerprint(request.scope.get("state", {}).get(CERTIFICATE) or named)

    def admit(self, kiosk: Kiosk) -> None:
        """Lets a question about a pass pass, unless this kiosk missed too often. Raises Problem (429)."""
        wait_s = self._misses.wait_s((kiosk.consortium, kiosk.id))
        if wait_s > 0:
            raise problems.too_many(math.ceil(wait_s))

    def count(self, kiosk: Kiosk, body: bytes) -> bool:
        """Counts an answer that says that nobody was found; says whether it does. In JSON no text can look like it."""
        missed = any(one in body for one in _MISSED)
        if missed:
            self._misses.take((kiosk.consortium, kiosk.id))
        return missed

    async def ask(self, kiosk: Kiosk, question: Callable[[], wire.Answer], limiter: CapacityLimiter | None) -> bytes:
        """The answer to a question about a pass. A miss takes the least time that any of them takes, and counts.

        Nobody waits in a thread for that time. Raises Problem (429).
        """
        self.admit(kiosk)
        began = time.monotonic()
        body = wire.dumps(wire.encode_answer(await to_thread.run_sync(question, limiter=limiter)))
        if self.count(kiosk, body):
            await sleep(max(0.0, self._guard.floor_s - (time.monotonic() - began)))
        return body
