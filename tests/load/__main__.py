"""`python -m tests.load < plan.json`: loads the store as planned, and prints what each task found as JSON.

A plan: {"url", "seconds", "size": {...}, "tasks": [{"name", "what", "clients", "rate", "first_kiosk", ...}]}. Without a
rate the clients ask one after the other as fast as they are answered (closed); with one, so many requests a second are
begun whatever comes back (open), and the time counts from when each was due.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.benchmark import numbered
from tests.benchmark.numbered import Size
from tests.load.connection import Connection
from tests.load.tasks import Ask, Borrower, Puller, Shower


@dataclass
class Found:
    """What a task found. `late`: seconds of each answered request; `statuses`: how often each, 0 for no answer."""

    name: str
    seconds: float = 0.0
    late: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)

    def note(self, status: int, body: bytes, took: float) -> None:
        """One request."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.late.append(took)
            if body.startswith(b"{") and b'"outcome":"' in body:
                outcome = body.split(b'"outcome":"', 1)[1].split(b'"', 1)[0].decode()
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def _asks(plan: dict[str, Any], task: dict[str, Any]) -> list[tuple[Connection, Ask]]:
    """The clients of a task, each with a connection of its own."""
    at, size = urlsplit(plan["url"]), Size(**plan["size"])
    made: list[tuple[Connection, Ask]] = []
    for client in range(task["clients"]):
        kiosk = task.get("first_kiosk", 0) + client * task.get("kiosks", 1)
        connection = Connection(at.hostname or "", at.port or 0, numbered.token(kiosk))
        made.append((connection, _ask(connection, size, task, kiosk, client)))
    return made


def _strangers(plan: dict[str, Any], task: dict[str, Any]) -> Iterator[tuple[Connection, list[Ask]]]:
    """Clients who show a number of nobody and a pass of elsewhere in turn; `kiosks` of each take turns too (K5)."""
    at, size, kiosks = urlsplit(plan["url"]), Size(**plan["size"]), task["kiosks"]
    for client in range(task["clients"]):
        connection, first = Connection(at.hostname or "", at.port or 0), client * kiosks
        # The store trusts a credential for some seconds: no kiosk comes twice within them.
        begins = {"nobody": 0, "elsewhere": kiosks // 2}
        yield (
            connection,
            [Shower(connection, size, first, kiosks, whose, begins=begins[whose]) for whose in ("nobody", "elsewhere")],
        )


def _ask(connection: Connection, size: Size, task: dict[str, Any], kiosk: int, client: int) -> Ask:
    if task["what"] == "check_out":
        return Borrower(connection, size, kiosk, task.get("first_item", 0) + client, task["clients"])
    if task["what"] == "identify":
        return Shower(connection, size, kiosk, task.get("kiosks", 1), task.get("whose", "known"))
    if task["what"] == "pull":
        return Puller(connection, size, kiosk, task["generations"])
    if task["what"] == "post":
        body = json.dumps(task["body"]).encode()
        return lambda: connection.post(task["path"], body)
    return lambda: connection.get(task["path"])


async def _once(ask: Ask, found: Found, began: float) -> None:
    try:
        answer = await ask()
    except (OSError, asyncio.IncompleteReadError):
        found.note(0, b"", 0.0)
    else:
        found.note(answer.status, answer.body, time.perf_counter() - began)


async def _closed(turns: list[tuple[Ask, Found]], until: float) -> None:
    """One client, who asks these things in turn on one connection."""
    while time.perf_counter() < until:
        for ask, found in turns:
            await _once(ask, found, time.perf_counter())


async def _open(asks: list[Ask], rate: float, found: Found, begin: float, until: float) -> None:
    """Deals the requests out; a client that is still busy takes its next one as soon as it can."""
    queues: list[asyncio.Queue[float | None]] = [asyncio.Queue() for _ in asks]

    async def work(ask: Ask, queue: asyncio.Queue[float | None]) -> None:
        while (due := await queue.get()) is not None:
            await _once(ask, found, due)

    workers = [asyncio.create_task(work(ask, queue)) for ask, queue in zip(asks, queues, strict=True)]
    for n in range(int(rate * (until - begin))):
        due = begin + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        queues[n % len(queues)].put_nowait(due)
    for queue in queues:
        queue.put_nowait(None)
    await asyncio.gather(*workers)


async def run(plan: dict[str, Any]) -> list[Found]:
    """All tasks of the plan at the same time."""
    begin = time.perf_counter()
    until = begin + plan["seconds"]
    jobs, results, connections = [], [], []
    for task in plan["tasks"]:
        if task["what"] == "strangers":
            kinds = [Found(whose) for whose in ("nobody", "elsewhere")]
            results += kinds
            for connection, asks in _strangers(plan, task):
                connections.append(connection)
                jobs.append(_closed(list(zip(asks, kinds, strict=True)), until))
            continue
        found = Found(task["name"])
        results.append(found)
        clients = _asks(plan, task)
        connections += [connection for connection, _ in clients]
        if "rate" in task:
            jobs.append(_open([ask for _, ask in clients], task["rate"], found, begin, until))
        else:
            jobs += [_closed([(ask, found)], until) for _, ask in clients]
    await asyncio.gather(*jobs)
    for found in results:
        found.seconds = time.perf_counter() - begin
    for connection in connections:
        connection.close()
    return results


def main() -> int:
    """Reads the plan, prints what was found."""
    results = asyncio.run(run(json.load(sys.stdin)))
    json.dump([vars(one) for one in results], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
