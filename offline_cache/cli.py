"""The command line of the kiosk's memory: status, verify, rebuild, pull. Nothing personal on it, nor in its log.

What is not here asks the journal: offline_cache/cli_journal.py.
"""

import argparse
import json
import logging
import random
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_cache.cli_journal import add_commands, status_by
from offline_cache.clock import KioskClock
from offline_cache.downloads import PullLine
from offline_cache.generations import Generations
from offline_cache.health import read_health
from offline_cache.keys import KeyMissing
from offline_cache.mirror_settings import BadSettings, MirrorSettings, has_mirror, read_settings
from offline_cache.mirror_status import status, verify
from offline_cache.private_memory import keep_memory_private
from offline_cache.pull import CannotPull, Clock, Puller
from offline_cache.pull_note import PullNote, read_pull_note
from offline_cache.pull_wish import PullWish
from offline_cache.sealing import read_key

log = logging.getLogger("offline_cache")
# Nobody is quieter than that, and nobody is heard from later after an outage.
LONGEST_PAUSE_S = 300.0
_JITTER = 0.1
_BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
IN_ORDER, FAULTS, BAD_FILE, IN_USE = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 in order, 1 not (said), 2 the configuration or a key cannot be used, 3 another process pulls."""
    given = _arguments().parse_args(argv)
    logging.basicConfig(level=given.log_level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # it would write cursors down
    keep_memory_private()  # a dump of it would hold the key
    try:
        return int(given.run(given.read(given.config), given))
    except (BadSettings, KeyMissing) as fault:
        print(fault if str(fault) else "there is no key for the mirror", file=sys.stderr)
        return BAD_FILE
    except BlockingIOError:
        print("another process pulls already", file=sys.stderr)
        return IN_USE
    except sqlite3.Error as fault:
        print(f"the mirror cannot be read: {getattr(fault, 'sqlite_errorname', 'fault')}", file=sys.stderr)
        return FAULTS


def pull(settings: MirrorSettings, given: argparse.Namespace) -> int:
    """Pulls for ever, politely, and sooner where the kiosk wishes it; with --once a single round."""
    with Generations(settings.path).alone():
        line, note = _line(settings), PullNote(settings.path, lambda: datetime.now(UTC))
        puller, wish = _puller(settings, line), PullWish(settings.path)
        pause = 0.0
        while True:
            wish.take()
            done = _round(puller)
            note.line(line.state, in_order=done == IN_ORDER)
            if given.once:
                return done
            failed = done != IN_ORDER
            pause = min(LONGEST_PAUSE_S, max(pause, settings.pull_seconds) * 2) if failed else settings.pull_seconds
            # After a fault anywhere within the pause: two thousand kiosks find their store again, not all at once.
            least = 0.5 if failed else 1 - _JITTER
            left_alone = line.wait_s if failed else 0.0
            wish.wait(max(left_alone, pause * random.uniform(least, 1 if failed else 1 + _JITTER)), left_alone)


def rebuild(settings: MirrorSettings, _given: argparse.Namespace) -> int:
    """Makes the mirror anew from a snapshot; the old one serves until then."""
    with Generations(settings.path).alone():
        return _round(_puller(settings, _line(settings)), anew=True)


def show_status(config: Path, _given: argparse.Namespace) -> int:
    """Prints how the kiosk, its mirror and its journal stand."""
    clock = KioskClock(lambda: _BEGINNING)
    mirror: dict[str, Any] = {"mirror": "not configured"}
    if has_mirror(config):
        settings = read_settings(config)
        mirror = status(settings, clock.told(), clock.now(), _BEGINNING) | {"pull": read_pull_note(settings.path)}
    print(json.dumps(mirror | {"journal": status_by(config), "kiosk": read_health(config)}, indent=2))
    return IN_ORDER


def show_verified(settings: MirrorSettings, _given: argparse.Namespace) -> int:
    """Prints what is wrong with the mirror, if anything is."""
    found = verify(settings, _store_key(settings))
    for fault in found.faults:
        print(fault)
    print(f"{found.rows} rows, {'in order' if not found.faults else 'not in order'}")
    return FAULTS if found.faults else IN_ORDER


def _round(puller: Puller, *, anew: bool = False) -> int:
    try:
        log.info("pulled: %s", puller.round(anew=anew).value)
    except CannotPull as fault:
        log.warning("the mirror stays as it is: %s", fault.why)
        return FAULTS
    return IN_ORDER


def _line(settings: MirrorSettings) -> PullLine:
    return PullLine(settings.url, _token(settings.token_file))


def _puller(settings: MirrorSettings, line: PullLine) -> Puller:
    clock = KioskClock(lambda: _BEGINNING)
    return Puller(settings, line, _store_key(settings), Clock(clock.now, clock.told))


def _token(file: Path) -> str:
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise BadSettings(f"{file}: cannot be read: {type(fault).__name__}") from None
    if not token or not token.isascii() or not token.isprintable():
        raise BadSettings(f"{file}: no credential")
    return token


def _store_key(settings: MirrorSettings) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(read_key(settings.store_key_file))
    except (OSError, ValueError) as fault:
        raise BadSettings(f"{settings.store_key_file}: no public key of a store: {type(fault).__name__}") from None


def _itself(config: Path) -> Path:
    return config


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk cache", description="The kiosk's memory")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, run, text in (
        ("status", show_status, "how the kiosk, its mirror and its journal stand"),
        ("verify", show_verified, "whether the store signed it, and every row opens"),
        ("rebuild", rebuild, "make the mirror anew from a snapshot"),
        ("pull", pull, "keep the mirror up to date"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--config", type=Path, required=True, help="the kiosk's configuration file")
        command.set_defaults(run=run, read=_itself if name == "status" else read_settings)
        if name == "pull":
            command.add_argument("--once", action="store_true", help="a single round")
    add_commands(commands)
    return parser
