"""A PostgreSQL cluster of its own under build/, fsync on, with the large store in it: made once, then only started."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from membership_store import migrations
from membership_store.opening import open_postgres
from tests.benchmark import numbered, store_rows
from tests.benchmark.numbered import Size
from tests.benchmark.rig import ROOT

SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "120",
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "autovacuum_naptime": "10s",
}


class NoPostgres(Exception):
    """PostgreSQL's own programs are not on this machine; the message says what to install."""


@dataclass(frozen=True)
class Cluster:
    """A running server. `address` is what `--database` takes."""

    folder: Path
    port: int
    size: Size

    @property
    def address(self) -> str:
        """Its database."""
        return f"postgresql://bench@127.0.0.1:{self.port}/bench"

    @property
    def log(self) -> Path:
        """What the server logs."""
        return self.folder / "server.log"

    def connect(self) -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(self.address, autocommit=True)

    def pgbench(self, *arguments: str) -> str:
        """Runs pgbench against it and gives what it printed."""
        command = [str(programs() / "pgbench"), "-n", "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]
        done = subprocess.run([*command, *arguments, "bench"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def programs() -> Path:
    """Where PostgreSQL's own programs stand, of the newest version there is. Raises NoPostgres."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "pgbench").exists():
            return folder
    raise NoPostgres("PostgreSQL is not installed: apt-get install postgresql postgresql-contrib")


@contextlib.contextmanager
def running(size: Size) -> Iterator[Cluster]:
    """The cluster with a store of that size, as it was made, for the time of the block."""
    folder = ROOT / "build" / f"store-{_version(size)}"
    if not (folder / "whole").exists():
        _make(folder, size)
    with _started(folder, size) as cluster:
        yield cluster


def _version(size: Size) -> str:
    """Changes with all that the rows depend on."""
    told = hashlib.sha256(repr(size).encode())
    for file in (Path(store_rows.__file__), Path(numbered.__file__), *sorted(migrations.SCHEMA.iterdir())):
        told.update(file.read_bytes())
    return told.hexdigest()[:12]


def _make(folder: Path, size: Size) -> None:
    for old in folder.parent.glob("store-*"):
        if ((old / "size").exists() and (old / "size").read_text("ascii") == repr(size)) or old == folder:
            shutil.rmtree(old)
    folder.mkdir(parents=True)
    (folder / "size").write_text(repr(size), "ascii")
    _owned(folder)
    print(f"  making a store of {size.patrons} patrons and {size.items} items", flush=True)
    began = time.monotonic()
    _as_owner("initdb", "-D", str(folder / "data"), "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    with _started(folder, size, database="postgres") as cluster:
        with psycopg.connect(f"postgresql://bench@127.0.0.1:{cluster.port}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        today = datetime.now(UTC).date()
        database = open_postgres(cluster.address, patient=True)
        try:
            migrations.migrate(database)
            database.write(lambda session: store_rows.write_networks(session, today))
        finally:
            database.close()
        with cluster.connect() as connection:
            store_rows.copy_rows(connection, size, today)
            store_rows.restore(connection, size)
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
    (folder / "whole").write_text(today.isoformat(), "ascii")
    print(f"  made in {time.monotonic() - began:.0f} s", flush=True)


def made_on(cluster: Cluster) -> date:
    """The day of the rows: their dates count from it."""
    return date.fromisoformat((cluster.folder / "whole").read_text("ascii"))


@contextlib.contextmanager
def _started(folder: Path, size: Size, database: str = "bench") -> Iterator[Cluster]:
    port = _free_port()
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    options += f" -c port={port} -c unix_socket_directories="
    log = str(folder / "server.log")
    if (folder / "data" / "postmaster.pid").exists():  # a run that was killed left its server behind
        with contextlib.suppress(subprocess.CalledProcessError):
            _as_owner("pg_ctl", "-D", str(folder / "data"), "-m", "fast", "-w", "-t", "300", "stop")
    _as_owner("pg_ctl", "-D", str(folder / "data"), "-l", log, "-o", options, "-w", "-t", "120", "start")
    try:
        yield Cluster(folder, port, size)
    finally:
        _as_owner("pg_ctl", "-D", str(folder / "data"), "-m", "fast", "-w", "-t", "300", "stop")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _as_owner(program: str, *arguments: str) -> None:
    """PostgreSQL does not run as root; then its own user runs it."""
    command = [str(programs() / program), *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    with (ROOT / "build" / "store-cluster.log").open("a", encoding="utf-8") as log:
        subprocess.run(command, stdout=log, stderr=log, cwd="/", check=True)


def _owned(folder: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
