"""Has the disk look for the rows of a page before they are written: several at once, where SQLite asks one by one.

A page of changes touches as many places of the file as it has rows, and most of its time is waiting for those.
"""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

from offline_cache.mirror import open_for_reading

# More at once gain little on a card, and would keep the journal's own write waiting.
AT_ONCE = 8
# Few rows are read sooner than threads are woken.
_WORTH_IT = 64
# They read for the system's cache; their own is of use to nobody.
_CACHE_KIB = 256


class ReadAhead:
    """For one file; what cannot be read is passed over, the writer will meet it. For one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool: ThreadPoolExecutor | None = None
        self._readers: list[sqlite3.Connection] = []
        self._asked: list[Future[None]] = []

    def begin(self, keys: Sequence[bytes]) -> None:
        """Starts to read what leads to these patrons, and their rows; other work can be done meanwhile."""
        if len(keys) < _WORTH_IT:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(AT_ONCE)
            with suppress(sqlite3.Error):
                while len(self._readers) < AT_ONCE:
                    self._readers.append(self._reader())
        ordered = sorted(keys)
        each = -(-len(ordered) // AT_ONCE)
        for number, reader in enumerate(self._readers):
            some = ordered[number * each : (number + 1) * each]
            self._asked.append(self._pool.submit(_read, reader, some))

    def finish(self) -> None:
        """Waits until nothing is read any more, so that no reader is in the way of the commit."""
        wait(self._asked)
        self._asked = []

    def close(self) -> None:
        """Lets the file go."""
        self.finish()
        if self._pool is not None:
            self._pool.shutdown()
        for reader in self._readers:
            reader.close()
        self._pool, self._readers = None, []

    def _reader(self) -> sqlite3.Connection:
        reader = open_for_reading(self._path)
        reader.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return reader


def _read(reader: sqlite3.Connection, keys: Sequence[bytes]) -> None:
    """One question, within which the interpreter's lock is free."""
    with suppress(sqlite3.Error):
        asked = f"SELECT SUM(ver) FROM patron WHERE key IN ({', '.join('?' * len(keys))})"  # noqa: S608
        reader.execute(asked, keys).fetchone()
