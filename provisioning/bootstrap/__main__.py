"""Sets this tree up for `make demo` (run), `make test`, `make test-system` or `make long`; safe to repeat."""

from __future__ import annotations

import argparse
import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.bootstrap import system_packages
from provisioning.bootstrap.environment import Environment, can_make_environments
from provisioning.bootstrap.progress import Log, StepFailed, run, say

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("circulation", "devices", "kiosk", "membership_store", "offline_cache", "provisioning", "values")


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold the lock file `lock`: a set-up from another terminal waits for this one and then finds all done."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this tree is running; waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def set_up(role: str, root: Path) -> None:
    """Make the tree at `root` ready for `role` (a key of system_packages.ROLES). Raises StepFailed."""
    log = Log(root / "build" / "bootstrap.log")
    environment = Environment(root, log)
    packages = system_packages.wanted(role)
    if not environment.works() and not can_make_environments():
        packages.append("python3-venv")
    system_packages.ensure(packages, log)
    environment.ensure()
    environment.install()
    run([str(environment.python), "-m", "provisioning.bootstrap.catalogues"], log)
    # Also where Python is told to write no bytecode: without it every start of the kiosk compiles the whole product.
    run([str(environment.python), "-m", "compileall", "-q", *PACKAGES], log)


def main() -> int:
    """Run one set-up from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="provisioning/bootstrap/start", description=__doc__)
    parser.add_argument("role", choices=sorted(system_packages.ROLES))
    role = parser.parse_args().role
    started = time.monotonic()
    try:
        with alone(ROOT / "build" / "bootstrap.lock"):
            set_up(role, ROOT)
    except StepFailed as problem:
        print(f"bootstrap: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbootstrap: interrupted; the same command goes on where this stopped", file=sys.stderr)
        return 130
    say(f"ready ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
