"""Measures, prints a table and writes build/benchmark.json: {name, ours, baseline, unit, ratio, goal, met}.

`make benchmark` measures all; `make benchmark ARGS=devices` (or another of GROUPS) one group, and keeps all other rows.
docs/benchmarks.md says how each is measured.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from tests.benchmark import cache_measures, device_measures, measures, store_measures
from tests.benchmark.cache_measures import CacheRig
from tests.benchmark.numbered import Size
from tests.benchmark.rig import Rig, rig
from tests.benchmark.store_measures import StoreRig
from tests.devices.running import Workbench

RESULT = Path("build/benchmark.json")
AnyRig = TypeVar("AnyRig", Rig, StoreRig, CacheRig, Workbench)


@dataclass(frozen=True, slots=True)
class Row:
    """One ratio. `met`: not above the goal."""

    name: str
    ours: float
    baseline: float
    unit: str
    ratio: float
    goal: float
    met: bool


def row(name: str, unit: str, goal: float, measure: Callable[[AnyRig], tuple[float, float]], at: AnyRig) -> Row:
    """Measures one ratio and prints it."""
    print(f"  measuring: {name}", flush=True)
    ours, baseline = measure(at)
    ratio = ours / baseline
    return Row(name, round(ours, 4), round(baseline, 4), unit, round(ratio, 3), goal, ratio <= goal)


def window_rows(_size: Size) -> list[Row]:
    """What a patron sees, against an empty window."""
    with rig() as at:
        return [
            row(
                "pass to first frame with the patron, p95, less the store's time", "s", 2.0, measures.pass_to_frame, at
            ),
            row("process start to first interactive frame, median", "s", 1.5, measures.start, at),
            row("frame interval while the store is silent, p95", "s", 1.2, measures.frames_while_silent, at),
            row("idle CPU against an empty window and bare sense", "cores", 1.5, measures.idle_cpu, at),
            row("idle memory against an empty window and 60 MB", "MB", 1.0, measures.idle_memory, at),
        ]


def store_rows(size: Size) -> list[Row]:
    """What the store does on PostgreSQL, against PostgreSQL itself."""
    with store_measures.store_rig(size) as at:
        busy = store_measures.busy()
        print(f"  the store: {size.patrons} patrons, {size.items} items; load per core {busy:.1f}", flush=True)
        return [
            row("checkout by 16 kiosks, against pgbench with its statements", "ms", 2.5, store_measures.checkout, at),
            row("identify, p99, against one row by its key", "s", 5.0, store_measures.identify, at),
            row("page of 1,000 changes, against COPY of the same rows", "s", 3.0, store_measures.changes, at),
            row("50 checkouts/s beside 2,000 kiosks, p99, against 1 s", "s", 1.0, store_measures.fleet, at),
            row("K5: unknown and outside, distance against chance", "", 1.0, store_measures.strangers, at),
        ]


def cache_rows(size: Size) -> list[Row]:
    """What the kiosk's memory does on file, against SQLite and a file alone."""
    with cache_measures.cache_rig(size.patrons) as at:
        found = [
            row("journal append, p50, against one fsynced append", "ms", 1.3, cache_measures.journal_p50, at),
            row("journal append, p99, against one fsynced append", "ms", 3.0, cache_measures.journal_p99, at),
            row("lookup and verdict, cold, against its SELECTs", "us", 2.0, cache_measures.cold, at),
            row("lookup and verdict, warm, against its SELECTs", "us", 6.0, cache_measures.warm, at),
            row("10,000 changed rows, cold, against bare executemany", "s", 2.0, cache_measures.delta_cold, at),
            row("10,000 changed rows, warm, against bare executemany", "s", 2.0, cache_measures.delta_warm, at),
            row("snapshot a patron, against a plain copy of the file", "bytes", 1.0, cache_measures.snapshot_bytes, at),
            row("swap to the first answer, against a plain copy", "s", 1.0, cache_measures.swap, at),
        ]
        with rig() as screen:
            name = "frame interval while it lends and pulls, p95"
            found.append(row(name, "s", 1.2, lambda one: cache_measures.frames(one, screen), at))
        return found


def device_rows(_size: Size) -> list[Row]:
    """What the drivers add to the bare thing."""
    with device_measures.device_rig() as at:
        return [
            row("scan to event, median, against pyserial's read_until", "ms", 1.5, device_measures.scan_to_event, at),
            row("tap to UID at 100 ms, mean, against bare sense", "ms", 1.2, device_measures.tap_to_uid, at),
            row("five books seen, read and switched, against the wire", "s", 1.3, device_measures.five_books, at),
            row("all devices at rest, against bare sense at 10 Hz", "cores", 3.0, device_measures.idle, at),
        ]


GROUPS: dict[str, Callable[[Size], list[Row]]] = {
    "window": window_rows,
    "store": store_rows,
    "cache": cache_rows,
    "devices": device_rows,
}


def _kept() -> dict[str, list[Row]]:
    """The rows of the last run by group, as far as there are any."""
    found: dict[str, list[Row]] = {}
    try:
        for one in json.loads(RESULT.read_text("utf-8")):
            found.setdefault(one.pop("group", "window"), []).append(Row(**one))
    except (FileNotFoundError, ValueError, TypeError):
        return {}
    return found


def _print(rows: list[Row]) -> None:
    print(f"\n{'':64} {'ours':>9} {'baseline':>9} {'unit':6} {'ratio':>6} {'goal':>5}")
    for one in rows:
        verdict = "met" if one.met else "NOT MET"
        print(
            f"{one.name:64} {one.ours:9.3f} {one.baseline:9.3f} {one.unit:6} {one.ratio:6.2f} {one.goal:5.2f} {verdict}"
        )


def main() -> int:
    """Exit code 0 when every goal is met, 1 otherwise; the table says which."""
    parser = argparse.ArgumentParser(prog="make benchmark ARGS=", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)}; none: all")
    parser.add_argument("--patrons", type=int, default=Size.patrons, help="a smaller store, to try (%(default)s)")
    given = parser.parse_args()
    if unknown := set(given.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    size = Size(given.patrons, 2 * given.patrons) if given.patrons != Size.patrons else Size()
    measured = {group: GROUPS[group](size) for group in given.groups or GROUPS}
    _write({**_kept(), **measured})
    rows = [one for group in measured.values() for one in group]
    _print(rows)
    return 0 if all(one.met for one in rows) else 1


def _write(groups: dict[str, list[Row]]) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    rows = [asdict(one) | {"group": group} for group, made in groups.items() for one in made]
    RESULT.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
