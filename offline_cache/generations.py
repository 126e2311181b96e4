"""The mirror's files: a generation each, and one committed pointer to the live one. A file is never put over another.

Renaming over a database whose log is hot corrupts it. A reader holds its generation by a shared lock.
"""

import fcntl
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from offline_cache.whole_file import sync

_NAME = re.compile(r"mirror-([1-9][0-9]{0,8})\.(?:db|lock|damaged)")
_COUNTER_AT, _COUNTER_BYTES = 24, 4
_LOOK_AGAIN_S = 1.0


class Generations:
    """One folder with what the mirror is made of. Writing is for who holds `alone()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pointer = folder / "pointer.db"

    def file(self, number: int) -> Path:
        """The database of that generation."""
        return self.folder / f"mirror-{number}.db"

    def lock_file(self, number: int) -> Path:
        """The file that its readers hold."""
        return self.folder / f"mirror-{number}.lock"

    def damaged_file(self, number: int) -> Path:
        """Noted there by a reader: the generation cannot be read, and has to be made anew."""
        return self.folder / f"mirror-{number}.damaged"

    def live(self) -> int | None:
        """The number that the pointer names; None where there is none. Raises sqlite3.Error."""
        if not self.pointer.exists():
            return None
        # Not read-only: who reads after a cut within a commit has to roll that back first.
        with closing(sqlite3.connect(f"{self.pointer.absolute().as_uri()}?mode=rw", uri=True, timeout=5)) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'pointer'").fetchone():
                return None
            row = db.execute("SELECT live FROM pointer").fetchone()
        return None if row is None else int(row[0])

    def go_live(self, number: int) -> None:
        """Commits the pointer, synced in full: from then on, and after any cut, that generation is the mirror."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(self.pointer, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(self.pointer, isolation_level=None, timeout=5)) as db:
            # Not WAL: the counter in the file's head, by which a reader sees a change, moves with every commit then.
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'pointer'").fetchone():
                db.execute((Path(__file__).parent / "schema" / "mirror_pointer.sql").read_text("utf-8"))
            db.execute("INSERT OR REPLACE INTO pointer (only_row, live) VALUES (1, ?)", (number,))
            db.execute("COMMIT")
        sync(self.folder)

    def forget_pointer(self) -> None:
        """Takes away a pointer that cannot be read; the mirror is replaceable."""
        for path in (self.pointer, self.pointer.with_name(self.pointer.name + "-journal")):
            path.unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """The generations that have files, the oldest first."""
        if not self.folder.is_dir():
            return []
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted({int(match[1]) for match in found if match})

    def next_number(self) -> int:
        """One that no file has, and the pointer does not name."""
        with suppress(sqlite3.Error):
            return max([0, *self.numbers(), self.live() or 0]) + 1
        return max([0, *self.numbers()]) + 1

    def drop(self, number: int) -> bool:
        """Deletes a generation, unless somebody reads it; says whether it is gone."""
        try:
            with self._held(number, fcntl.LOCK_EX):
                path = self.file(number)
                for one in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"), path):
                    one.unlink(missing_ok=True)
                self.file(number).with_name(path.name + "-journal").unlink(missing_ok=True)
                self.damaged_file(number).unlink(missing_ok=True)
                self.lock_file(number).unlink(missing_ok=True)
        except BlockingIOError:
            return False
        return True

    def drop_all_but(self, live: int | None) -> None:
        """Deletes what is not live and not read by anybody."""
        for number in self.numbers():
            if number != live:
                self.drop(number)

    @contextmanager
    def _held(self, number: int, how: int) -> Iterator[None]:
        descriptor = os.open(self.lock_file(number), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Makes this process the only writer. Raises BlockingIOError where there is another."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.folder / "writer.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)


class PointerWatch:
    """Tells a reader whether the pointer may have moved, for one system call: by the counter in the file's head.

    That it is another file (a damaged one was put away) is seen within a second.
    """

    def __init__(self, pointer: Path) -> None:
        self._pointer = pointer
        self._descriptor: int | None = None
        self._inode = 0
        self._look_again = 0.0

    def state(self) -> object:
        """Another value after every commit; None where there is no pointer."""
        try:
            now = time.monotonic()
            if self._descriptor is None or now >= self._look_again:
                self._descriptor, self._look_again = self._open(), now + _LOOK_AGAIN_S
            return self._inode, os.pread(self._descriptor, _COUNTER_BYTES, _COUNTER_AT)
        except OSError:
            self._look_again = 0.0
            return None

    def _open(self) -> int:
        inode = self._pointer.stat().st_ino
        if self._descriptor is not None and inode == self._inode:
            return self._descriptor
        self.close()
        # Closing a second descriptor of a database drops this process's locks on it, so this one is kept.
        self._inode = inode
        return os.open(self._pointer, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Lets the pointer go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def hold(generations: Generations, number: int) -> int:
    """A descriptor that keeps the generation from being deleted until it is closed. Raises OSError where it is gone."""
    descriptor = os.open(generations.lock_file(number), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        generations.file(number).stat()
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
