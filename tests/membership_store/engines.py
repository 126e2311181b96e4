"""The two engines of the store, as the tests want them: a database of the demo for each test, on either."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg

from membership_store.demo import writer
from membership_store.opening import Spec
from tests.membership_store.cluster import Cluster

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_numbers = count(1)


class Files:
    """SQLite: a database is a file."""

    name = SQLITE

    def __init__(self, folder: Path, demo: Path) -> None:
        self._folder = folder
        self._demo = demo

    def new(self, *, filled: bool = True) -> Spec:
        """A database of its own: the demo's, or an empty one without a schema."""
        file = self._folder / f"{next(_numbers)}.db"
        return Path(shutil.copy(self._demo, file)) if filled else file

    def drop(self, database: Spec) -> None:
        """It may go."""
        for file in self._folder.glob(f"{Path(database).name}*"):
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink()


class Server:
    """PostgreSQL: a database is a copy of a template, made by the server."""

    name = POSTGRESQL

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self._template = cluster.new()
        writer.write(cluster.address(self._template), folder, writer.DEFAULT_BRANCH, lambda: datetime.now(UTC))

    def new(self, *, filled: bool = True) -> Spec:
        """A database of its own: the demo's, or an empty one without a schema."""
        return self.cluster.address(self.cluster.new(self._template if filled else "template1"))

    def drop(self, database: Spec) -> None:
        """It may go."""
        self.cluster.drop(str(database).partition("///")[2].partition("?")[0])


Engine = Files | Server


@contextmanager
def held(database: Spec) -> Iterator[None]:
    """Somebody else is writing, and does not end."""
    if isinstance(database, Path):
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with contextlib.closing(psycopg.connect(database)) as server:
        server.execute("LOCK TABLE kiosk, loan IN EXCLUSIVE MODE")
        yield
        server.rollback()
