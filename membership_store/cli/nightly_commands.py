"""`nightly`: what the store does by itself each night. Safe to repeat, and to break off."""

import argparse
from datetime import timedelta

from membership_store import changes
from membership_store.cli.command import Commands, Progress, add, now, opened, show, takes_json
from membership_store.cli.desk_commands import chance
from membership_store.staff.nightly import Night, run

# Longer than a kiosk's line is ever down; after that its mirror begins with a snapshot.
FEED_KEPT = timedelta(days=30)
FEED_TOGETHER = 5000


def register(commands: Commands) -> None:
    """Adds the command."""
    nightly = add(commands, "nightly", "coming of age, stale accounts, retention: for a timer, each night", _nightly)
    nightly.add_argument("--consortium", help="without it, every consortium of the database")
    takes_json(nightly)


def _nightly(given: argparse.Namespace) -> None:
    found = []
    with opened(given, patient=True) as database:
        rows = database.read(lambda session: session.rows("SELECT consortium FROM consortium ORDER BY consortium"))
        for (code,) in rows:
            if given.consortium not in (None, code):
                continue
            progress = Progress(f"night of {code}")
            try:
                done = run(Night(database, code, now(), chance, progress.step))
            finally:
                progress.end()
            found.append({"consortium": code, **done})
        before = now() - FEED_KEPT
        while database.write(lambda session: changes.prune(session, before, FEED_TOGETHER)) > 0:
            pass  # in turns: a kiosk's act comes between two of them
    show(found, as_json=given.json, nothing="there is no such consortium")
