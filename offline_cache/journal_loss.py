"""What becomes of a journal that is damaged or gone: kept aside, said, and nothing is lent until staff accept the loss.

Even then not under the same kiosk id, because its numbers were used: a sequence is never begun twice.
"""

import json
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from circulation.identifiers import KioskId
from offline_cache.journal_faults import JournalDamaged, JournalFault, JournalRetired
from offline_cache.journal_file import lock
from offline_cache.whole_file import sync, write_whole
from values import dataclass

_PARTS = ("", "-wal", "-shm", "-daybook")


@dataclass(frozen=True, slots=True)
class Loss:
    """One journal that was lost. Instants are UTC, ISO 8601. `kept`: the file's name now, empty where it was gone.

    `accepted`: when staff said that it is known, empty until then.
    """

    kiosk: str
    at: str
    why: str
    kept: str
    accepted: str = ""


def losses(path: Path) -> list[Loss]:
    """Every loss of the journal at `path`, oldest first. Raises JournalFault where the note of it cannot be read."""
    try:
        return [Loss(**one) for one in json.loads(_file(path).read_text("utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as fault:
        raise JournalFault(f"the note of a lost journal cannot be read: {type(fault).__name__}") from None


def refuse_after_loss(path: Path, kiosk: KioskId) -> None:
    """Raises JournalDamaged while a loss is not accepted, JournalRetired for a kiosk id whose journal was lost."""
    found = losses(path)
    if any(not one.accepted for one in found):
        raise JournalDamaged("a journal was lost here, and staff have not accepted that")
    if any(one.kiosk == kiosk for one in found):
        raise JournalRetired("the journal of this kiosk id was lost: the kiosk must be enrolled under a new id")


def keep_aside(path: Path, kiosk: KioskId, why: str, now: datetime) -> Loss:
    """Gives the damaged files a name with the instant, and notes the loss first. Raises JournalFault, OSError.

    What was noted before and is not accepted stays as it is: a second look finds nothing new.
    """
    with lock(path):
        known = losses(path)
        open_one = next((one for one in known if not one.accepted), None)
        if open_one is None:
            stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
            there = any(path.with_name(path.name + part).exists() for part in _PARTS)
            kept = f"{path.name}.damaged-{stamp}" if there else ""
            open_one = Loss(kiosk, now.astimezone(UTC).isoformat(timespec="seconds"), why, kept)
            _note(path, [*known, open_one])
        _move(path, open_one)
    return open_one


def accept_loss(path: Path, now: datetime) -> list[Loss]:
    """Staff know of it: from now on a journal may be begun here, for another kiosk id. Returns what was accepted."""
    with lock(path) as lock_file:
        known = losses(path)
        still_open = [one for one in known if not one.accepted]
        for one in still_open:
            _move(path, one)
        at = now.astimezone(UTC).isoformat(timespec="seconds")
        if still_open:
            lock_file.truncate(0)
            os.fsync(lock_file)
            _note(path, [one if one.accepted else replace(one, accepted=at) for one in known])
    return still_open


def _move(path: Path, loss: Loss) -> None:
    """The log first: without its database nobody reads it, and a database without its log would look whole."""
    for part in reversed(_PARTS):
        file = path.with_name(path.name + part)
        if loss.kept and file.exists():
            file.rename(path.with_name(loss.kept + part))
    sync(path.parent)


def _note(path: Path, found: list[Loss]) -> None:
    write_whole(_file(path), json.dumps([asdict(one) for one in found], indent=1).encode())


def _file(path: Path) -> Path:
    return path.with_name(path.name + ".lost")
