"""Opens the store's database by what the command line says: a path is SQLite, a `postgresql://` address PostgreSQL.

A password never stands on the command line, where every process may read it, nor in a log: it comes from the file that
PGPASSFILE or ~/.pgpass names, or from PGPASSWORD in the environment (libpq's own ways).
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from membership_store.database import Database
from membership_store.sqlite_database import SqliteDatabase

if TYPE_CHECKING:
    from membership_store.postgres_database import PostgresDatabase

SCHEMES = ("postgresql://", "postgres://")
Spec = Path | str


class BadAddress(ValueError):
    """What was given is no address of a database; the message says why."""


def spec(text: str) -> Spec:
    """What `--database` takes. Raises BadAddress: an address with a password in it is refused."""
    if not text.startswith(SCHEMES):
        return Path(text)
    try:
        parts = urlsplit(text)
        hidden = parts.password is None and "password=" not in parts.query
    except ValueError:
        raise BadAddress("this is no address of a PostgreSQL database") from None
    if not hidden:
        raise BadAddress("an address holds no password: put it into a file that PGPASSFILE names, mode 0600")
    return text


def is_there(database: Spec) -> bool:
    """Whether there is something to open: of a server that is known only when it is asked."""
    return isinstance(database, str) or database.exists()


def make_room(database: Spec) -> None:
    """The folder of a file that is still to come."""
    if isinstance(database, Path):
        database.parent.mkdir(parents=True, exist_ok=True)


def open_database(database: Spec, *, patient: bool = False) -> Database:
    """The database, opened. `patient`: for a command that copies whole tables, without limits of time.

    Raises StoreUnavailable.
    """
    if isinstance(database, Path):
        return SqliteDatabase(database, patience_s=3600.0 if patient else 10.0)
    return open_postgres(database, patient=patient)


def open_postgres(address: str, *, patient: bool = False) -> "PostgresDatabase":
    """See open_database. psycopg is imported here, so that a store on SQLite does not carry it."""
    from membership_store.postgres_database import PostgresDatabase

    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    return PostgresDatabase(address, statement_s=0.0 if patient else 5.0)
