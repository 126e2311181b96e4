"""`kiosk add`, `signing-key`: kiosks and their credentials, and what they check the store's snapshots with."""

import argparse
from pathlib import Path

from circulation import identifiers as ids
from membership_store.cli.command import Commands, Trouble, add, consortium, family, opened
from membership_store.credentials import Kiosk, KioskExists, add_kiosk, write_token
from membership_store.signing import public_half, signing_key


def register(commands: Commands) -> None:
    """Adds the commands."""
    kiosks = family(commands, "kiosk", "kiosks and their credentials")
    kiosk_add = add(kiosks, "add", "give a new kiosk its credential", _kiosk_add)
    kiosk_add.add_argument("--branch", required=True)
    kiosk_add.add_argument("--consortium")
    kiosk_add.add_argument("--kiosk", required=True, metavar="ID")
    kiosk_add.add_argument("--token-file", type=Path, help="write the credential there instead of printing it")
    key = add(commands, "signing-key", "print the public key that vouches for snapshots", _signing_key)
    key.add_argument("--consortium")


def _signing_key(given: argparse.Namespace) -> None:
    with opened(given) as database:
        print(public_half(signing_key(database, consortium(database, given))))


def _kiosk_add(given: argparse.Namespace) -> None:
    with opened(given) as database:
        kiosk = Kiosk(consortium(database, given), ids.code(given.kiosk), given.branch)
        try:
            token = database.write(lambda session: add_kiosk(session, kiosk))
        except KioskExists:
            raise Trouble(f"there is a kiosk {given.kiosk} already; a new device takes a new id") from None
    if given.token_file is None:
        print(token)
        return
    write_token(given.token_file, token)
    print(f"kiosk {kiosk.id} may ask for branch {kiosk.branch}; its credential is in {given.token_file}")
