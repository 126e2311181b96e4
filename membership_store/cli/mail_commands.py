"""`mail-send`: sends the receipts that wait (K9), for a timer, each minute. Safe to repeat, and to break off."""

import argparse
import logging
from pathlib import Path

from membership_store import server
from membership_store.cli.command import Commands, Trouble, add, now, opened, show, takes_json
from membership_store.cli.serving import address
from membership_store.mail.queue import send_all
from membership_store.mail.relay import Relay, RelayAddress, RelayDown, Tls

DOWN = 1


def register(commands: Commands) -> None:
    """Adds the command."""
    mail = add(commands, "mail-send", "send the receipts that wait; exit code 1 where the relay is down", _send)
    mail.add_argument("--relay", type=address, required=True, metavar="HOST:PORT", help="the library's mail relay")
    mail.add_argument(
        "--tls",
        choices=[one.value for one in Tls],
        default=Tls.STARTTLS.value,
        help="none is for a relay on this machine only (%(default)s)",
    )
    mail.add_argument("--relay-ca", type=Path, metavar="PEM", help="who vouches for it, if the machine does not know")
    mail.add_argument("--user", default="", help="with which the relay is entered, where it asks")
    mail.add_argument("--password-file", type=Path, metavar="FILE", help="the password of that user, on one line")
    takes_json(mail)


def _send(given: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    relay = Relay(_address(given, given.relay))
    try:
        with opened(given) as database, relay:
            done = send_all(database, relay, now)
    except RelayDown as fault:
        logging.getLogger(__name__).error("the relay takes no mail now: %s", fault)
        raise SystemExit(DOWN) from None
    show([done], as_json=given.json, nothing="")


def _address(given: argparse.Namespace, at: server.Address) -> RelayAddress:
    """Raises Trouble."""
    tls = Tls(given.tls)
    if bool(given.user) != (given.password_file is not None):
        raise Trouble("the relay is entered with both --user and --password-file, or with neither")
    if tls is Tls.NONE and (given.user or at.host not in ("127.0.0.1", "::1", "localhost")):
        raise Trouble("--tls none is for a relay on this machine that asks for no password")
    password = given.password_file.read_text("utf-8").strip() if given.password_file else ""
    return RelayAddress(at.host, at.port, tls, given.user, password, str(given.relay_ca or ""))
