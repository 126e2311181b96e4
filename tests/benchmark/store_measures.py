"""The measurements of the store on PostgreSQL: each gives ours and its baseline (docs/benchmarks.md says how)."""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmark import numbered, replay, store_rows
from tests.benchmark.cluster import Cluster
from tests.benchmark.cluster import running as cluster_running
from tests.benchmark.numbered import Size
from tests.benchmark.rig import ROOT

CLIENTS, WORKERS = 16, 2
RUN_S, ROUNDS = 15.0, 3
PAGE = 1_000
HEARTBEAT_S, BORROWS = 60.0, 50.0
SAMPLE_KIOSK, SAMPLE_SEQ, SAMPLE_HEAD = 4 + numbered.CONSORTIA * 10, 70_007, 6_000_000


@dataclass(frozen=True)
class Found:
    """What one task of the load generator found; see tests.load."""

    name: str
    seconds: float
    late: list[float]
    statuses: dict[str, int]
    outcomes: dict[str, int]

    @property
    def rate(self) -> float:
        """Answers of 200 a second."""
        return len(self.late) / self.seconds

    def at(self, part: float) -> float:
        """That part of all answers took at most so many seconds (nearest rank)."""
        ordered = sorted(self.late)
        return ordered[max(0, math.ceil(part * len(ordered)) - 1)]

    def must(self, *outcomes: str) -> Found:
        """Itself, where every answer was a 200 with one of these outcomes. Raises AssertionError."""
        if set(self.statuses) != {"200"} or not set(self.outcomes) <= set(outcomes):
            raise AssertionError(f"{self.name}: {self.statuses} {self.outcomes}")
        return self


