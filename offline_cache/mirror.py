"""The mirror as the kiosk reads it: what the store said of patrons, passes and items, opened read-only (facts, §1-2).

The writer is another process (pull.py); a new generation, and a page of changes, are picked up by the next lookup.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from circulation.events import ClockState, Told
from circulation.identifiers import ItemBarcode
from circulation.model import Item, Patron
from circulation.presented import Presented
from circulation.rules.facts import Here, Holder
from offline_cache.age import AsOf
from offline_cache.generations import Generations, PointerWatch, hold
from offline_cache.keys import KeyMissing, MirrorKey
from offline_cache.masks import Masks
from offline_cache.mirror_rows import BadRow, Network, read_item, read_network, read_patron
from offline_cache.sealing import SealBroken
from values import dataclass

SCHEMA_VERSION = 2
PROOF, PROOF_PLACE = b"this mirror and this key belong together", "picture/proof"
NETWORK_PLACE = "network"
_FIND = "SELECT p.key, p.body FROM pass c JOIN patron p ON p.id = c.patron WHERE c.key IN (?, ?)"
_ITEM = "SELECT body FROM item WHERE key = ?"
_PICTURE = (
    "SELECT p.generation, p.seq, p.acked_seq, p.at, p.boot, p.since_boot, p.clock, n.ver FROM picture p, network n"
)
_FAULTS = (sqlite3.Error, SealBroken, BadRow, msgspec.MsgspecError)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class NoMirror(Exception):
    """Nothing is known offline. `reason`: none, key, damaged or release; never anything personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no mirror: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """What the mirror is a picture of. `acked_seq`: the last event of this kiosk that it contains; those after it
    count besides (house decision 4). `as_of`: the instant at the store that it is known to be true of. `branches`: how
    each branch of the network is called, by its code."""

    generation: str
    seq: int
    acked_seq: int
    as_of: AsOf
    zone: ZoneInfo
    place: Here = field(repr=False)
    branches: Mapping[str, str] = field(repr=False)

    @property
    def cursor(self) -> str:
        """Where the mirror stands, in the store's words."""
        return f"{self.generation}:{self.seq}"

    def here(self, today: date) -> Here:
        """The branch as the rules want it, on that library-local date."""
        return replace(self.place, today=today)


class Reading(Protocol):
    """One picture, however many questions are asked of it."""

    @property
    def masks(self) -> Masks:
        """What things that the kiosk has in the clear are called in this mirror (the item of an own event)."""

    def picture(self) -> Picture:
        """What the mirror is a picture of."""

    def found(self, presented: Presented) -> tuple[Holder, ...]:
        """Every pass with that number or that chip, with its patron. What was shown stands in the clear in them, any
        other number, chip, barcode and reference is a mask."""

    def item(self, barcode: ItemBarcode) -> Item | None:
        """The item as scanned, its patrons masked; None where the mirror does not know it."""


class MirrorReader(Reading, Protocol):
    """What the offline desk asks; a question alone, or several `reading` one picture. All raise NoMirror."""

    def reading(self) -> AbstractContextManager[Reading]:
        """One picture for all that is asked within; nobody else reads meanwhile, so it is kept short."""


