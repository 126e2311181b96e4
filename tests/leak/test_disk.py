"""What a stolen disk yields at key levels a and b: nothing of anybody, whenever the kiosk and the pull were killed."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from circulation import wire
from circulation.identifiers import ItemBarcode
from membership_store.demo import writer
from membership_store.pins import hashed
from offline_cache.sealing import Seal
from tests.leak.__main__ import LEVEL_A, OFFLINE
from tests.leak.searching import forms, found_in
from tests.membership_store.running import ROOT, Demo, StoreProcess, new_kiosk, plain_books, run
from tests.offline_cache.mirrors import Rig

pytestmark = pytest.mark.timeout(300)
NAME, SURNAME, MAIL, STREET = "Wilhelmientje", "Quaedvlieg", "w.quaedvlieg@example.org", "Zonnebloemstraat"
RIGHT_PIN, WRONG_PIN = "730519428661", "846027395118"  # long, so that neither stands anywhere by chance
WITH_PIN = ("pin", "document")
SHOWN = (*WITH_PIN, "anna", "zoe", "fatima", "month-paid", "two-memberships", "school", "blocked")
LIVES, VISITS = 4, 12
OFFLINE_LIFE = 2  # of level b: booted without a line, so that nothing can be read and returns are taken


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, its first patrons with names that stand nowhere else, and with a PIN that nobody else has."""
    folder = tmp_path_factory.mktemp("planted")
    done = run("demo-data", "--database", folder / "store.db", "--out", folder, "--branch", writer.DEFAULT_BRANCH)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(folder / "store.db")) as db:
        db.execute("UPDATE patron SET first_name = ? WHERE erased_at IS NULL", (NAME,))
        db.execute("UPDATE pin SET hash = ?", (hashed(RIGHT_PIN),))
        db.execute("UPDATE person SET surname = ?, email = ?, street = ?", (SURNAME, MAIL, STREET))
        db.commit()
    return Demo.read(folder)


@pytest.fixture
def keys() -> Iterator[Path]:
    """A memory file system, where both levels have their keys."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        pytest.skip("no file system in memory here")
    folder = shared / f"kiosk-keys-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


def visits(demo: Demo, books: Iterator[ItemBarcode], shown: tuple[str, ...] = SHOWN) -> str:
    """A day: the line goes in the middle and comes back. Each third of it begins with PINs."""
    day = []
    for n in range(VISITS):
        up, typing = not VISITS // 3 <= n < VISITS * 2 // 3, n % (VISITS // 3) < len(WITH_PIN)
        name = WITH_PIN[n % (VISITS // 3)] if typing else random.choice(shown)
        pin = (RIGHT_PIN, WRONG_PIN)[n % 2] if name in WITH_PIN else ""
        line = {"presented": wire.encode(demo.shown(name)), "pin": pin, "item": next(books), "up": up}
        day.append(json.dumps(line | {"back": random.random() < 0.3}) + "\n")
    return "".join(day)


def killed(command: list[str], after_s: float, environment: dict[str, str]) -> str:
    """Runs it and kills it, unless it is over; what it said."""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate()
    return said


@pytest.mark.system
@pytest.mark.parametrize("level", ["a", "b"])
def test_nothing_of_anybody_is_on_the_disk(level: str, demo: Demo, keys: Path, tmp_path: Path) -> None:
    folder, behind = tmp_path / "kiosk", tmp_path / "store"
    (folder / "tmp").mkdir(parents=True)
    behind.mkdir()
    store = StoreProcess(Path(shutil.copy(demo.folder / "store.db", behind / "store.db")))
    try:
        rig = Rig(folder, store, new_kiosk(store.database, store.url, f"leak-{level}"))
        config = rig.config
        text = config.read_text("utf-8").replace("keys/mirror.key", f"{keys}/mirror.key")
        config.write_text(text.replace('"kiosk.token"', f'"{keys}/kiosk.token"'))
        shutil.move(folder / "kiosk.token", keys / "kiosk.token")  # as the service manager hands it over
        if level == "a":  # sealed to the device, unsealed by the service manager into memory before the start
            (keys / "mirror.key").write_text(masking_key(store.database))
            (keys / "journal.key").write_bytes(secrets.token_bytes(32))
            (keys / LEVEL_A).touch()
        books = plain_books(store.database)
        lent: list[str] = []
        environment = os.environ | {"TMPDIR": str(folder / "tmp"), "SQLITE_TMPDIR": str(folder / "tmp")}
        pull = [sys.executable, "-m", "offline_cache", "pull", "--config", str(config), "--once"]
        kiosk = [sys.executable, "-m", "tests.leak", str(config), str(keys), str(tmp_path / "visits")]
        said = ""
        killed(pull, random.uniform(0.5, 0.9), environment)  # mostly in the middle of its snapshot
        for life in range(LIVES):
            offline = level == "b" and life == OFFLINE_LIFE
            if level == "b":  # the machine is booted: what was in memory is gone
                for name in ("mirror.key", "journal.key", OFFLINE):
                    (keys / name).unlink(missing_ok=True)
            if offline:
                (keys / OFFLINE).touch()
            else:
                killed(pull, 20, environment)
            day = visits(demo, books)
            lent += [json.loads(line)["item"] for line in day.splitlines()]
            (tmp_path / "visits").write_text(day)
            whole = life == LIVES - 1 or offline
            said += killed(kiosk, 15 if whole else random.uniform(1.0, 4.0), environment)
    finally:
        store.stop()
    assert said.count("CheckedOut") > 5, said
    assert said.count("pin identified") > 1, said
    assert said.count("pin refused") > 1, said
    secret = rig.caller.token.rpartition(".")[2]
    typed = [RIGHT_PIN, WRONG_PIN, secret]
    assert list(found_in(behind, typed)) == []
    assert said.count("offline CheckedIn") == (VISITS if level == "b" else 0)
    planted = [NAME, SURNAME, MAIL, STREET, *lent, *identities(demo), masking_key(store.database), *typed]
    planted += hashes(store.database)
    assert (folder / "var" / "journal.db-wal").exists() or (folder / "var" / "journal.db").stat().st_size
    assert any((folder / "mirror").glob("mirror-*.db"))
    assert list(found_in(folder, planted)) == []


def hashes(database: object) -> list[str]:
    """What the store keeps of each PIN: who has it can try them all."""
    with closing(sqlite3.connect(str(database))) as db:
        found = [str(one) for (one,) in db.execute("SELECT hash FROM pin")]
    assert found
    return [one.rpartition("$")[2] for one in found]


def masking_key(database: object) -> str:
    """The consortium's key: whoever has it can count through the pass numbers."""
    with closing(sqlite3.connect(str(database))) as db:
        (key,) = db.execute("SELECT pass_key FROM feed_head WHERE consortium = 'demo-drenthe'").fetchone()
    return str(key)


