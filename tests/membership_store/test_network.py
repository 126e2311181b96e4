"""A branch's network is read once and remembered as long as its version stands, on either engine."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from circulation.rules.facts import Here, Policy
from membership_store import register
from membership_store.database import Database, Row, Session, Value
from membership_store.network import load_here
from membership_store.opening import Spec, open_database
from tests.membership_store.running import ANNEN, DRENTHE

NOON = datetime(2026, 7, 15, 10, tzinfo=UTC)


class Counting:
    """A session that counts what it is asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.memory, self.touched = session.memory, session.touched
        self.asked: list[str] = []

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Counts a query."""
        self.asked.append(sql)
        return self._session.rows(sql, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)


def statements(database: Database, moment: datetime = NOON) -> int:
    """How many statements it takes to know the branch."""

    def count(session: Session) -> int:
        counting = Counting(session)
        load_here(counting, DRENTHE, ANNEN, moment)  # type: ignore[arg-type]
        return len(counting.asked)

    return database.read(count)


def here(database: Database, moment: datetime = NOON) -> Here:
    """The branch as a question sees it."""
    return database.read(lambda session: load_here(session, DRENTHE, ANNEN, moment))


def closes(session: Session, day: str) -> None:
    """The branch closes for a day."""
    session.run("INSERT INTO closed_day (consortium, branch, day) VALUES (?, ?, ?)", DRENTHE, ANNEN, day)
    register.network_changed(session, DRENTHE)


def test_a_network_that_did_not_change_costs_one_statement(filled: Database) -> None:
    assert statements(filled) > 5
    assert [statements(filled) for _ in range(3)] == [1, 1, 1]
    assert here(filled) == here(filled)


def test_what_is_remembered_has_the_date_of_each_question(filled: Database) -> None:
    assert here(filled).today == date(2026, 7, 15)
    assert here(filled, NOON.replace(day=16)).today == date(2026, 7, 16)
    assert replace(here(filled), today=date(2026, 7, 16)) == here(filled, NOON.replace(day=16))


def test_a_change_is_seen_by_the_next_question_also_where_another_process_made_it(
    filled: Database, address: Spec
) -> None:
    assert here(filled).closed == frozenset()
    filled.write(lambda session: closes(session, "2026-07-20"))
    assert here(filled).closed == {date(2026, 7, 20)}
    with closing(open_database(address)) as other:
        other.write(lambda session: closes(session, "2026-07-21"))
    assert here(filled).closed == {date(2026, 7, 20), date(2026, 7, 21)}
    assert statements(filled) == 1


def test_a_transaction_sees_its_own_change_and_nothing_is_remembered_of_what_was_undone(filled: Database) -> None:
    before = here(filled)

    def change(session: Session) -> None:
        register.set_policy(session, DRENTHE, before.institution.code, Policy(max_renewals=7))
        assert load_here(session, DRENTHE, ANNEN, NOON).policy.max_renewals == 7
        raise KeyError

    with pytest.raises(KeyError):
        filled.write(change)
    assert here(filled) == before

    filled.write(lambda session: closes(session, "2026-07-22"))
    assert here(filled).policy == before.policy


def test_a_restored_database_that_gives_a_version_again_is_read_anew(filled: Database) -> None:
    here(filled)
    filled.write(
        lambda session: (
            session.run("UPDATE feed_head SET generation = 'restored-1'"),
            session.run("UPDATE branch SET asks_pin = 1 WHERE branch = ?", ANNEN),
        )
    )
    assert here(filled).branch.asks_pin
