"""Whether a process still lives, asked so that its end at any moment of the asking is an answer too."""

from __future__ import annotations

from pathlib import Path


def lives(pid: int) -> bool:
    """Tell whether that process lives; a zombie does not.

    Between opening and reading its file it may end: then the read fails with ESRCH (no FileNotFoundError).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
