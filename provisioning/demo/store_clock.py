"""The clock of the demonstration's store: so many days from now, by libfaketime, which a running store is not told of.

`clock.json` says what is wished for and what holds; the workbench writes the wish, the demo restarts the store.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
_FURTHEST_DAYS = 3650.0


def library() -> Path | None:
    """Where libfaketime is; None where it is not installed."""
    found = (path for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/")))
    return next(found, None)


class StoreClock:
    """Two files in the run directory: `clock.wish` (written by whoever wishes) and `clock.json` (what holds)."""

    def __init__(self, run: Path) -> None:
        self._wish_file, self._now_file = run / "clock.wish", run / "clock.json"
        self._library = library()
        self._days = 0.0
        self._seen: tuple[int, int] | None = None
        self._wish_file.unlink(missing_ok=True)
        self._now_file.unlink(missing_ok=True)

    def was_moved(self) -> bool:
        """Whether there is a wish that was not looked at; it is taken over where it can be met."""
        stamp = None
        with contextlib.suppress(OSError):
            found = self._wish_file.stat()
            stamp = found.st_mtime_ns, found.st_ino
        if stamp is None or stamp == self._seen:
            return False
        self._seen = stamp
        wished = self._wish()
        if wished is None or wished == self._days or self._library is None:
            self.say()
            return False
        self._days = wished
        return True

    def environment(self) -> Mapping[str, str]:
        """What makes a process live so many days from now; empty for its real clock."""
        if not self._days or self._library is None:
            return {}
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME": f"{round(self._days * 86400):+d}",
        }

    def say(self) -> None:
        """Write down what holds now."""
        told: Mapping[str, Any] = {"days": self._days, "can": self._library is not None}
        beside = self._now_file.with_name(f".{self._now_file.name}.new")
        beside.write_text(json.dumps(told), encoding="utf-8")
        beside.replace(self._now_file)

    def _wish(self) -> float | None:
        try:
            days = float(json.loads(self._wish_file.read_text(encoding="utf-8"))["days"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return days if abs(days) <= _FURTHEST_DAYS else None
