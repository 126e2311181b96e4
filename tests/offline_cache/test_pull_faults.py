"""What a pull does not use, and what it does when something is wrong: the old mirror stays, or a new one is made."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circulation import wire
from circulation.events import ClockState, Told
from circulation.identifiers import ItemBarcode
from offline_cache.age import AsOf
from offline_cache.downloads import PullLine
from offline_cache.generations import Generations
from offline_cache.keys import MirrorKey
from offline_cache.mirror import Mirror, NoMirror
from offline_cache.mirror_file import MirrorFile, OutOfOrder, Page
from offline_cache.mirror_rows import Row
from offline_cache.mirror_settings import MirrorSettings
from offline_cache.pull import CannotPull, Clock, Pulled, Puller
from tests.offline_cache.model_store import KEY, ModelStore, down, item, network, patron

B1 = ItemBarcode("B1")


@dataclass
class Memory:
    """A kiosk's mirror over a model store."""

    folder: Path
    store: ModelStore = field(default_factory=ModelStore)
    patrons: str = "group"
    clock: ClockState = ClockState.SYNCHRONISED
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        (self.folder / "mirror").mkdir()
        self.store.change("patron", "anna", patron("anna", ("20000000000014",)))
        self.store.change("item", "B1", item("B1"))
        self.generations = Generations(self.folder / "mirror")
        self.reader = Mirror(self.folder / "mirror", lambda: KEY)

    def pull(self, *, anew: bool = False) -> Pulled:
        """A round of a new process."""
        token, path, key, public = (self.folder / one for one in ("token", "mirror", "key", "pub"))
        settings = MirrorSettings("annen-1", "http://store", token, path, key, public, patrons=self.patrons)
        clock = Clock(lambda: self.store.now + self.ahead, lambda: Told("boot", 1, self.clock))
        return Puller(settings, cast(PullLine, self.store), self.store.signer.public_key(), clock).round(anew=anew)

    def refused(self) -> str:
        """Why a round came to nothing."""
        with pytest.raises(CannotPull) as told:
            self.pull()
        return told.value.why

    def live_file(self) -> Path:
        """The file of what is live."""
        live = self.generations.live()
        assert live is not None
        return self.generations.file(live)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """A kiosk's memory with nothing in it yet."""
    made = Memory(tmp_path)
    yield made
    made.reader.close()


