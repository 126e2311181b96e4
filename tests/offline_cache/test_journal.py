"""The journal on real files: what was promised is there, nobody can read it, and it is never begun anew in silence."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.events import Event, Kind
from circulation.identifiers import ItemBarcode, KioskId
from circulation.outcomes import CheckedOut, Refused, Voided
from offline_cache.daybook import PAGES, beside
from offline_cache.journal import SCHEMA_VERSION, Entry, Journal, JournalFault
from tests.offline_cache.journals import BOOK, KEY, REFUSED, SHOWN, append, lent, open_journal, takes_nothing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "journal.db"


def written(path: Path, events: int = 30) -> list[Entry]:
    """A closed journal with events in every state, and what stands in it."""
    journal = open_journal(path)
    for number in range(events):
        event = append(journal, ItemBarcode(f"{30000000000000 + number}"))
        if number % 5 == 0:
            journal.answered(event, lent(event.scanned))
        elif number % 5 == 1:
            journal.answered(event, REFUSED)
        elif number % 5 == 2:
            journal.give_up(event)
        elif number % 5 == 3:
            journal.settle(event)
    found = read(journal)
    journal.close()
    return found


def append_many(journal: Journal, count: int) -> None:
    for _ in range(count):
        append(journal)


def read(journal: Journal) -> list[Entry]:
    """Everything, by number."""
    return [journal.entry(seq) for seq in range(1, sum(journal.counts().values()) + 1)]


# ---- what is written is there


def test_an_event_comes_back_as_it_was_written(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    assert (event.seq, event.kind, event.shown, event.scanned) == (1, Kind.REQUEST, SHOWN, BOOK)
    assert journal.undelivered() == [event]
    assert journal.entry(1) == Entry(event, "open")


@pytest.mark.parametrize("answer", [lent(), REFUSED])
def test_an_answer_is_kept_and_ends_the_delivery(path: Path, answer: CheckedOut | Refused) -> None:
    journal = open_journal(path)
    event = append(journal)
    journal.answered(event, answer)
    journal.close()
    again = open_journal(path)
    assert again.entry(1) == Entry(event, "answered", answer=answer)
    assert again.undelivered() == []


def test_what_was_given_up_is_delivered_as_a_void_until_it_is_voided(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    journal.give_up(event)
    (void,) = journal.undelivered()
    assert (void.kind, void.id, void.seq, void.identity) == (Kind.VOID, event.id, event.seq, event.identity)
    journal.answered(void, Voided(event.id))
    assert (journal.undelivered(), journal.entry(1).state) == ([], "voided")


def test_what_staff_must_settle_stays_in_the_journal_and_is_not_delivered(path: Path) -> None:
    journal = open_journal(path)
    event = append(journal)
    assert [journal.unclear(event) for _ in range(3)] == [1, 2, 3]
    journal.settle(event)
    assert (journal.undelivered(), journal.entry(1)) == ([], Entry(event, "settled", 3, why="unusable-answer"))


def test_an_event_that_is_not_there_is_a_fault(path: Path) -> None:
    journal, other = open_journal(path), open_journal(path.with_name("other.db"))
    event = append(other)
    for wrong in (lambda: journal.entry(1), lambda: journal.settle(event), lambda: journal.answered(event, lent())):
        with pytest.raises(JournalFault):
            wrong()


def test_every_commit_is_synced_to_the_disk(path: Path) -> None:
    journal = open_journal(path)
    assert journal._books.db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert journal._books.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "lent", "refused", "give_up", "void", "unclear", "settle", "reopen"]),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(steps=STEPS)
def test_the_journal_agrees_with_a_list_kept_beside_it(
    steps: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    journal = open_journal(path)
    model: list[Entry] = []
    for what, pick in steps:
        if what == "append":
            event = append(journal)
            assert event.seq == len(model) + 1
            model.append(Entry(event, "open"))
        elif what == "reopen":
            journal.close()
            journal = open_journal(path)
        elif model:
            place = pick % len(model)
            model[place] = changed(journal, model[place], what)
        assert journal.undelivered() == [told(one) for one in model if one.state in ("open", "given_up")]
    assert read(journal) == model
    journal.close()


def changed(journal: Journal, entry: Entry, what: str) -> Entry:
    """Does it to the journal, and says what should stand there now."""
    event = entry.event
    if what == "unclear":
        assert journal.unclear(event) == entry.unclear + 1
        return replace(entry, unclear=entry.unclear + 1)
    if what in ("give_up", "settle"):
        (journal.give_up if what == "give_up" else journal.settle)(event)
        if what == "give_up":
            return replace(entry, state="given_up")
        return replace(entry, state="settled", why="unusable-answer")
    answers: dict[str, CheckedOut | Refused | Voided] = {"lent": lent(), "refused": REFUSED, "void": Voided(event.id)}
    answer = answers[what]
    journal.answered(event, answer)
    return Entry(event, "voided" if what == "void" else "answered", entry.unclear, answer)


def told(entry: Entry) -> Event:
    return entry.event.as_kind(Kind.VOID if entry.state == "given_up" else Kind.REQUEST)


# ---- whatever happens to the process


def test_what_was_promised_survives_a_kill_at_any_moment_and_the_numbers_stay_dense(path: Path) -> None:
    promised: dict[int, tuple[str, str]] = {}
    for lines in (0, 1, 5, 40, 201):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.offline_cache", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            said = [writer.stdout.readline() for _ in range(lines)]
            writer.kill()
            said += writer.stdout.readlines()  # what it still said before it died is promised too
        remember(promised, said)
        journal = open_journal(path)
        entries = read(journal)
        journal.close()
        assert [one.event.seq for one in entries] == list(range(1, len(entries) + 1))
        assert len(promised) <= len(entries)
        for seq, (event, state) in promised.items():
            assert entries[seq - 1].event.id == event
            later = ("voided", "given_up") if state == "given_up" else (state,) if state != "open" else None
            assert later is None or entries[seq - 1].state in later
        for entry in entries:  # what was done but not yet said when it died counts from now on
            promised[entry.event.seq] = (entry.event.id, entry.state)


def remember(promised: dict[int, tuple[str, str]], said: list[str]) -> None:
    """What those lines promise."""
    for line in said:
        what, seq, *rest = line.split()
        if what == "asked":
            promised[int(seq)] = (rest[0], "open")
        else:
            promised[int(seq)] = (promised[int(seq)][0], what)


def test_a_second_process_is_refused_while_the_first_one_lives(path: Path) -> None:
    journal = open_journal(path)
    append(journal)
    second = [sys.executable, "-m", "tests.offline_cache", str(path)]
    done = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "fault the journal is in use by another process\n"
    with pytest.raises(JournalFault, match="in use"):
        open_journal(path)
    append(journal)
    journal.close()
    open_journal(path).close()


def test_a_full_disk_is_a_fault_that_loses_nothing(path: Path) -> None:
    journal = open_journal(path)
    first = append(journal)
    (pages,) = journal._books.db.execute("PRAGMA page_count").fetchone()
    journal._books.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalFault, match="cannot be written"):
        append_many(journal, 2 * PAGES)
    promised = journal.last
    assert promised == PAGES  # the daybook took them
    with pytest.raises(JournalFault, match="cannot be written"):
        append(journal)
    journal._books.db.execute("PRAGMA max_page_count = 100000")
    journal.probe()
    assert [one.seq for one in journal.undelivered()] == list(range(first.seq, promised + 1))
    assert append(journal).seq == promised + 1 == len(journal.undelivered())


def test_a_journal_that_cannot_be_written_says_so_when_it_is_probed(path: Path) -> None:
    journal = open_journal(path)
    journal.probe()
    takes_nothing(journal)
    with pytest.raises(JournalFault, match="cannot be written"):
        journal.probe()
    with pytest.raises(JournalFault, match="cannot be written"):
        append(journal)
    journal.close()
    with pytest.raises(JournalFault):
        journal.probe()


# ---- who may open it, and what is never begun anew


def test_another_key_is_a_fault_and_the_right_one_still_opens(path: Path) -> None:
    entries = written(path)
    with pytest.raises(JournalFault):
        open_journal(path, key=bytes(32))
    again = open_journal(path, key=KEY)
    assert read(again) == entries


def test_the_journal_of_another_kiosk_is_a_fault(path: Path) -> None:
    written(path)
    with pytest.raises(JournalFault, match="another kiosk"):
        open_journal(path, kiosk=KioskId("annen-2"))


def test_a_journal_of_a_newer_release_is_a_fault(path: Path) -> None:
    written(path)
    alter(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(JournalFault, match="another release"):
        open_journal(path)


def remove(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)


def disown(path: Path) -> None:
    alter(path, "DELETE FROM journal")


def swap(path: Path) -> None:
    alter(path, "UPDATE event SET body = (SELECT body FROM event WHERE seq = 3) WHERE seq = 5")


def drop(path: Path) -> None:
    alter(path, "DELETE FROM event WHERE seq = 7")


def hide(path: Path) -> None:
    alter(path, "PRAGMA ignore_check_constraints = 1", "UPDATE event SET state = 'opem' WHERE seq = 5")


def double(path: Path) -> None:
    alter(path, "UPDATE event SET event_id = (SELECT event_id FROM event WHERE seq = 3) WHERE seq = 5")


def garble(path: Path) -> None:
    """Makes the complaint of the database itself unreadable."""
    content = path.read_bytes().replace(b"CREATE INDEX", b"CREATX INDEX").replace(b"event_exception", b"\xff" * 15)
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [remove, empty, overwrite, disown, drop, hide, double, garble])
def test_a_journal_that_was_lost_or_changed_is_a_fault_and_not_begun_anew(
    path: Path, harm: Callable[[Path], None]
) -> None:
    written(path)
    harm(path)
    harmed = path.read_bytes() if path.exists() else None
    for _ in range(2):
        with pytest.raises(JournalFault):
            open_journal(path)
    assert (path.read_bytes() if path.exists() else None) == harmed


def test_events_that_changed_their_places_are_a_fault(path: Path) -> None:
    written(path)
    swap(path)
    with pytest.raises(JournalFault):
        read_whole(path)


def alter(path: Path, *statements: str) -> None:
    """Changes the file behind the journal's back."""
    db = sqlite3.connect(path, isolation_level=None)
    for one in statements:
        db.execute(one)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def read_whole(path: Path) -> list[Entry]:
    """Opens, reads everything that would be read, closes."""
    journal = open_journal(path)
    try:
        journal.undelivered()
        return read(journal)
    finally:
        journal.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> "Sample":
    path = tmp_path_factory.mktemp("sample") / "journal.db"
    entries = written(path, 12)
    return Sample(path.read_bytes(), beside(path).read_bytes(), entries)


