"""What only a server can do to the store: go away in the middle, come back, be slow, let two in at the same time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from circulation.events import Kind
from membership_store.database import Contested, IntegrityFault, Session, StoreUnavailable
from membership_store.opening import BadAddress, spec
from membership_store.postgres_database import PostgresDatabase
from membership_store.staff.acts import Manner
from membership_store.staff.table import ACTS
from tests.membership_store.cluster import Cluster
from tests.membership_store.counter import Counter
from tests.membership_store.engines import Server
from tests.membership_store.running import ANNEN, DRENTHE, Demo, eventually, plain_books, run

SLOW_COMMIT = """
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON loan DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION late();
"""


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """The demo in a database of its own."""
    one = str(server.new())
    yield one
    server.drop(one)


@pytest.fixture
def database(address: str) -> Iterator[PostgresDatabase]:
    """The database, open, with a table of numbers."""
    with closing(PostgresDatabase(address, patience_s=1.0, statement_s=1.0)) as opened:
        opened.write(lambda session: session.run("CREATE TABLE number (n BIGINT NOT NULL UNIQUE)"))
        yield opened


def numbers(database: PostgresDatabase) -> list[int]:
    """What is in the table."""
    return [n for (n,) in database.read(lambda session: session.rows("SELECT n FROM number ORDER BY n"))]


def kill_all(address: str) -> None:
    """Ends every other connection to that database."""
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_lost_in_the_middle_leaves_nothing_half_done(database: PostgresDatabase, address: str) -> None:
    def work(session: Session) -> None:
        session.run("INSERT INTO number VALUES (1)")
        kill_all(address)
        session.run("INSERT INTO number VALUES (2)")

    with pytest.raises(StoreUnavailable):
        database.write(work)
    assert numbers(database) == []
    database.write(lambda session: session.run("INSERT INTO number VALUES (3)"))
    assert numbers(database) == [3]


def test_connections_that_died_while_they_lay_idle_are_replaced_unnoticed(
    database: PostgresDatabase, address: str
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: database.read(lambda session: session.rows("SELECT pg_sleep(0.2)")), range(8)))
    kill_all(address)
    assert numbers(database) == []
    database.write(lambda session: session.run("INSERT INTO number VALUES (1)"))
    assert numbers(database) == [1]


def test_a_connection_lost_at_the_commit_is_asked_again_and_lent_once(address: str, demo: Demo) -> None:
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(SLOW_COMMIT.encode())
    with closing(PostgresDatabase(address)) as opened:
        counter, item = Counter(opened), next(plain_books(address))
        event = counter.event(demo.shown("anna"), item, Kind.REQUEST)
        timer = threading.Timer(0.5, kill_all, (address,))
        timer.start()
        with pytest.raises(StoreUnavailable):
            counter.tell(event)
        timer.join()
        answer = counter.tell(event)
        assert answer["outcome"] == "checked_out"
        assert counter.tell(event) == answer
        assert [is_open for _, is_open in counter.loans(item)] == [True]


def test_a_statement_that_takes_too_long_and_work_that_dawdles_are_broken_off(database: PostgresDatabase) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="57014"):
        database.write(lambda session: session.rows("SELECT pg_sleep(20)"))

    def dawdle(session: Session) -> None:
        session.run("INSERT INTO number VALUES (1)")
        time.sleep(1.5)
        session.run("INSERT INTO number VALUES (2)")

    with pytest.raises(StoreUnavailable):
        database.write(dawdle)
    assert time.monotonic() - started < 15
    assert numbers(database) == []


def test_what_counts_a_library_may_take_longer_and_never_all_connections(database: PostgresDatabase) -> None:
    def slow(session: Session) -> list[tuple[object, ...]]:
        return session.rows("SELECT n, pg_sleep(2.5) FROM (SELECT 1 AS n) one")

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(database.read_at_length, slow) for _ in range(2)]
        eventually("both began", lambda: not database._at_length._value)
        with pytest.raises(StoreUnavailable, match="at length"):
            database.read_at_length(slow)
        assert numbers(database) == []
        assert [one.result(30)[0][0] for one in waiting] == [1, 1]
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            database.read(slow)
    assert {act.path for act in ACTS if act.at_length} == {"statistics", "reminders/overdue"}
    assert all(act.manner is Manner.FIND for act in ACTS if act.at_length)


@pytest.mark.system
def test_a_server_that_went_away_is_unavailable_and_found_again_by_itself(tmp_path: Path) -> None:
    own = Cluster("fsync=on")
    try:
        with closing(PostgresDatabase(own.address(own.new()), patience_s=1.0)) as database:
            database.write(lambda session: session.run("CREATE TABLE number (n BIGINT)"))
            own.stop(signal.SIGQUIT)
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    numbers(database)
            own.start()

            def is_back() -> bool:
                try:
                    return numbers(database) == []
                except StoreUnavailable:
                    return False

            eventually("the database is found again", is_back)
            database.write(lambda session: session.run("INSERT INTO number VALUES (1)"))
            assert numbers(database) == [1]
    finally:
        own.close()


def test_work_that_was_contested_is_begun_anew_and_gives_up_in_the_end(database: PostgresDatabase) -> None:
    tries: list[int] = []

    def third(session: Session) -> int:
        tries.append(session.run("INSERT INTO number VALUES (?)", len(tries)))
        if len(tries) < 3:
            raise Contested
        return len(tries)

    assert database.write(third) == 3
    assert numbers(database) == [2]

    def never(session: Session) -> None:
        tries.append(session.run("INSERT INTO number VALUES (7)"))
        raise Contested

    tries.clear()
    with pytest.raises(Contested):
        database.write(never)
    assert 1 < len(tries) < 20
    assert numbers(database) == [2]


def test_two_who_lock_crosswise_both_get_through(database: PostgresDatabase, address: str) -> None:
    database.write(lambda session: session.run("INSERT INTO number VALUES (1), (2)"))
    patient = PostgresDatabase(address)  # the server looks for a deadlock after a second
    gate = threading.Barrier(2)

    def cross(first: int, second: int) -> None:
        met: list[int] = []

        def work(session: Session) -> None:
            session.run("UPDATE number SET n = n WHERE n = ?", first)
            if not met:
                met.append(gate.wait(10))
            session.run("UPDATE number SET n = n WHERE n = ?", second)

        patient.write(work)

    with closing(patient), ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(cross, 1, 2), pool.submit(cross, 2, 1)]:
            one.result(30)


def test_a_key_that_stays_taken_is_said_without_its_value(database: PostgresDatabase) -> None:
    database.write(lambda session: session.run("INSERT INTO number VALUES (4711)"))
    with pytest.raises(IntegrityFault) as caught:
        database.write(lambda session: session.run("INSERT INTO number VALUES (4711)"))
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_patron_who_is_held_keeps_another_writer_waiting_and_no_reader(
    database: PostgresDatabase, address: str
) -> None:
    [(patron,)] = database.read(lambda session: session.rows("SELECT MIN(patron) FROM patron"))
    said: list[str] = []

    def wait(session: Session) -> None:
        session.lock("patron", DRENTHE, patron)
        session.rows("SELECT 1")
        said.append("second")

    def hold(session: Session) -> None:
        session.lock("patron", DRENTHE, patron)
        session.rows("SELECT 1")
        waiting.append(pool.submit(database.write, wait))
        time.sleep(0.3)
        database.read(lambda reading: reading.lock("patron", DRENTHE, patron))
        said.append("first")

    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        database.write(hold)
        waiting[0].result(30)
    assert said == ["first", "second"]


def test_numbers_beyond_32_bits_are_kept(database: PostgresDatabase, address: str) -> None:
    with psycopg.connect(address) as connection:
        kinds = connection.execute(
            "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall()
    assert {kind for (kind,) in kinds} == {"bigint", "text"}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://store:s3cret@db.example/store",
        "postgres://store:s3cret@db.example/store",
        "postgresql://db.example/store?user=store&password=s3cret",
        "postgresql://[::1/store?password=s3cret",
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadAddress) as caught:
        spec(text)
    assert "s3cret" not in str(caught.value)
    done = run("migrate", "--database", text)
    assert done.returncode == 2
    assert "s3cret" not in done.stdout + done.stderr


def test_a_server_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = run("serve", "--database", f"postgresql:///store?host={tmp_path}&connect_timeout=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("library-store: the database does not answer")
    assert done.stderr.count("\n") == 1


def test_the_command_line_makes_fills_and_asks_a_database_of_a_server(cluster: Cluster, tmp_path: Path) -> None:
    address = cluster.address(cluster.new())
    assert "run `migrate` first" in run("explain", "--database", address, "--branch", ANNEN, "--number", "1").stderr
    assert run("migrate", "--database", address).stdout.startswith("applied 0001_lending\n")
    assert run("migrate", "--database", address).stdout == "nothing to do: the schema is up to date\n"
    done = run("demo-data", "--database", address, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    drawer = json.loads((tmp_path / "drawer.json").read_text("utf-8"))
    number = next(one["number"] for one in drawer if one["name"] == "anna")
    done = run("explain", "--database", address, "--branch", ANNEN, "--number", number)
    assert done.returncode == 0, done.stderr


def test_a_store_on_sqlite_does_not_carry_the_servers_library() -> None:
    asked = "import sys, membership_store.cli.program as p; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
