"""Many statements in one packet each way: what the first failure stops, and what a connection is worth after it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from membership_store.database import IntegrityFault, StoreUnavailable
from membership_store.postgres_connection import MOST_PREPARED, PostgresConnection
from membership_store.postgres_database import PostgresDatabase
from tests.membership_store.engines import Server

DOOR = ".s.PGSQL.5432"


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """The demo in a database of its own."""
    one = str(server.new())
    yield one
    server.drop(one)


@pytest.fixture
def connection(address: str) -> Iterator[PostgresConnection]:
    """One connection, with a table."""
    with PostgresConnection.connect(address, autocommit=True) as opened:
        opened.execute(b"CREATE TABLE thing (n BIGINT UNIQUE, word TEXT)")
        yield opened


def test_each_statement_of_a_packet_gives_its_own_answer(connection: PostgresConnection) -> None:
    made, found, nothing, text = connection.ask(
        [
            (b"INSERT INTO thing SELECT n, 'w' || n FROM generate_series(1, 300) AS n", ()),
            (b"SELECT n, word FROM thing WHERE n < $1 ORDER BY n", (3,)),
            (b"SELECT n FROM thing WHERE word = $1", ("\N{LATIN SMALL LIGATURE IJ}; DROP TABLE thing",)),
            (b"SELECT $1, $2", (None, 2**40)),
        ]
    )
    assert (made.count, found.rows(), nothing.rows()) == (300, [(1, "w1"), (2, "w2")], [])
    assert text.rows() == [(None, 2**40)]


def test_a_text_with_a_zero_in_it_is_never_cut_off_there(address: str) -> None:
    with closing(PostgresDatabase(address)) as database:
        with pytest.raises(psycopg.DataError):
            database.write(lambda session: session.rows("SELECT ?", "whole\0lost"))
        assert database.read(lambda session: session.rows("SELECT ?", "whole")) == [("whole",)]


def test_more_than_both_ends_can_hold_goes_through(connection: PostgresConnection) -> None:
    long = "x" * 1_000_000
    said = connection.ask([(b"SELECT $1 || $2", (long, str(n))) for n in range(40)])
    assert [one.rows() for one in said] == [[(long + str(n),)] for n in range(40)]


def test_what_follows_a_failure_is_not_done_and_the_connection_goes_on(connection: PostgresConnection) -> None:
    insert = b"INSERT INTO thing VALUES ($1, $2)"
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.ask([(b"BEGIN", ()), (insert, (1, "a")), (insert, (1, "b")), (b"SELECT 'new' || $1", ("x",))])
    connection.ask([(b"ROLLBACK", ())])
    # The statement that was on its way when it failed is prepared when it is asked again.
    said = connection.ask([(b"SELECT 'new' || $1", ("x",)), (insert, (1, "c")), (b"SELECT word FROM thing", ())])
    assert (said[0].rows(), said[2].rows()) == ([("newx",)], [("c",)])


def test_a_faulty_statement_is_named_and_harms_no_other(connection: PostgresConnection) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.ask([(b"SELECT 1 FROM nowhere", ())])
    assert connection.ask([(b"SELECT 1", ())])[0].rows() == [(1,)]


def test_a_table_that_changed_under_a_prepared_question_fails_one_question_at_most(address: str) -> None:
    with closing(PostgresDatabase(address, connections=1)) as database:
        database.write(lambda session: session.run("CREATE TABLE thing (n BIGINT)"))

        def look() -> list[tuple[object, ...]]:
            return database.read(lambda session: session.rows("SELECT * FROM thing"))

        assert look() == []
        with psycopg.connect(address, autocommit=True) as other:
            other.execute("ALTER TABLE thing ADD COLUMN word TEXT")
            other.execute("INSERT INTO thing VALUES (1, 'a')")
        with suppress(StoreUnavailable, psycopg.NotSupportedError):
            look()
        assert look() == [(1, "a")]


def test_a_refused_row_leaves_a_connection_that_can_be_used(address: str) -> None:
    with closing(PostgresDatabase(address, connections=1)) as database:
        database.write(lambda session: session.run("CREATE TABLE thing (n BIGINT NOT NULL)"))
        for _ in range(3):
            with pytest.raises(IntegrityFault):
                database.write(lambda session: session.run("INSERT INTO thing VALUES (?)", None))
            database.write(lambda session: session.run("INSERT INTO thing VALUES (?)", 1))
        assert database.read(lambda session: session.rows("SELECT n FROM thing")) == [(1,)] * 3


class Tunnel:
    """A way to the server that can fall silent, as a cable that was cut does."""

    def __init__(self, door: Path, server: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(door))
        self.listener.listen()
        self.passes = threading.Event()
        self.passes.set()
        self._server = server
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        near, _ = self.listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self._server))
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self.passes.wait()
                other.sendall(data)


def test_a_server_that_falls_silent_is_given_up_and_its_connection_closed(address: str) -> None:
    there = psycopg.conninfo.conninfo_to_dict(address)
    # A folder of its own: no path of a socket may be longer than 107 bytes, and pytest's may be.
    with TemporaryDirectory(prefix="tunnel-") as folder:
        tunnel = Tunnel(Path(folder) / DOOR, Path(str(there["host"])) / DOOR)
        falls_silent(psycopg.conninfo.make_conninfo(address, host=folder), tunnel)


def falls_silent(address: str, tunnel: Tunnel) -> None:
    """Asks through the tunnel until it passes nothing on."""
    with PostgresConnection.connect(address, autocommit=True) as connection:
        connection.silence_s = 0.3
        assert connection.ask([(b"SELECT 1", ())])[0].rows() == [(1,)]
        tunnel.passes.clear()
        with pytest.raises(psycopg.OperationalError, match="silent"):
            connection.ask([(b"SELECT 2", ())])
        assert connection.closed
        with pytest.raises(psycopg.OperationalError, match="closed"):
            connection.ask([(b"SELECT 3", ())])
    tunnel.passes.set()
    tunnel.listener.close()


def test_what_nobody_looks_at_is_written_over_a_connection_that_died_idle(address: str) -> None:
    with closing(PostgresDatabase(address, connections=1)) as database:
        database.write(lambda session: session.run("CREATE TABLE thing (n BIGINT NOT NULL)"))
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        database.write(lambda session: session.later("INSERT INTO thing VALUES (?)", 1))
        assert database.read(lambda session: session.rows("SELECT n FROM thing")) == [(1,)]


def test_answers_are_heard_while_the_server_is_still_at_the_next(connection: PostgresConnection, address: str) -> None:
    connection.silence_s = 10
    with PostgresConnection.connect(address) as other:
        other.execute(b"LOCK TABLE thing")
        # The server sends what fills its buffer; the rest it keeps until more comes, or until it has done all.
        long = (b"SELECT repeat('x', 100000)", ())
        heard = connection.hear([long, long, (b"SELECT n FROM thing", ())])
        assert next(heard).rows() == [("x" * 100_000,)]
        other.rollback()
        assert [one.rows() for one in heard] == [[("x" * 100_000,)], []]


def test_a_connection_whose_answers_were_not_all_heard_is_closed(address: str) -> None:
    connection = PostgresConnection.connect(address, autocommit=True)
    for _ in connection.hear([(b"SELECT 1", ()), (b"SELECT 2", ())]):
        break
    assert connection.closed


def test_a_connection_keeps_no_more_prepared_statements_than_it_should(connection: PostgresConnection) -> None:
    for n in range(MOST_PREPARED + 20):
        assert connection.ask([(f"SELECT {n}".encode(), ())])[0].rows() == [(n,)]
    kept = connection.ask([(b"SELECT count(*) FROM pg_prepared_statements", ())])[0].rows()
    assert kept[0][0] <= MOST_PREPARED + 1
