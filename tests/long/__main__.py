"""`make long`: lists the long proofs (tests marked `long(minutes)`) with their times, and runs those not yet done.

What passed is stamped in build/long with its commit, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 3600


@dataclass(frozen=True)
class Proof:
    """One long test: its pytest name and the minutes that it says it takes on two cores."""

    name: str
    minutes: int


@dataclass(frozen=True)
class Stamp:
    """A proof that passed: at which commit, and in how many seconds."""

    commit: str
    seconds: int


class _Collector:
    """A pytest plugin that notes what was collected and its minutes."""

    def __init__(self) -> None:
        self.proofs: list[Proof] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            marker = item.get_closest_marker("long")
            if marker is not None:
                self.proofs.append(Proof(item.nodeid, int(marker.kwargs.get("minutes", 60))))


def collected() -> list[Proof]:
    """Return every long proof of the tree. Raises SystemExit where the tests cannot be collected."""
    collector = _Collector()
    code = pytest.main(["--collect-only", "-qq", "--no-header", "-m", "long"], plugins=[collector])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit("long: the tests could not be collected (above)")
    return collector.proofs


class Stamps:
    """The stamps in a folder, one file a proof."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, proof: Proof) -> Stamp | None:
        """Return the stamp of `proof`, or None where it never passed or the file is not whole."""
        try:
            return Stamp(**json.loads(self._path(proof).read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, proof: Proof, stamp: Stamp) -> None:
        """Keep `stamp`, whole or not at all."""
        path = self._path(proof)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(stamp)), "utf-8")
        part.replace(path)

    def _path(self, proof: Proof) -> Path:
        return self._folder / (re.sub(r"[^\w.-]+", "-", proof.name) + ".json")


def line(proof: Proof, stamp: Stamp | None, commit: str) -> str:
    """Return the line that lists `proof`."""
    if stamp is None:
        state = "not done"
    else:
        at = "done at this commit" if stamp.commit == commit else f"done at {stamp.commit[:9]}, an older commit"
        state = f"{at}, took {stamp.seconds / 60:.1f} min"
    return f"  {proof.minutes:3d} min  {proof.name}  [{state}]"


def prove(proof: Proof) -> bool:
    """Run one proof, its output going to the terminal; return whether it passed."""
    command = [sys.executable, "-m", "pytest", "-m", "long", f"--timeout={LONGEST_S}", proof.name]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """List, then run what is not done at this commit; return 1 where a proof failed."""
    parser = argparse.ArgumentParser(prog="make long ARGS=", description=__doc__)
    parser.add_argument("--list", action="store_true", help="list only")
    parser.add_argument("--again", action="store_true", help="run also what passed at this commit")
    options = parser.parse_args()
    stamps = Stamps(ROOT / "build" / "long")
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    proofs = collected()
    print(f"long: {len(proofs)} long proofs" + (", each at most 60 minutes:" if proofs else " so far"))
    for proof in proofs:
        print(line(proof, stamps.read(proof), commit), flush=True)
    failed = 0
    for proof in [] if options.list else proofs:
        stamp = stamps.read(proof)
        if stamp is not None and stamp.commit == commit and not options.again:
            continue
        began = time.monotonic()
        if prove(proof):
            stamps.write(proof, Stamp(commit, round(time.monotonic() - began)))
        else:
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
