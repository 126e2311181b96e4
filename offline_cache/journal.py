"""The journal: every request is written and fsynced here before it leaves, every answer before it is shown.

House decisions 1 and 3: a dense sequence, one EventId an act, one writer. WAL, synchronous=FULL: one fsync a commit.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from circulation.events import Action, Event, Kind
from circulation.identifiers import EventId, ItemBarcode, KioskId
from circulation.outcomes import CheckedOut, Refused, Voided
from circulation.presented import Presented
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
        with _as_fault("cannot be opened"), ExitStack() as on_fault:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = _locked(path.with_name(path.name + ".lock"))
            on_fault.callback(self._lock_file.close)
            self._db = _opened(path, was_here=bool(self._lock_file.read(1)))
            on_fault.callback(self._db.close)
            self._adopt()
            _check(self._db)
            _remember(self._lock_file)
            on_fault.pop_all()

    def close(self) -> None:
        """Lets go of the file; what was written stays. Everything but another `close` is a JournalFault from now on."""
        with self._mutex:
            self._db.close()
            self._lock_file.close()

    def append(self, action: Action, presented: Presented, item: ItemBarcode, at: datetime) -> Event:
        """Writes down that the kiosk is about to ask, and gives the event its number and its identity. `at` is UTC."""
        from circulation import wire  # late, here and below: the first picture need not wait for it

        with self._writing() as db:
            (last,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM event").fetchone()
            event = Event(self._new_id(), self._kiosk, last + 1, Kind.REQUEST, action, presented, item, at)
            body = self._seal.close_up(wire.dumps(wire.encode(event)), self._place(event.seq, "body"))
            db.execute("INSERT INTO event (seq, event_id, body) VALUES (?, ?, ?)", (event.seq, event.id, body))
        return event

    def answered(self, event: Event, answer: Answer) -> None:
        """Writes down the library system's answer; the event needs no more delivery."""
        from circulation import wire

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

    def probe(self) -> None:
        """Raises JournalFault unless something can be written down now: the proof is sealed anew."""
        sealed = self._seal.close_up(_PROOF, self._place(0, "proof"))
        with self._writing() as db:
            db.execute("UPDATE journal SET proof = ?", (sealed,))

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
        from circulation import wire

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
            if self._db.execute("SELECT 1 FROM event").fetchone():
                raise JournalFault("the journal does not say whose it is")
            sealed = self._seal.close_up(_PROOF, self._place(0, "proof"))
            self._db.execute("INSERT INTO journal VALUES (1, ?, ?)", (self._kiosk, sealed))
        elif row[0] != self._kiosk or self._seal.open(row[1], self._place(0, "proof")) != _PROOF:
            raise JournalFault("the journal belongs to another kiosk")

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
    except (sqlite3.Error, OSError, SealBroken, ValueError) as fault:
        raise JournalFault(f"the journal {what}: {type(fault).__name__}") from fault


def _locked(path: Path) -> BinaryIO:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JournalFault("the journal is in use by another process") from None
    return file


def _remember(lock_file: BinaryIO) -> None:
    """Notes beside the journal that there is one, so that a lost or emptied file is not begun anew in silence."""
    if lock_file.seek(0, os.SEEK_END) == 0:
        lock_file.write(b"begun\n")
        os.fsync(lock_file)


def _check(db: sqlite3.Connection) -> None:
    """Finds damage that would hide an event from `undelivered`; takes 0.3 s for 50,000 events."""
    (sound,) = db.execute("PRAGMA quick_check(1)").fetchone()
    numbers = "SELECT COUNT(*), COALESCE(MAX(seq), 0), COALESCE(SUM(state IN ('open', 'given_up')), 0) FROM event"
    count, last, waiting = db.execute(f"{numbers} NOT INDEXED").fetchone()
    indexed = "SELECT COUNT(*) FROM event INDEXED BY event_undelivered WHERE state IN ('open', 'given_up')"
    (listed,) = db.execute(indexed).fetchone()
    if sound != "ok" or count != last or waiting != listed:
        raise JournalFault("the journal is damaged")


def _opened(path: Path, *, was_here: bool) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC | (0 if was_here else os.O_CREAT), 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        _prepare(db, was_here)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, was_here: bool) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, SCHEMA_VERSION):
        raise JournalFault("the journal was written by another release")
    if version == 0 and was_here:
        raise JournalFault("the journal is gone, and there was one")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if version == 0:
        script = (Path(__file__).parent / "schema" / "0001_journal.sql").read_text("utf-8")
        db.executescript(f"BEGIN;{script};PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
