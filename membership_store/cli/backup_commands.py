"""`backup` and `restore`, and `feed-prune` for the nightly timer."""

import argparse
from datetime import timedelta
from pathlib import Path

from membership_store import backup, changes
from membership_store.cli.command import Commands, Trouble, add, now, opened
from membership_store.opening import is_there

KEPT_DAYS = 30


def register(commands: Commands) -> None:
    """Adds the commands."""
    taking = add(commands, "backup", "write all of a store that may be in use to one file, for its owner only", _backup)
    taking.add_argument("--out", type=Path, required=True, metavar="FILE")
    putting = add(commands, "restore", "put a backup in the place of a store; mirrors begin anew", _restore)
    putting.add_argument("--from", type=Path, required=True, metavar="FILE", dest="source")
    putting.add_argument("--replace", action="store_true", help="what the database holds now is lost")
    pruning = add(commands, "feed-prune", "forget old rows of the change feed", _prune)
    pruning.add_argument("--days", type=int, default=KEPT_DAYS, help="how many days are kept (%(default)s)")


def _backup(given: argparse.Namespace) -> None:
    if not is_there(given.database):
        raise Trouble(f"there is no database at {given.database}")
    try:
        done = backup.backup(given.database, given.out)
    except backup.BadBackup as fault:
        raise Trouble(str(fault)) from None
    print(f"{given.out}: {done.rows} rows of {done.tables} tables, {done.bytes} bytes")


def _restore(given: argparse.Namespace) -> None:
    try:
        done = backup.restore(given.source, given.database, replace=given.replace)
    except backup.BadBackup as fault:
        raise Trouble(str(fault)) from None
    print(f"restored {done.rows} rows of {done.tables} tables; every kiosk's mirror begins with a snapshot")


def _prune(given: argparse.Namespace) -> None:
    if given.days < 1:
        raise Trouble("at least one day is kept")
    with opened(given, patient=True) as database:
        gone = database.write(lambda session: changes.prune(session, now() - timedelta(days=given.days)))
    print(f"forgot {gone} rows of the feed")
