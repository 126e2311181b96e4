"""The daybook: what stands in it is promised; the journal takes it in, and damage in it is found."""

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circulation.events import Action, ClockState, Told
from circulation.identifiers import ItemBarcode
from offline_cache.daybook import PAGE, PAGES, Daybook, First, acts, begin, beside
from offline_cache.journal import Entry, Journal, JournalDamaged, JournalFault
from offline_cache.journal_reading import WAITING, read_entries, read_numbers
from offline_cache.sealing import Seal
from tests.offline_cache.journals import AT, BOOK, KEY, KIOSK, SHOWN, append, lent, open_journal

SOME_ID = "00000000-0001-7190-bff6-6cbf84b4c1b0"
KEPT = Told("a-boot", 1, ClockState.SYNCHRONISED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def died(journal: Journal) -> None:
    """The process ends, and takes nothing in before."""
    journal._books._untaken = []
    journal.close()


def in_database(journal: Journal) -> int:
    """How many acts the database has taken in."""
    return int(journal._books.db.execute("SELECT COUNT(*) FROM event").fetchone()[0])


# ---- the journal over it


def test_an_act_stands_in_the_daybook_when_it_is_promised_and_is_taken_in_afterwards(path: Path) -> None:
    journal = open_journal(path)
    events = [append(journal) for _ in range(3)]
    assert in_database(journal) == 0
    assert [one.event_id for one in acts(beside(path))] == [one.id for one in events]
    assert journal.undelivered() == events
    assert in_database(journal) == 3
    assert journal._books.db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_what_a_process_that_died_left_in_the_daybook_is_there_again(path: Path) -> None:
    journal = open_journal(path)
    request = append(journal)
    fact = journal.append_fact(Action.CHECK_OUT, SHOWN, BOOK, AT + timedelta(days=1), KEPT, lent())
    died(journal)
    again = open_journal(path)
    assert again.since(0) == [Entry(request, "open"), Entry(fact, "open", promised=lent())]
    assert again.floor() == AT + timedelta(days=1)
    assert append(again).seq == 3
    assert [one.event.seq for one in again.since(0)] == [1, 2, 3]


def test_who_reads_beside_the_kiosk_finds_what_was_not_taken_in_yet(path: Path) -> None:
    journal = open_journal(path)
    append(journal)
    assert journal.waiting() == 1
    late = append(journal)
    died(journal)
    assert [one.event.seq for one in read_entries(path, Seal(KEY), KIOSK, WAITING)] == [1, late.seq]
    numbers = read_numbers(path)
    assert (numbers.states, numbers.last_seq) == ({"open": 2}, 2)


def test_the_daybook_goes_round_and_nothing_is_lost_or_done_twice(path: Path) -> None:
    journal = open_journal(path)
    for number in range(2 * PAGES + 7):
        append(journal)
        if number % 100 == 99:
            assert journal.waiting() == number + 1
    died(journal)
    again = open_journal(path)
    assert [one.event.seq for one in again.since(0)] == list(range(1, 2 * PAGES + 8))
    assert beside(path).stat().st_size == PAGE * PAGES


def test_what_is_only_in_an_unsynced_log_is_not_overwritten_in_the_daybook(path: Path) -> None:
    journal = open_journal(path)
    for _ in range(PAGES):
        append(journal)
    assert journal.waiting() == PAGES  # taken in, without a sync of its own
    append(journal)  # goes into the database itself, which is synced by that
    assert in_database(journal) == PAGES + 1
    append(journal)
    assert in_database(journal) == PAGES + 1


def test_an_act_that_is_too_long_for_a_page_goes_into_the_database_at_once(path: Path) -> None:
    journal = open_journal(path)
    append(journal)
    journal._kiosk = type(KIOSK)("k" * PAGE)
    append(journal)
    assert in_database(journal) == 2
    assert len(acts(beside(path))) == 1


def test_a_daybook_that_takes_nothing_is_a_fault_and_the_next_act_goes_into_the_database(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(path)

    def no_disk(*_: object) -> int:
        raise OSError(errno.EIO, "no disk")

    monkeypatch.setattr(os, "pwrite", no_disk)
    with pytest.raises(JournalFault, match="cannot be written"):
        append(journal)
    assert append(journal).seq == 1
    assert in_database(journal) == 1


def test_a_file_system_that_wants_its_own_cache_is_written_through_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, pwrite, tried = open_journal(path), os.pwrite, []

    def particular(file: int, *rest: object) -> int:
        tried.append(file)
        if len(tried) == 1:
            raise OSError(errno.EINVAL, "not so")
        return pwrite(file, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "pwrite", particular)
    assert append(journal).seq == 1
    assert len(tried) == 2
    assert len(acts(beside(path))) == 1


def gone(path: Path) -> None:
    path.unlink()


def first_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[PAGE : 3 * PAGE])


@pytest.mark.parametrize("harm", [gone, first_page, half])
def test_a_daybook_that_was_lost_or_changed_is_a_fault(path: Path, harm: Callable[[Path], None]) -> None:
    journal = open_journal(path)
    for _ in range(4):
        append(journal)
    died(journal)
    harm(beside(path))
    with pytest.raises(JournalDamaged):
        open_journal(path)


def test_a_torn_page_at_the_end_was_never_promised(path: Path) -> None:
    journal = open_journal(path)
    promised = append(journal)
    append(journal)
    died(journal)
    content = bytearray(beside(path).read_bytes())
    content[PAGE + 300 : 2 * PAGE] = bytes(PAGE - 300)
    beside(path).write_bytes(content)
    assert open_journal(path).undelivered() == [promised]


def test_a_daybook_in_use_is_not_begun_anew(path: Path) -> None:
    journal = open_journal(path)
    append(journal)
    died(journal)
    for file in (path, path.with_name("journal.db.lock")):
        file.unlink()
    with pytest.raises(JournalDamaged, match="gone"):
        open_journal(path)
    assert len(acts(beside(path))) == 1


# ---- alone

ACTS = st.tuples(st.binary(min_size=1, max_size=1500), st.none() | st.binary(min_size=1, max_size=1500))


@settings(max_examples=60, deadline=None)
@given(written=st.lists(ACTS, max_size=12), flips=st.lists(st.integers(0, PAGE * 12 - 1), max_size=3))
def test_what_was_written_is_read_and_what_was_changed_is_not(
    written: list[tuple[bytes, bytes | None]], flips: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("daybook") / "journal.db"
    begin(path)
    book = Daybook(path)
    put = [First(seq, SOME_ID, *one, seq * 1000) for seq, one in enumerate(written, 5)]
    assert all(book.put(one) for one in put)
    assert book.after(4) == put
    content = bytearray(beside(path).read_bytes())
    for place in flips:
        content[place] ^= 0x40
    beside(path).write_bytes(content)
    assert [one for one in acts(beside(path)) if one not in put] == []
    book.close()


def test_another_item_of_the_same_number_never_stands_for_it(path: Path) -> None:
    journal = open_journal(path)
    first = append(journal)
    died(journal)
    journal = open_journal(path)
    second = append(journal, ItemBarcode("30000000000029"))
    died(journal)
    assert [one.event for one in open_journal(path).since(0)] == [first, second]
