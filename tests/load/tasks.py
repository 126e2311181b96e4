"""What the load generator can do: each task says what one client asks next, in the numbered store of the benchmarks."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from tests.benchmark import numbered
from tests.benchmark.numbered import Size
from tests.load.connection import Answer, Connection

Ask = Callable[[], Awaitable[Answer]]
# Odd and prime to any number of items: their order does not repeat, and jumps.
STEP = 7919


class Borrower:
    """A kiosk that lends items that are free, each once, to any patron of its consortium."""

    def __init__(self, connection: Connection, size: Size, kiosk: int, place: int, places: int) -> None:
        self._connection, self._size, self._kiosk = connection, size, kiosk
        self._next, self._places = place, places
        self._random = random.Random(f"{kiosk}-{place}")
        self._seq = 0

    async def __call__(self) -> Answer:
        """Lends the next item. A sequence that was elsewhere goes on from there."""
        answer = await self._lend()
        if answer.status == 409:
            self._seq = int(json.loads(answer.body)["expected_seq"]) - 1
            answer = await self._lend()
        return answer

    async def _lend(self) -> Answer:
        consortium = numbered.consortium_of_kiosk(self._kiosk)
        patron = self._size.patron_of(consortium, self._random.randrange(self._size.patrons_each))
        item = self._size.item_of(consortium, self._next * STEP % self._size.free_each)
        self._next += self._places
        self._seq += 1
        event = {
            "id": _event_id(self._random),
            "kiosk": numbered.kiosk_code(self._kiosk),
            "seq": self._seq,
            "kind": "request",
            "action": "check_out",
            "presented": _shown(patron),
            "item": numbered.barcode(item),
            "at": datetime.now(UTC).isoformat(),
        }
        return await self._connection.post("/v1/checkouts", json.dumps(event).encode())


class Shower:
    """Shows passes: `known` ones of the kiosk's network, numbers of `nobody`, passes of `elsewhere` (K5).

    So many kiosks from the first one take turns on one connection.
    """

    def __init__(
        self, connection: Connection, size: Size, first: int, kiosks: int, whose: str, *, begins: int = 0
    ) -> None:
        self._connection, self._size, self._whose = connection, size, whose
        self._first, self._kiosks, self._kiosk = first, kiosks, first + begins
        self._random = random.Random(f"{first}-{whose}")

    async def __call__(self) -> Answer:
        """Shows one."""
        if self._kiosks > 1:
            self._kiosk = self._first + (self._kiosk + 1 - self._first) % self._kiosks
            self._connection.as_kiosk(numbered.token(self._kiosk))
        consortium, index = numbered.consortium_of_kiosk(self._kiosk), self._random.randrange(self._size.patrons_each)
        if self._whose == "elsewhere":
            consortium = (consortium + 1) % numbered.CONSORTIA
        n = self._size.patron_of(consortium, index)
        if self._whose == "nobody":
            n += 8_000_000
        return await self._connection.post("/v1/identify", json.dumps({"presented": _shown(n)}).encode())


class Puller:
    """A kiosk's mirror: has all that was there when the store was made, and asks what changed since it last asked."""

    def __init__(self, connection: Connection, size: Size, kiosk: int, generations: Mapping[str, str]) -> None:
        self._connection = connection
        self._cursor = numbered.cursor(generations, kiosk, size.feed_ends)

    async def __call__(self) -> Answer:
        """Pulls once."""
        answer = await self._connection.get(f"/v1/changes?since={self._cursor}")
        if answer.status == 200:
            self._cursor = str(json.loads(answer.body)["next"])
        return answer


def _shown(n: int) -> dict[str, str]:
    return {"source": "chip", "number": numbered.pass_number(n), "uid": numbered.chip(n)}


def _event_id(chance: random.Random) -> str:
    digits = (
        f"{time.time_ns() // 1_000_000 & (2**48 - 1):012x}7{chance.getrandbits(12):03x}8{chance.getrandbits(60):015x}"
    )
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
