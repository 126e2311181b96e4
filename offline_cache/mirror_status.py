"""What can be said of a mirror from outside: where it stands, how old it is, whether all of it is as it was signed.

Never a number, a mask or a title: counts, cursors and times only.
"""

import sqlite3
from contextlib import closing
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circulation.events import ClockState, Told
from offline_cache.age import AsOf, age_of
from offline_cache.generations import Generations
from offline_cache.key_level import level_of
from offline_cache.keys import KeyMissing, MirrorKey, load_key
from offline_cache.mirror import NETWORK_PLACE, open_for_reading
from offline_cache.mirror_rows import BadRow, item_body, patron_body, read_network
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.sealing import SealBroken
from values import dataclass

_ABOUT = "SELECT generation, seq, acked_seq, scope, key_id, at, boot, since_boot, clock, manifest FROM picture"
_ROWS = {
    "patrons": "SELECT COUNT(*) FROM patron WHERE body IS NOT NULL",
    "passes": "SELECT COUNT(*) FROM pass",
    "items": "SELECT COUNT(*) FROM item WHERE body IS NOT NULL",
    "gone": "SELECT (SELECT COUNT(*) FROM patron WHERE body IS NULL) + (SELECT COUNT(*) FROM item WHERE body IS NULL)",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found. `faults`: in words, of what kind and how many; none is the pass mark."""

    rows: int = 0
    faults: tuple[str, ...] = field(default=())


def status(settings: MirrorSettings, now: Told, wall: datetime, floor: datetime) -> dict[str, Any]:
    """How the mirror stands, as plain JSON data. Raises sqlite3.Error where it cannot be read."""
    generations = Generations(settings.path)
    level = level_of(settings.key_file)
    said: dict[str, Any] = {"key_level": level.value, "key": "there" if _key(settings) else "missing"}
    live = generations.live()
    if live is None:
        return {"mirror": "none", **said}
    with closing(open_for_reading(generations.file(live))) as db:
        db.execute("BEGIN")
        generation, seq, acked, scope, key_id, at, boot, since_boot, clock, manifest = db.execute(_ABOUT).fetchone()
        rows = {name: db.execute(sql).fetchone()[0] for name, sql in _ROWS.items()}
    as_of = AsOf(datetime.fromisoformat(at), Told(boot, since_boot, ClockState(clock)))
    age = age_of(as_of, now, wall, floor)
    signed = msgspec.json.decode(manifest)
    return {
        "mirror": "there",
        "generation": live,
        "cursor": f"{generation}:{seq}",
        "acked_seq": acked,
        "as_of": at,
        "age_minutes": None if age is None else age // timedelta(minutes=1),
        "snapshot_made_at": signed["made_at"],
        "scope": scope,
        "rows": rows,
        "bytes": generations.file(live).stat().st_size,
        **said,
        "key_id": key_id,
        "damaged": generations.damaged_file(live).exists(),
    }


def verify(settings: MirrorSettings, store_key: Ed25519PublicKey) -> Verified:
    """Whether what is live was signed by the store, is whole, and every row opens, is masked, and is found by its
    passes. Raises KeyMissing, sqlite3.Error."""
    generations, key = Generations(settings.path), load_key(settings.key_file)
    live = generations.live()
    if live is None:
        return Verified(faults=("there is no mirror",))
    with closing(open_for_reading(generations.file(live))) as db:
        db.execute("BEGIN")
        (sound,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            return Verified(faults=("quick_check",))
        faults = _signature(db, store_key)
        rows, unreadable, lost = _all_rows(db, key)
    faults += [f"{unreadable} rows do not open"] if unreadable else []
    faults += [f"{lost} passes do not lead to their patron"] if lost else []
    return Verified(rows, tuple(faults))


def _key(settings: MirrorSettings) -> MirrorKey | None:
    try:
        return load_key(settings.key_file)
    except KeyMissing:
        return None


def _signature(db: sqlite3.Connection, store_key: Ed25519PublicKey) -> list[str]:
    manifest, signature = db.execute("SELECT manifest, signature FROM picture").fetchone()
    try:
        store_key.verify(bytes.fromhex(signature), manifest)
    except (InvalidSignature, ValueError):
        return ["the signature is not the store's"]
    return []


def _all_rows(db: sqlite3.Connection, key: MirrorKey) -> tuple[int, int, int]:
    """How many rows there are, do not open, and how many passes lead nowhere or are not listed."""
    rows = unreadable = listed = 0
    for mask, passes, body in db.execute("SELECT key, passes, body FROM patron WHERE body IS NOT NULL"):
        rows, listed = rows + 1, listed + len(passes) // 16
        unreadable += not _opens(key, f"patron/{mask.hex()}", mask.hex(), body, passes)
    for mask, body in db.execute("SELECT key, body FROM item WHERE body IS NOT NULL"):
        rows += 1
        unreadable += not _opens(key, f"item/{mask.hex()}", mask.hex(), body, None)
    for (body,) in db.execute("SELECT body FROM network"):
        rows += 1
        unreadable += not _opens(key, NETWORK_PLACE, "", body, None)
    lead = (
        "SELECT COUNT(*) FROM pass c JOIN patron p ON p.id = c.patron"
        " WHERE p.body IS NOT NULL AND instr(p.passes, c.key) % 16 = 1"
    )
    (leading,), (all_passes,) = db.execute(lead).fetchone(), db.execute(_ROWS["passes"]).fetchone()
    return rows, unreadable, abs(listed - leading) + all_passes - leading


def _opens(key: MirrorKey, place: str, mask: str, body: bytes, passes: bytes | None) -> bool:
    try:
        plain = key.rows.open(body, place)
        if place == NETWORK_PLACE:
            read_network(plain)
        elif passes is None:
            item_body(mask, plain)
        else:
            return patron_body(mask, plain)[1] == passes
    except (SealBroken, BadRow):
        return False
    return True
