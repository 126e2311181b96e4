"""Why the feed counts as it does: with writers that commit late, a sequence and a clock lose changes, the counter none.

Plain tables on a real PostgreSQL first, where each way is tried; then the store's own feed under the same load.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from membership_store import changes
from membership_store.database import Session
from membership_store.opening import Spec, open_database
from tests.membership_store.cluster import Cluster
from tests.membership_store.running import DRENTHE

WRITERS = 8
LASTS_S = 2.0
LATEST_COMMIT_S = 0.004
Write = Callable[["psycopg.Connection[tuple[int]]"], int]
Read = Callable[["psycopg.Connection[tuple[int]]", object], tuple[list[int], object]]

TABLES = """
CREATE TABLE numbered (id BIGSERIAL PRIMARY KEY);
CREATE TABLE stamped (id BIGSERIAL PRIMARY KEY, at TIMESTAMPTZ NOT NULL);
CREATE TABLE head (consortium TEXT PRIMARY KEY, head BIGINT NOT NULL);
CREATE TABLE counted (consortium TEXT, seq BIGINT, id BIGINT, PRIMARY KEY (consortium, seq));
CREATE SEQUENCE ids;
INSERT INTO head VALUES ('c', 0);
"""


def late() -> None:
    """What a transaction does between its last statement and its commit."""
    time.sleep(random.uniform(0, LATEST_COMMIT_S))


def numbered(connection: psycopg.Connection[tuple[int]]) -> int:
    """A row under the next number of a sequence."""
    [(made,)] = connection.execute("INSERT INTO numbered DEFAULT VALUES RETURNING id").fetchall()
    late()
    return made


def after_number(connection: psycopg.Connection[tuple[int]], cursor: object) -> tuple[list[int], object]:
    """What has a higher number than the last that was seen."""
    found = [one for (one,) in connection.execute("SELECT id FROM numbered WHERE id > %s ORDER BY id", (cursor or 0,))]
    return found, max([int(str(cursor or 0)), *found])


def stamped(connection: psycopg.Connection[tuple[int]]) -> int:
    """A row under the time of now."""
    made = connection.execute("INSERT INTO stamped (at) VALUES (clock_timestamp()) RETURNING id").fetchall()
    late()
    return made[0][0]


def after_time(connection: psycopg.Connection[tuple[int]], cursor: object) -> tuple[list[int], object]:
    """What is younger than the youngest that was seen."""
    asked = "SELECT id, at FROM stamped WHERE at > COALESCE(%s::timestamptz, '-infinity') ORDER BY at"
    rows = connection.execute(asked, (cursor,)).fetchall()
    return [row[0] for row in rows], rows[-1][1] if rows else cursor  # type: ignore[misc]


def counted(connection: psycopg.Connection[tuple[int]]) -> int:
    """A row under a counter whose row is held until the commit."""
    [(made,)] = connection.execute("SELECT nextval('ids')").fetchall()
    [(seq,)] = connection.execute("UPDATE head SET head = head + 1 WHERE consortium = 'c' RETURNING head").fetchall()
    connection.execute("INSERT INTO counted VALUES ('c', %s, %s)", (seq, made))
    late()
    return made


def after_count(connection: psycopg.Connection[tuple[int]], cursor: object) -> tuple[list[int], object]:
    """What has a higher count than the last that was seen."""
    asked = "SELECT id, seq FROM counted WHERE consortium = 'c' AND seq > %s ORDER BY seq"
    rows = connection.execute(asked, (cursor or 0,)).fetchall()
    return [row[0] for row in rows], rows[-1][1] if rows else cursor  # type: ignore[misc]


def race(address: str, write: Write, read: Read) -> tuple[int, int]:
    """How many rows were committed, and how many of them a reader who followed all the while never saw."""
    over = threading.Event()

    def writing() -> list[int]:
        made = []
        with psycopg.connect(address) as connection:
            while not over.is_set():
                made.append(write(connection))
                connection.commit()
        return made

    def reading() -> set[int]:
        seen: set[int] = set()
        cursor: object = None
        with psycopg.connect(address, autocommit=True) as connection:
            while not over.is_set():
                found, cursor = read(connection, cursor)
                seen.update(found)
            finished.wait(30)
            seen.update(read(connection, cursor)[0])
        return seen

    finished = threading.Event()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reader = pool.submit(reading)
        writers = [pool.submit(writing) for _ in range(WRITERS)]
        time.sleep(LASTS_S)
        over.set()
        made = {one for writer in writers for one in writer.result(30)}
        finished.set()
        return len(made), len(made - reader.result(30))


@pytest.mark.parametrize(
    ("write", "read", "loses"),
    [(numbered, after_number, True), (stamped, after_time, True), (counted, after_count, False)],
    ids=["sequence", "clock", "counter"],
)
def test_a_sequence_and_a_clock_lose_what_commits_late_and_a_counter_does_not(
    cluster: Cluster, write: Write, read: Read, loses: bool
) -> None:
    name = cluster.new()
    with psycopg.connect(cluster.address(name), autocommit=True) as connection:
        connection.execute(TABLES.encode())
    committed, lost = race(cluster.address(name), write, read)
    cluster.drop(name)
    print(f"committed {committed}, lost {lost}")
    assert committed > 100
    assert (lost > 0) == loses


# The commit itself takes its time: what is deferred is done by it, after the counter was moved on.
LATE_COMMIT = """
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_sleep(random() * 0.004); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON feed DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION late();
"""


def test_the_stores_own_feed_loses_nothing_under_the_same_load(address: Spec) -> None:
    if isinstance(address, str):
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(LATE_COMMIT.encode())
    over, made = threading.Event(), []
    asked = "SELECT seq, ref FROM feed WHERE consortium = ? AND seq > ? ORDER BY seq"
    head = "SELECT head FROM feed_head WHERE consortium = ?"
    seen: list[tuple[int, str]] = []

    def writing(writer: int) -> list[str]:
        done: list[str] = []
        with closing(open_database(address)) as database:
            while not over.is_set():
                ref = f"{writer}-{len(done)}"

                def write(session: Session, ref: str = ref) -> None:
                    changes.touch(session, DRENTHE, changes.ITEM, ref)
                    session.rows("SELECT 1")
                    late()

                database.write(write)
                done.append(ref)
        return done

    def follow(session: Session) -> None:
        seen.extend((int(seq), ref) for seq, ref in session.rows(asked, DRENTHE, seen[-1][0]))

    with closing(open_database(address)) as reader, ThreadPoolExecutor(WRITERS) as pool:
        [(start,)] = reader.read(lambda session: session.rows(head, DRENTHE))
        seen.append((start, ""))
        writers = [pool.submit(writing, n) for n in range(WRITERS)]
        until = time.monotonic() + LASTS_S
        while time.monotonic() < until:
            reader.read(follow)
        over.set()
        made = [ref for writer in writers for ref in writer.result(30)]
        reader.read(follow)
    print(f"committed {len(made)}, lost {len(made) - len(seen) + 1}")
    assert [seq for seq, _ in seen] == list(range(start, start + len(seen)))
    assert sorted(ref for _, ref in seen[1:]) == sorted(made)
    assert len(made) > 50
