"""The command line of the journal: queue, exceptions, export for the desk, accept-loss. All but the last only read.

They work while the kiosk runs. On the terminal numbers are masked; a file for the desk is its owner's alone, and noted.
"""

import argparse
import logging
import os
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from circulation.identifiers import KioskId
from offline_cache.desk_export import FORMATS, as_csv, note_export, write_private
from offline_cache.journal import Entry
from offline_cache.journal_faults import JournalFault
from offline_cache.journal_loss import accept_loss, losses
from offline_cache.journal_reading import EVERYTHING, EXCEPTIONS, WAITING, read_entries, read_numbers, salvage
from offline_cache.sealing import Seal, read_key
from values import dataclass

log = logging.getLogger("offline_cache")
WHICH = {"waiting": WAITING, "exceptions": EXCEPTIONS, "desk": f"{WAITING} OR {EXCEPTIONS}", "all": EVERYTHING}
IN_ORDER, FAULTS, BAD_FILE = 0, 1, 2
_SHOWN_DIGITS = 3


class BadJournal(Exception):
    """The configuration does not say where the journal is, or its key cannot be used."""


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """Whose journal, where, and the file of its key."""

    kiosk: KioskId
    path: Path
    key_file: Path

    def seal(self) -> Seal:
        """The seal that opens it. Raises BadJournal, which never says what is in a file."""
        try:
            return Seal(read_key(self.key_file))
        except (OSError, ValueError) as fault:
            raise BadJournal(f"{self.key_file} cannot be used: {type(fault).__name__}") from None


