"""What the store's tests run and ask: a real server process over HTTP, kiosks of their own, the demo's data."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import pytest
import requests

from circulation import identifiers as ids
from circulation import wire
from circulation.events import Action, Event, Kind, Payment
from circulation.identifiers import ItemBarcode
from circulation.presented import Presented, Source
from membership_store.cli import program
from membership_store.credentials import Kiosk, add_kiosk
from membership_store.database import Row, Value
from membership_store.opening import Spec, open_database

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0
DRENTHE, ANNEN = "demo-drenthe", "9401"
PATHS = {
    "check_out": "/v1/checkouts",
    "check_in": "/v1/checkins",
    "renew": "/v1/renewals",
    "renew_all": "/v1/renewals",
    "pay": "/v1/payments",
    "end_visit": "/v1/visit-ends",
}
Answer = tuple[int, bytes]


def eventually(what: str, true: Callable[[], bool]) -> None:
    """Wait until `true()`; fails with `what` after a generous limit."""
    until = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.01)


def command(*arguments: str | Path) -> list[str]:
    """The command line of the store."""
    return [sys.executable, "-m", "membership_store", *map(str, arguments)]


def run(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command of the store to its end, within this process but for `serve`; `given`: what stands on its input.

    A start of Python costs more than most commands do. That the program is one, tell `run_process` and `StoreProcess`.
    """
    told = [str(one) for one in arguments]
    if told[:1] == ["serve"]:
        return run_process(*told, given=given)
    out, err, root = io.StringIO(), io.StringIO(), logging.getLogger()
    level = root.level
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        patch.setattr(root, "handlers", [])
        try:
            code = program.main(told)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
        finally:
            root.setLevel(level)  # a command sets it for its process
    return subprocess.CompletedProcess(command(*told), code, out.getvalue(), err.getvalue())


