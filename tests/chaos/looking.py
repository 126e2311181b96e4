"""Looks at a whole product from outside: the store's database, the journal's command line, paper, log and process."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from offline_cache.cli_journal import status_by
from tests.chaos.oracle import Answer, Body, Loan, Look, Tag, last_screen
from tests.journeys.running import ROOT
from tests.journeys.whole_app import WholeApp

DELIVER_S = 60.0
_DONE = ("answered", "voided")
_LOANS = "SELECT loan, item, returned_at FROM loan"
_ANSWERS = "SELECT seq, outcome, body FROM event_answer WHERE kiosk = ?"
_BOOKS = (
    "SELECT i.item, t.name FROM item i JOIN title t ON t.consortium = i.consortium AND t.title = i.title"
    " WHERE i.institution = 'aa-en-hunze' AND i.status = 'lendable' AND length(t.name) < 30"
    " AND NOT EXISTS (SELECT 1 FROM loan l WHERE l.consortium = i.consortium AND l.item = i.item)"
    " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.consortium = i.consortium AND h.item = i.item)"
    " ORDER BY i.item"
)


class Looking:
    """Eyes on one product; what was lent before they opened is left out."""

    def __init__(self, app: WholeApp) -> None:
        self._app, self.store = app, app.run_dir / "store.db"
        self._kiosk = json.loads((app.run_dir / "branch.json").read_text("utf-8"))["kiosk"]
        self._before = {key for key, _, _ in self._rows(_LOANS)}
        self.titles = dict(self._rows(_BOOKS))

    def look(self, tags: Mapping[str, Tag], handled: frozenset[str], log: str) -> Look:
        """Everything as it is now; `log` is what the kiosk has said since the look before, `handled` what was laid down
        or scanned since."""
        journal = self.journal()
        loans = self._rows(_LOANS)
        answers = (
            Answer(seq, how, json.loads(body).get("item", "")) for seq, how, body in self._rows(_ANSWERS, self._kiosk)
        )
        seq = self._rows("SELECT last_seq FROM kiosk WHERE kiosk = ?", self._kiosk)
        return Look(
            loans={key: Loan(item, end is None) for key, item, end in loans if key not in self._before},
            out_before=frozenset(item for key, item, end in loans if key in self._before and end is None),
            answers=tuple(answers),
            last_seq=seq[0][0],
            journal_seq=journal["last_seq"],
            waiting=_waiting(journal),
            exceptions=journal["exceptions"],
            tags=dict(tags),
            handled=handled,
            receipts=tuple(one.read_text("utf-8") for one in self._app.bench.receipts()),
            log=log,
            screen=last_screen(self._app.since_start()) or "Rest",
            lives=self._app.kiosk_lives(),
        )

    def wait_delivered(self) -> None:
        """Until nothing waits in the journal, for a while; whether something does is for the oracle to say."""
        ends = time.monotonic() + DELIVER_S
        while _waiting(self.journal()) and time.monotonic() < ends:
            time.sleep(1.0)

    def listed(self) -> tuple[int, int]:
        """How many events `queue` and `exceptions` list, asked as staff ask."""
        assert json.loads(self._asked("status"))["journal"] == self.journal()
        queue, exceptions = (self._asked(one).splitlines()[-1] for one in ("queue", "exceptions"))
        return int(queue.removesuffix(" events")), int(exceptions.removesuffix(" events"))

    def journal(self) -> dict[str, Any]:
        """What `library-kiosk cache status` says of the journal, without a process for each question."""
        return status_by(self._app.config)

    def body(self) -> Body:
        """What the kiosk's process holds, from /proc."""
        place = Path("/proc") / str(self._app.kiosk_pid())
        status = (place / "status").read_text("ascii")
        memory = re.search(r"VmRSS:\s+(\d+) kB", status)
        open_ = _open(place / "fd")
        threads = sum(1 for _ in (place / "task").iterdir())
        return Body(threads, open_["files"], open_["fonts"], open_["sockets"], int(memory[1]) if memory else 0)

    def _asked(self, command: str) -> str:
        words = [sys.executable, "-m", "kiosk", "cache", command, "--config", str(self._app.config)]
        return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    def _rows(self, question: str, *values: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db:
            return db.execute(question, values).fetchall()


def _open(folder: Path) -> Counter[str]:
    """How many descriptors are open, by kind."""
    found = Counter[str]()
    for one in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed just now
            place = str(one.readlink())
            kind = (
                "sockets" if place.startswith("socket:") else "fonts" if place.endswith((".ttf", ".otf")) else "files"
            )
            found[kind] += 1
    return found


def _waiting(journal: Mapping[str, Any]) -> int:
    """How many of its events have no answer yet."""
    return sum(count for state, count in journal["states"].items() if state not in _DONE)
