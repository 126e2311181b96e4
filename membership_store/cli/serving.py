"""`serve` and `migrate`: running the store."""

import argparse
import logging

from membership_store import server
from membership_store.app import make_app
from membership_store.cli.command import Commands, add, now, opened
from membership_store.desk import StoreDesk
from membership_store.migrations import migrate
from membership_store.opening import make_room, open_database


def register(commands: Commands) -> None:
    """Adds the commands."""
    serve = add(commands, "serve", "answer kiosks and staff over HTTP", _serve)
    serve.add_argument("--listen", type=_address, default="127.0.0.1:8701", metavar="HOST:PORT")
    add(commands, "migrate", "bring the database to this release's schema", _migrate)


def _serve(given: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with opened(given) as database:
        listening = server.listen(given.listen)
        server.serve(make_app(StoreDesk(database, now)), listening)


def _migrate(given: argparse.Namespace) -> None:
    make_room(given.database)
    database = open_database(given.database, patient=True)
    try:
        done = migrate(database)
    finally:
        database.close()
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the schema is up to date")


def _address(text: str) -> server.Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("an address is HOST:PORT, such as 127.0.0.1:8701")
    return server.Address(host.strip("[]"), int(port))
