"""`network apply` and `network show`: a consortium's institutions, branches, catalogue and links from one file."""

import argparse
import secrets
from pathlib import Path

from membership_store.cli.command import Commands, Trouble, add, consortium, family, now, opened, show, takes_json
from membership_store.database import Session
from membership_store.networks import applying, showing
from membership_store.networks.applying import Change
from membership_store.networks.reading import BadNetwork, read
from membership_store.staff.acts import Done
from membership_store.staff.credentials import Role, Staff
from membership_store.staff.desk import OPERATOR, write_down


def register(commands: Commands) -> None:
    """Adds the commands."""
    network = family(commands, "network", "institutions, groups, branches, catalogue and links")
    apply = add(network, "apply", "bring a consortium to what a file says; the same file again changes nothing", _apply)
    apply.add_argument("file", type=Path, help="TOML; `network show` writes one")
    apply.add_argument("--dry-run", action="store_true", help="only say what would change")
    takes_json(apply)
    showing_it = add(network, "show", "print a consortium's network as such a file", _show)
    showing_it.add_argument("--consortium")


def _apply(given: argparse.Namespace) -> None:
    try:
        network = read(given.file.read_bytes())
    except BadNetwork as fault:
        raise Trouble(_said(fault)) from None
    moment = now()

    def audited(session: Session, changes: list[Change]) -> None:
        operator = Staff(network.consortium, OPERATOR, Role.MANAGER)
        done = Done(subject=f"changes={len(changes)}")
        write_down(session, operator, "network/apply", done, moment, secrets.token_hex(8))

    with opened(given, patient=True) as database:
        try:
            changes = applying.apply(database, network, moment, dry_run=given.dry_run, also=audited)
        except BadNetwork as fault:
            raise Trouble(_said(fault)) from None
    rows = [{"section": one.section, "row": one.key, "what": one.what} for one in changes]
    show(rows, as_json=given.json, nothing="nothing to do: the network is as the file says")
    if given.dry_run and not given.json:
        print("nothing was changed (dry run)")


def _said(fault: BadNetwork) -> str:
    return "nothing was changed:\n" + "\n".join(f"  {one}" for one in fault.troubles)


def _show(given: argparse.Namespace) -> None:
    with opened(given) as database:
        code = consortium(database, given)
        try:
            print(database.read(lambda session: showing.show(session, code)), end="")
        except LookupError:
            raise Trouble("there is no such consortium") from None
