"""Kiosks with real journals and a real replay, a real desk over SQLite, and any weather, any crashes, any clocks.

The patrons' own record is kept beside it: what they were promised must be in the journal, and what the store said that
it did must be in its books, once, in the order in which it was done.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from circulation import wire
from circulation.affairs import CheckedIn
from circulation.events import Action, ClockState, Kind, Told
from circulation.identifiers import ItemBarcode, KioskId
from circulation.outcomes import CheckedOut, Refused, Voided
from membership_store.credentials import Kiosk as Credential
from membership_store.credentials import add_kiosk
from membership_store.desk import StoreDesk
from offline_cache.journal import Answer, Entry, Journal
from offline_cache.replay import Replay
from offline_cache.sealing import Seal
from tests.membership_store.counter import Counter, open_counter
from tests.membership_store.running import ANNEN, DRENTHE, Demo, plain_books, run
from tests.offline_cache.journals import KEY, database, ids, lent
from tests.offline_cache.lines import WEATHER, Stormy

MEMORY = Path("/dev/shm")  # files there are real, and a sync costs nothing
PATRONS = ("neighbour", "lapsed-here", "two-memberships")
WRITES = ("append", "append_fact", "turn_into_fact", "answered_all", "unclear", "settle", "closing", "give_up")
KIOSKS = 3
_runs = count(1)


class Crash(BaseException):
    """The process ends here."""


class CrashingJournal(Journal):
    """The real journal in a process that ends before or after one of its writes."""

    crash: tuple[str, bool] | None = None

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in WRITES or self.crash is None or self.crash[0] != name:
            return found

        def does(*values: Any) -> Any:
            (_, after), self.crash = self.crash or ("", False), None
            if not after:
                raise Crash
            found(*values)
            raise Crash

        return does


@dataclass
class World:
    """A store with its books, used by one run after the other."""

    folder: Path
    demo: Demo
    counter: Counter
    books: list[ItemBarcode]
    steps: int = 0


@contextmanager
def a_world() -> Iterator[World]:
    """The demo's store in memory, without anything that could slow it down."""
    with ExitStack() as on_end:
        folder = Path(on_end.enter_context(tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)))
        done = run("demo-data", "--database", folder / "store.db", "--out", folder)
        assert done.returncode == 0, done.stderr
        demo = Demo.read(folder)
        counter = on_end.enter_context(open_counter(folder / "store.db"))
        yield World(folder, demo, counter, list(plain_books(folder / "store.db"))[:40])


@dataclass
class Kiosk:
    """One kiosk: its files, its line, and what its patrons were told. `order`: the acts as they were done."""

    number: int
    path: Path
    credential: Credential
    line: Stormy
    journal: CrashingJournal
    replay: Replay
    promised: dict[str, str] = field(default_factory=dict)
    shift: timedelta = timedelta()
    boot: int = 1


