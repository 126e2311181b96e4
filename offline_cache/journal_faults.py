"""Why a journal cannot be used, in words that hold no path and no value."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from offline_cache.sealing import SealBroken

# What SQLite says of a file that is not, or not any more, what it wrote.
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_FULL = "SQLITE_FULL"


class JournalFault(Exception):
    """The journal cannot be used; the kiosk must not lend. It is never recreated silently. `word`: why, for staff."""

    word: ClassVar[str] = "journal"


class JournalDamaged(JournalFault):
    """The file is not what was written, or it is gone: events may be lost. Staff must accept that (journal_loss)."""

    word = "journal-damaged"


class JournalFull(JournalFault):
    """There is no room on the disk; with room it goes on by itself."""

    word = "disk-full"


class JournalInUse(JournalFault):
    """Another process has it: the kiosk, or for a moment a command."""

    word = "journal-in-use"


class JournalRetired(JournalFault):
    """This kiosk id's sequence is not to be trusted any more: the kiosk must be enrolled under a new id."""

    word = "new-id-needed"


class JournalLocked(JournalFault):
    """What is done can be written down, and nothing be read: the key is not there yet (key level b)."""

    word = "no-key-yet"


CAUSES = (sqlite3.Error, OSError, SealBroken, ValueError)


def fault_of(what: str, cause: Exception) -> JournalFault:
    """One of CAUSES as the journal's own; `what`: what cannot be done. The cause is kept out of the sentence."""
    if isinstance(cause, sqlite3.Error):
        name = str(getattr(cause, "sqlite_errorname", "")) or type(cause).__name__
        kind = JournalDamaged if name.startswith(_DAMAGED) else JournalFull if name == _FULL else JournalFault
        return kind(f"the journal {what}: {name}")
    full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
    name = "no room on the disk" if full else type(cause).__name__
    return (JournalFull if full else JournalFault)(f"the journal {what}: {name}")


@contextmanager
def as_fault(what: str) -> Iterator[None]:
    """See `fault_of`."""
    try:
        yield
    except CAUSES as cause:
        raise fault_of(what, cause) from cause
