"""`kiosk add/list/renew/withdraw`, `signing-key`: kiosks and their credentials, and what they check snapshots with."""

import argparse
from pathlib import Path

from circulation import identifiers as ids
from membership_store.cli.command import Commands, Trouble, add, consortium, family, now, opened, show, takes_json
from membership_store.cli.staff_commands import tell_token, write_down_act, written_down
from membership_store.credentials import Kiosk, KioskExists, add_kiosk, renew_credential, withdraw
from membership_store.database import Session, one
from membership_store.signing import public_half, signing_key
from membership_store.staff.acts import stamp


def register(commands: Commands) -> None:
    """Adds the commands."""
    kiosks = family(commands, "kiosk", "kiosks and their credentials")
    adding = add(kiosks, "add", "give a new kiosk its credential", _add)
    adding.add_argument("--branch", required=True)
    renewing = add(kiosks, "renew", "give a kiosk a new credential; the old one is void within seconds", _renew)
    withdrawing = add(kiosks, "withdraw", "a kiosk was stolen or its credential seen: it is void in seconds", _withdraw)
    listing = add(kiosks, "list", "which kiosks there are, and what each said last", _list)
    for command in (adding, renewing, withdrawing):
        command.add_argument("--kiosk", required=True, metavar="ID")
    for command in (adding, renewing):
        command.add_argument("--token-file", type=Path, help="write the credential there instead of printing it")
    key = add(commands, "signing-key", "print the public key that vouches for snapshots", _signing_key)
    for command in (adding, renewing, withdrawing, listing, key):
        command.add_argument("--consortium")
    takes_json(listing)


def _signing_key(given: argparse.Namespace) -> None:
    with opened(given) as database:
        print(public_half(signing_key(database, consortium(database, given))))


def _add(given: argparse.Namespace) -> None:
    with opened(given) as database:
        kiosk = Kiosk(consortium(database, given), ids.code(given.kiosk), given.branch)

        def work(session: Session) -> str:
            write_down_act(session, kiosk.consortium, "kiosk/add", kiosk.id)
            return add_kiosk(session, kiosk)

        try:
            token = database.write(work)
        except KioskExists:
            raise Trouble(f"there is a kiosk {given.kiosk} already; a new device takes a new id") from None
    said = f"kiosk {kiosk.id} may ask for branch {kiosk.branch}; its credential is in {given.token_file}"
    tell_token(given, token, said)


def _renew(given: argparse.Namespace) -> None:
    known = "SELECT branch FROM kiosk WHERE consortium = ? AND kiosk = ?"

    def work(session: Session, code: str) -> str | None:
        row = one(session.rows(known, code, given.kiosk))
        return renew_credential(session, Kiosk(code, given.kiosk, row[0])) if row else None

    token = written_down(given, "kiosk/renew", given.kiosk, work)
    if token is None:
        raise Trouble(f"there is no kiosk {given.kiosk} in this consortium")
    tell_token(given, token, f"kiosk {given.kiosk} has a new credential in {given.token_file}, and the old one is void")


def _withdraw(given: argparse.Namespace) -> None:
    def work(session: Session, code: str) -> bool | None:
        return withdraw(session, code, given.kiosk, stamp(now())) or None

    if not written_down(given, "kiosk/withdraw", given.kiosk, work):
        raise Trouble(f"there is no kiosk {given.kiosk} with a credential that still counts")
    print(f"the credential of kiosk {given.kiosk} counts no more; what it still had to tell needs `kiosk renew`")


def _list(given: argparse.Namespace) -> None:
    names = ("kiosk", "branch", "last_seq", "waiting", "seen_at", "ended_at")
    wanted = f"SELECT {', '.join(names)} FROM kiosk WHERE consortium = ? ORDER BY kiosk"  # noqa: S608
    with opened(given) as database:
        code = consortium(database, given)
        rows = database.read(lambda session: session.rows(wanted, code))
    found = [dict(zip(names, row, strict=True)) for row in rows]
    show(found, as_json=given.json, nothing="there is no kiosk yet: `kiosk add`")