def read_place(config: Path) -> JournalPlace:
    """Where a kiosk's configuration file says that the journal is. Raises BadJournal."""
    try:
        data = tomllib.loads(config.read_text("utf-8"))
        journal, kiosk = data["journal"], data["kiosk"]["id"]
        return JournalPlace(KioskId(kiosk), config.parent / journal["path"], config.parent / journal["key_file"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadJournal(f"{config}: no journal in it: {type(fault).__name__}") from None


def status_of(place: JournalPlace) -> dict[str, Any]:
    """How the journal stands, as plain JSON data; nothing personal, and no key needed."""
    try:
        lost = [asdict(one) for one in losses(place.path)]
        return {"journal": "there", **asdict(read_numbers(place.path)), "losses": lost}
    except JournalFault as fault:
        lost = [asdict(one) for one in _losses(place.path)]
        return {"journal": "cannot be read", "why": str(fault), "losses": lost}


def status_by(config: Path) -> dict[str, Any]:
    """How the journal of that configuration file stands."""
    try:
        return status_of(read_place(config))
    except BadJournal:
        return {"journal": "none"}


def _losses(path: Path) -> Sequence[Any]:
    try:
        return losses(path)
    except JournalFault:
        return ()


def show_queue(place: JournalPlace, _given: argparse.Namespace) -> int:
    """Prints what is still to be told, in sequence."""
    return _show(place, WAITING)


def show_exceptions(place: JournalPlace, _given: argparse.Namespace) -> int:
    """Prints what staff must look at."""
    return _show(place, EXCEPTIONS)


def export(place: JournalPlace, given: argparse.Namespace) -> int:
    """Writes the events into a new file for the desk, in clear."""
    entries = read_entries(place.path, place.seal(), place.kiosk, WHICH[given.which])
    text, left_out = FORMATS[given.format](entries)
    what: dict[str, str | int] = {"what": "export", "which": given.which, "format": given.format}
    _hand_out(place, given.out, text, {**what, "events": len(entries) - left_out})
    print(f"{len(entries) - left_out} of {len(entries)} events in {given.out}, for its owner alone")
    if left_out:
        print(f"{left_out} that this format cannot tell are left out: see --format csv", file=sys.stderr)
    return IN_ORDER


def accept(place: JournalPlace, given: argparse.Namespace) -> int:
    """Writes what can still be read of a lost journal into a file, then lets a kiosk of a new id begin here."""
    found, seal = [one for one in losses(place.path) if not one.accepted], place.seal()
    if not found:
        print("no journal was lost here")
        return IN_ORDER
    for number, loss in enumerate(found):
        entries, broken = salvage(place.path.with_name(loss.kept), seal, KioskId(loss.kiosk)) if loss.kept else ([], 0)
        out = given.out if number == 0 else given.out.with_name(f"{given.out.name}.{number}")
        _hand_out(place, out, as_csv(entries)[0], {"what": "salvage", "events": len(entries), "broken": broken})
        print(f"{loss.at} {loss.why}: {len(entries)} events in {out}, {broken} could not be read")
    accept_loss(place.path, _now())
    print(f"accepted; {found[-1].kiosk} is not used again: enrol this kiosk under a new id")
    return IN_ORDER


def add_commands(commands: Any) -> None:
    """Puts the commands beside those of the mirror (cli.py)."""
    table: tuple[tuple[str, Callable[[JournalPlace, argparse.Namespace], int], str], ...] = (
        ("queue", show_queue, "what the kiosk did and the library system has not answered, masked"),
        ("exceptions", show_exceptions, "what staff must look at, masked"),
        ("export", export, "the same as a file for the desk, in clear: CSV, or Koha's .koc"),
        ("accept-loss", accept, "a journal was lost: write what can be read into a file, and let a new kiosk id begin"),
    )
    for name, run, text in table:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--config", type=Path, required=True, help="the kiosk's configuration file")
        command.set_defaults(run=_told(run), read=lambda config: config)
        if name in ("export", "accept-loss"):
            command.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")
        if name == "export":
            command.add_argument("--which", choices=tuple(WHICH), default="desk", help="desk: waiting and exceptions")
            command.add_argument("--format", choices=tuple(FORMATS), default="csv")


def _told(run: Callable[[JournalPlace, argparse.Namespace], int]) -> Callable[[Path, argparse.Namespace], int]:
    """The command with its faults said in a line; none of them holds a value."""

    def does(config: Path, given: argparse.Namespace) -> int:
        try:
            return run(read_place(config), given)
        except BadJournal as fault:
            print(fault, file=sys.stderr)
            return BAD_FILE
        except JournalFault as fault:
            print(fault, file=sys.stderr)
            return FAULTS
        except OSError as fault:
            print(f"{given.out if 'out' in given else place_of(config)}: {type(fault).__name__}", file=sys.stderr)
            return FAULTS

    return does


def place_of(config: Path) -> Path:
    """The file that a fault without a name is about."""
    return read_place(config).path


def _show(place: JournalPlace, which: str) -> int:
    entries = read_entries(place.path, place.seal(), place.kiosk, which)
    for one in entries:
        print(line_of(one))
    print(f"{len(entries)} events")
    return IN_ORDER


def line_of(entry: Entry) -> str:
    """One event on the terminal: what and when; of the pass and the item the last digits only."""
    event = entry.event
    shown = "" if event.presented is None else event.presented.number or event.presented.uid or ""
    parts = (
        f"{event.seq:6}",
        f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z",
        "void" if entry.state == "given_up" else event.kind.value,
        event.action.value,
        f"pass {masked(shown)}" if shown else "",
        f"item {masked(event.item)}" if event.item else "",
        f"{event.payment.cents} cents" if event.payment else "",
        f"unclear {entry.unclear}" if entry.unclear else "",
        entry.why,
        event.id,
    )
    return "  ".join(part for part in parts if part)


def masked(number: str) -> str:
    """The last digits, by which the desk tells two numbers apart and nobody finds a person."""
    return "…" + number[-_SHOWN_DIGITS:] if len(number) > 2 * _SHOWN_DIGITS else "…"


def _hand_out(place: JournalPlace, out: Path, text: str, what: dict[str, str | int]) -> None:
    """The note first: what was written without one would be a secret, and one without a file harms nobody."""
    if out.exists():
        raise FileExistsError
    note_export(place.path, _now(), _who(), {**what, "file": out.name})
    write_private(out, text)
    log.info("%s of %s events written", what["what"], what["events"])


def _who() -> str:
    """Who asked, as the machine knows them."""
    return os.environ.get("SUDO_USER") or f"uid {os.getuid()}"


def _now() -> datetime:
    return datetime.now(UTC)


def main(argv: Sequence[str]) -> int:
    """The journal's commands alone."""
    parser = argparse.ArgumentParser(prog="kiosk cache")
    add_commands(parser.add_subparsers(required=True, metavar="command"))
    given = parser.parse_args(argv)
    return cast("int", given.run(given.config, given))
