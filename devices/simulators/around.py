"""What stands around the simulated hardware in a demo: the store's clock, a payment that is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_CLOCK_S = 30.0  # a store is started again within


class BenchError(Exception):
    """Something cannot be done; its text is a sentence for whoever asked."""


def clock(run_dir: Path) -> dict[str, Any]:
    """The store's clock: `days` from now, and whether it `can` be moved; empty without a demo."""
    try:
        return dict(json.loads((run_dir / "clock.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def move_clock(run_dir: Path, days: float) -> None:
    """Wish for a store so many days from now and wait until it is; the demo starts it again for that."""
    if not clock(run_dir).get("can"):
        raise BenchError("the store's clock cannot be moved here: the demo must run, and libfaketime be installed")
    wish = run_dir / "clock.wish"
    beside = wish.with_name(f".{wish.name}.new")
    beside.write_text(json.dumps({"days": days}), encoding="utf-8")
    beside.replace(wish)
    until = time.monotonic() + _CLOCK_S
    while clock(run_dir).get("days") != days:
        if time.monotonic() > until:
            raise BenchError(f"the store's clock was not moved within {_CLOCK_S:.0f} s")
        time.sleep(0.05)


def processes(run_dir: Path) -> list[dict[str, Any]]:
    """What the demo runs: `name`, `title`, `pid` and `log` of each; none without a demo."""
    try:
        return list(json.loads((run_dir / "processes.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def charge(run_dir: Path, cents: int, *, terminal_has_one_line: bool) -> None:
    """Start `python -m devices try --pay` on the demo's configuration; it goes on when this process ends."""
    if cents < 1:
        raise BenchError("at least one cent")
    if terminal_has_one_line and any(one["name"] == "kiosk" for one in processes(run_dir)):
        raise BenchError("the kiosk holds this terminal's only line; start the demo with --no-kiosk")
    config = run_dir / "kiosk.toml"
    if not config.exists():
        raise BenchError(f"{config} is not there; is the demo running?")
    log_file = _charge_log(run_dir)
    log_file.parent.mkdir(exist_ok=True)
    with log_file.open("wb") as log:
        subprocess.Popen(
            [sys.executable, "-m", "devices", "try", str(config), "payment_terminal", "--pay", str(cents)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=_ROOT,
            start_new_session=True,
        )


def charged(run_dir: Path) -> list[str]:
    """What the driver has said of the last charge, line by line."""
    try:
        return _charge_log(run_dir).read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _charge_log(run_dir: Path) -> Path:
    return run_dir / "log" / "charge.log"