class OutageMachine(RuleBasedStateMachine):
    """Three kiosks, one store, one outage after the other."""

    desk_class: type[StoreDesk] = StoreDesk
    replay_class: type[Replay] = Replay
    journal_class: type[CrashingJournal] = CrashingJournal
    line_class: type[Stormy] = Stormy
    promises_first = False
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.on_end = ExitStack()
        self.run = next(_runs)
        self.new_id = ids(time.time_ns() // 1_000_000)
        self.desk = self.desk_class(self.world.counter.database, lambda: datetime.now(UTC))
        self.fresh = iter(self.world.books)
        self.used: dict[int, list[ItemBarcode]] = {}
        self.kiosks: list[Kiosk] = []

    @initialize(shared=st.booleans())
    def begin(self, shared: bool) -> None:
        folder = tempfile.TemporaryDirectory(dir=self.world.folder)
        self.folder = Path(self.on_end.enter_context(folder))
        self.shared = shared
        for number in range(KIOSKS):
            credential = Credential(DRENTHE, f"outage-{self.run}-{number}", ANNEN)
            self.world.counter.database.write(lambda session, one=credential: add_kiosk(session, one))  # type: ignore[misc]
            path = self.folder / f"{number}.db"
            line = self.line_class(self.desk, credential)
            journal = self._opened(path, credential)
            kiosk = Kiosk(number, path, credential, line, journal, self.replay_class(line, journal))
            self.kiosks.append(kiosk)
            self._wire(kiosk)

    def _opened(self, path: Path, credential: Credential) -> CrashingJournal:
        return self.journal_class(path, Seal(KEY), KioskId(credential.id), self.new_id)

    def _wire(self, kiosk: Kiosk) -> None:
        kiosk.replay = self.replay_class(kiosk.line, kiosk.journal, lambda: self._told(kiosk), lambda low, high: high)

    def _told(self, kiosk: Kiosk) -> Told:
        clock = ClockState.SYNCHRONISED if not kiosk.shift else ClockState.FREE
        return Told(f"boot-{kiosk.number}-{kiosk.boot}", time.monotonic_ns() // 1_000_000, clock)

    # ---- what patrons do

    @rule(
        at=st.integers(0, KIOSKS - 1),
        old=st.sampled_from([0, 0, 0, 1, 2, 3]),
        back=st.booleans(),
        how=st.sampled_from(["fact", "fact", "ask", "ask", "ask then fact"]),
        weather=st.lists(st.sampled_from(WEATHER), max_size=2),
        crash=st.sampled_from([None] * 6) | st.tuples(st.sampled_from(WRITES), st.booleans()),
    )
    def act(self, at: int, old: int, back: bool, how: str, weather: list[str], crash: tuple[str, bool] | None) -> None:
        """Somebody borrows or brings back, with a line or without one."""
        self.world.steps += 1
        kiosk = self.kiosks[at]
        action, item = self._what(0 if self.shared else at, old, back)
        if item is None:
            return
        kiosk.line.weather, kiosk.journal.crash = list(weather), crash
        try:
            self._do(kiosk, action, item, how)
        except Crash:
            self._start_again(kiosk)
        kiosk.journal.crash = None

    def _what(self, shelf: int, old: int, back: bool) -> tuple[Action, ItemBarcode | None]:
        """A new item, or one that this kiosk (or any, where they share their items) had before."""
        used = self.used.setdefault(shelf, [])
        if 0 < old <= len(used):
            return Action.CHECK_IN if back else Action.CHECK_OUT, used[-old]
        item = next(self.fresh, None)
        if item is not None:
            used.append(item)
        return Action.CHECK_OUT, item

    def _do(self, kiosk: Kiosk, action: Action, item: ItemBarcode, how: str) -> None:
        shown = None
        if action is Action.CHECK_OUT:
            shown = self.world.demo.shown(PATRONS[kiosk.number])
        now, told = datetime.now(UTC) + kiosk.shift, self._told(kiosk)
        here: Answer = lent(item) if action is Action.CHECK_OUT else CheckedIn(item, "title")
        if how == "fact":
            if self.promises_first:
                kiosk.promised[f"said-{item}"] = "promised"
            event = kiosk.journal.append_fact(action, shown, item, now, told, here)
            kiosk.promised.pop(f"said-{item}", None)
            kiosk.promised[event.id] = "done"
            return
        event = kiosk.journal.append(action, shown, item, now, told)
        found = kiosk.replay.deliver(time.monotonic() + 60)
        answer = {one.id: said for one, said in found.answered}.get(event.id)
        if answer is not None:
            kiosk.promised[event.id] = "refused" if isinstance(answer, Refused | Voided) else "done"
        elif event in found.settled:
            kiosk.promised[event.id] = "not known"
        elif how == "ask then fact":
            kiosk.journal.turn_into_fact(event, here)
            kiosk.promised[event.id] = "done"
        else:
            kiosk.promised[event.id] = "not known"

    # ---- what else happens

    @rule(
        at=st.integers(0, KIOSKS - 1),
        weather=st.lists(st.sampled_from(WEATHER), max_size=3) | st.just(["rubbish"] * 4),
    )
    def deliver(self, at: int, weather: list[str]) -> None:
        self.world.steps += 1
        kiosk = self.kiosks[at]
        kiosk.line.weather = list(weather)
        for _ in range(3 if len(weather) > 3 else 1):
            for event, answer in kiosk.replay.deliver(time.monotonic() + 60).answered:
                if kiosk.promised.get(event.id) == "done":
                    assert not isinstance(answer, Refused | Voided)

    @rule(at=st.integers(0, KIOSKS - 1))
    def crash_and_start_again(self, at: int) -> None:
        self.world.steps += 1
        self._start_again(self.kiosks[at])

    @rule(at=st.integers(0, KIOSKS - 1), back=st.integers(0, 4))
    def an_old_body_arrives(self, at: int, back: int) -> None:
        self.world.steps += 1
        line = self.kiosks[at].line
        line.arrives() if back == 0 else line.repeats(back)

    @rule(at=st.integers(0, KIOSKS - 1), minutes=st.sampled_from([0, -600_000, -60, 60, 600_000]))
    def the_clock_jumps(self, at: int, minutes: int) -> None:
        self.world.steps += 1
        self.kiosks[at].shift = timedelta(minutes=minutes)

    def _start_again(self, kiosk: Kiosk) -> None:
        kiosk.journal.close()
        kiosk.boot += 1
        kiosk.journal = self._opened(kiosk.path, kiosk.credential)
        self._wire(kiosk)

    # ---- what must hold, always

    @invariant()
    def what_was_promised_is_in_the_journal(self) -> None:
        for kiosk in self.kiosks:
            written = dict(database(kiosk.journal).execute("SELECT event_id, state FROM event").fetchall())
            for event, said in kiosk.promised.items():
                assert event in written, "promised and lost"
                assert said != "done" or written[event] not in ("voided", "given_up"), "promised, and given up"

    @invariant()
    def what_the_store_took_is_a_beginning_of_the_sequence(self) -> None:
        for kiosk in self.kiosks:
            taken = self._taken(kiosk)
            assert [seq for seq, _, _ in taken] == list(range(1, len(taken) + 1)), "a hole at the store"
            ids_here = (
                database(kiosk.journal).execute("SELECT seq, event_id, closing FROM event ORDER BY seq").fetchall()
            )
            for (seq, event, _), (own_seq, own, closing) in zip(taken, ids_here, strict=False):
                assert seq == own_seq
                assert event in (own, closing), "another act in its place"
            assert len(taken) <= len(ids_here), "the store has what is not in the journal"

    def _taken(self, kiosk: Kiosk) -> list[tuple[Any, ...]]:
        found = "SELECT seq, event, COALESCE(fact_body, body) FROM event_answer WHERE kiosk = ? ORDER BY seq"
        return self.world.counter.rows(found, kiosk.credential.id)

    # ---- the end

    def teardown(self) -> None:
        """The sun comes out: everything is told, and both sides agree event by event."""
        try:
            if self.kiosks:
                self._end_well()
        finally:
            for kiosk in self.kiosks:
                kiosk.journal.close()
            self._forget()
            self.on_end.close()

    def _end_well(self) -> None:
        for kiosk in self.kiosks:
            kiosk.line.weather, kiosk.journal.crash = [], None
            self._start_again(kiosk)
            # As often as it may be unclear, and once more; nothing may hold up the queue in the sun.
            assert kiosk.replay.deliver(time.monotonic() + 60).silence == ""
            assert kiosk.journal.waiting() == 0
            while kiosk.line.on_the_way:
                kiosk.line.arrives()
        self.what_was_promised_is_in_the_journal()
        self.what_the_store_took_is_a_beginning_of_the_sequence()
        for kiosk in self.kiosks:
            self._agree(kiosk)
            if not self.shared:
                self._stand_as_they_were_left(kiosk)

    def _stand_as_they_were_left(self, kiosk: Kiosk) -> None:
        """Where no other kiosk had a hand in it, an item is out if it was lent last, and in if it was returned last."""
        left: dict[ItemBarcode, bool | None] = {}
        for entry in kiosk.journal.since(0):
            if entry.state == "settled":
                left[entry.event.scanned] = None  # staff know
            elif not isinstance(entry.answer, Refused | Voided):
                before = left.get(entry.event.scanned, False)
                left[entry.event.scanned] = None if before is None else isinstance(entry.answer, CheckedOut)
        found = self.world.counter.rows(
            "SELECT item FROM loan WHERE returned_at IS NULL AND loan LIKE ?", f"{kiosk.credential.id}/%"
        )
        out = {item for (item,) in found}
        assert {item for item, is_out in left.items() if is_out} <= out, "lent last, and not out"
        assert not {item for item, is_out in left.items() if is_out is False} & out, "returned last, and still out"

    def _agree(self, kiosk: Kiosk) -> None:
        entries, taken = kiosk.journal.since(0), self._taken(kiosk)
        if entries and entries[-1].state != "settled":
            assert len(taken) == len(entries), "not everything was taken"
        kept = {event: wire.loads(body.encode()) for _, event, body in taken}
        for entry in entries:
            if entry.state == "settled":
                assert entry.why, "settled without a reason"
                continue
            assert entry.answer is not None
            said: Any = kept[entry.event.id]
            here = wire.encode_answer(entry.answer)
            if entry.event.kind is Kind.FACT or not isinstance(entry.answer, Refused | Voided):
                assert said == here, "they disagree on what was done"
            if kiosk.promised.get(entry.event.id) == "done":
                assert not isinstance(entry.answer, Refused | Voided), "promised, and not done"
            self._one_effect(entry)

    def _one_effect(self, entry: Entry) -> None:
        """Each loan that both sides speak of stands in the books once, or staff were told why not."""
        event = entry.event
        if not isinstance(entry.answer, CheckedOut):
            return
        key = f"{event.kiosk}/{event.id}"
        loans = self.world.counter.rows("SELECT 1 FROM loan WHERE loan LIKE ? || '%'", key)
        assert len(loans) <= 1, "done twice"
        flags = self.world.counter.rows("SELECT 1 FROM staff_flag WHERE event = ?", event.id)
        assert loans or flags, "acknowledged without any effect"

    def _forget(self) -> None:
        """The books as they were, for the next run."""
        mine = f"outage-{self.run}-%"
        for sql in (
            "DELETE FROM loan WHERE loan LIKE ?",
            "DELETE FROM staff_flag WHERE kiosk LIKE ?",
            "DELETE FROM event_answer WHERE kiosk LIKE ?",
            "DELETE FROM kiosk_boot WHERE kiosk LIKE ?",
            "DELETE FROM kiosk WHERE kiosk LIKE ?",
        ):
            self.world.counter.change(sql, mine)
        self.world.counter.change("DELETE FROM feed")
        self.world.counter.change("UPDATE item SET came_back_at = NULL, came_back_kiosk = NULL, in_transit_to = NULL")


QUICK = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
