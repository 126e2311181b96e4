"""The journal: every request is written and fsynced here before it leaves, every answer before it is shown.

House decisions 1 and 3: a dense sequence, one EventId an act, one writer. WAL, synchronous=FULL: one fsync a commit.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import cast

from circulation import wire
from circulation.events import Action, Event, Kind
from circulation.identifiers import EventId, ItemBarcode, KioskId
from circulation.model import Presented
from circulation.outcomes import CheckedOut, Refused, Voided
from offline_cache.sealing import Seal, SealBroken

Answer = CheckedOut | Refused | Voided
_PROOF = b"this journal and this key belong together"
SCHEMA_VERSION = 1


class JournalFault(Exception):
    """The journal cannot be used; the kiosk must not lend. It is never recreated silently."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with what became of it. `unclear` counts answers that could not be understood."""

    event: Event
    state: str
    unclear: int = 0
    answer: Answer | None = None


class Journal:
    """What one kiosk did. Every method that writes has committed and fsynced when it returns.

    Raises JournalFault where the file cannot be opened, written or unsealed. Safe to call from several threads.
    """

    def __init__(self, path: Path, seal: Seal, kiosk: KioskId, new_id: Callable[[], EventId]) -> None:
        self._seal, self._kiosk, self._new_id = seal, kiosk, new_id
        self._mutex = threading.Lock()
        with _as_fault("cannot be opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = _locked(path.with_name(path.name + ".lock"))
            self._db = _opened(path)
            self._adopt()

    def close(self) -> None:
        """Lets go of the file; what was written stays."""
        with self._mutex:
            self._db.close()
            os.close(self._lock_file)

    def append(self, action: Action, presented: Presented, item: ItemBarcode, at: datetime) -> Event:
        """Writes down that the kiosk is about to ask, and gives the event its number and its identity. `at` is UTC."""
        with self._writing() as db:
            (last,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM event").fetchone()
            event = Event(self._new_id(), self._kiosk, last + 1, Kind.REQUEST, action, presented, item, at)
            body = self._seal.close_up(wire.dumps(wire.encode(event)), self._place(event.seq, "body"))
            db.execute("INSERT INTO event (seq, event_id, body) VALUES (?, ?, ?)", (event.seq, event.id, body))
        return event

    def answered(self, event: Event, answer: Answer) -> None:
        """Writes down the library system's answer; the event needs no more delivery."""
        state = "voided" if isinstance(answer, Voided) else "answered"
        sealed = self._seal.close_up(wire.dumps(wire.encode_answer(answer)), self._place(event.seq, "outcome"))
        self._set(event, "state = ?, outcome = ?", (state, sealed))

    def give_up(self, event: Event) -> None:
        """The request certainly never left and will not be sent; a void will close its place in the sequence."""
        self._set(event, "state = ?", ("given_up",))

    def unclear(self, event: Event) -> int:
        """Counts an answer that could not be understood; returns how many there were for this event."""
        self._set(event, "unclear = unclear + 1", ())
        return self.entry(event.seq).unclear

    def settle(self, event: Event) -> None:
        """Hands the event to staff: delivering it again can only fail again. It stays in the journal."""
        self._set(event, "state = ?", ("settled",))

    def undelivered(self) -> list[Event]:
        """What must still be told, in sequence: open requests as requests, given-up ones as voids."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT seq, body, state, unclear, outcome FROM event WHERE state IN ('open', 'given_up') ORDER BY seq"
            ).fetchall()
        entries = [self._entry(row) for row in rows]
        return [one.event.as_kind(Kind.VOID) if one.state == "given_up" else one.event for one in entries]

    def entry(self, seq: int) -> Entry:
        """The event of that number. Raises JournalFault where there is none."""
        with self._reading() as db:
            row = db.execute("SELECT seq, body, state, unclear, outcome FROM event WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise JournalFault(f"no event {seq}")
        return self._entry(row)

    def counts(self) -> dict[str, int]:
        """How many events stand in each state, for the log and for staff."""
        with self._reading() as db:
            return dict(db.execute("SELECT state, COUNT(*) FROM event GROUP BY state").fetchall())

    def _set(self, event: Event, what: str, values: tuple[object, ...]) -> None:
        with self._writing() as db:
            changed = db.execute(f"UPDATE event SET {what} WHERE seq = ?", (*values, event.seq)).rowcount  # noqa: S608
        if changed != 1:
            raise JournalFault(f"no event {event.seq}")

    def _entry(self, row: tuple[int, bytes, str, int, bytes | None]) -> Entry:
        seq, body, state, unclear, outcome = row
        with _as_fault("cannot be read"):
            event = wire.decode_event(wire.loads(self._seal.open(body, self._place(seq, "body"))))
            if outcome is None:
                return Entry(replace(event, seq=seq), state, unclear)
            plain = wire.loads(self._seal.open(outcome, self._place(seq, "outcome")))
            answer = cast("Answer", wire.decode_answer(plain, CheckedOut, Refused, Voided))
            return Entry(replace(event, seq=seq), state, unclear, answer)

    def _place(self, seq: int, column: str) -> str:
        return f"journal/{self._kiosk}/{seq}/{column}"

    def _adopt(self) -> None:
        row = self._db.execute("SELECT kiosk, proof FROM journal").fetchone()
        if row is None:
            sealed = self._seal.close_up(_PROOF, self._place(0, "proof"))
            self._db.execute("INSERT INTO journal VALUES (1, ?, ?)", (self._kiosk, sealed))
        elif row[0] != self._kiosk or self._seal.open(row[1], self._place(0, "proof")) != _PROOF:
            raise JournalFault("belongs to another kiosk")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._mutex, _as_fault("cannot be written"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._mutex, _as_fault("cannot be read"):
            yield self._db


@contextmanager
def _as_fault(what: str) -> Iterator[None]:
    """The causes are kept out of the sentence: they may hold a path or a value."""
    try:
        yield
    except JournalFault:
        raise
    except (sqlite3.Error, OSError, SealBroken, wire.WireError) as fault:
        raise JournalFault(f"the journal {what}: {type(fault).__name__}") from fault


def _locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise JournalFault("the journal is in use by another process") from None
    return handle


def _opened(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise JournalFault("the journal was written by a newer release")
    if version == 0:
        script = resources.files("offline_cache").joinpath("schema/0001_journal.sql").read_text("utf-8")
        db.executescript(f"BEGIN;{script};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
    return db
