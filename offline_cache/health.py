"""How a kiosk is, for whoever keeps it running: open or closed, why, and what its line says. A small file of its own.

No number, name or title is ever in it. It is written when something changes; best in memory, so that a full disk does
not keep it from saying that the disk is full.
"""

import json
import logging
import threading
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from offline_cache.whole_file import write_whole

log = logging.getLogger(__name__)
NAME = "health.json"
OPEN, CLOSED = "open", "closed"


class Health:
    """Says how this kiosk is; for any thread, and raises nothing. `tell`: is told each change in one line of words."""

    def __init__(self, file: Path, now: Callable[[], datetime], tell: Callable[[str], None] = lambda _: None) -> None:
        self._file, self._now, self._tell = file, now, tell
        self._lock = threading.Lock()
        self._said: dict[str, dict[str, str]] = {}
        self._helped = 0

    def kiosk(self, state: str, why: str = "") -> None:
        """OPEN or CLOSED; `why` is a word for staff, such as `journal-damaged`."""
        self._say("kiosk", state, why)

    def line(self, state: str) -> None:
        """What the line to the store says; see `offline_cache.line_state`."""
        self._say("line", state, "")

    def help_called(self) -> None:
        """Somebody asked for help: `why` counts how often since this kiosk began, `since` is the last time."""
        with self._lock:
            self._helped += 1
            count = self._helped
        self._say("help", "called", str(count))

    def _say(self, what: str, state: str, why: str) -> None:
        with self._lock:
            known = self._said.get(what, {})
            if (known.get("state"), known.get("why", "")) == (state, why):
                return
            since = self._now().astimezone(UTC).isoformat(timespec="seconds")
            self._said[what] = {"state": state, "since": since} | ({"why": why} if why else {})
            log.log(logging.ERROR if state == CLOSED else logging.INFO, "%s: %s %s", what, state, why)
            self._tell(", ".join(f"{name} {one['state']} {one.get('why', '')}".rstrip() for name, one in self._all()))
            try:
                text = json.dumps(dict(self._all()), indent=1) + "\n"
                # No kiosk outlives a power cut, and each says anew how it is: nothing that is worth a sync.
                write_whole(self._file, text.encode(), lasting=False)
            except OSError as fault:
                log.error("%s cannot be written: %s", self._file.name, type(fault).__name__)

    def _all(self) -> list[tuple[str, dict[str, str]]]:
        return sorted(self._said.items())


def health_file(config: Path) -> Path:
    """Where the kiosk of that configuration file says how it is: [kiosk] `health_file`, else beside its journal.

    Raises OSError, ValueError, KeyError, TypeError where the configuration cannot be read.
    """
    data = tomllib.loads(config.read_text("utf-8"))
    return config.parent / (data["kiosk"].get("health_file") or Path(data["journal"]["path"]).with_name(NAME))


def read_health(config: Path) -> Mapping[str, Any]:
    """What the kiosk said last, as plain JSON data; it may have ended since. Empty where it said nothing."""
    try:
        said = json.loads(health_file(config).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}
