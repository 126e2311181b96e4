"""`demo-data`: two fictitious networks to play with."""

import argparse
from pathlib import Path

from membership_store.cli.command import Commands, add, now
from membership_store.demo import writer


def register(commands: Commands) -> None:
    """Adds the command."""
    demo = add(commands, "demo-data", "fill a new database with two fictitious networks", _demo_data)
    demo.add_argument("--out", type=Path, required=True, metavar="DIR", help="where drawer, pile and secrets go")
    demo.add_argument("--branch", default=writer.DEFAULT_BRANCH, help="where the demo's kiosk stands (%(default)s)")


def _demo_data(given: argparse.Namespace) -> None:
    print(writer.write(given.database, given.out, given.branch, now))