def manifest_with(store: ModelStore, **changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Another manifest, signed by the store."""
    return lambda answer: store.signed({**answer["manifest"], **changes})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sha256": "0" * 64}, "hash"),
        ({"rows": 999}, "count"),
        ({"schema": 1}, "schema"),
        ({"bytes": 1}, "size"),
        ({"blocks": 2}, "key"),
        ({"key_id": "00000000"}, "key"),
        ({"not_after": "2026-07-15T12:00:00+00:00"}, "expired"),
        ({"seq": 1}, "form"),
        ({"made_at": "yesterday"}, "form"),
        ({"snapshot": "../../../etc/passwd"}, "form"),
    ],
)
def test_a_snapshot_that_is_not_as_it_says_does_not_go_live(memory: Memory, changes: dict[str, Any], why: str) -> None:
    memory.store.tamper = manifest_with(memory.store, **changes)
    assert memory.refused() == f"snapshot refused: {why}"
    assert (memory.generations.live(), memory.generations.numbers()) == (None, [])
    assert not list(memory.generations.folder.glob("incoming*"))


@pytest.mark.parametrize("by", ["another key", "a changed row", "nobody"])
def test_a_snapshot_that_the_store_did_not_sign_does_not_go_live(memory: Memory, by: str) -> None:
    def tamper(answer: dict[str, Any]) -> dict[str, Any]:
        if by == "another key":
            signature = Ed25519PrivateKey.generate().sign(wire.dumps(answer["manifest"])).hex()
            return {**answer, "signature": signature}
        if by == "nobody":
            return {"manifest": answer["manifest"]}
        return {**answer, "manifest": {**answer["manifest"], "rows": 7}}

    memory.store.tamper = tamper
    assert memory.refused() == "snapshot refused: signature"
    assert memory.generations.live() is None


def test_a_changed_byte_on_the_way_is_found_and_the_next_round_fetches_anew(memory: Memory) -> None:
    def change(path: str) -> None:
        for name, whole in memory.store.files.items():
            if path.endswith(name):
                memory.store.files[name] = whole[:-1] + bytes([whole[-1] ^ 1])

    memory.store.at_call = change
    assert memory.refused() == "snapshot refused: hash"
    memory.store.at_call = lambda _: None
    memory.store.forget()
    assert memory.pull() is Pulled.SNAPSHOT


def test_an_older_state_never_takes_the_place_of_a_newer_one(memory: Memory) -> None:
    memory.pull()
    before = memory.reader.picture().cursor
    memory.store.head, memory.store.feed, memory.store.offered = 2, memory.store.feed[:2], None
    assert memory.refused() == "snapshot refused: older"
    assert memory.reader.picture().cursor == before
    assert len(memory.generations.numbers()) == 1


def test_a_snapshot_of_half_an_hour_ago_goes_live_with_the_pages_since(memory: Memory) -> None:
    memory.pull()
    memory.store.change("item", "B1", None)
    memory.pull()
    assert memory.pull(anew=True) is Pulled.SNAPSHOT
    assert memory.store.offered is not None
    assert memory.store.offered["manifest"]["seq"] < memory.store.head
    assert memory.reader.item(B1) is None
    assert memory.reader.picture().cursor.endswith(f":{memory.store.head}")


def test_a_download_goes_on_where_it_broke_off_also_in_another_process(memory: Memory) -> None:
    memory.store.most_bytes = 100
    for _ in range(2):
        with suppress(CannotPull):
            memory.pull()
    part = memory.generations.folder / "incoming.part"
    assert part.stat().st_size == 1000
    asked = [one for one in memory.store.asked if one.startswith("/v1/snapshot?")]
    memory.store.most_bytes = None
    assert memory.pull() is Pulled.SNAPSHOT
    assert [one for one in memory.store.asked if one.startswith("/v1/snapshot?")] == asked != []
    assert not part.exists()


def test_a_download_whose_snapshot_is_thrown_away_meanwhile_begins_anew(memory: Memory) -> None:
    memory.store.most_bytes = 100
    with suppress(CannotPull):
        memory.pull()
    memory.store.forget()
    memory.store.most_bytes = None
    assert memory.pull() is Pulled.SNAPSHOT


@pytest.mark.parametrize("what", ["generation", "pruned", "scope", "key"])
def test_what_pages_do_not_lead_on_from_begins_with_a_snapshot(memory: Memory, what: str) -> None:
    memory.pull()
    first = memory.generations.live()
    if what == "generation":
        memory.store.restore()
    elif what == "pruned":
        memory.store.change("item", "B1", None)
        memory.store.pruned = memory.store.head
    elif what == "scope":
        memory.patrons = "institution"
    else:
        memory.store.key = MirrorKey(bytes(range(1, 33)))
        memory.store.rows.clear()
        memory.store.change("network", "", network())
        memory.store.restore()
    memory.reader.close()
    assert memory.pull() is Pulled.SNAPSHOT
    assert memory.generations.numbers() == [memory.generations.live()] != [first]


def test_a_week_old_snapshot_makes_room_so_that_who_is_not_named_any_more_leaves(memory: Memory) -> None:
    memory.pull()
    memory.store.now += timedelta(days=5)
    assert memory.pull() is Pulled.NOTHING
    memory.store.now += timedelta(days=2)
    memory.store.offered = None
    del memory.store.rows["item", KEY.masks.item(B1)]  # without a word in any page: aged out
    assert memory.reader.item(B1) is not None
    assert memory.pull() is Pulled.SNAPSHOT
    assert memory.reader.item(B1) is None


def test_a_clock_years_ahead_does_not_ask_for_a_snapshot_every_minute(memory: Memory) -> None:
    memory.clock, memory.ahead = ClockState.FREE, timedelta(days=4000)
    assert memory.pull() is Pulled.SNAPSHOT
    assert memory.pull() is Pulled.NOTHING


def test_a_snapshot_that_is_over_by_the_stores_clock_is_refused_whatever_ours_says(memory: Memory) -> None:
    memory.clock, memory.ahead = ClockState.FREE, -timedelta(days=4000)
    with suppress(CannotPull):
        memory.store.most_bytes = 100
        memory.pull()
    memory.store.now += memory.store.valid
    memory.store.most_bytes = memory.store.offered = None
    asked = len(memory.store.asked)
    assert memory.pull() is Pulled.SNAPSHOT  # not of the one that was begun
    assert sum(one.startswith("/v1/snapshot?") for one in memory.store.asked[asked:]) == 1
    memory.store.tamper = manifest_with(memory.store, not_after=memory.store.now.isoformat())
    with pytest.raises(CannotPull, match="expired"):
        memory.pull(anew=True)


def test_a_dead_line_leaves_the_mirror_as_it_is(memory: Memory) -> None:
    memory.pull()
    before = memory.reader.picture()
    memory.store.at_call = down
    memory.store.change("item", "B1", None)
    assert memory.refused() == "line: ConnectionError"
    assert memory.reader.picture() == before


def test_what_a_kiosk_still_reads_is_not_deleted_under_it(memory: Memory) -> None:
    memory.pull()
    with memory.reader.reading() as now:
        memory.pull(anew=True)
        memory.store.change("item", "B1", None)
        memory.pull()
        assert len(memory.generations.numbers()) == 2
        assert now.item(B1) is not None
    assert memory.reader.item(B1) is None
    memory.pull()
    assert len(memory.generations.numbers()) == 1


@pytest.mark.parametrize("where", ["the middle", "the head", "the pointer", "the file is gone"])
def test_a_damaged_mirror_is_said_and_made_anew(memory: Memory, where: str) -> None:
    for n in range(200):
        memory.store.change("patron", f"p{n}", patron(f"p{n}", (f"2000000{n}",)))
    memory.pull()
    memory.reader.close()
    file = memory.generations.pointer if where == "the pointer" else memory.live_file()
    if where == "the file is gone":
        file.unlink()
    else:
        begin = 0 if where != "the middle" else file.stat().st_size // 3
        with file.open("r+b") as open_file:
            open_file.seek(begin)
            open_file.write(b"\xff" * (8192 if where == "the middle" else 100))
    if where != "the middle":
        with pytest.raises(NoMirror, match="damaged"):
            memory.reader.picture()
    assert memory.pull() is Pulled.SNAPSHOT
    assert memory.reader.item(B1) is not None
    assert memory.generations.numbers() == [memory.generations.live()]


def test_what_a_reader_leaves_behind_of_a_generation_goes_too(memory: Memory) -> None:
    memory.pull()
    stray = memory.generations.lock_file(7)
    stray.touch()
    memory.generations.damaged_file(8).touch()
    memory.pull()
    assert memory.generations.numbers() == [1]


def test_damage_that_only_a_reader_finds_is_noted_for_the_pull(memory: Memory) -> None:
    memory.pull()
    with closing(sqlite3.connect(memory.live_file())) as db:
        db.execute("UPDATE item SET body = zeroblob(100)")
        db.commit()
    with pytest.raises(NoMirror, match="damaged"):
        memory.reader.item(B1)
    assert memory.pull() is Pulled.SNAPSHOT
    assert memory.reader.item(B1) is not None


def test_a_row_that_is_put_in_the_place_of_another_does_not_open(memory: Memory) -> None:
    memory.store.change("item", "B2", item("B2"))
    memory.pull()
    with closing(sqlite3.connect(memory.live_file())) as db:
        db.execute("UPDATE item SET body = (SELECT body FROM item WHERE key <> i.key) FROM item i WHERE i.id = item.id")
        db.commit()
    with pytest.raises(NoMirror, match="damaged"):
        memory.reader.item(B1)


def test_another_key_opens_nothing(memory: Memory) -> None:
    memory.pull()
    stolen = Mirror(memory.generations.folder, lambda: MirrorKey(bytes(32)))
    with pytest.raises(NoMirror, match="key"):
        stolen.picture()
    stolen.close()


def test_without_the_key_the_files_say_nothing(memory: Memory) -> None:
    memory.store.change("patron", "bert", patron("bert", ("29401000075801",), language="nl-special"))
    memory.pull()
    written = b"".join(one.read_bytes() for one in memory.generations.folder.iterdir())
    for plain in (b"29401000075801", b"nl-special", b"Oeroeg", b"aa-en-hunze", KEY.key, KEY.key.hex().encode()):
        assert plain not in written


def test_a_row_that_is_gone_is_overwritten_on_the_disk(memory: Memory) -> None:
    memory.pull()
    with closing(sqlite3.connect(memory.live_file())) as db:
        (body,) = db.execute("SELECT body FROM item").fetchone()
    memory.store.change("item", "B1", None)
    memory.pull()
    written = b"".join(one.read_bytes() for one in memory.generations.folder.glob("mirror-*"))
    assert [at for at in range(0, len(body) - 12, 12) if body[at : at + 12] in written] == []


def test_only_one_process_pulls(memory: Memory) -> None:
    with memory.generations.alone():
        other = memory.generations.folder / "writer.lock"
        descriptor = os.open(other, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)


FULL_DISK = """
import resource, sys
from pathlib import Path
import tests.offline_cache.test_pull_faults as faults
memory = faults.Memory(Path(sys.argv[1]))
memory.pull()
memory.reader.picture()
for n in range(400):
    memory.store.change("patron", f"p{n}", faults.patron(f"p{n}", (f"2000000{n}",)))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    memory.pull(anew=sys.argv[3] == "snapshot")
except faults.CannotPull as fault:
    print(fault.why)
picture = memory.reader.picture()
print(picture.seq, memory.reader.item(faults.B1).barcode, len(memory.generations.numbers()))
print(sorted(one.name for one in memory.generations.folder.glob("incoming*")))
"""


@pytest.mark.parametrize(("limit", "how"), [(100, "snapshot"), (60_000, "snapshot"), (60_000, "pages")])
def test_a_full_disk_leaves_the_old_mirror_and_gives_way_to_the_journal(tmp_path: Path, limit: int, how: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path, str(limit), how], capture_output=True, text=True, check=False,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    why, after, incoming = ran.stdout.splitlines() or ["", "", ran.stderr]
    assert why.startswith(("file: EFBIG", "database: SQLITE_FULL", "database: SQLITE_IOERR")), ran.stdout
    assert (after, incoming) == ("3 B1 1", "[]")


def test_a_version_never_falls_and_a_page_goes_in_whole_or_not_at_all(memory: Memory) -> None:
    memory.pull()
    with closing(MirrorFile(memory.live_file(), KEY)) as mirror:
        cursor = mirror.cursor()
        puller_page = _page(memory, cursor)
        mirror.apply(puller_page)
        with pytest.raises(OutOfOrder):  # told twice
            mirror.apply(puller_page)
        older = _page(memory, mirror.cursor(), ver=1, emailed=True)
        mirror.apply(older)
        broken = _page(memory, mirror.cursor(), ver=99, branch=b"{}")
        with pytest.raises(ValueError, match="network"):
            mirror.apply(broken)
        assert mirror.cursor() != f"{broken.generation}:{broken.seq}"
    with closing(sqlite3.connect(memory.live_file())) as db:
        assert db.execute("SELECT MAX(ver) FROM patron").fetchone() == (50,)


def _page(memory: Memory, since: str, ver: int = 50, branch: bytes | None = None, **more: Any) -> Page:
    body = patron("anna", ("20000000000014",), **more)
    rows = [Row("patron", body["ref"], ver, patron=msgspec.Raw(wire.dumps(body)))]
    if branch is not None:
        rows.append(Row("network", "", ver, here=msgspec.Raw(branch), zone="Europe/Amsterdam"))
    generation, _, seq = since.rpartition(":")
    as_of = AsOf(memory.store.now, Told("boot", 1, ClockState.FREE))
    return Page(since, generation, int(seq) + 1, rows, 0, as_of)
