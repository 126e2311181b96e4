"""The kiosk's memory against bare SQLite and a bare file, with a million patrons; each in turn with its baseline."""

from __future__ import annotations

import math
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

from circulation.events import Action
from circulation.identifiers import EventId, KioskId, new_event_id
from circulation.outcomes import CheckedOut
from membership_store import snapshot_file
from offline_cache import mirror as reader_module
from offline_cache.age import AsOf
from offline_cache.generations import Generations
from offline_cache.journal import Journal
from offline_cache.mirror import Mirror, open_for_reading
from offline_cache.mirror_file import MirrorFile, Page
from offline_cache.offline_desk import OfflineDesk
from offline_cache.sealing import Seal
from tests.benchmark import cache_rows as made
from tests.benchmark.rig import Rig, Window, window

ROOT = Path("build")
ROUNDS = 3
DELTA, PAGE = 10_000, 1000
COLD, WARM, APPENDS = 300, 3000, 1500


@dataclass
class CacheRig:
    """The mirror, and how many patrons are in it. `work`: a folder on the same disk, empty."""

    patrons: int
    generations: Generations
    work: Path
    vers: Iterator[int] = field(default_factory=lambda: count(int(time.time())))

    def numbers(self, how_many: int) -> list[int]:
        """Different patrons, another draw each time."""
        return random.sample(range(self.patrons), how_many)


@contextmanager
def cache_rig(patrons: int) -> Iterator[CacheRig]:
    """A mirror of so many patrons on file."""
    work = ROOT / "cache-work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield CacheRig(patrons, made.made(patrons, ROOT), work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


# ---- lookup and verdict


def cold(rig: CacheRig) -> tuple[float, float]:
    """Medians of one decision, and of its SELECTs alone, each on pages that were not read since the disk's cache was
    emptied of them."""
    return _decisions(rig, COLD, _forget)


def warm(rig: CacheRig) -> tuple[float, float]:
    """The same, a second time on the same pages."""
    return _decisions(rig, WARM, None)


def _decisions(rig: CacheRig, times: int, before: Callable[[Path], None] | None) -> tuple[float, float]:
    file = rig.generations.file(1)
    with closing(Mirror(rig.generations.folder, lambda: made.KEY)) as mirror, closing(open_for_reading(file)) as bare:
        desk = OfflineDesk(mirror, lambda _: (), lambda *_: timedelta())
        ours, theirs = [], []
        for turn, number in enumerate(rig.numbers(times + 20)):
            took: dict[str, float] = {}
            # In turn first and second: whoever is second finds the processor's caches filled by the other.
            for which in ("ours", "theirs") if turn % 2 else ("theirs", "ours"):
                if before is None:
                    _ask(desk, number) if which == "ours" else _selects(bare, number)
                else:
                    before(file)
                    for db in (bare, mirror._live()._db):
                        db.execute("PRAGMA shrink_memory")
                began = time.perf_counter()
                _ask(desk, number) if which == "ours" else _selects(bare, number)
                took[which] = time.perf_counter() - began
            if turn >= 20:
                ours.append(took["ours"])
                theirs.append(took["theirs"])
    return statistics.median(ours) * 1e6, statistics.median(theirs) * 1e6


def _ask(desk: OfflineDesk, number: int) -> None:
    said = desk.decide(Action.CHECK_OUT, made.shown(number), made.barcode(number), made.NOW)
    if not isinstance(said, CheckedOut):
        raise TypeError(f"not lent: {said}")


_KEYS: dict[int, tuple[bytes, bytes]] = {}


def _selects(db: sqlite3.Connection, number: int) -> None:
    """Every SELECT of that decision, in a transaction as there, with the keys at hand."""
    pass_key, item_key = _KEYS.get(number) or _remember(number)
    db.execute("BEGIN")
    db.execute(reader_module._PICTURE).fetchone()
    db.execute(reader_module._FIND, (pass_key, pass_key)).fetchall()
    db.execute(reader_module._ITEM, (item_key,)).fetchone()
    db.execute("COMMIT")


def _remember(number: int) -> tuple[bytes, bytes]:
    (by_number,) = made.KEY.masks.shown(made.shown(number))
    _KEYS[number] = bytes.fromhex(by_number), bytes.fromhex(made.KEY.masks.item(made.barcode(number)))
    return _KEYS[number]


