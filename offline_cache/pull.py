"""Store to mirror: pages of changes on the live generation, a signed snapshot into a new one where that is needed.

Its own process, the only writer. Killed at any moment, it leaves the old generation or the new one, never a mixture.
"""

import errno
import logging
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circulation.events import ClockState, Told
from offline_cache.age import AsOf
from offline_cache.downloads import CutShort, NotKept, PullLine, plain
from offline_cache.generations import Generations
from offline_cache.incoming import Incoming
from offline_cache.keys import KeyMissing, MirrorKey, fetch_key, load_key
from offline_cache.mirror import open_for_reading
from offline_cache.mirror_file import MirrorDamaged, MirrorFile, OutOfOrder, Page, Signed
from offline_cache.mirror_rows import UNREADABLE, BadRow, Row
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.snapshot_file import (
    SignedManifest,
    SnapshotRefused,
    blocks_of,
    check_order,
    check_time,
    checked,
    read_manifest,
)
from offline_cache.store_client import LineDown
from values import dataclass

log = logging.getLogger("offline_cache.pull")
# A page of the store: so many things at most, a megabyte or two where each has many loans.
PAGE = 1000
# With each new snapshot everybody leaves the mirror whom the store does not name any more.
SNAPSHOT_AGE = timedelta(days=7)
CHECK_EVERY = timedelta(days=1)
_GONE = 410
# Times its own bytes, a snapshot needs so much room: itself, and the database that is made of it.
_ROOM = 6


class Pulled(Enum):
    """What a round did."""

    NOTHING = "nothing new"
    PAGES = "changes"
    SNAPSHOT = "a new snapshot"


class CannotPull(Exception):
    """The round came to nothing; the mirror is as it was. `why` is for the log and says nothing of anybody."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Behind(Exception):
    """Pages do not lead on from here: a snapshot comes first. Says why."""


class _PageBody(msgspec.Struct):
    rows: list[Row]
    next: str
    more: bool
    at: datetime
    acked_seq: int | None = None


_PAGE_BODY = msgspec.json.Decoder(_PageBody)


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is: the wall clock (UTC), and by which clock that was read."""

    now: Callable[[], datetime]
    told: Callable[[], Told]


