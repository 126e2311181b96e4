"""A mirror of a million patrons, made without chance and kept in build/: a second run only opens it.

Every patron has one pass, a membership with strips and two loans, as the store's rows say it; one item each.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from circulation.events import ClockState, Told
from circulation.identifiers import ItemBarcode, PassNumber
from circulation.masking import ITEM, PASS, PATRON, masked
from circulation.presented import Presented, Source
from membership_store import mirror as store_mirror
from membership_store.credentials import Kiosk
from membership_store.database import Session
from membership_store.opening import open_database
from membership_store.scope import view_of
from offline_cache.age import AsOf
from offline_cache.generations import Generations
from offline_cache.keys import MirrorKey
from offline_cache.mirror import SCHEMA_VERSION
from offline_cache.mirror_file import MirrorFile, Signed
from offline_cache.mirror_rows import Row
from tests.membership_store.running import run

KEY = MirrorKey(hashlib.sha256(b"benchmark").digest())
BOOT = "00000000-0000-4000-8000-000000000000"
TOLD = Told(BOOT, 1_000_000, ClockState.SYNCHRONISED)
NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
GENERATION = "bench-0"
_BATCH = 2000
_decode = msgspec.json.Decoder(Row).decode


def shown(number: int) -> Presented:
    """The pass of that patron."""
    return Presented(Source.BARCODE, PassNumber(f"29401{number:09}"))


def barcode(number: int) -> ItemBarcode:
    """The item of that number."""
    return ItemBarcode(f"39401{number:09}")


def patron_line(number: int, ver: int = 1, strips: int = 120) -> bytes:
    """The patron as the store writes it: a row of a snapshot or of a page."""
    mask = partial(masked, KEY.key)
    ref = mask(PATRON, f"patron-{number}")
    loans = [
        {
            "item": mask(ITEM, f"{number}-{n}"),
            "patron": ref,
            "branch": "9401",
            "lent": "2026-11-10",
            "due": "2026-12-01",
        }
        for n in range(2)
    ]
    run_of = {"starts": "2026-01-01", "ends": "2027-06-10", "strips_left": strips}
    body = {
        "ref": ref,
        "type": "00",
        "language": "nl",
        "main_library": "aa-en-hunze",
        "memberships": [{"institution": "aa-en-hunze", "subscription": "0045", **run_of}],
        "passes": [{"number": mask(PASS, f"29401{number:09}"), "institutions": ["aa-en-hunze"]}],
        "loans": loans,
    }
    return msgspec.json.encode({"kind": "patron", "key": ref, "ver": ver, "patron": body})


def item_line(number: int) -> bytes:
    """An item on its shelf."""
    key = masked(KEY.key, ITEM, f"39401{number:09}")
    body = {"barcode": key, "title": f"Title {number}", "institution": "aa-en-hunze", "branch": "9401"}
    return msgspec.json.encode({"kind": "item", "key": key, "ver": 1, "item": body})


def row(line: bytes) -> Row:
    """As the pull reads it."""
    return _decode(line)


def made(patrons: int, root: Path) -> Generations:
    """The mirror, with generation 1 live; made where it is not there yet."""
    sources = "".join(
        path.read_text("utf-8") for path in (Path(__file__), *sorted(Path("offline_cache/schema").glob("mirror*.sql")))
    )
    made_of = f"{SCHEMA_VERSION}{sources}".encode()
    folder = root / f"cache-{patrons}-{hashlib.sha256(made_of).hexdigest()[:8]}"
    generations = Generations(folder)
    if generations.live() is None:
        print(f"  making a mirror of {patrons} patrons in {folder} (about a minute for a million)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _fill(generations, patrons)
        generations.go_live(1)
    return generations


def _fill(generations: Generations, patrons: int) -> None:
    with closing(MirrorFile(generations.file(1), KEY, new=True)) as file:
        file.fill([_network()])
        for lines in (_lines(patrons, patron_line), _lines(patrons, item_line)):
            while batch := [row(line) for line in islice(lines, _BATCH)]:
                file.fill(batch)
        manifest = json.dumps({"made_at": NOW.isoformat()}).encode()
        scope = "patrons=group&items=group"
        file.finish(Signed(manifest, "00" * 64, GENERATION, 1, scope, AsOf(NOW, TOLD)))
        file.settle()


def _lines(count: int, line: Any) -> Iterator[bytes]:
    return (line(number) for number in range(count))


def _network() -> Row:
    """The demo's network, as its store tells it to the kiosk in Annen."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        done = run("demo-data", "--database", file, "--out", folder)
        if done.returncode:
            raise RuntimeError(done.stderr)
        with closing(open_database(file)) as database:

            def read(session: Session) -> dict[str, Any]:
                view = view_of(session, Kiosk("demo-drenthe", "annen-1", "9401"), NOW)
                return dict(next(store_mirror.everything(session, view)))

            found = database.read(read)
        from circulation import wire

        return row(wire.dumps({**found, "ver": 1}))
