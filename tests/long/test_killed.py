"""One file under everything at once, each process killed at random: kiosks, staff, `nightly`, `backup`, sweep.

Afterwards every page of the file fits, no item is lent twice, every balance of strips is what was booked on it, and
every EventId has the answer that it was given.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from circulation import identifiers as ids
from circulation.events import Action
from circulation.presented import Presented, Source
from membership_store.staff.credentials import Role
from tests.membership_store.running import (
    LIMIT_S,
    ROOT,
    Answer,
    Caller,
    StoreProcess,
    command,
    new_kiosk,
    plain_books,
    run,
)
from tests.membership_store.staff.desk import Clerk, application, new_clerk, new_event

SECONDS, KIOSKS, BOOKS, PATRONS = 90, 8, 40, 40
SWEEPING = (
    "import sys, pathlib\nfrom membership_store.sqlite_database import SqliteDatabase\n"
    "database = SqliteDatabase(pathlib.Path(sys.argv[1]))\nwhile True:\n    database.sweep()\n"
)
NET = "SELECT membership, balance - overdrawn FROM strips"
BOOKED = "SELECT membership, strips, entry FROM strips_entry"
LENT = "SELECT membership, loan FROM loan WHERE membership IS NOT NULL"


@dataclass
class Mortal:
    """A store that is killed and begun anew; whoever asks it asks until it answers."""

    database: Path
    over: threading.Event = field(default_factory=threading.Event)
    lives: int = 0

    def __post_init__(self) -> None:
        self.now = StoreProcess(self.database)

    def kill(self) -> None:
        """Ends it without a word, and begins the next."""
        self.now.stop(signal.SIGKILL)
        self.now, self.lives = StoreProcess(self.database), self.lives + 1

    def until_answered(self, asker: Caller | Clerk, ask: Any) -> Any:
        """The answer, however often it has to be asked for."""
        until = time.monotonic() + LIMIT_S
        while True:
            asker.url = self.now.url
            try:
                status, body = ask()
                if status != 503:
                    assert status == 200, (status, body)
                    return body
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                pass
            assert time.monotonic() < until, "never answered"
            time.sleep(0.02)


def visits(
    store: Mortal, kiosk: Caller, passes: list[str], books: list[Any], told: list[tuple[dict[str, Any], bytes]]
) -> None:
    """Borrows and returns, by chance."""
    while not store.over.is_set():
        book = random.choice(books)
        shown = Presented(Source.BARCODE, ids.pass_number(random.choice(passes)))
        lends = random.random() < 0.5
        act = kiosk.act(Action.CHECK_OUT, shown, book) if lends else kiosk.act(Action.CHECK_IN, None, book)
        told.append((act, store.until_answered(kiosk, lambda act=act: kiosk.tell(act))))


def at_the_desk(store: Mortal, clerk: Clerk) -> None:
    """Enrols, corrects strips, erases (which sweeps)."""

    def done(path: str, **given: Any) -> dict[str, Any]:
        event = new_event()
        said = store.until_answered(clerk, lambda: clerk.tell(path, event, **given))
        assert said["outcome"] == "done", said
        return dict(said)

    while not store.over.is_set():
        new = done("patrons/enrol", **application("1991-01-01"))
        done("strips/book", patron=new["patron"], membership=new["membership"], strips=random.randint(1, 9))
        if random.random() < 0.5:
            done("patrons/erase", patron=new["patron"])


def beside_it(store: Mortal, *arguments: str | Path, ended: list[int]) -> None:
    """A command beside the server, again and again, mostly killed on its way."""
    for turn in range(10_000):
        if store.over.is_set():
            return
        given = [str(one).replace("TURN", str(turn)) for one in arguments]
        with subprocess.Popen(given, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as one:
            try:
                _, said = one.communicate(timeout=random.choice((0.5, 1.0, 2.0, 4.0, LIMIT_S)))
                assert one.returncode == 0, (given[3], said[-400:])
                ended.append(turn)
            except subprocess.TimeoutExpired:
                one.kill()


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the file, without any code of the store."""
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute(sql).fetchall()


def balances(file: Path) -> tuple[dict[str, int], set[str], set[str]]:
    """What stands on each balance, and what was booked and lent so far."""
    return dict(rows(file, NET)), {row[2] for row in rows(file, BOOKED)}, {row[1] for row in rows(file, LENT)}


