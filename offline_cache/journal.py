"""The journal: every act is written and fsynced here before it leaves or is promised, every answer before it is shown.

House decisions 1 to 3: a dense sequence, one EventId an act, one writer. One sync an act (journal_books).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from circulation.events import Action, ClockState, Event, Kind, Payment, Told
from circulation.identifiers import EventId, ItemBarcode, KioskId
from circulation.outcomes import Refused, Voided
from circulation.presented import Presented
from offline_cache.daybook import First
from offline_cache.journal_books import JournalBooks, floor_text
from offline_cache.journal_entry import (
    COLUMNS,
    Answer,
    Entry,
    Row,
    state_after,
)
from offline_cache.journal_faults import (
    CAUSES,
    JournalDamaged,
    JournalFault,
    JournalRetired,
    as_fault,
    fault_of,
)
from offline_cache.journal_file import SCHEMA_VERSION, check, lock, refuse_without_room, remember
from offline_cache.journal_loss import refuse_after_loss
from offline_cache.journal_seal import JournalSeal

if TYPE_CHECKING:
    from offline_cache.letterbox import Letterbox
    from offline_cache.sealing import Seal

__all__ = ["SCHEMA_VERSION", "Answer", "Entry", "Journal", "JournalDamaged", "JournalFault"]

BEHIND_STORE = "behind-store"
_NOT_A_FACT = {False: "1", True: "promised IS NULL"}
_WAITING = "state IN ('open', 'given_up')"
_FLOOR_STEP = timedelta(minutes=1)
_NO_FLOOR = datetime(2026, 1, 1, tzinfo=UTC)  # no kiosk of this release has seen an earlier day


class Journal:
    """What one kiosk did. Every method that writes has committed and fsynced when it returns.

    Raises JournalFault where the file cannot be opened, written or unsealed. Safe to call from several threads. With a
    letterbox for its seal acts are written down, and what would read them raises JournalLocked until the key is had.
    """

    # What stands in the file, by its one writer: the last number, the last that the store has, why it is closed.
    last: int
    _first: int  # no event before it waits
    _acked: int
    _closed: str

    def __init__(self, path: Path, seal: Seal | Letterbox, kiosk: KioskId, new_id: Callable[[], EventId]) -> None:
        self._sealed, self._kiosk, self._new_id, self._folder = JournalSeal(seal, kiosk), kiosk, new_id, path.parent
        with as_fault("cannot be opened"), ExitStack() as on_fault:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = lock(path)
            on_fault.callback(self._lock_file.close)
            refuse_after_loss(path, kiosk)
            self._books = JournalBooks(path, was_here=bool(self._lock_file.read(1)))
            on_fault.callback(self._books.close)
            self._adopt(self._books.db)
            check(self._books.db)
            self._books.catch_up(_number_of_the_last(self._books.db))
            self.last, self._first = _number_of_the_last(self._books.db), 1
            self._floor = _floor(self._books.db)
            self._turned = dict(self._books.db.execute("SELECT seq, turned FROM event WHERE turned > 0").fetchall())
            self._look_at_what_waits()
            remember(self._lock_file)
            on_fault.pop_all()

    def close(self) -> None:
        """Lets go of the file; what was written stays. Everything but another `close` is a JournalFault from now on."""
        self._books.close()
        self._lock_file.close()

    # ---- what the kiosk does

    def append(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        told: Told | None = None,
    ) -> Event:
        """Writes down that the kiosk is about to ask, and gives the event its number and its identity. `at` is UTC."""
        return self._append(Kind.REQUEST, action, presented, item, at, told, None, None)

    def append_fact(
        self,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        told: Told | None,
        answer: Answer,
        payment: Payment | None = None,
    ) -> Event:
        """Writes down what happens now without the library system, with the `answer` that the patron is then given."""
        return self._append(Kind.FACT, action, presented, item, at, told, payment, answer)

    def turn_into_fact(self, event: Event, answer: Answer) -> Event:
        """The request was not answered, and the offline desk did it: from now on it is told as a fact.

        Raises JournalFault where the event does not wait for an answer.
        """
        fact = event.as_kind(Kind.FACT)
        body, promised = self._sealed.event(fact), self._sealed.answer(event.seq, "promised", answer)
        # Of returns and payments the mirror is believed: to count one twice would take away what was lent since.
        turned = self.last + 1 if event.action is Action.CHECK_OUT else 0
        with self._books.writing() as db:
            changed = db.execute(
                "UPDATE event SET body = ?, promised = ?, unclear = 0, turned = ? WHERE seq = ? AND state = 'open'",
                (body, promised, turned, event.seq),
            ).rowcount
            if changed != 1:
                raise JournalFault(f"event {event.seq} does not wait for an answer")
        if turned:
            self._turned[event.seq] = turned
        return fact

    def answered(self, event: Event, answer: Answer) -> None:
        """Writes down the library system's answer; the event needs no more delivery."""
        self.answered_all([(event, answer)])

    def answered_all(self, answers: Sequence[tuple[Event, Answer]], acked_seq: int = 0) -> list[tuple[Event, Answer]]:
        """Writes down many answers in one commit, and what the store says it has. Returns those that stand.

        A fact that was refused, or an act that was given up and done all the same, is put before staff. The "no" to a
        request that has become a fact since it was sent is passed over: the fact is still to be told.
        """
        sealed = [(event, answer, self._sealed.answer(event.seq, "outcome", answer)) for event, answer in answers]
        stand = []
        with self._books.writing() as db:
            for event, answer, outcome in sealed:
                state, why = state_after(event, answer)
                overtaken = event.kind is Kind.REQUEST and isinstance(answer, Refused | Voided)
                update = f"UPDATE event SET state = ?, outcome = ?, why = ? WHERE seq = ? AND {_NOT_A_FACT[overtaken]}"  # noqa: S608
                if db.execute(update, (state, outcome, why, event.seq)).rowcount == 1:
                    stand.append((event, answer))
                elif not overtaken or not _is_there(db, event):
                    raise JournalFault(f"no event {event.seq}")
            if acked_seq:
                self._note_acked(db, acked_seq)
        return stand

    def give_up(self, event: Event) -> None:
        """The request certainly never left and will not be sent; a void will close its place in the sequence."""
        self._set(event, "state = 'given_up'")
        self._first = min(self._first, event.seq)

    def unclear(self, event: Event) -> int:
        """Counts an answer that could not be understood; returns how many there were for this event."""
        self._set(event, "unclear = unclear + 1")
        return self.entry(event.seq).unclear

    def settle(self, event: Event, why: str = "unusable-answer") -> None:
        """Hands the event to staff: delivering it again can only fail again. It stays in the journal."""
        self._set(event, "state = 'settled', why = ?", why)

    def closing(self, event: Event) -> Event:
        """A void that closes the place of a settled event in the sequence, under an id of its own, the same each time.

        It says nothing of the act: what was wrong with the event must not be wrong with this one.
        """
        with self._books.writing() as db:
            row = db.execute("SELECT closing FROM event WHERE seq = ?", (event.seq,)).fetchone()
            if row is None:
                raise JournalFault(f"no event {event.seq}")
            known = row[0] or self._new_id()
            db.execute("UPDATE event SET closing = ? WHERE seq = ?", (known, event.seq))
        nothing = ItemBarcode("00000000")
        return Event(EventId(known), self._kiosk, event.seq, Kind.VOID, Action.CHECK_IN, None, nothing, event.at)

    # ---- what stands in it

    def undelivered(self, limit: int | None = None) -> list[Event]:
        """What must still be told, in sequence: open requests and facts as such, given-up requests as voids."""
        wanted = f"SELECT {COLUMNS} FROM event WHERE seq >= ? AND {_WAITING} ORDER BY seq LIMIT ?"  # noqa: S608
        with self._books.reading() as db:
            rows = db.execute(wanted, (self._first, -1 if limit is None else limit)).fetchall()
            self._first = rows[0][0] if rows else self.last + 1
        entries = self._opened(rows)
        return [one.event.as_kind(Kind.VOID) if one.state == "given_up" else one.event for one in entries]

    def waiting(self) -> int:
        """How many events must still be told; unseals none of them."""
        with self._books.reading() as db:
            wanted = f"SELECT COUNT(*) FROM event WHERE seq >= ? AND {_WAITING}"  # noqa: S608
            return int(db.execute(wanted, (self._first,)).fetchone()[0])

    def entry(self, seq: int) -> Entry:
        """The event of that number. Raises JournalFault where there is none."""
        found = self._entries("seq = ?", seq)
        if not found:
            raise JournalFault(f"no event {seq}")
        return found[0]

    def since(self, seq: int) -> list[Entry]:
        """All events after that number, in sequence."""
        return self._entries("seq > ? ORDER BY seq", seq)

    def uncontained(self, acked_seq: int) -> list[Entry]:
        """What a mirror may lack that has the store's answers up to that number, in sequence: all that comes after it,
        and loans of before that the store may have refused, and that became facts since (house decision 4)."""
        return self._entries(f"{self._not_within(acked_seq)} ORDER BY seq")

    def turned_before(self, first: int | None = None) -> list[Event]:
        """Loans with an answer that became facts late, and after which nothing before the number `first` (without one:
        the next act's) was told: a store that was restored may have their refusal alone, and show no gap."""
        upto = self.last + 1 if first is None else first
        wanted = (seq for seq, turned in sorted(self._turned.items()) if seq < upto <= turned)
        found = [self.entry(seq) for seq in wanted]
        return [one.event for one in found if one.state == "answered"]

    def marks(self, seq: int) -> list[tuple[int, str, str]]:
        """Number, id and mark of what is `uncontained`; with another mark an entry says something else."""
        mark = "state || (outcome IS NULL) || (promised IS NULL)"
        wanted = f"SELECT seq, event_id, {mark} FROM event WHERE {self._not_within(seq)} ORDER BY seq"  # noqa: S608
        with self._books.reading() as db:
            return db.execute(wanted).fetchall()

    def exceptions(self) -> list[Entry]:
        """What staff must look at, in sequence, each with its `why`."""
        return self._entries("why <> '' ORDER BY seq")

    def counts(self) -> dict[str, int]:
        """How many events stand in each state, for the log and for staff."""
        with self._books.reading() as db:
            return dict(db.execute("SELECT state, COUNT(*) FROM event GROUP BY state").fetchall())

    # ---- whether it can be used

    def probe(self) -> None:
        """Raises JournalFault unless something can be written down now and for a while: the proof is sealed anew."""
        with as_fault("cannot be written"):
            refuse_without_room(self._folder)
        sealed = self._sealed.proof()
        with self._books.writing() as db:
            self._refuse_closed()
            db.execute("UPDATE journal SET proof = ?", (sealed,))

    def closed(self) -> str:
        """Why nothing may be done under this kiosk's id any more; empty where all is well."""
        return self._closed

    def shut(self, why: str) -> None:
        """Closes the journal for new events, for ever: this kiosk id's sequence cannot be trusted. `why`: one word."""
        with self._books.writing() as db:
            self._closed = self._closed or why
            db.execute("UPDATE journal SET closed = ?", (self._closed,))

    def heard(self, acked_seq: int) -> None:
        """The store has this kiosk's events up to that number. More than were done here: this journal is not the one.

        Then it is closed for ever, because its next number would be one that was used: the kiosk needs a new id.
        """
        if acked_seq > self._acked:
            with self._books.writing() as db:
                self._note_acked(db, acked_seq)

    def floor(self) -> datetime:
        """The latest instant that was certain (UTC): a clock that tells an earlier one is wrong."""
        return self._floor

    def saw(self, instant: datetime) -> None:
        """Raises the floor to an instant that the store, or a synchronised clock, has told. Kept to the minute."""
        if instant - self._floor >= _FLOOR_STEP:
            with self._books.writing() as db:
                db.execute("UPDATE journal SET floor = ?", (floor_text(instant),))
            self._floor = max(self._floor, instant.replace(microsecond=0))

    # ---- inside

    def _append(
        self,
        kind: Kind,
        action: Action,
        presented: Presented | None,
        item: ItemBarcode | None,
        at: datetime,
        told: Told | None,
        payment: Payment | None,
        promised: Answer | None,
    ) -> Event:
        with self._books.mutex:
            try:
                self._refuse_closed()
                new, seq = self._new_id(), self.last + 1
                event = Event(new, self._kiosk, seq, kind, action, presented, item, at, payment, told)
                body = self._sealed.event(event)
                said = None if promised is None else self._sealed.answer(seq, "promised", promised)
                rises = told is not None and told.clock is ClockState.SYNCHRONISED and at - self._floor >= _FLOOR_STEP
                self._books.enter(First(seq, new, body, said, int(at.timestamp()) if rises else 0))
            except CAUSES as cause:
                raise fault_of("cannot be written", cause) from cause
            self.last = seq
            if rises:
                self._floor = at.replace(microsecond=0)
        return event

    def _not_within(self, acked_seq: int) -> str:
        """See `uncontained`; the few early ones are known, so that only what is wanted is read."""
        early = sorted(seq for seq, turned in self._turned.items() if seq <= acked_seq < turned)
        if not early:
            return f"seq > {acked_seq:d}"
        return f"seq >= {early[0]:d} AND (seq > {acked_seq:d} OR seq IN ({', '.join(map(str, early))}))"

    def _refuse_closed(self) -> None:
        if self._closed:
            raise JournalRetired(f"the journal is closed ({self._closed}): the kiosk must be enrolled under a new id")

    def _look_at_what_waits(self) -> None:
        """An event that cannot be unsealed would hold up the queue for ever; its neighbours may be no better."""
        if self._sealed.is_locked:
            return  # looked at when it is unlocked
        try:
            self.undelivered()
        except JournalFault as fault:
            raise JournalDamaged(f"an event that waits is damaged: {fault}") from None

    def _note_acked(self, db: sqlite3.Connection, acked_seq: int) -> None:
        """Memory first: what cannot be written down holds until the process ends, and is heard again then."""
        if acked_seq > self.last:
            self._closed = BEHIND_STORE
        self._acked = max(self._acked, acked_seq)
        db.execute("UPDATE journal SET acked_seq = ?, closed = ?", (self._acked, self._closed))

    def _set(self, event: Event, what: str, *values: object) -> None:
        with self._books.writing() as db:
            changed = db.execute(f"UPDATE event SET {what} WHERE seq = ?", (*values, event.seq)).rowcount  # noqa: S608
            if changed != 1:
                raise JournalFault(f"no event {event.seq}")

    def _entries(self, wanted: str, *values: object) -> list[Entry]:
        with self._books.reading() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM event WHERE {wanted}", values).fetchall()  # noqa: S608
        return self._opened(rows)

    def _opened(self, rows: Sequence[Row]) -> list[Entry]:
        if rows and self._sealed.is_locked:
            self._unlock()
        return self._sealed.entries(rows)

    def _unlock(self) -> None:
        """Raises JournalLocked. Asks the store, so that the books are let go of first: an act waits for nobody."""
        with self._books.reading() as db:
            (proof,) = db.execute("SELECT proof FROM journal").fetchone()
        with as_fault("cannot be read"):
            self._sealed.unlock(proof)
        self._look_at_what_waits()

    def _adopt(self, db: sqlite3.Connection) -> None:
        self._closed, self._acked = "", 0
        row = db.execute("SELECT kiosk, proof, closed, acked_seq FROM journal").fetchone()
        if row is None:
            if db.execute("SELECT 1 FROM event").fetchone():
                raise JournalDamaged("the journal does not say whose it is")
            sealed = self._sealed.proof()
            db.execute("INSERT INTO journal (only_row, kiosk, proof) VALUES (1, ?, ?)", (self._kiosk, sealed))
        elif row[0] != self._kiosk or not self._sealed.is_proved_by(row[1]):
            raise JournalFault("the journal belongs to another kiosk")
        else:
            self._closed, self._acked = row[2], row[3]


def _is_there(db: sqlite3.Connection, event: Event) -> bool:
    return db.execute("SELECT 1 FROM event WHERE seq = ?", (event.seq,)).fetchone() is not None


def _floor(db: sqlite3.Connection) -> datetime:
    (floor,) = db.execute("SELECT floor FROM journal").fetchone()
    return datetime.fromisoformat(floor) if floor else _NO_FLOOR


def _number_of_the_last(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COALESCE(MAX(seq), 0) FROM event").fetchone()[0])
