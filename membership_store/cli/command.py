"""What every command shares: the database that it works on, how it says no, and how it prints what it found."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias

from membership_store.database import Database
from membership_store.migrations import missing
from membership_store.network import consortium_of
from membership_store.opening import BadAddress, Spec, is_there, open_database, spec

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse names it no other way
Do = Callable[[argparse.Namespace], None]


class Trouble(Exception):
    """The command cannot be done; the message is a sentence for whoever gave it."""


def now() -> datetime:
    """The instant in UTC."""
    return datetime.now(UTC)


def add(commands: Commands, name: str, what: str, do: Do) -> argparse.ArgumentParser:
    """A command that works on a database. `do` gets what was given; it raises Trouble."""
    command = commands.add_parser(name, help=what, description=what)
    command.add_argument(
        "--database", type=_address, required=True, metavar="PATH|URL", help="an SQLite file, or postgresql://…"
    )
    command.set_defaults(do=do)
    return command


def family(commands: Commands, name: str, what: str) -> Commands:
    """A word that several commands begin with, such as `kiosk add`."""
    return commands.add_parser(name, help=what, description=what).add_subparsers(required=True, metavar="COMMAND")


def takes_json(command: argparse.ArgumentParser) -> None:
    """The command may print JSON instead of a table."""
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")


@contextmanager
def opened(given: argparse.Namespace, *, patient: bool = False) -> Iterator[Database]:
    """The database, with this release's schema, closed in the end; `patient`: see open_database. Raises Trouble."""
    database = open_store(given.database, patient=patient)
    try:
        yield database
    finally:
        database.close()


def _address(text: str) -> Spec:
    try:
        return spec(text)
    except BadAddress as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def open_store(address: Spec, *, patient: bool = False) -> Database:
    """The database there, which has this release's schema. Raises Trouble."""
    if not is_there(address):
        raise Trouble(f"there is no database at {address}: run `migrate` or `demo-data` first")
    database = open_database(address, patient=patient)
    try:
        lacking = missing(database)
    except BaseException:
        database.close()
        raise
    if lacking:
        database.close()
        raise Trouble(f"the database lacks schema version {lacking[0].version}: run `migrate` first")
    return database


def consortium(database: Database, given: argparse.Namespace) -> str:
    """The consortium that was named; else that of the branch that was named; else the only one that there is.

    Raises Trouble, and NoSuchBranch.
    """
    named = getattr(given, "consortium", None)
    if named:
        known = "SELECT 1 FROM consortium WHERE consortium = ?"
        if not database.read(lambda session: session.rows(known, str(named))):
            raise Trouble("this database holds no consortium of that code")
        return str(named)
    branch = getattr(given, "branch", None)
    if branch:
        return database.read(lambda session: consortium_of(session, str(branch)))
    codes = database.read(lambda session: session.rows("SELECT consortium FROM consortium ORDER BY consortium"))
    if len(codes) != 1:
        raise Trouble("this database holds several consortia, or none: say which with --consortium")
    return str(codes[0][0])


def show(rows: Sequence[Mapping[str, object]], *, as_json: bool, nothing: str) -> None:
    """Prints rows alike in their names: a table for people, or JSON; `nothing` where there is no row to print."""
    if as_json:
        print(json.dumps(list(rows), ensure_ascii=False, indent=2))
    elif not rows:
        print(nothing)
    else:
        print(table(rows))


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows under their names, each column as wide as it needs."""
    names = list(rows[0])
    cells = [[_cell(row[name]) for name in names] for row in rows]
    wide = [max(len(one) for one in column) for column in zip(names, *cells, strict=True)]
    lines = [names, ["-" * width for width in wide], *cells]
    return "\n".join(
        "  ".join(one.ljust(width) for one, width in zip(line, wide, strict=True)).rstrip() for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


class Progress:
    """How far a long command is, on standard error: one line written over on a terminal, a few lines elsewhere."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what, self._total, self._done, self._said = what, total, 0, now().timestamp()
        self._shown = False

    def step(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        moment = now().timestamp()
        on_terminal = sys.stderr.isatty()
        if moment - self._said >= (0.2 if on_terminal else 5.0):
            self._said, self._shown = moment, True
            of = "" if self._total is None else f" of {self._total}"
            print(f"{self._what}: {self._done}{of}", end="\r" if on_terminal else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The line is left."""
        if self._shown and sys.stderr.isatty():
            print(file=sys.stderr)