@dataclass(frozen=True)
class Sample:
    """The bytes of a closed journal, and what stands in it."""

    content: bytes = field(repr=False)
    daybook: bytes = field(repr=False)
    entries: list[Entry] = field(repr=False)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_a_fault_or_harm_nothing(
    data: st.DataObject, sample: Sample, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content, entries = bytearray(sample.content), sample.entries
    for _ in range(data.draw(st.integers(1, 3), "bytes")):
        place = data.draw(st.integers(0, len(content) - 1), "place")
        content[place] ^= data.draw(st.integers(1, 255), "change")
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    path.write_bytes(content[: data.draw(st.sampled_from([len(content)] * 5 + [len(content) // 2]), "length")])
    beside(path).write_bytes(sample.daybook)
    try:
        found = read_whole(path)
    except JournalFault:
        return
    assert [(one.event, one.state, one.answer) for one in found] == [
        (one.event, one.state, one.answer) for one in entries
    ]


# ---- nobody reads it


def test_nothing_on_the_disk_can_be_read(path: Path) -> None:
    journal = open_journal(path)
    for _ in range(20):
        event = append(journal)
        journal.answered(event, lent())
    private = [SHOWN.number, SHOWN.uid, BOOK, "vloek", "Roemenen", "2026-08-05", "check_out"]
    for _ in range(2):  # with the log of the writer beside it, and after closing
        files = [one for one in path.parent.iterdir() if one.is_file()]
        assert path in files
        for file in files:
            content = file.read_bytes()
            assert [word for word in private if word and word.encode() in content] == [], file.name
            assert KEY not in content
        journal.close()


def test_the_files_are_for_the_kiosk_alone(path: Path) -> None:
    journal = open_journal(path)
    append(journal)
    assert {one.name: oct(one.stat().st_mode & 0o077) for one in path.parent.iterdir()} == {
        "journal.db": "0o0",
        "journal.db-wal": "0o0",
        "journal.db-shm": "0o0",
        "journal.db-daybook": "0o0",
        "journal.db.lock": "0o0",
    }


def test_a_fault_names_no_path_and_no_value(path: Path) -> None:
    written(path)
    swap(path)
    with pytest.raises(JournalFault) as caught:
        read_whole(path)
    assert str(path.parent) not in str(caught.value)
    assert BOOK not in str(caught.value)
