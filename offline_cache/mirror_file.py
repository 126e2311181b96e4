"""Writes a generation file: a snapshot in bulk, then pages of changes, each with its cursor in one transaction.

The version of a row never falls. Bodies are sealed here and nowhere else; deleted ones are overwritten (secure_delete).
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from offline_cache.age import AsOf
from offline_cache.keys import MirrorKey
from offline_cache.mirror import NETWORK_PLACE, PROOF, PROOF_PLACE, SCHEMA_VERSION
from offline_cache.mirror_rows import BadRow, Row, item_body, network_body, patron_body
from offline_cache.sealing import SealBroken
from offline_cache.whole_file import sync
from values import dataclass

_SCHEMA = Path(__file__).parent / "schema"
_CACHE_KIB = 64 * 1024
_WAIT_S = 5.0
_PUT_NETWORK = (
    "INSERT INTO network (only_row, ver, body) VALUES (1, ?, ?)"
    " ON CONFLICT (only_row) DO UPDATE SET ver = excluded.ver, body = excluded.body WHERE excluded.ver > network.ver"
)
_PUT_ITEM = (
    "INSERT INTO item (key, ver, body) VALUES (?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET ver = excluded.ver, body = excluded.body WHERE excluded.ver > item.ver"
)
_MASK_BYTES = 16
# So many keys a question: far below what SQLite takes.
_AT_ONCE = 500
# Key, version, the masks of the passes, the sealed body.
_Sealed = tuple[bytes, int, bytes, bytes | None]


class MirrorDamaged(Exception):
    """The file is not what it was, or not all of it opens; a new snapshot takes its place."""


class OutOfOrder(Exception):
    """The page does not begin where the mirror stands."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of changes: it leads from the cursor `since` to that of `generation` and `seq`. `acked_seq`: None while
    there is more; only a last page makes the mirror as true as `as_of` says."""

    since: str
    generation: str
    seq: int
    rows: Sequence[Row] = field(repr=False)
    acked_seq: int | None
    as_of: AsOf


@dataclass(frozen=True, slots=True)
class Signed:
    """What a snapshot was made from: the manifest's bytes as signed, the signature, and what the file notes of it."""

    manifest: bytes
    signature: str
    generation: str
    seq: int
    scope: str
    as_of: AsOf


@dataclass(frozen=True, slots=True)
class About:
    """Under which key it is, which scope it has, and when the store made its snapshot (UTC)."""

    key_id: str
    scope: str
    made_at: datetime


