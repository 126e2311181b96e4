"""What the pull says of its line, for the kiosk beside it and for the status: a small file, written when it changes.

It outlives both processes: a kiosk that was told that its credential counts no more does not forget it without power.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from offline_cache.line_state import LineState
from offline_cache.whole_file import write_whole

log = logging.getLogger(__name__)
NAME = "pull.json"


class PullNote:
    """The pull's side. `folder`: of the mirror. Raises nothing: a note that cannot be written must not stop a pull."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._file, self._now = folder / NAME, now
        note = read_pull_note(folder)
        self._said = str(note.get("line", "")), _says_refused(note)

    def line(self, state: LineState, *, in_order: bool = True) -> None:
        """What the line was like in the round that is over. A refusal counts until a round was in order: neither a
        silence nor a stranger's answer takes it back."""
        refused = state is LineState.REFUSED or (self._said[1] and not (in_order and state is LineState.ANSWERS))
        if (state.value, refused) == self._said:
            return
        note: dict[str, Any] = {"line": state.value, "since": self._now().astimezone(UTC).isoformat(timespec="seconds")}
        if refused and state is not LineState.REFUSED:
            note["refused"] = True
        try:
            write_whole(self._file, (json.dumps(note) + "\n").encode())
        except OSError as fault:
            log.warning("%s cannot be written: %s", NAME, type(fault).__name__)
        else:
            self._said = state.value, refused


class KnownRefused:
    """The kiosk's side: whether the last that the store told the pull was that this kiosk's credential counts no
    more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._refused = False

    def __call__(self) -> bool:
        """Reads the note only where it is another one than the last time."""
        try:
            stat = (self._folder / NAME).stat()
        except OSError:
            return False
        if (seen := (stat.st_mtime_ns, stat.st_ino)) != self._seen:
            self._refused = _says_refused(read_pull_note(self._folder))
            self._seen = seen
        return self._refused


def read_pull_note(folder: Path) -> Mapping[str, Any]:
    """What stands in the note, as plain JSON data; empty where there is none that can be read."""
    try:
        said = json.loads((folder / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _says_refused(note: Mapping[str, Any]) -> bool:
    return note.get("line") == LineState.REFUSED.value or note.get("refused") is True