def off_balance(file: Path, before: tuple[dict[str, int], set[str], set[str]]) -> dict[str, tuple[int, int]]:
    """Balances that are not what was there, and booked, less what was lent: as they are, as they should be."""
    start, booked, lent = before
    should: Counter[str] = Counter(start)
    for membership, strips, entry in rows(file, BOOKED):
        should[membership] += 0 if entry in booked else strips
    for membership, loan in rows(file, LENT):
        should[membership] -= 0 if loan in lent else 1
    return {key: (net, should[key]) for key, net in rows(file, NET) if net != should[key]}


@pytest.fixture
def store(tmp_path: Path) -> Mortal:
    """A store over a demo of its own, whose first night is over."""
    file = tmp_path / "store.db"
    for words in (("demo-data", "--out", str(tmp_path)), ("nightly",)):
        done = run(words[0], "--database", file, *words[1:])
        assert done.returncode == 0, done.stderr
    return Mortal(file)


@pytest.mark.long(minutes=3)
@pytest.mark.timeout(600)
def test_nothing_is_broken_or_half_done_after_every_process_was_killed_at_random(store: Mortal, tmp_path: Path) -> None:
    file, before = store.database, balances(store.database)
    some = "SELECT MIN(number) FROM pass WHERE status = 'active' AND consortium = 'demo-drenthe' GROUP BY patron"
    passes = [number for (number,) in rows(file, some)][:PATRONS]
    books = [book for book, _ in zip(plain_books(file), range(BOOKS), strict=False)]
    kiosks = [new_kiosk(file, store.now.url, f"mortal-{n}") for n in range(KIOSKS)]
    told: list[list[tuple[dict[str, Any], bytes]]] = [[] for _ in kiosks]
    nights: list[int] = []
    copies: list[int] = []
    faults: list[BaseException] = []

    def watched(work: Any, *given: Any, **named: Any) -> threading.Thread:
        def go() -> None:
            try:
                work(store, *given, **named)
            except BaseException as fault:
                faults.append(fault)
                store.over.set()

        return threading.Thread(target=go)

    nightly = command("nightly", "--database", file)
    backup = command("backup", "--database", file, "--out", tmp_path / "copy-TURN.db")
    threads = [
        *(watched(visits, kiosk, passes, books, mine) for kiosk, mine in zip(kiosks, told, strict=True)),
        watched(at_the_desk, new_clerk(file, store.now.url, Role.MANAGER, None)),
        watched(beside_it, *nightly, ended=nights),
        watched(beside_it, *backup, ended=copies),
        watched(beside_it, sys.executable, "-c", SWEEPING, str(file), ended=[]),
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not store.over.wait(random.uniform(1.0, 4.0)):
        store.kill()
    store.over.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert not faults, faults
    print(store.lives, "lives", sum(map(len, told)), "acts", len(nights), "nights", len(copies), "copies")
    _every_answer_again(store, kiosks, told)
    store.now.stop(signal.SIGKILL)
    for one in (file, *(tmp_path / f"copy-{turn}.db" for turn in copies)):
        assert rows(one, "PRAGMA integrity_check") == [("ok",)]
        assert rows(one, "PRAGMA foreign_key_check") == []
        twice = (
            "SELECT item FROM loan NOT INDEXED WHERE returned_at IS NULL GROUP BY consortium, item HAVING COUNT(*) > 1"
        )
        assert rows(one, twice) == []
        assert off_balance(one, before) == {}
    assert min(store.lives, len(nights), len(copies)) > 0


def _every_answer_again(store: Mortal, kiosks: list[Caller], told: list[list[tuple[dict[str, Any], bytes]]]) -> None:
    """Every event has its answer, without a hole in the sequence, and gives it again byte for byte."""
    for kiosk, mine in zip(kiosks, told, strict=True):
        kiosk.url = store.now.url
        kept = store.now.rows("SELECT seq FROM event_answer WHERE kiosk = ? ORDER BY seq", kiosk.kiosk.id)
        assert [seq for (seq,) in kept] == list(range(1, len(mine) + 1))
        for act, first in random.sample(mine, min(len(mine), 100)):
            again: Answer = kiosk.tell(act)
            assert again == (200, first)