class MirrorFile:
    """A generation that is written: made from a snapshot, brought up to date by pages. One writer; not for threads."""

    def __init__(self, path: Path, key: MirrorKey, *, new: bool = False) -> None:
        self._path, self._key, self._seal = path, key, key.rows
        self.not_understood = 0
        if new:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._conn = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_S)
        try:
            self._conn.execute("PRAGMA secure_delete = ON")
            self._conn.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._db = Database(self._conn, recursive_triggers=False, execute_plugins=False)
            if new:
                self._begin_file()
            else:
                self._conn.execute("PRAGMA synchronous = NORMAL")
                self._check_open()
        except BaseException:
            self._conn.close()
            raise

    def fill(self, rows: Iterable[Row]) -> None:
        """Writes a part of a snapshot; the file is nothing yet until `finish`."""
        of_kind = _by_kind(rows)
        with self._db.atomic():
            self._add_patrons(self._sealed(of_kind["patron"]))
            new = ((bytes.fromhex(row.key), row.ver, self._sealed_item(row)) for row in of_kind["item"])
            self._conn.executemany("INSERT INTO item (key, ver, body) VALUES (?, ?, ?)", new)
            self._put_network(of_kind["network"])

    def finish(self, signed: Signed) -> None:
        """Makes a filled file a mirror that pages can be applied to. Raises MirrorDamaged without a network."""
        with self._db.atomic():
            for statement in (_SCHEMA / "mirror_0001_keys.sql").read_text("utf-8").split(";"):
                self._conn.execute(statement)
            self._picture(signed)
            if not self._conn.execute("SELECT 1 FROM network").fetchone():
                raise MirrorDamaged("a snapshot without a network")
            self._conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._conn.execute("PRAGMA journal_mode = WAL")
        self._conn.execute("PRAGMA synchronous = NORMAL")

    def place(self) -> tuple[str, int]:
        """Where the mirror stands: the store's generation, and the number in it."""
        generation, seq = self._conn.execute("SELECT generation, seq FROM picture").fetchone()
        return str(generation), int(seq)

    def cursor(self) -> str:
        """The same in the store's words."""
        generation, seq = self.place()
        return f"{generation}:{seq}"

    def about(self) -> About:
        """What the file notes of itself."""
        key_id, scope, manifest = self._conn.execute("SELECT key_id, scope, manifest FROM picture").fetchone()
        return About(key_id, scope, datetime.fromisoformat(json.loads(manifest)["made_at"]))

    def apply(self, page: Page) -> None:
        """The rows, the cursor and what is known of it, in one transaction. Raises OutOfOrder, sqlite3.Error."""
        of_kind = _by_kind(page.rows)
        sealed = self._sealed(_newest(of_kind["patron"]))
        items = [(bytes.fromhex(row.key), row.ver, self._sealed_item(row)) for row in of_kind["item"]]
        with self._db.atomic():
            if page.since != self.cursor():
                raise OutOfOrder
            self._put_patrons(sealed)
            self._conn.executemany(_PUT_ITEM, items)
            self._put_network(of_kind["network"])
            self._conn.execute("UPDATE picture SET generation = ?, seq = ?", (page.generation, page.seq))
            if page.acked_seq is not None:
                self._conn.execute("UPDATE picture SET acked_seq = MAX(acked_seq, ?)", (page.acked_seq,))
                self._conn.execute(
                    "UPDATE picture SET at = ?, boot = ?, since_boot = ?, clock = ?", _as_written(page.as_of)
                )

    def settle(self) -> None:
        """Brings the log into the file and syncs both; readers may keep a part of the log until later."""
        self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for path in (self._path, self._path.parent):
            sync(path)

    def check(self) -> None:
        """Raises MirrorDamaged unless the database is whole."""
        try:
            (said,) = self._conn.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as fault:
            raise MirrorDamaged(type(fault).__name__) from None
        if said != "ok":
            raise MirrorDamaged("quick_check")

    def close(self) -> None:
        """Closes the file."""
        self._conn.close()

    def _begin_file(self) -> None:
        # A file that is being made is thrown away by a cut, so that it needs neither a log nor a sync.
        self._conn.execute("PRAGMA journal_mode = OFF")
        self._conn.execute("PRAGMA synchronous = OFF")
        self._conn.executescript((_SCHEMA / "mirror_0001.sql").read_text("utf-8"))

    def _check_open(self) -> None:
        try:
            if self._conn.execute("PRAGMA user_version").fetchone() != (SCHEMA_VERSION,):
                raise MirrorDamaged("another release")
            (proof,) = self._conn.execute("SELECT proof FROM picture").fetchone()
            if self._seal.open(proof, PROOF_PLACE) != PROOF:
                raise MirrorDamaged("another proof")
        except SealBroken:
            raise MirrorDamaged("another key") from None

    def _picture(self, signed: Signed) -> None:
        values = (signed.generation, signed.seq, 0, signed.scope, self._key.key_id)
        proof = self._seal.close_up(PROOF, PROOF_PLACE)
        self._conn.execute(
            "INSERT INTO picture VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, proof, *_as_written(signed.as_of), signed.manifest, signed.signature),
        )

    def _add_patrons(self, rows: Sequence[_Sealed]) -> None:
        """Patrons that the file does not know."""
        (last,) = self._conn.execute("SELECT COALESCE(MAX(id), 0) FROM patron").fetchone()
        self._conn.executemany(
            "INSERT INTO patron (id, key, ver, passes, body) VALUES (?, ?, ?, ?, ?)",
            [(at, *row) for at, row in enumerate(rows, last + 1)],
        )
        ways = [(one, at) for at, (_, _, passes, _) in enumerate(rows, last + 1) for one in _split(passes)]
        self._conn.executemany("INSERT INTO pass (key, patron) VALUES (?, ?)", ways)

    def _put_patrons(self, sealed: Sequence[_Sealed]) -> None:
        """Patrons as a page says. Nearly all are known, and their passes are as they were: those take one statement."""
        done = self._conn.executemany(
            "UPDATE patron SET ver = ?, body = ? WHERE key = ? AND ver < ? AND passes = ?",
            [(ver, body, key, ver, passes) for key, ver, passes, body in sealed],
        )
        if done.rowcount < len(sealed):
            self._put_others(sealed)

    def _put_others(self, sealed: Sequence[_Sealed]) -> None:
        """Of these, the new ones, and those whose passes changed; older versions are passed over."""
        known = self._known([key for key, *_ in sealed])
        for key, ver, passes, body in sealed:
            at, there, before = known.get(key, (0, ver, b""))
            if there >= ver:
                continue
            put = "UPDATE patron SET ver = ?, passes = ?, body = ? WHERE id = ?"
            self._conn.execute(put, (ver, passes, body, at))
            old, new = set(_split(before)), set(_split(passes))
            self._conn.executemany("DELETE FROM pass WHERE key = ? AND patron = ?", [(one, at) for one in old - new])
            self._conn.executemany("INSERT INTO pass (key, patron) VALUES (?, ?)", [(one, at) for one in new - old])
        self._add_patrons([one for one in sealed if one[0] not in known])

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, int, bytes]]:
        """What the file has of these patrons: its number, its version, its passes."""
        found: dict[bytes, tuple[int, int, bytes]] = {}
        for begin in range(0, len(keys), _AT_ONCE):
            some = keys[begin : begin + _AT_ONCE]
            asked = f"SELECT key, id, ver, passes FROM patron WHERE key IN ({', '.join('?' * len(some))})"  # noqa: S608
            found |= {key: (at, ver, passes) for key, at, ver, passes in self._conn.execute(asked, some)}
        return found

    def _put_network(self, rows: Iterable[Row]) -> None:
        for row in rows:
            body = network_body(bytes(row.here), row.zone, bytes(row.branches))
            self._conn.execute(_PUT_NETWORK, (row.ver, self._seal.close_up(body, NETWORK_PLACE)))

    def _sealed(self, rows: Iterable[Row]) -> list[_Sealed]:
        return [(bytes.fromhex(row.key), row.ver, *self._sealed_patron(row)) for row in rows]

    def _sealed_patron(self, row: Row) -> tuple[bytes, bytes | None]:
        """The masks of its passes and its sealed body; nothing of one that is gone, or is not understood."""
        if not row.gone:
            try:
                body, passes = patron_body(row.key, bytes(row.patron))
            except BadRow:
                self.not_understood += 1
            else:
                return passes, self._seal.close_up(body, f"patron/{row.key}")
        return b"", None

    def _sealed_item(self, row: Row) -> bytes | None:
        if not row.gone:
            try:
                return self._seal.close_up(item_body(row.key, bytes(row.item)), f"item/{row.key}")
            except BadRow:
                self.not_understood += 1
        return None


def _by_kind(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {"patron": [], "item": [], "network": []}
    for row in rows:
        found[row.kind].append(row)
    return found


def _newest(rows: Iterable[Row]) -> list[Row]:
    """Each patron once, in the order of the keys, which is that of the index."""
    found: dict[str, Row] = {}
    for row in rows:
        known = found.get(row.key)
        if known is None or known.ver < row.ver:
            found[row.key] = row
    return [found[key] for key in sorted(found)]


def _split(passes: bytes) -> list[bytes]:
    return [passes[begin : begin + _MASK_BYTES] for begin in range(0, len(passes), _MASK_BYTES)]


def _as_written(as_of: AsOf) -> tuple[str, str, int, str]:
    told = as_of.told
    return as_of.at.astimezone(UTC).isoformat(), told.boot, told.since_boot_ms, told.clock.value
