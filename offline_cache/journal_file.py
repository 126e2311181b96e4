"""The journal's file: one writer (a lock beside it), upgraded in one transaction, looked through for damage.

It is never begun anew in silence: the lock's file says that there was one, and `.lost` beside it that one was lost.
"""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import BinaryIO

from offline_cache import daybook
from offline_cache.journal_faults import JournalDamaged, JournalFault, JournalFull, JournalInUse

SCHEMA_VERSION = 3
_WITH_DAYBOOK = 3
# What must be free in bytes for lending to go on: some two thousand acts, and a copy of the log as it is taken in.
ROOM = 2 * 1024 * 1024
_SCHEMA = Path(__file__).parent / "schema"


def lock(path: Path) -> BinaryIO:
    """The writer's lock of the journal at `path`, held until it is closed. Raises JournalFault where another has it."""
    beside = path.with_name(path.name + ".lock")
    file = os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JournalInUse("the journal is in use by another process") from None
    return file


def remember(lock_file: BinaryIO) -> None:
    """Notes beside the journal that there is one, so that a lost or emptied file is not begun anew in silence."""
    if lock_file.seek(0, os.SEEK_END) == 0:
        lock_file.write(b"begun\n")
        os.fsync(lock_file)


def open_file(path: Path, *, was_here: bool) -> sqlite3.Connection:
    """The database, at this release's schema: begun where there was none, upgraded where it is older."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC | (0 if was_here else os.O_CREAT), 0o600))
    except FileNotFoundError:
        raise JournalDamaged("the journal is gone, and there was one") from None
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        _prepare(db, path, was_here)
    except BaseException:
        db.close()
        raise
    return db


def open_to_read(path: Path) -> sqlite3.Connection:
    """The database of a journal that another process may be writing; nothing can be changed through it."""
    try:
        return _open_to_read(path, "mode=ro")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        # On a disk that takes nothing, so that nobody writes it either; a log would have been left out.
        return _open_to_read(path, "mode=ro&immutable=1")


def _open_to_read(path: Path, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=5)
    try:
        _refuse_other_release(db, SCHEMA_VERSION)
    except BaseException:
        db.close()
        raise
    return db


def refuse_without_room(folder: Path) -> None:
    """Raises JournalFault where the disk is all but full: the next act, or the one after it, could not be kept."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < ROOM:
        raise JournalFull("the journal cannot be written: no room on the disk")


def check(db: sqlite3.Connection) -> None:
    """Finds damage that would hide an event, or one that is there twice; takes 0.3 s for 50,000 events."""
    (sound,) = db.execute("PRAGMA quick_check(1)").fetchone()
    numbers = "SELECT COUNT(*), COALESCE(MAX(seq), 0), COUNT(DISTINCT event_id) FROM event NOT INDEXED"
    count, last, different = db.execute(numbers).fetchone()
    if sound != "ok" or not count == last == different:
        raise JournalDamaged("the journal is damaged")


def _refuse_other_release(db: sqlite3.Connection, oldest: int) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if not oldest <= version <= SCHEMA_VERSION:
        raise JournalFault("the journal was written by another release")
    return int(version)


def _prepare(db: sqlite3.Connection, path: Path, was_here: bool) -> None:
    version = _refuse_other_release(db, 0)
    if version == 0 and was_here:
        raise JournalDamaged("the journal is gone, and there was one")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if version < _WITH_DAYBOOK:
        daybook.begin(path)  # before the database says that there is one
    if version < SCHEMA_VERSION:
        steps = ";".join(_step(number) for number in range(version + 1, SCHEMA_VERSION + 1))
        db.executescript(f"BEGIN IMMEDIATE;{steps};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")


def _step(number: int) -> str:
    return (_SCHEMA / f"{number:04}_journal.sql").read_text("utf-8")