class Puller:
    """Rounds of one kiosk's pull. Whoever makes one holds `Generations.alone`."""

    def __init__(self, settings: MirrorSettings, line: PullLine, store_key: Ed25519PublicKey, clock: Clock) -> None:
        self._settings, self._line, self._store_key, self._clock = settings, line, store_key, clock
        self._generations = Generations(settings.path)
        self._incoming = Incoming(settings.path)
        # Kiosks that were installed on one day do not ask for a week's snapshot at one moment.
        self._snapshot_age = SNAPSHOT_AGE - timedelta(seconds=zlib.crc32(settings.kiosk.encode()) % 86_400)
        self._checked: tuple[int, datetime] | None = None
        self._key: MirrorKey | None = None

    def round(self, *, anew: bool = False) -> Pulled:
        """Brings the mirror up to date; `anew`: from a new snapshot whatever is there. Raises CannotPull."""
        with _as_cannot():
            live = self._live()
            self._generations.drop_all_but(live)
            try:
                pulled = self._pages(None if anew else live)
                self._incoming.drop()  # begun for a rebuild that somebody broke off
                return pulled
            except _Behind as why:
                log.info("a snapshot is needed: %s", why)
            except MirrorDamaged as why:
                log.warning("the mirror is damaged and is made anew: %s", why)
            self._snapshot(live)
            return Pulled.SNAPSHOT

    def _live(self) -> int | None:
        """The live generation; a pointer that cannot be read, or names no file, is forgotten."""
        try:
            live = self._generations.live()
        except sqlite3.DatabaseError as fault:
            if isinstance(fault, sqlite3.OperationalError):
                raise
            log.warning("the pointer is damaged and is made anew")
            self._generations.forget_pointer()
            return None
        if live is not None and not self._generations.file(live).exists():
            log.warning("the mirror is gone and is made anew")
            return None
        return live

    def _pages(self, live: int | None) -> Pulled:
        """Applies what changed. Raises _Behind, MirrorDamaged, LineDown."""
        if live is None:
            raise _Behind("there is none to go on from")
        if self._generations.damaged_file(live).exists():
            raise MirrorDamaged("a reader says so")
        key = self._mirror_key()
        with closing(self._opened(live, key)) as mirror:
            about = mirror.about()
            if about.key_id != key.key_id or about.scope != self._settings.scope:
                raise _Behind("another key or scope")
            self._look_over(live, mirror)
            count, at = self._catch_up(mirror)
            if count:
                mirror.settle()
        # By the store's clock: one of ours that is years ahead would ask for a snapshot every minute.
        if at - about.made_at >= self._snapshot_age:
            raise _Behind("the last one is a week old")
        return Pulled.PAGES if count else Pulled.NOTHING

    def _opened(self, live: int, key: MirrorKey) -> MirrorFile:
        try:
            return MirrorFile(self._generations.file(live), key)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as fault:
            raise MirrorDamaged(type(fault).__name__) from None

    def _look_over(self, live: int, mirror: MirrorFile) -> None:
        """At the first round of a process, and once a day."""
        now = self._clock.now()
        known = self._checked
        if known is None or known[0] != live or not timedelta(0) <= now - known[1] < CHECK_EVERY:
            mirror.check()
            self._checked = live, now

    def _catch_up(self, mirror: MirrorFile) -> tuple[int, datetime]:
        """Pages until there is no more; how many rows they had, and the instant at the store of the last one.

        Raises _Behind, LineDown, MirrorDamaged.
        """
        count = 0
        while True:
            page = self._page(mirror.cursor())
            try:
                mirror.apply(page)
            except OutOfOrder:
                raise _Behind("a gap") from None
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as fault:
                raise MirrorDamaged(type(fault).__name__) from None
            count += len(page.rows)
            if page.acked_seq is not None:
                return count, page.as_of.at

    def _page(self, since: str) -> Page:
        # Read before it is asked, so that the mirror is never taken for younger than it is.
        told = self._clock.told()
        answer = self._line.get(f"/v1/changes?since={quote(since)}&limit={PAGE}&{self._settings.scope}", 30.0)
        if answer.status == _GONE:
            raise _Behind("the store does not know where we are")
        try:
            if answer.status != 200:
                raise LineDown(f"status {answer.status}", sent=True)
            body = _PAGE_BODY.decode(answer.body)
            generation, _, seq = body.next.rpartition(":")
            before_generation, _, before = since.rpartition(":")
            rows = [checked(row) for row in body.rows]
            if generation != before_generation or not int(before) <= int(seq) or body.at.tzinfo is None:
                raise _Behind("a page that does not lead on")
            if body.more and (int(seq) == int(before) or body.acked_seq is not None):
                raise _Behind("a page that does not lead on")
        except UNREADABLE as fault:
            raise LineDown(f"not a page: {type(fault).__name__}", sent=True) from None
        acked = None if body.more else body.acked_seq or 0
        return Page(since, generation, int(seq), rows, acked, AsOf(body.at, told))

    def _mirror_key(self) -> MirrorKey:
        """The key of this process; the store is asked for one that is in no file."""
        if self._key is None:
            self._key = load_key(self._settings.key_file, self._line)
        return self._key

    def _snapshot(self, live: int | None) -> None:
        """A new generation, from a snapshot of the store to the last page, and the pointer to it."""
        before = self._place_of(live)
        # What was begun before may have been thrown away meanwhile, or be over: then a new one is asked for, once.
        for kept in (self._incoming.kept(self._store_key), None):
            try:
                number = self._made(kept or self._asked(), before)
            except (NotKept, _Behind, SnapshotRefused) as fault:
                self._incoming.drop()
                if kept is not None:
                    log.info("the snapshot that was begun is of no use any more")
                    continue
                if isinstance(fault, SnapshotRefused):
                    raise
                raise LineDown("the store does not go on from its own snapshot", sent=True) from None
            except (OSError, sqlite3.Error) as fault:
                if _is_full(fault):  # what is left of the disk is the journal's
                    self._incoming.drop()
                raise
            self._generations.go_live(number)
            self._incoming.drop()
            self._generations.drop_all_but(number)
            return

    def _asked(self) -> SignedManifest:
        answer = self._line.get(f"/v1/snapshot?{self._settings.scope}")
        found = read_manifest(plain(answer), self._store_key)
        self._incoming.begin(answer.body)
        return found

    def _made(self, found: SignedManifest, before: tuple[str, int] | None) -> int:
        """The number of the new generation, whole, checked, synced, and up to the last page of now."""
        told, manifest = self._clock.told(), found.manifest
        if told.clock is ClockState.SYNCHRONISED:
            check_time(manifest, self._clock.now())
        key = self._key_of(found)
        if shutil.disk_usage(self._settings.path).free < manifest.bytes * _ROOM:
            raise OSError(errno.ENOSPC, "no room for a snapshot")
        self._incoming.fetch(self._line, found)
        number = self._generations.next_number()
        try:
            with closing(MirrorFile(self._generations.file(number), key, new=True)) as mirror:
                for rows in blocks_of(self._incoming.file, manifest, key):
                    mirror.fill(rows)
                place = (manifest.generation, manifest.seq, self._settings.scope)
                mirror.finish(Signed(found.signed, found.signature, *place, AsOf(manifest.made_at, told)))
                _, at = self._catch_up(mirror)
                check_time(manifest, at)
                check_order(mirror.place(), before)
                mirror.check()
                mirror.settle()
                if mirror.not_understood:
                    log.warning("%d rows were not understood: they are not known offline", mirror.not_understood)
        except BaseException:
            self._generations.drop(number)
            raise
        self._checked = number, self._clock.now()
        return number

    def _key_of(self, found: SignedManifest) -> MirrorKey:
        """The key that the snapshot is under: the one in the file, or the store's of today."""
        key = self._mirror_key()
        if key.key_id != found.manifest.key_id:
            key = self._key = fetch_key(self._settings.key_file, self._line)
        if key.key_id != found.manifest.key_id:
            raise SnapshotRefused("key")
        return key

    def _place_of(self, live: int | None) -> tuple[str, int] | None:
        """Generation and number of what is live; None where that cannot be said any more."""
        if live is None:
            return None
        try:
            with closing(open_for_reading(self._generations.file(live))) as db:
                generation, seq = db.execute("SELECT generation, seq FROM picture").fetchone()
        except (sqlite3.Error, TypeError):
            return None
        return str(generation), int(seq)


def _is_full(fault: Exception) -> bool:
    """Whether the disk does not take any more; SQLite calls a limit on the file's size a fault of the disk."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return True
    return getattr(fault, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def _as_cannot() -> Iterator[None]:
    """Every fault as a word for the log; the causes are kept out of it, they may hold a value."""
    try:
        yield
    except LineDown as fault:
        raise CannotPull(f"line: {fault}") from None
    except CutShort:
        raise CannotPull("line: cut short") from None
    except KeyMissing:
        raise CannotPull("no key") from None
    except (SnapshotRefused, BadRow, MirrorDamaged) as fault:
        raise CannotPull(str(fault)) from None
    except sqlite3.Error as fault:
        raise CannotPull(f"database: {getattr(fault, 'sqlite_errorname', type(fault).__name__)}") from None
    except OSError as fault:
        raise CannotPull(f"file: {errno.errorcode.get(fault.errno or 0, type(fault).__name__)}") from None
