"""A PostgreSQL of the tests' own: an unprivileged user, a socket in a folder that ends with it, no port, no fsync."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

LIMIT_S = 60.0
USERS = ("postgres", "nobody")


class NoCluster(Exception):
    """PostgreSQL cannot be had on this machine; the message says why."""


def programs() -> Path:
    """Where initdb and postgres are. Raises NoCluster."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[4]))
    if not found and on_path is None:
        raise NoCluster("there is no PostgreSQL here: apt-get install postgresql")
    return found[-1].parent if found else Path(str(on_path)).parent


def _owner() -> pwd.struct_passwd | None:
    """Whose the server is: root may not run one. None: ourselves."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoCluster("PostgreSQL does not run as root, and there is no other user here")


class Cluster:
    """A server. `address(name)`: a database of it. It dies with this process, however that ends."""

    def __init__(self, *settings: str) -> None:
        self.bin = programs()
        self._owner = _owner()
        # Short: a socket's path has at most 107 bytes; and open to the owner, as pytest's own folders are not.
        self.folder = Path(tempfile.mkdtemp(prefix="store-pg-", dir="/tmp"))
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        self._settings = ["fsync=off", "full_page_writes=off", "max_connections=200", *settings]
        self._names = (f"store_{os.getpid()}_{n}" for n in count(1))
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "store", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        self.process = self._start()

    def _as_owner(self) -> list[str]:
        if self._owner is None:
            return ["setpriv", "--pdeathsig", "INT"]
        user, group = str(self._owner.pw_uid), str(self._owner.pw_gid)
        return ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--pdeathsig", "INT"]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_owner(), str(self.bin / program), *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if done.returncode != 0:
            raise NoCluster(f"{program}: {done.stderr.strip()}")

    def _start(self) -> subprocess.Popen[bytes]:
        settings = [f"unix_socket_directories={self.folder}", "listen_addresses=", *self._settings]
        options = [part for one in settings for part in ("-c", one)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*self._as_owner(), str(self.bin / "postgres"), "-D", str(self.folder / "data"), *options],
                cwd="/",
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + LIMIT_S
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > until:
                    raise NoCluster((self.folder / "log").read_text("utf-8")[-2000:]) from None
                time.sleep(0.02)
            else:
                return process

    def address(self, name: str) -> str:
        """The address of a database of this server."""
        return f"postgresql:///{name}?host={self.folder}&user=store"

    def new(self, template: str = "template1") -> str:
        """A new database, a copy of the template; gives its name."""
        name = next(self._names)
        # No two copies of one template at the same time; a template that is still being closed is waited for.
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Ends that database with all that is connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run(self, sql: str) -> None:
        """A statement of the administrator."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())

    def stop(self, number: int = signal.SIGINT) -> None:
        """SIGINT ends all connections at once and cleanly, SIGQUIT as if the power went."""
        self.process.send_signal(number)
        self.process.wait(LIMIT_S)

    def start(self) -> None:
        """Starts again what was stopped."""
        self.process = self._start()

    def close(self) -> None:
        """Ends the server; nothing is left."""
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
