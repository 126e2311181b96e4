"""`explain`: which rule decides, which others would refuse, and what each looked at. For staff only."""

import argparse
import json

from circulation import identifiers as ids
from circulation.presented import Source
from membership_store import explanation
from membership_store.cli.command import Commands, Trouble, add, consortium, opened
from membership_store.cli.desk_commands import perform
from membership_store.staff.acts import Denied
from membership_store.staff.desk import operator, plain
from membership_store.staff.explaining import Asking


def register(commands: Commands) -> None:
    """Adds the command."""
    explain = add(commands, "explain", "say which rule decides, and which others would refuse (for staff)", _explain)
    explain.add_argument("--branch", required=True)
    explain.add_argument("--consortium")
    explain.add_argument("--action", choices=[one.value for one in Asking], default=Asking.BORROW.value)
    explain.add_argument("--patron", metavar="REF", help="the store's own reference")
    explain.add_argument("--number", help="the number of the pass")
    explain.add_argument("--uid", help="the chip's UID in hexadecimals")
    explain.add_argument("--source", choices=[one.value for one in Source], default=Source.CHIP.value)
    explain.add_argument("--item", metavar="BARCODE")
    explain.add_argument("--when", metavar="INSTANT", help="UTC, such as 2026-07-01T10:00:00+00:00: the rules of then")
    explain.add_argument("--json", action="store_true", help="print JSON instead of sentences")


def _explain(given: argparse.Namespace) -> None:
    if given.number is None and given.uid is None and given.patron is None and given.action != Asking.RETURN.value:
        raise Trouble("say which pass: --number, --uid or --patron")
    for text, parse in ((given.number, ids.pass_number), (given.uid, ids.chip_uid), (given.item, ids.item_barcode)):
        if text is not None:
            parse(text)
    names = ("branch", "action", "patron", "number", "uid", "source", "item", "when")
    with opened(given) as database:
        staff = operator(consortium(database, given))
        said = perform(database, staff, "explain", {name: getattr(given, name) for name in names})
    if isinstance(said, Denied):
        raise Trouble(f"no, by {said.rule}: {said.reason}")
    told = plain(said.said)
    print(json.dumps(told, ensure_ascii=False, indent=2) if given.json else explanation.in_words(told))
