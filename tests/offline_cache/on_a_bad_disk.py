"""A kiosk on a disk that fails: `python -m tests.offline_cache.on_a_bad_disk FOLDER CASE`; says what it found, as JSON.

`full`: writes until nothing goes any more, then makes room. `limit`: the same by the limit of a file's size.
`read-only`: opens what was written before, on a disk that takes nothing.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from offline_cache.journal import Journal, JournalFault
from offline_cache.journal_loss import losses
from offline_cache.journal_reading import read_numbers
from tests.offline_cache.journals import append, lent, open_journal

MOST = 20_000


def fill(journal: Journal) -> tuple[int, str]:
    """Promises until one cannot be kept: how many were, and why no more."""
    promised = 0
    for _ in range(MOST):
        try:
            event = append(journal)
            promised = event.seq
            journal.answered(event, lent())
        except JournalFault as fault:
            return promised, str(fault)
    return promised, ""


def refused(journal: Journal) -> str:
    try:
        journal.probe()
    except JournalFault as fault:
        return str(fault)
    return ""


def full(folder: Path) -> dict[str, object]:
    """The disk has no room; then it has again."""
    path = folder / "journal.db"
    journal = open_journal(path)
    ballast = folder / "ballast"
    promised, why = fill(journal)
    probe = refused(journal)
    seqs = [one.event.seq for one in journal.since(0)]
    ballast.unlink()
    freed = refused(journal)
    again = append(journal).seq
    journal.close()
    reopened = open_journal(path)
    after = [one.event.seq for one in reopened.since(0)]
    return {
        "promised": promised,
        "why": why,
        "probe": probe,
        "freed": freed,
        "kept": seqs,
        "again": again,
        "after": after,
        "losses": len(losses(path)),
    }


def limit(folder: Path) -> dict[str, object]:
    """No file may grow beyond this many bytes; then it may again."""
    path = folder / "journal.db"
    journal = open_journal(path)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    promised, why = fill(journal)
    probe = refused(journal)
    seqs = [one.event.seq for one in journal.since(0)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    again = append(journal).seq
    journal.close()
    reopened = open_journal(path)
    after = [one.event.seq for one in reopened.since(0)]
    return {
        "promised": promised,
        "why": why,
        "probe": probe,
        "kept": seqs,
        "again": again,
        "after": after,
        "losses": len(losses(path)),
    }


def read_only(folder: Path) -> dict[str, object]:
    """The disk came up read-only, as a worn card does."""
    path = folder / "journal.db"
    journal = open_journal(path)
    for _ in range(5):
        append(journal)
    journal.close()
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    why = ""
    try:
        open_journal(path)
    except JournalFault as fault:
        why = f"{type(fault).__name__}: {fault}"
    return {"why": why, "states": read_numbers(path).states, "there": path.exists(), "losses": len(losses(path))}


def main(folder: Path, case: str) -> int:
    """Prints what was found."""
    if case == "full":
        (folder / "ballast").write_bytes(os.urandom(3_200_000))
    does = {"full": full, "limit": limit, "read-only": read_only}[case]
    print(json.dumps(does(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
