"""Measures, prints a table and writes build/benchmark.json: {name, ours, baseline, unit, ratio, goal, met}."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmark import measures
from tests.benchmark.rig import Rig, rig

RESULT = Path("build/benchmark.json")


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


def row(name: str, unit: str, goal: float, measure: Callable[[Rig], tuple[float, float]], at: Rig) -> Row:
    """Measures one ratio and prints it."""
    print(f"  measuring: {name}", flush=True)
    ours, baseline = measure(at)
    ratio = ours / baseline
    return Row(name, round(ours, 4), round(baseline, 4), unit, round(ratio, 3), goal, ratio <= goal)


def main() -> int:
    """Exit code 0 when every goal is met, 1 otherwise; the table says which."""
    with rig() as at:
        rows = [
            row(
                "pass to first frame with the patron, p95, less the store's time", "s", 2.0, measures.pass_to_frame, at
            ),
            row("process start to first interactive frame, median", "s", 1.5, measures.start, at),
            row("frame interval while the store is silent, p95", "s", 1.2, measures.frames_while_silent, at),
            row("idle CPU against an empty window and bare sense", "cores", 1.5, measures.idle_cpu, at),
            row("idle memory against an empty window and 60 MB", "MB", 1.0, measures.idle_memory, at),
        ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([asdict(one) for one in rows], indent=1) + "\n", "utf-8")
    print(f"\n{'':64} {'ours':>9} {'baseline':>9} {'unit':6} {'ratio':>6} {'goal':>5}")
    for one in rows:
        verdict = "met" if one.met else "NOT MET"
        print(
            f"{one.name:64} {one.ours:9.3f} {one.baseline:9.3f} {one.unit:6} {one.ratio:6.2f} {one.goal:5.2f} {verdict}"
        )
    return 0 if all(one.met for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
