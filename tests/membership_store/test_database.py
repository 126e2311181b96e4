"""The schema holds what the rules promise, whatever the code does; a transaction keeps its word, on either engine."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from membership_store.database import Database, IntegrityFault, Row, Session, places_for
from membership_store.opening import Spec, open_database

LENT_AGAIN = (
    "INSERT INTO loan (consortium, loan, item, patron, branch, lent, due, lent_at)"
    " SELECT consortium, loan || '-2', item, patron, branch, lent, due, lent_at FROM loan"
)


HELD_AGAIN = (
    "INSERT INTO hold (consortium, hold, patron, title, item, status)"
    " SELECT consortium, hold || '-2', patron, title, item, status FROM hold"
)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE strips SET balance = balance - 1000",
        "UPDATE strips SET balance = 1, overdrawn = 1",
        "UPDATE membership SET starts = 'yesterday'",
        "UPDATE membership SET status = 'maybe'",
        "UPDATE patron SET main_library = 'nowhere'",
        "UPDATE pass_chip SET uid = '08A1B2C3'",
        "UPDATE kiosk SET branch = '0000'",
        "UPDATE hold SET item = NULL",
        "UPDATE item SET status = 'eaten'",
        "UPDATE item SET branch = NULL",
        "DELETE FROM patron",
        LENT_AGAIN,
        HELD_AGAIN,
    ],
)
def test_the_database_itself_refuses(filled: Database, change: str) -> None:
    with pytest.raises(IntegrityFault):
        filled.write(lambda session: session.run(change))


def test_an_item_that_came_back_may_be_lent_again(filled: Database) -> None:
    def again(session: Session) -> int:
        session.run("UPDATE loan SET returned_at = '2026-01-01T00:00:00.000000+00:00'")
        return session.run(LENT_AGAIN)

    assert filled.write(again) > 0


@pytest.fixture
def counting(empty: Database) -> Database:
    """A database with one table of numbers."""
    empty.write(lambda session: session.run("CREATE TABLE number (n INTEGER NOT NULL UNIQUE)"))
    return empty


def test_work_that_fails_takes_nothing_of_its_neighbours_with_it(counting: Database) -> None:
    gate = threading.Barrier(24)

    def work(n: int) -> str:
        def put(session: Session) -> None:
            session.run("INSERT INTO number VALUES (?)", n)
            if n % 3 == 0:
                raise ValueError(n)

        gate.wait(30)
        try:
            counting.write(put)
        except ValueError:
            return "failed"
        return "done"

    with ThreadPoolExecutor(24) as pool:
        said = list(pool.map(work, range(24)))
    assert said == ["failed" if n % 3 == 0 else "done" for n in range(24)]
    kept = counting.read(lambda session: session.rows("SELECT n FROM number ORDER BY n"))
    assert [n for (n,) in kept] == [n for n in range(24) if n % 3]


def test_what_was_answered_is_committed(filled: Database, address: Spec) -> None:
    filled.write(lambda session: session.run("CREATE TABLE number (n INTEGER NOT NULL UNIQUE)"))
    with closing(open_database(address)) as other:
        for n in range(20):
            filled.write(lambda session, n=n: session.run("INSERT INTO number VALUES (?)", n))  # type: ignore[misc]
            assert other.read(lambda session: session.rows("SELECT COUNT(*) FROM number")) == [(n + 1,)]


def test_a_reader_cannot_write(counting: Database) -> None:
    with pytest.raises(Exception, match=r"does not answer"):
        counting.read(lambda session: session.run("INSERT INTO number VALUES (1)"))
    assert counting.read(lambda session: session.rows("SELECT n FROM number")) == []


def test_a_reader_sees_one_picture_however_long_it_looks(counting: Database) -> None:
    def look(session: Session) -> tuple[int, int]:
        before = len(session.rows("SELECT n FROM number"))
        counting.write(lambda writing: writing.run("INSERT INTO number VALUES (1)"))
        return before, len(session.rows("SELECT n FROM number"))

    assert counting.read(look) == (0, 0)
    assert counting.read(lambda session: len(session.rows("SELECT n FROM number"))) == 1


def test_a_sum_and_a_count_are_whole_numbers(filled: Database) -> None:
    sums = filled.read(lambda session: session.rows("SELECT SUM(cents), COUNT(*), MAX(cents) FROM fee"))[0]
    assert {type(one) for one in sums} == {int}


def test_what_is_asked_in_parts_is_answered_in_parts_after_what_was_written(counting: Database) -> None:
    def work(session: Session) -> list[list[list[Row]]]:
        for n in range(4):
            session.later("INSERT INTO number (n) VALUES (?)", n)
        above = "SELECT n FROM number WHERE n > ? ORDER BY n"
        answers = list(session.in_parts([[(above, (n,)), (above, (n + 1,))] for n in range(2)]))
        session.change_one("UPDATE number SET n = ? WHERE n = ?", 9, 0)
        return answers

    assert counting.write(work) == [
        [[(1,), (2,), (3,)], [(2,), (3,)]],
        [[(2,), (3,)], [(3,)]],
    ]
    assert counting.read(lambda session: session.rows("SELECT n FROM number ORDER BY n")) == [(1,), (2,), (3,), (9,)]


@pytest.mark.parametrize(("keys", "places"), [(1, 1), (2, 2), (3, 4), (5, 8), (128, 128), (129, 256)])
def test_keys_have_places_in_few_lengths(keys: int, places: int) -> None:
    text, padded = places_for([str(n) for n in range(keys)])
    assert text == ", ".join("?" * places)
    assert len(padded) == places
    assert set(padded) == {str(n) for n in range(keys)}
