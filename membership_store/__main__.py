"""Command line of the membership store: serve, migrate, demo-data, explain, kiosk add."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from circulation import identifiers as ids
from circulation.model import Presented, Source
from membership_store import explanation, server
from membership_store.app import make_app
from membership_store.credentials import Kiosk, KioskExists, add_kiosk, write_token
from membership_store.database import StoreUnavailable
from membership_store.demo import writer as demo
from membership_store.desk import StoreDesk
from membership_store.migrations import SchemaError, migrate, missing
from membership_store.network import NoSuchBranch, consortium_of
from membership_store.sqlite_database import SqliteDatabase

DONE, REFUSED = 0, 2


class Trouble(Exception):
    """The command cannot be done; the message is a sentence for whoever gave it."""


def _now() -> datetime:
    return datetime.now(UTC)


def _open(path: Path) -> SqliteDatabase:
    if not path.exists():
        raise Trouble(f"there is no database at {path}: run `migrate` or `demo-data` first")
    database = SqliteDatabase(path)
    try:
        lacking = missing(database)
    except BaseException:
        database.close()
        raise
    if lacking:
        database.close()
        raise Trouble(f"the database lacks schema version {lacking[0].version}: run `migrate` first")
    return database


def _serve(given: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    database = _open(given.database)
    try:
        listening = server.listen(given.listen)
        server.serve(make_app(StoreDesk(database, _now)), listening)
    finally:
        database.close()


def _migrate(given: argparse.Namespace) -> None:
    given.database.parent.mkdir(parents=True, exist_ok=True)
    database = SqliteDatabase(given.database)
    try:
        done = migrate(database)
    finally:
        database.close()
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the schema is up to date")


def _demo_data(given: argparse.Namespace) -> None:
    print(demo.write(given.database, given.out, given.branch, _now))


def _explain(given: argparse.Namespace) -> None:
    presented = Presented(
        Source(given.source),
        ids.pass_number(given.number) if given.number else None,
        ids.chip_uid(given.uid) if given.uid else None,
    )
    if presented.number is None and presented.uid is None:
        raise Trouble("say which pass: --number, --uid or both")
    item = ids.item_barcode(given.item) if given.item else None
    database = _open(given.database)
    try:
        consortium = given.consortium or database.read(lambda session: consortium_of(session, given.branch))
        situation = StoreDesk(database, _now).explain(consortium, given.branch, presented, item)
    finally:
        database.close()
    print(explanation.in_words(situation, with_item=item is not None))


def _kiosk_add(given: argparse.Namespace) -> None:
    database = _open(given.database)
    try:
        consortium = given.consortium or database.read(lambda session: consortium_of(session, given.branch))
        kiosk = Kiosk(consortium, ids.code(given.kiosk), given.branch)
        token = database.write(lambda session: add_kiosk(session, kiosk))
    except KioskExists:
        raise Trouble(f"there is a kiosk {given.kiosk} already; a new device takes a new id") from None
    finally:
        database.close()
    if given.token_file is None:
        print(token)
        return
    write_token(given.token_file, token)
    print(f"kiosk {kiosk.id} may ask for branch {kiosk.branch}; its credential is in {given.token_file}")


def _address(text: str) -> server.Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("an address is HOST:PORT, such as 127.0.0.1:8701")
    return server.Address(host.strip("[]"), int(port))


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    do: Callable[[argparse.Namespace], None],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=what, description=what)
    command.add_argument("--database", type=Path, required=True, metavar="PATH", help="the SQLite file")
    command.set_defaults(do=do)
    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="library-store", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", "answer kiosks over HTTP", _serve)
    serve.add_argument("--listen", type=_address, default="127.0.0.1:8701", metavar="HOST:PORT")
    _command(commands, "migrate", "bring the database to this release's schema", _migrate)
    demo_data = _command(commands, "demo-data", "fill a new database with two fictitious networks", _demo_data)
    demo_data.add_argument("--out", type=Path, required=True, metavar="DIR", help="where drawer, pile and secrets go")
    demo_data.add_argument("--branch", default=demo.DEFAULT_BRANCH, help="where the demo's kiosk stands (%(default)s)")
    explain = _command(
        commands, "explain", "say which rule decides, and which others would refuse (for staff)", _explain
    )
    explain.add_argument("--branch", required=True)
    explain.add_argument("--consortium")
    explain.add_argument("--number", help="the number of the pass")
    explain.add_argument("--uid", help="the chip's UID in hexadecimals")
    explain.add_argument("--source", choices=[one.value for one in Source], default=Source.CHIP.value)
    explain.add_argument("--item", metavar="BARCODE")
    kiosks = commands.add_parser("kiosk", help="kiosks and their credentials").add_subparsers(required=True)
    kiosk_add = _command(kiosks, "add", "give a new kiosk its credential", _kiosk_add)
    kiosk_add.add_argument("--branch", required=True)
    kiosk_add.add_argument("--consortium")
    kiosk_add.add_argument("--kiosk", required=True, metavar="ID")
    kiosk_add.add_argument("--token-file", type=Path, help="write the credential there instead of printing it")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; 0 done, 2 not done, with a sentence on standard error."""
    given = _parser().parse_args(arguments)
    try:
        given.do(given)
    except (Trouble, SchemaError, StoreUnavailable, server.CannotListen, demo.NotADemo) as trouble:
        return _refuse(str(trouble))
    except NoSuchBranch:
        return _refuse("there is no such branch, or it needs --consortium")
    except ids.IdentifierError as fault:
        return _refuse(str(fault))
    except OSError as fault:
        return _refuse(f"{fault.filename or 'the file system'}: {fault.strerror}")
    return DONE


def _refuse(sentence: str) -> int:
    print(f"library-store: {sentence}", file=sys.stderr)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
