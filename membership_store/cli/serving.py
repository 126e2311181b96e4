"""`serve` and `migrate`: running the store."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette

from membership_store import server, workers
from membership_store.app import make_app
from membership_store.certificates import Tls
from membership_store.cli.command import Commands, Trouble, add, now, opened
from membership_store.guarding import DEFAULT_GUARD, Guard
from membership_store.migrations import migrate
from membership_store.opening import make_room, open_database
from membership_store.spool import spool_beside


def register(commands: Commands) -> None:
    """Adds the commands."""
    serve = add(commands, "serve", "answer kiosks and staff over HTTP", _serve)
    serve.add_argument("--listen", type=address, default="127.0.0.1:8701", metavar="HOST:PORT")
    serve.add_argument("--workers", type=_count, default=1, metavar="N", help="processes that answer (PostgreSQL only)")
    serve.add_argument(
        "--tls-cert", type=Path, metavar="PEM", help="answer over TLS with this certificate and its chain"
    )
    serve.add_argument("--tls-key", type=Path, metavar="PEM", help="the key of that certificate")
    serve.add_argument(
        "--tls-client-ca", type=Path, metavar="PEM", help="the authority that signs kiosks' certificates"
    )
    serve.add_argument(
        "--certificate-header",
        metavar="NAME",
        help="in which a trusted proxy, which strips it from callers, names the SHA-256 fingerprint of a kiosk",
    )
    serve.add_argument(
        "--spool", type=Path, metavar="DIR", help="where snapshots lie while kiosks fetch them; made for its owner only"
    )
    guard, most = DEFAULT_GUARD, "how many unknown passes a kiosk may show in a row (%(default)s)"
    serve.add_argument("--misses", type=_whole, default=guard.misses, metavar="N", help=most)
    serve.add_argument(
        "--misses-per-minute",
        type=_whole,
        default=int(guard.misses_a_minute),
        metavar="N",
        help="and how many more in a minute (%(default)s)",
    )
    serve.add_argument(
        "--floor-ms",
        type=_whole,
        default=int(guard.floor_s * 1000),
        metavar="MS",
        help="the least time that the answer to an unknown pass takes (%(default)s)",
    )
    migrating = add(commands, "migrate", "bring the database to this release's schema", _migrate)
    migrating.add_argument(
        "--by-steps",
        action="store_true",
        help="each statement in a transaction of its own: for a distributed PostgreSQL",
    )


def _serve(given: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if given.workers > 1:
        _serve_together(given)
        return
    tls = _tls(given)
    with _app(given) as app:
        server.serve(app, server.listen(given.listen), tls=tls)


def _tls(given: argparse.Namespace) -> Tls | None:
    """Raises Trouble, NoCertificate."""
    if given.tls_cert is None and given.tls_key is None and given.tls_client_ca is None:
        return None
    if given.tls_cert is None or given.tls_key is None:
        raise Trouble("TLS needs both --tls-cert and --tls-key")
    tls = Tls(given.tls_cert, given.tls_key, given.tls_client_ca)
    tls.settings()
    return tls


def _guard(given: argparse.Namespace) -> Guard:
    return Guard(
        floor_s=given.floor_ms / 1000,
        misses=given.misses,
        misses_a_minute=given.misses_per_minute,
        certificate_header=given.certificate_header,
    )


@contextmanager
def _app(given: argparse.Namespace) -> Iterator[Starlette]:
    with opened(given) as database:
        yield make_app(database, now, _guard(given), given.spool or spool_beside(given.database))


def _serve_together(given: argparse.Namespace) -> None:
    if isinstance(given.database, Path):
        raise Trouble("a SQLite file has one writer: --workers is for PostgreSQL")
    with opened(given):
        pass  # what keeps a worker from beginning is told here, once
    tls = _tls(given)
    workers.serve(lambda: _app(given), server.listen_together(given.listen, given.workers), tls)


def _migrate(given: argparse.Namespace) -> None:
    if given.by_steps and isinstance(given.database, Path):
        raise Trouble("a SQLite file is migrated whole or not at all: --by-steps is for PostgreSQL")
    make_room(given.database)
    database = open_database(given.database, patient=True)
    try:
        done = migrate(database, by_steps=given.by_steps)
        if done:
            database.take_stock()
    finally:
        database.close()
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the schema is up to date")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("a number of workers is 1 to 64")
    return int(text)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a whole number from 1 to 1000000")
    return int(text)


def address(text: str) -> server.Address:
    """An address as it is typed: HOST:PORT. Raises argparse's own error."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("an address is HOST:PORT, such as 127.0.0.1:8701")
    return server.Address(host.strip("[]"), int(port))