def _forget(file: Path) -> None:
    """Empties the system's cache of this file's pages; needs no root."""
    for path in (file, file.with_name(file.name + "-wal")):
        if path.exists():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _read_through(file: Path) -> None:
    """Fills the system's cache with this file's pages."""
    with file.open("rb") as pages:
        while pages.read(1 << 24):
            pass


# ---- changes, a new generation


def delta_cold(rig: CacheRig) -> tuple[float, float]:
    """Seconds for ten pages of 1,000 changed patrons, against `executemany` of sealed rows in as many transactions on
    the same file, each for patrons of its own on pages that were not read since the disk's cache was emptied of them.
    Medians of six, in turn first and second."""
    return _deltas(rig, _forget)


def delta_warm(rig: CacheRig) -> tuple[float, float]:
    """The same, the whole file in the system's cache."""
    return _deltas(rig, _read_through)


def _deltas(rig: CacheRig, before: Callable[[Path], None]) -> tuple[float, float]:
    path, took = rig.generations.file(1), dict[object, list[float]]()
    with closing(MirrorFile(path, made.KEY)) as file:
        for turn in range(6):
            for write in (_by_pages, _bare) if turn % 2 else (_bare, _by_pages):
                before(path)
                took.setdefault(write, []).append(write(file, rig.numbers(DELTA), next(rig.vers)))
                file._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return statistics.median(took[_by_pages]), statistics.median(took[_bare])


def _by_pages(file: MirrorFile, numbers: list[int], ver: int) -> float:
    _, seq = file.place()
    pages = []
    for n, at in enumerate(range(0, len(numbers), PAGE)):
        rows = [made.row(made.patron_line(one, ver, 119)) for one in numbers[at : at + PAGE]]
        since = f"{made.GENERATION}:{seq + n}"
        pages.append(Page(since, made.GENERATION, seq + n + 1, rows, 0, AsOf(made.NOW, made.TOLD)))
    began = time.perf_counter()
    for page in pages:
        file.apply(page)
    return time.perf_counter() - began


def _bare(file: MirrorFile, numbers: list[int], ver: int) -> float:
    values = []
    for one in numbers:
        row = made.row(made.patron_line(one, ver, 118))
        passes, body = file._sealed_patron(row)
        values.append((bytes.fromhex(row.key), ver, passes, body))
    put = (
        "INSERT INTO patron (key, ver, passes, body) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " ver = excluded.ver, passes = excluded.passes, body = excluded.body WHERE excluded.ver > patron.ver"
    )
    began = time.perf_counter()
    for at in range(0, len(values), PAGE):
        file._conn.execute("BEGIN")
        file._conn.executemany(put, values[at : at + PAGE])
        file._conn.execute("COMMIT")
    return time.perf_counter() - began


def snapshot_bytes(rig: CacheRig) -> tuple[float, float]:
    """Bytes a patron in the snapshot that travels, against those in a plain copy of the generation's file."""
    some = min(rig.patrons, 50_000)
    lines = [made.patron_line(one) for one in range(some)]
    with (rig.work / "snapshot").open("w+b") as file:
        snapshot_file.write(file, iter(lines), made.KEY.key, "0" * 32)
        size = file.seek(0, os.SEEK_END)
    only = Generations(rig.work / "only")
    only.folder.mkdir()
    with closing(MirrorFile(only.file(1), made.KEY, new=True)) as alone:
        alone.fill([made.row(line) for line in lines])
    return size / some, only.file(1).stat().st_size / some