def identities(demo: Demo) -> list[str]:
    """Every number and UID of the drawer, and every title of which somebody has a copy."""
    numbers = {str(one[what]) for one in demo.passes.values() for what in ("number", "ndef", "uid") if one.get(what)}
    with closing(sqlite3.connect(demo.folder / "store.db")) as db:
        titles = db.execute("SELECT DISTINCT t.name FROM title t JOIN item i ON i.title = t.title").fetchall()
    return sorted(numbers) + [name for (name,) in titles if len(name) > 7]


def test_an_identity_in_any_form_is_found(tmp_path: Path) -> None:
    for number, way in enumerate(forms("29401000075801").values()):
        (tmp_path / f"file-{number}").write_bytes(secrets.token_bytes(50) + way + secrets.token_bytes(50))
    assert len({one.split(":")[0] for one in found_in(tmp_path, ["29401000075801"])}) == number + 1
    uid = tmp_path / "uid"
    uid.mkdir()
    (uid / "raw").write_bytes(b"..." + bytes.fromhex("04A1B2C3D4E5F6"))
    assert list(found_in(uid, ["04A1B2C3D4E5F6"])) == ["raw: planted 0, bytes"]


def test_a_column_that_is_not_sealed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.offline_cache.journals import SHOWN, append, open_journal

    class Open(Seal):
        def close_up(self, plain: bytes, place: str) -> bytes:
            return super().close_up(b"", place) + plain

    append(open_journal(tmp_path / "sealed" / "journal.db"))
    assert list(found_in(tmp_path, [str(SHOWN.number)])) == []
    monkeypatch.setattr("tests.offline_cache.journals.Seal", Open)
    append(open_journal(tmp_path / "open" / "journal.db"))
    assert list(found_in(tmp_path, [str(SHOWN.number)])) != []


@pytest.mark.system
def test_the_count_in_the_memory_of_an_idle_kiosk_is_told(
    demo: Demo, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only reported: what Python has freed stays until it is used anew; no core is ever dumped."""
    folder = tmp_path / "kiosk"
    folder.mkdir()
    store = StoreProcess(Path(shutil.copy(demo.folder / "store.db", tmp_path / "store.db")))
    try:
        config = Rig(folder, store, new_kiosk(store.database, store.url, "leak-memory")).config
        anna = demo.shown("anna")
        (tmp_path / "visits").write_text(visits(demo, plain_books(store.database), ("anna",)))
        kiosk = [sys.executable, "-m", "tests.leak", str(config), str(keys), str(tmp_path / "visits")]
        with subprocess.Popen(kiosk, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            until = time.monotonic() + 60
            while process.stdout.readline() != "over\n":
                assert time.monotonic() < until
            count = in_memory(process.pid, [str(one) for one in (anna.number, anna.uid) if one])
            pins = in_memory(process.pid, [RIGHT_PIN, WRONG_PIN])
            limits = Path(f"/proc/{process.pid}/limits").read_text("ascii")
            process.kill()
    finally:
        store.stop()
    with capsys.disabled():
        print(f"\n  identities in the memory of the idle process after {VISITS} visits: {count}, PINs: {pins}")
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


def in_memory(process: int, planted: list[str]) -> int:
    """How often one of these stands in the writable memory of a process, in the clear."""
    count = 0
    with Path(f"/proc/{process}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text("ascii").splitlines():
            place, rights = line.split()[:2]
            begin, end = (int(one, 16) for one in place.split("-"))
            if rights.startswith("rw"):
                with suppress(OSError, ValueError):
                    memory.seek(begin)
                    content = memory.read(end - begin)
                    count += sum(content.count(one.encode()) for one in planted)
    return count
