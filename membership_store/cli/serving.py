"""`serve` and `migrate`: running the store."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette

from membership_store import server, workers
from membership_store.app import make_app
from membership_store.cli.command import Commands, Trouble, add, now, opened
from membership_store.migrations import migrate
from membership_store.opening import make_room, open_database


def register(commands: Commands) -> None:
    """Adds the commands."""
    serve = add(commands, "serve", "answer kiosks and staff over HTTP", _serve)
    serve.add_argument("--listen", type=_address, default="127.0.0.1:8701", metavar="HOST:PORT")
    serve.add_argument("--workers", type=_count, default=1, metavar="N", help="processes that answer (PostgreSQL only)")
    add(commands, "migrate", "bring the database to this release's schema", _migrate)


def _serve(given: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if given.workers > 1:
        _serve_together(given)
        return
    with _app(given) as app:
        server.serve(app, server.listen(given.listen))


@contextmanager
def _app(given: argparse.Namespace) -> Iterator[Starlette]:
    with opened(given) as database:
        yield make_app(database, now)


def _serve_together(given: argparse.Namespace) -> None:
    if isinstance(given.database, Path):
        raise Trouble("a SQLite file has one writer: --workers is for PostgreSQL")
    with opened(given):
        pass  # what keeps a worker from beginning is told here, once
    workers.serve(lambda: _app(given), server.listen_together(given.listen, given.workers))


def _migrate(given: argparse.Namespace) -> None:
    make_room(given.database)
    database = open_database(given.database, patient=True)
    try:
        done = migrate(database)
    finally:
        database.close()
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the schema is up to date")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("a number of workers is 1 to 64")
    return int(text)


def _address(text: str) -> server.Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("an address is HOST:PORT, such as 127.0.0.1:8701")
    return server.Address(host.strip("[]"), int(port))