@dataclass(frozen=True)
class StoreRig:
    """A cluster with the large store, and the store's server over it."""

    cluster: Cluster
    url: str
    size: Size

    def load(self, seconds: float, *tasks: dict[str, Any]) -> list[Found]:
        """Runs tasks at the same time in the load generator's own process."""
        plan = {"url": self.url, "seconds": seconds, "size": asdict(self.size), "tasks": tasks}
        command = [sys.executable, "-m", "tests.load"]
        done = subprocess.run(command, cwd=ROOT, input=json.dumps(plan), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the load generator failed:\n{done.stderr}")
        return [Found(**one) for one in json.loads(done.stdout)]

    def restore(self) -> None:
        """The rows as they were made."""
        with self.cluster.connect() as connection:
            store_rows.restore(connection, self.size)


@contextmanager
def store_rig(size: Size) -> Iterator[StoreRig]:
    """Cluster and server for the time of the block."""
    with cluster_running(size) as cluster, (ROOT / "build" / "store-server.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.benchmark.store_app", cluster.address, str(WORKERS)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            ready = process.stdout.readline().split() if process.stdout else []
            if not ready:
                raise RuntimeError(f"the store did not begin: {ROOT / 'build' / 'store-server.log'}")
            rig = StoreRig(cluster, ready[1], size)
            rig.restore()
            yield rig
            rig.restore()
        finally:
            process.terminate()
            process.wait(30)


def checkout(rig: StoreRig) -> tuple[float, float]:
    """Milliseconds of the machine for a checkout of 16 kiosks over HTTP, and for pgbench's replay of its statements."""
    script = Path(tempfile.mkdtemp(prefix="replay-")) / "checkout.sql"
    script.write_text(replay.script(*_logged_checkout(rig), rig.size), "utf-8")
    ours, theirs = [], []
    for _ in range(ROUNDS):
        rig.restore()
        (found,) = rig.load(RUN_S, {"name": "check_out", "what": "check_out", "clients": CLIENTS})
        ours.append(found.must("checked_out").rate)
        rig.restore()
        arguments = ["-c", str(CLIENTS), "-j", "2", "-T", str(int(RUN_S)), "-M", "prepared", "-D", "count=0"]
        said = rig.cluster.pgbench(*arguments, "--max-tries=10", "-f", str(script))
        theirs.append(float(re.findall(r"tps = ([\d.]+)", said)[0]))
    rig.restore()
    print(f"    checkouts a second: {_listed(ours)}; replayed: {_listed(theirs)} ({_spread(found)})", flush=True)
    return 1000 / statistics.median(ours), 1000 / statistics.median(theirs)


def _logged_checkout(rig: StoreRig) -> tuple[str, replay.Sample]:
    """The log of one checkout, of a server that had done some before; and its keys."""
    consortium = numbered.consortium_of_kiosk(SAMPLE_KIOSK)
    net, kiosk = numbered.consortium_code(consortium), numbered.kiosk_code(SAMPLE_KIOSK)
    task = {"name": "sample", "what": "check_out", "clients": 1, "first_kiosk": SAMPLE_KIOSK}
    with rig.cluster.connect() as admin:
        admin.execute("ALTER ROLE bench SET log_statement = 'all'")
        try:
            with _logging_server(rig.cluster) as url:
                logged = StoreRig(rig.cluster, url, rig.size)
                logged.load(3.0, task)[0].must("checked_out")
                admin.execute("SET log_statement = 'none'")
                admin.execute(
                    "UPDATE kiosk SET last_seq = %s WHERE consortium = %s AND kiosk = %s", (SAMPLE_SEQ, net, kiosk)
                )
                admin.execute("UPDATE feed_head SET head = %s WHERE consortium = %s", (SAMPLE_HEAD, net))
                begins = rig.cluster.log.stat().st_size
                event = sample_event(rig.size, consortium)
                _post(url, event)
                text = rig.cluster.log.read_bytes()[begins:].decode()
        finally:
            admin.execute("ALTER ROLE bench RESET log_statement")
    patron, item = sample_patron(rig.size, consortium), sample_item(rig.size, consortium)
    return text, replay.Sample(consortium, patron, item, SAMPLE_KIOSK, event["id"], event["seq"], SAMPLE_HEAD)


def sample_patron(size: Size, consortium: int) -> int:
    """A patron of Basis without amounts: the ordinary one."""
    return next(n for n in range(size.patron_of(consortium, 500), 10**9) if n % 5 == 0 and n % 10 and n % 20 == 5)


def sample_item(size: Size, consortium: int) -> int:
    """A free item that the load generator does not reach before."""
    return size.item_of(consortium, size.free_each - 1)


def sample_event(size: Size, consortium: int) -> dict[str, Any]:
    """The checkout that is logged."""
    patron, item = sample_patron(size, consortium), sample_item(size, consortium)
    return {
        "id": "01990000-0000-7000-8000-123456789012",
        "kiosk": numbered.kiosk_code(SAMPLE_KIOSK),
        "seq": SAMPLE_SEQ + 1,
        "kind": "request",
        "action": "check_out",
        "presented": {"source": "chip", "number": numbered.pass_number(patron), "uid": numbered.chip(patron)},
        "item": numbered.barcode(item),
        "at": "2026-01-01T10:00:00+00:00",
    }


def _post(url: str, event: dict[str, Any]) -> None:
    import requests

    headers = {"Authorization": f"Bearer {numbered.token(SAMPLE_KIOSK)}"}
    answer = requests.post(f"{url}/v1/checkouts", json=event, headers=headers, timeout=30)
    if answer.status_code != 200 or answer.json()["outcome"] != "checked_out":
        raise AssertionError(f"the sample was not lent: {answer.status_code} {answer.text}")


@contextmanager
def _logging_server(cluster: Cluster) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmark.store_app", cluster.address, "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield (process.stdout.readline() if process.stdout else "").split()[1]
    finally:
        process.terminate()
        process.wait(30)


def identify(rig: StoreRig) -> tuple[float, float]:
    """p99 of identify, and of one SELECT by primary key over the same server, by 4 clients in turn; seconds."""
    ours, theirs = [], []
    path = f"/bench/row/{numbered.patron_ref(rig.size.patron_of(0, 77))}"
    for _ in range(ROUNDS):
        (found,) = rig.load(RUN_S / 3, {"name": "identify", "what": "identify", "clients": 4})
        ours.append(found.must("identified"))
        (found,) = rig.load(RUN_S / 3, {"name": "row", "what": "get", "path": path, "clients": 4})
        theirs.append(found.must())
    print(f"    identify: {_spread(*ours)}; one row: {_spread(*theirs)}", flush=True)
    return _pooled(ours).at(0.99), _pooled(theirs).at(0.99)


def strangers(rig: StoreRig) -> tuple[float, float]:
    """K5: the Kolmogorov-Smirnov distance of the times of two kinds of stranger, and what chance alone makes (1 %)."""
    # Both in turn on the same connections, so that both meet the same worker and the same neighbours. Misses of one
    # kiosk are slowed after 40, so that many kiosks take turns too.
    task = {"name": "strangers", "what": "strangers", "clients": 8, "kiosks": rig.size.kiosks // 8}
    one, other = (found.must("refused") for found in rig.load(RUN_S, task))
    print(f"    nobody: {_spread(one)}; outside the network: {_spread(other)}", flush=True)
    return distance(one.late, other.late), 1.628 * math.sqrt(1 / len(one.late) + 1 / len(other.late))


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference of the two cumulative distributions."""
    marked = sorted([(value, 1 / len(one)) for value in one] + [(value, -1 / len(other)) for value in other])
    height = largest = 0.0
    for n, (value, step) in enumerate(marked):
        height += step
        if n + 1 == len(marked) or marked[n + 1][0] != value:
            largest = max(largest, abs(height))
    return largest


def _pooled(rounds: Sequence[Found]) -> Found:
    late = [one for found in rounds for one in found.late]
    return Found("", sum(found.seconds for found in rounds), late, {}, {})


def _spread(*rounds: Found) -> str:
    every = _pooled(rounds)
    return f"{len(every.late)} answers, p50 {every.at(0.5) * 1000:.1f} ms, p99 {every.at(0.99) * 1000:.1f} ms"


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{one:.0f}" for one in values)


def busy() -> float:
    """The load of the machine before the measurement, per core: a figure above 0.5 makes the others doubtful."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def changes(rig: StoreRig) -> tuple[float, float]:
    """Median seconds of a page of 1,000 changes of patrons over HTTP, and of COPY of the rows that it tells of."""
    since, ours, theirs = numbered.cursor(_generations(rig), 0, numbered.FEED_BEGINS), [], []
    path = f"/v1/changes?since={since}&limit={PAGE}"
    task = {"name": "changes", "what": "get", "path": path, "clients": 1, "first_kiosk": 0}
    for _ in range(ROUNDS):
        (found,) = rig.load(RUN_S / 3, task)
        ours.append(found.must())
        theirs.append(_copied(rig))
    print(f"    pages of {PAGE}: {_spread(*ours)}; COPY: {_listed_ms(theirs)}", flush=True)
    return _pooled(ours).at(0.5), statistics.median(theirs)


def _generations(rig: StoreRig) -> dict[str, str]:
    """The generation of each consortium's feed."""
    with rig.cluster.connect() as connection:
        rows = connection.execute("SELECT consortium, generation FROM feed_head").fetchall()
    return {str(consortium): str(generation) for consortium, generation in rows}


def _copied(rig: StoreRig) -> float:
    """Median seconds of COPY of the patrons of that page with all that a kiosk's mirror is told of them."""
    asked = (
        "COPY (SELECT f.seq, p.*, c.*, u.uid, m.*, s.*, x.* FROM feed f"
        " JOIN patron p ON p.consortium = f.consortium AND p.patron = f.ref"
        " LEFT JOIN pass c ON c.consortium = p.consortium AND c.patron = p.patron"
        " LEFT JOIN pass_chip u ON u.consortium = c.consortium AND u.pass = c.pass"
        " LEFT JOIN membership m ON m.consortium = p.consortium AND m.patron = p.patron"
        " LEFT JOIN strips s ON s.consortium = m.consortium AND s.membership = m.membership"
        " LEFT JOIN fee x ON x.consortium = p.consortium AND x.patron = p.patron AND x.status <> 'paid'"
        f" WHERE f.consortium = 'net-0' AND f.seq > {numbered.FEED_BEGINS}"
        f" AND f.seq <= {numbered.FEED_BEGINS + PAGE} ORDER BY f.seq) TO STDOUT"
    )
    took = []
    with rig.cluster.connect() as connection:
        for _ in range(30):
            began = time.perf_counter()
            with connection.cursor().copy(asked.encode()) as copy:
                for _part in copy:
                    pass
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def fleet(rig: StoreRig) -> tuple[float, float]:
    """p99 of 50 checkouts a second while every kiosk tells that it lives and pulls each minute; and the 1 s it may be.

    Raises AssertionError where one single answer was not a 200.
    """
    kiosks = rig.size.kiosks
    borrowers = min(kiosks, 4 * CLIENTS)
    lend = {"name": "checkouts", "what": "check_out", "clients": borrowers, "rate": BORROWS}
    each = {"clients": kiosks, "rate": kiosks / HEARTBEAT_S}
    told = {"name": "heartbeats", "what": "post", "path": "/v1/heartbeat", **each}
    told["body"] = {"cursor": None, "waiting": 0, "release": "1"}
    pulled = {"name": "pulls", "what": "pull", "generations": _generations(rig), **each}
    lent, beats, pulls = rig.load(RUN_S * 2, lend, told, pulled)
    lent.must("checked_out")
    beats.must()
    pulls.must()
    print(f"    checkouts: {_spread(lent)}; heartbeats: {_spread(beats)}; pulls: {_spread(pulls)}", flush=True)
    return lent.at(0.99), 1.0


def _listed_ms(values: Sequence[float]) -> str:
    return ", ".join(f"{one * 1000:.1f} ms" for one in values)
