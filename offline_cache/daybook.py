"""The daybook: the book of first entry beside the journal, where an act stands before it is promised.

A page an act in a file that never grows, written and synced by one call: on most disks a fraction of what it costs to
make a file longer. The journal takes the acts in afterwards, many at once; what it took in synced may be overwritten.
"""

import errno
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from offline_cache.journal_faults import JournalDamaged
from offline_cache.whole_file import write_whole

PAGE = 4096  # what a disk writes whole at least: no write touches the page of another act
PAGES = 256
_MARK = b"act1"
# Mark, checksum of all that follows; number, floor (seconds since 1970, 0: none), lengths of body and promise, id.
_HEAD = struct.Struct("<4sIQQII36s")
_CHECKSUM = struct.Struct("<I")
_CHECKED_FROM = 8
_DIRECT = getattr(os, "O_DIRECT", 0)


class First(NamedTuple):
    """An act as it is first written: `body` and `promised` are sealed; `floor` in seconds since 1970 (UTC), 0: none."""

    seq: int
    event_id: str
    body: bytes
    promised: bytes | None = None
    floor: int = 0


def beside(journal: Path) -> Path:
    """Where the daybook of that journal lies."""
    return journal.with_name(journal.name + "-daybook")


def begin(journal: Path) -> None:
    """Makes an empty one, whole on the disk when this returns. Raises JournalDamaged where one in use lies there."""
    path = beside(journal)
    if acts(path):
        raise JournalDamaged("the journal is gone, and there was one")
    write_whole(path, bytes(PAGE * PAGES))


def acts(path: Path) -> list[First]:
    """All that can be read in that file, by number; torn pages say nothing. An absent file holds none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    found = (_read(content[at : at + PAGE]) for at in range(0, len(content), PAGE))
    return sorted((one for one in found if one is not None), key=lambda one: one.seq)


class Daybook:
    """The writer's side. Not for several threads: whoever writes the journal holds its lock. Raises OSError."""

    def __init__(self, journal: Path) -> None:
        self._path = beside(journal)
        self._page = mmap.mmap(-1, PAGE)  # begins where a page does, as a write past the system's cache wants it
        self._next = 0
        self._file = -1
        try:
            self._open(_DIRECT)
        except FileNotFoundError:
            raise JournalDamaged("the journal's daybook is gone") from None

    def after(self, last: int) -> list[First]:
        """The acts that the journal, which ends with `last`, has not taken in. Raises JournalDamaged where one that
        was promised is missing before another."""
        found = [one for one in acts(self._path) if one.seq > last]
        if [one.seq for one in found] != list(range(last + 1, last + 1 + len(found))):
            raise JournalDamaged("the journal's daybook is damaged")
        return found

    @property
    def is_full(self) -> bool:
        """Whether it must be begun again first."""
        return self._next >= PAGES

    def begin_again(self) -> None:
        """From the first page: all that stands here is in the journal, synced."""
        self._next = 0

    def put(self, act: First) -> bool:
        """Writes it down; it is on the disk when this returns. False, and nothing is done, where a page is too small
        for it."""
        promised = act.promised or b""
        middle = _HEAD.size + len(act.body)
        end = middle + len(promised)
        if end > PAGE:
            return False
        page = self._page
        _HEAD.pack_into(page, 0, _MARK, 0, act.seq, act.floor, len(act.body), len(promised), act.event_id.encode())
        page[_HEAD.size : middle] = act.body
        page[middle:end] = promised
        with memoryview(page) as whole, whole[_CHECKED_FROM:end] as checked:
            checksum = zlib.crc32(checked)
        _CHECKSUM.pack_into(page, len(_MARK), checksum)
        self._write(page)
        self._next += 1
        return True

    def close(self) -> None:
        """Lets go of the file."""
        if not self._page.closed:
            os.close(self._file)
            self._page.close()

    def _write(self, page: mmap.mmap) -> None:
        try:
            written = os.pwrite(self._file, page, self._next * PAGE)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
            os.close(self._file)  # a file system that takes no such writes: through its cache, and synced all the same
            self._open(0)
            written = os.pwrite(self._file, page, self._next * PAGE)
        if written != PAGE:
            raise OSError(errno.EIO, "a page was not written whole")

    def _open(self, direct: int) -> None:
        flags = os.O_RDWR | os.O_DSYNC | os.O_CLOEXEC
        try:
            self._file = os.open(self._path, flags | direct)
        except OSError as fault:
            if fault.errno != errno.EINVAL:
                raise
            self._file = os.open(self._path, flags)


def _read(page: bytes) -> First | None:
    if len(page) < _HEAD.size:
        return None
    mark, checksum, seq, floor, body, promised, event_id = _HEAD.unpack_from(page)
    end = _HEAD.size + body + promised
    if mark != _MARK or end > len(page) or zlib.crc32(page[_CHECKED_FROM:end]) != checksum:
        return None
    if not event_id.isascii():
        return None
    middle = _HEAD.size + body
    return First(seq, event_id.decode("ascii"), page[_HEAD.size : middle], page[middle:end] or None, floor)