def run_process(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command of the store as a process of its own, to its end."""
    return subprocess.run(
        command(*arguments), cwd=ROOT, input=given, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


class StoreProcess:
    """`serve` as a process of its own on a free port; its log is kept."""

    def __init__(self, database: Spec, *prefix: str) -> None:
        self.database = database
        self.log_file = log_of(database)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *command("serve", "--database", database, "--listen", "127.0.0.1:0", *self._spool())],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        watchdog = threading.Timer(LIMIT_S, self.process.kill)
        watchdog.start()
        ready = self.process.stdout.readline() if self.process.stdout else ""
        watchdog.cancel()
        assert ready.startswith("ready http://127.0.0.1:"), self.log_file.read_text("utf-8")
        self.url = ready.split()[1]

    def _spool(self) -> tuple[str | Path, ...]:
        """Beside its log, where it would not lie beside its file."""
        return () if isinstance(self.database, Path) else ("--spool", self.log_file.with_suffix(".spool"))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(LIMIT_S)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Rows of its database, as committed."""
        with closing(open_database(self.database)) as opened:
            return opened.read(lambda session: session.rows(sql, *values))

    def change(self, sql: str, *values: Value) -> None:
        """Changes its database behind its back, as another process may."""
        with closing(open_database(self.database)) as opened:
            opened.write(lambda session: session.run(sql, *values))


def log_of(database: Spec) -> Path:
    """Where the log of a server over that database is kept: beside the file, or beside the server's socket."""
    if isinstance(database, Path):
        return database.with_suffix(".log")
    name, _, options = database.partition("///")[2].partition("?")
    return Path(parse_qs(options)["host"][0]) / f"{name}.log"


@dataclass
class Caller:
    """A kiosk that asks the store. It counts its own sequence as a kiosk does: one number for each new event."""

    url: str
    kiosk: Kiosk
    token: str
    seq: int = 0
    session: requests.Session = field(default_factory=requests.Session)

    def event(
        self, presented: Presented, item: ItemBarcode, kind: Kind = Kind.REQUEST, **changes: Any
    ) -> dict[str, Any]:
        """The next event, as JSON data."""
        self.seq += 1
        plain = cast(dict[str, Any], wire.encode(new_event(self.kiosk.id, self.seq, presented, item, kind)))
        return plain | changes

    def post(self, path: str, data: object, **headers: str) -> Answer:
        """Sends JSON with the credential."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        answer = self.session.post(self.url + path, body, headers=sent, timeout=LIMIT_S)
        return answer.status_code, answer.content

    def act(
        self,
        action: Action,
        presented: Presented | None = None,
        item: ItemBarcode | None = None,
        payment: Payment | None = None,
        kind: Kind = Kind.REQUEST,
    ) -> dict[str, Any]:
        """The next event, whatever is done, as JSON data."""
        self.seq += 1
        event = new_act(self.kiosk.id, self.seq, action, presented, item, payment, kind)
        return cast(dict[str, Any], wire.encode(event))

    def do(self, action: Action, *what: Any, **more: Any) -> dict[str, Any]:
        """The decoded answer to a new act (`act`)."""
        status, body = self.tell(self.act(action, *what, **more))
        assert status == 200, body
        return cast(dict[str, Any], json.loads(body))

    def ask(self, path: str, presented: Presented, **more: object) -> dict[str, Any]:
        """The decoded answer to a question about a pass."""
        status, body = self.post(path, {"presented": wire.encode(presented), **more})
        assert status == 200, body
        return cast(dict[str, Any], json.loads(body))

    def tell(self, data: Mapping[str, Any]) -> Answer:
        """Sends an event where its kind and its action belong."""
        return self.post("/v1/voids" if data["kind"] == "void" else PATHS[data["action"]], data)

    def borrow(self, presented: Presented, item: ItemBarcode) -> dict[str, Any]:
        """The decoded answer to a new request."""
        status, body = self.tell(self.event(presented, item))
        assert status == 200, body
        return cast(dict[str, Any], json.loads(body))


def new_act(
    kiosk: str,
    seq: int,
    action: Action,
    presented: Presented | None,
    item: ItemBarcode | None,
    payment: Payment | None,
    kind: Kind,
) -> Event:
    """Any event of now under a new EventId."""
    name = ids.new_event_id(time.time_ns() // 1_000_000, os.urandom(10))
    return Event(name, ids.KioskId(kiosk), seq, kind, action, presented, item, datetime.now(UTC), payment)


def new_event(kiosk: str, seq: int, presented: Presented, item: ItemBarcode, kind: Kind = Kind.REQUEST) -> Event:
    """An event of now under a new EventId."""
    name = ids.new_event_id(time.time_ns() // 1_000_000, os.urandom(10))
    return Event(name, ids.KioskId(kiosk), seq, kind, Action.CHECK_OUT, presented, item, datetime.now(UTC))


@dataclass(frozen=True)
class Demo:
    """A demo database with its drawer and pile, as the command line wrote them."""

    folder: Path
    passes: Mapping[str, Mapping[str, Any]]
    books: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> Demo:
        """The drawer and the pile of a folder."""
        drawer, pile = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("drawer", "pile"))
        return cls(folder, {one["name"]: one for one in drawer}, {one["name"]: one for one in pile})

    def shown(self, name: str) -> Presented:
        """How that pass is shown: by its chip where it has one."""
        one = self.passes[name]
        if one["uid"] is None:
            return Presented(Source.BARCODE, ids.pass_number(one["number"]))
        number = None if one["ndef"] is None else ids.pass_number(one["ndef"])
        return Presented(Source.CHIP, number, ids.chip_uid(one["uid"]))

    def book(self, name: str) -> ItemBarcode:
        """The barcode of that book of the pile."""
        return ids.item_barcode(self.books[name]["barcode"])


def new_kiosk(database: Spec, url: str, name: str, branch: str = ANNEN, consortium: str = DRENTHE) -> Caller:
    """Adds a kiosk to a database that may be in use, and gives whoever calls with its credential."""
    kiosk = Kiosk(consortium, name, branch)
    with closing(open_database(database)) as opened:
        token = opened.write(lambda session: add_kiosk(session, kiosk))
    return Caller(url, kiosk, token)


def plain_books(database: Spec, institution: str = "aa-en-hunze") -> Iterator[ItemBarcode]:
    """Items of an institution that anybody may borrow, the last put on the shelf first."""
    plain = (
        "SELECT i.item FROM item i WHERE i.institution = ? AND i.status = 'lendable'"
        " AND NOT EXISTS (SELECT 1 FROM loan l WHERE l.consortium = i.consortium AND l.item = i.item)"
        " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.consortium = i.consortium AND h.item = i.item)"
        " ORDER BY i.item DESC"
    )
    with closing(open_database(database)) as opened:
        rows = opened.read(lambda session: session.rows(plain, institution))
    return iter([ItemBarcode(one) for (one,) in rows])
