"""`explain`: which rule decides, and which others would refuse. For staff only."""

import argparse

from circulation import identifiers as ids
from circulation.model import Presented, Source
from membership_store import explanation
from membership_store.cli.command import Commands, Trouble, add, consortium, now, opened
from membership_store.desk import StoreDesk


def register(commands: Commands) -> None:
    """Adds the command."""
    explain = add(commands, "explain", "say which rule decides, and which others would refuse (for staff)", _explain)
    explain.add_argument("--branch", required=True)
    explain.add_argument("--consortium")
    explain.add_argument("--number", help="the number of the pass")
    explain.add_argument("--uid", help="the chip's UID in hexadecimals")
    explain.add_argument("--source", choices=[one.value for one in Source], default=Source.CHIP.value)
    explain.add_argument("--item", metavar="BARCODE")


def _explain(given: argparse.Namespace) -> None:
    presented = Presented(
        Source(given.source),
        ids.pass_number(given.number) if given.number else None,
        ids.chip_uid(given.uid) if given.uid else None,
    )
    if presented.number is None and presented.uid is None:
        raise Trouble("say which pass: --number, --uid or both")
    item = ids.item_barcode(given.item) if given.item else None
    with opened(given) as database:
        code = consortium(database, given)
        situation = StoreDesk(database, now).explain(code, given.branch, presented, item)
    print(explanation.in_words(situation, with_item=item is not None))