def swap(rig: CacheRig) -> tuple[float, float]:
    """Seconds from the commit of the pointer to the first answer of the new generation at a reader that served the old
    one, against a plain copy of the generation's file, synced."""
    generations = Generations(rig.work / "swapped")
    generations.folder.mkdir()
    began = time.perf_counter()
    shutil.copyfile(rig.generations.file(1), generations.file(1))
    descriptor = os.open(generations.file(1), os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    copied = time.perf_counter() - began
    os.link(generations.file(1), generations.file(2))
    generations.go_live(1)
    took = []
    with closing(Mirror(generations.folder, lambda: made.KEY)) as mirror:
        mirror.found(made.shown(1))
        for turn in range(9):
            began = time.perf_counter()
            generations.go_live(2 - turn % 2)
            if not mirror.found(made.shown(turn)):
                raise RuntimeError("nobody found after a swap")
            took.append(time.perf_counter() - began)
    return statistics.median(took), copied


# ---- the journal


def journal_p50(rig: CacheRig) -> tuple[float, float]:
    """Milliseconds of an append, encryption and commit included, against write and fdatasync of as many bytes."""
    ours, theirs = _appends(rig)
    return statistics.median(ours) * 1e3, statistics.median(theirs) * 1e3


def journal_p99(rig: CacheRig) -> tuple[float, float]:
    """The same, the 99th percentile."""
    ours, theirs = _appends(rig)
    return _p99(ours) * 1e3, _p99(theirs) * 1e3


def _appends(rig: CacheRig) -> tuple[list[float], list[float]]:
    folder = rig.work / f"journal-{time.monotonic_ns()}"
    folder.mkdir()
    numbers = count(1)

    def new_id() -> EventId:
        return new_event_id(next(numbers), os.urandom(10))

    journal = Journal(folder / "journal.db", Seal(bytes(32)), KioskId("bench-1"), new_id)
    plain = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    ours, theirs = [], []
    for n in range(APPENDS + 50):
        shown, item = made.shown(n), made.barcode(n)
        began = time.perf_counter()
        event = journal.append(Action.CHECK_OUT, shown, item, made.NOW, made.TOLD)
        middle = time.perf_counter()
        if n == 0:
            journal.waiting()  # from now on it is in the database
            (size,) = journal._books.db.execute("SELECT LENGTH(body) + LENGTH(event_id) + 8 FROM event").fetchone()
            data = os.urandom(size)
        begins = time.perf_counter()
        os.write(plain, data)
        os.fdatasync(plain)
        ends = time.perf_counter()
        if n >= 50:
            ours.append(middle - began)
            theirs.append(ends - begins)
    if event.seq != APPENDS + 50:
        raise RuntimeError("not all were written")
    journal.close()
    os.close(plain)
    return ours, theirs


def _p99(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


# ---- the screen meanwhile


def frames(rig: CacheRig, screen: Rig) -> tuple[float, float]:
    """p95 (the median of three) of the time between two frames of a screen that moves at the kiosk's own rate.

    While its process decides and journals ten times a second and another applies pages without a pause; while nothing
    happens.
    """
    os.environ["BENCH_MIRROR"] = str(rig.generations.folder.absolute())
    os.environ["BENCH_JOURNAL"] = str((rig.work / "screen").absolute())
    command = ["chrt", "--idle", "0", sys.executable, "-m", "tests.benchmark.cache_measures"]
    ours, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):  # in turn: a machine whose processor is taken away for a second does not decide it
        with window("lending", screen) as busy:
            busy.wait_for(30, "flip")
            pull = subprocess.Popen([*command, str(rig.generations.folder), str(rig.patrons)])
            try:
                ours.append(_gaps(busy))
                if pull.poll() is not None:
                    raise RuntimeError("the pages ended early")
            finally:
                pull.terminate()
                pull.wait()
        with window("moving", screen) as still:
            still.wait_for(30, "flip")
            theirs.append(_gaps(still))
    return statistics.median(ours), statistics.median(theirs)


def _gaps(at: Window) -> float:
    time.sleep(2)
    at.lines()
    time.sleep(8)
    gaps: list[float] = sorted(one["gap"] for one in at.lines() if one["what"] == "flip")
    if len(gaps) < 50:
        raise RuntimeError(f"{len(gaps)} frames: nothing was painted")
    return gaps[math.ceil(0.95 * len(gaps)) - 1]


def apply_for_ever(folder: Path, patrons: int) -> None:
    """Pages of changes, one after the other, until it is ended."""
    rig = CacheRig(patrons, Generations(folder), folder)
    with closing(MirrorFile(rig.generations.file(1), made.KEY)) as file:
        while True:
            _by_pages(file, rig.numbers(PAGE), next(rig.vers))


if __name__ == "__main__":
    apply_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