class Mirror:
    """A `MirrorReader` over the folder of the mirror, for any thread. `key` may raise KeyMissing; it is asked anew for
    every generation."""

    def __init__(self, folder: Path, key: Callable[[], MirrorKey]) -> None:
        self._generations, self._key = Generations(folder), key
        self._watch = PointerWatch(self._generations.pointer)
        self._mutex = threading.Lock()
        self._state: object = None
        self._opened: _Opened | None = None

    @property
    def masks(self) -> Masks:
        """As `Reading.masks`. Raises NoMirror."""
        with self._mutex:
            return self._live().masks

    def picture(self) -> Picture:
        """As `Reading.picture`. Raises NoMirror."""
        with self._mutex:
            return self._live().picture()

    def found(self, presented: Presented) -> tuple[Holder, ...]:
        """As `Reading.found`. Raises NoMirror."""
        with self._mutex:
            return self._live().found(presented)

    def item(self, barcode: ItemBarcode) -> Item | None:
        """As `Reading.item`. Raises NoMirror."""
        with self._mutex:
            return self._live().item(barcode)

    def reading(self) -> AbstractContextManager[Reading]:
        """As `MirrorReader.reading`. Raises NoMirror."""
        return _One(self._mutex, self._live)

    def close(self) -> None:
        """Lets the files go."""
        with self._mutex:
            self._let_go()
            self._watch.close()

    def _live(self) -> "_Opened":
        state = self._watch.state()
        if self._opened is None or self._opened.broken or state != self._state:
            self._let_go()
            self._opened = self._open()
            self._state = state
        return self._opened

    def _open(self) -> "_Opened":
        try:
            number = self._generations.live()
        except sqlite3.Error:
            raise NoMirror("damaged") from None
        if number is None:
            raise NoMirror("none")
        try:
            key = self._key()
        except KeyMissing:
            raise NoMirror("key") from None
        try:
            return _Opened(self._generations, number, key)
        except OSError:
            raise NoMirror("damaged") from None
        except sqlite3.Error as fault:
            note_damage(self._generations, number, fault)
            raise NoMirror("damaged") from None

    def _let_go(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class _One:
    """One picture for a while: the mutex, and a transaction; a class, for a generator takes twice the time."""

    __slots__ = ("_live", "_mutex", "_opened")

    def __init__(self, mutex: threading.Lock, live: "Callable[[], _Opened]") -> None:
        self._mutex, self._live = mutex, live

    def __enter__(self) -> Reading:
        self._mutex.acquire()
        try:
            self._opened = self._live()
            self._opened.begin()
        except BaseException:
            self._mutex.release()
            raise
        return self._opened

    def __exit__(self, *_: object) -> None:
        try:
            self._opened.end()
        finally:
            self._mutex.release()


class _Opened:
    """One generation, opened read-only and held so that nobody deletes it."""

    def __init__(self, generations: Generations, number: int, key: MirrorKey) -> None:
        self._generations, self._number = generations, number
        self.masks, self._seal = key.masks, key.rows
        self.broken = False
        self._picture: tuple[object, Picture] | None = None
        self._network: tuple[int, Network] | None = None
        with ExitStack() as on_fault:
            held = hold(generations, number)
            on_fault.callback(os.close, held)
            self._db = open_for_reading(generations.file(number))
            on_fault.callback(self._db.close)
            # One cursor for all: nobody else reads meanwhile, and making one for each question takes its time.
            self._ask = self._db.cursor().execute
            self._check()
            self._held = on_fault.pop_all()

    def close(self) -> None:
        """Lets the generation go."""
        self._held.close()

    def begin(self) -> None:
        """From now on all answers are of one picture."""
        try:
            self._ask("BEGIN")
        except sqlite3.Error as fault:
            raise self._as_none(fault) from None

    def end(self) -> None:
        """The picture may move on."""
        try:  # noqa: SIM105 - at every lookup: a third of the time of suppress
            self._ask("COMMIT")
        except sqlite3.Error:
            pass

    def picture(self) -> Picture:
        """What it is a picture of, remembered until it changes."""
        try:
            return self._picture_now()
        except _FAULTS as fault:
            raise self._as_none(fault) from None

    def found(self, presented: Presented) -> tuple[Holder, ...]:
        """The holders of what was shown."""
        number, uid = presented.number, presented.uid
        clear: list[tuple[str, str]] = [] if number is None else [(self.masks.number(number), number)]
        if uid is not None:
            clear.append((self.masks.chip(uid), uid))
        try:
            patrons = self._patrons(clear)
        except _FAULTS as fault:
            raise self._as_none(fault) from None
        return tuple(
            [
                Holder(card, patron)
                for patron in patrons
                for card in patron.passes
                if (number is not None and card.number == number) or (uid is not None and uid in card.chips)
            ]
        )

    def item(self, barcode: ItemBarcode) -> Item | None:
        """The item of that barcode."""
        mask = self.masks.item(barcode)
        try:
            row = self._ask(_ITEM, (bytes.fromhex(mask),)).fetchone()
            if row is None or row[0] is None:
                return None
            return read_item(_said(self._seal.open(row[0], f"item/{mask}"), mask, barcode))
        except _FAULTS as fault:
            raise self._as_none(fault) from None

    def _picture_now(self) -> Picture:
        row = self._ask(_PICTURE).fetchone()
        if self._picture is None or self._picture[0] != row:
            if row is None:
                raise sqlite3.DatabaseError("no picture")
            generation, seq, acked, at, boot, since_boot, clock, ver = row
            network = self._network_of(ver)
            as_of = AsOf(datetime.fromisoformat(at), Told(boot, since_boot, ClockState(clock)))
            self._picture = row, Picture(generation, seq, acked, as_of, network.zone, network.here, network.branches)
        return self._picture[1]

    def _patrons(self, clear: list[tuple[str, str]]) -> list[Patron]:
        if not clear:
            return []
        # A pass has a number, a chip or both: two places, which may lead to one patron.
        keys = bytes.fromhex(clear[0][0]), bytes.fromhex(clear[-1][0])
        found = []
        for key, body in dict(self._ask(_FIND, keys).fetchall()).items():
            if body is not None:
                plain = self._seal.open(body, f"patron/{key.hex()}")
                for mask, text in clear:
                    plain = _said(plain, mask, text)
                found.append(read_patron(plain))
        return found

    def _as_none(self, fault: Exception) -> NoMirror:
        """The generation is not read again by this object."""
        self.broken = True
        note_damage(self._generations, self._number, fault)
        return NoMirror("damaged")

    def _check(self) -> None:
        if self._db.execute("PRAGMA user_version").fetchone() != (SCHEMA_VERSION,):
            raise NoMirror("release")
        row = self._db.execute("SELECT proof FROM picture").fetchone()
        if row is None:
            raise sqlite3.DatabaseError("no picture")  # as damage: it went live and is not whole
        try:
            proven = self._seal.open(row[0], PROOF_PLACE) == PROOF
        except SealBroken:
            proven = False
        if not proven:
            raise NoMirror("key")

    def _network_of(self, ver: int) -> Network:
        if self._network is None or self._network[0] != ver:
            row = self._db.execute("SELECT body FROM network").fetchone()
            if row is None:
                raise sqlite3.DatabaseError("no network")
            self._network = ver, read_network(self._seal.open(row[0], NETWORK_PLACE))
        return self._network[1]


def note_damage(generations: Generations, number: int, fault: Exception) -> None:
    """Says to the writer that this generation is to be made anew; one whose file is merely busy is not."""
    if getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE:
        with suppress(OSError):
            generations.damaged_file(number).touch(0o600)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Raises sqlite3.Error."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=2
    )
    try:
        db.execute("PRAGMA query_only = ON")
    except BaseException:
        db.close()
        raise
    return db


def _said(plain: bytes, mask: str, clear: str) -> bytes:
    """The body with what was shown in the place of its mask: before it is read, where that costs next to nothing."""
    return plain.replace(b'"' + mask.encode() + b'"', msgspec.json.encode(clear))
