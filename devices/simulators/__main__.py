"""Simulated hardware on the command line: `serve` a simulator, or do something to those that run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.simulators.drive import PLUGS, Bench, BenchError
from devices.simulators.serve import add_parsers, serve

DEFAULT_RUN_DIR = "build/demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; the exit status."""
    given = _parser().parse_args(arguments)
    if given.command == "serve":
        return serve(given)
    try:
        _carry_out(Bench(given.run_dir), given)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.simulators", description=__doc__)
    home = os.environ.get("KIOSK_RUN_DIR", DEFAULT_RUN_DIR)
    parser.add_argument("--run-dir", type=Path, default=Path(home), help="default: $KIOSK_RUN_DIR or build/demo")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_parsers(commands.add_parser("serve", help="run one simulator in this process"))
    place = commands.add_parser("place-pass", help="lay a pass on the reader")
    place.add_argument("name", nargs="?", help="a name from the drawer")
    place.add_argument("--uid", help="or the UID of any chip, in hexadecimal")
    place.add_argument("--ndef", help="text on the chip")
    place.add_argument("--kind", default="ntag213", help="ntag213, mifare-classic, desfire or phone")
    for name, word, what in (
        ("scan-pass", "name", "scan the number on a pass of the drawer"),
        ("scan-book", "name", "scan a book of the pile"),
        ("scan", "text", "scan any barcode"),
    ):
        commands.add_parser(name, help=what).add_argument(word)
    for name, what in (("unplug", "pull out a device"), ("plug", "put it back; network: a good line again")):
        commands.add_parser(name, help=what).add_argument("what", choices=sorted(PLUGS))
    fault = commands.add_parser("reader-fault", help="let the reader answer badly")
    fault.add_argument("kind", choices=("truncate", "corrupt", "silent", "none"))
    fault.add_argument("count", nargs="?", type=int, help="so many answers; all when left out")
    lose = commands.add_parser("lose-answers", help="let requests arrive and their answers be lost")
    lose.add_argument("count", nargs="?", type=int, help="so many answers; all when left out")
    lose.add_argument("--match", default="", help="only for requests whose first line contains this")
    commands.add_parser("delay", help="hold back the store's answers").add_argument("seconds", type=float)
    dies = commands.add_parser("printer-dies", help="let the printer lose its power in the middle")
    dies.add_argument("--after", type=int, default=100, metavar="BYTES")
    out = commands.add_parser("paper-out", help="let the printer run out of paper")
    out.add_argument("--after", type=int, metavar="BYTES", help="only after so many bytes of print")
    for name, what in _PLAIN:
        commands.add_parser(name, help=what)
    return parser


_PLAIN = (
    ("remove-pass", "take the pass off the reader"),
    ("noise", "noise on the scanner's line"),
    ("paper-in", "put paper in"),
    ("paper-low", "let the paper run low"),
    ("cover-open", "open the printer's cover"),
    ("cover-closed", "close it"),
    ("stall-printer", "the printer neither reads nor answers"),
    ("resume-printer", "it does again"),
    ("stall-line", "the line accepts calls and carries nothing"),
    ("status", "what each simulator says of itself"),
    ("list", "the drawer of passes and the pile of books"),
)


def _carry_out(bench: Bench, given: argparse.Namespace) -> None:
    verbs: dict[str, Callable[[], None]] = {
        "place-pass": lambda: _place(bench, given),
        "scan-pass": lambda: bench.scan_pass(given.name),
        "scan-book": lambda: bench.scan_book(given.name),
        "scan": lambda: bench.scan(given.text),
        "unplug": lambda: bench.unplug(given.what),
        "plug": lambda: bench.plug(given.what),
        "reader-fault": lambda: bench.reader_fault(given.kind, given.count),
        "lose-answers": lambda: bench.lose_answers(given.count, given.match),
        "delay": lambda: bench.delay(given.seconds),
        "printer-dies": lambda: bench.printer_dies_after(given.after),
        "paper-out": lambda: bench.paper_out(given.after),
        "status": lambda: _status(bench),
        "list": lambda: _list(bench),
    }
    verb = verbs.get(given.command) or getattr(bench, given.command.replace("-", "_"))
    verb()


def _place(bench: Bench, given: argparse.Namespace) -> None:
    if (given.name is None) == (given.uid is None and given.kind != "phone"):
        raise BenchError("give either the name of a pass or --uid (a phone needs neither: --kind phone)")
    if given.name is not None:
        print(bench.place_pass(given.name))
    else:
        bench.place(given.uid or "", given.ndef, given.kind)


def _status(bench: Bench) -> None:
    for simulator, facts in bench.status().items():
        print(f"{simulator:12} {json.dumps(facts, ensure_ascii=False)}")


def _list(bench: Bench) -> None:
    print("Passes (place-pass NAME, or scan-pass NAME):")
    for one in bench.drawer():
        chip = "" if one.get("uid") else "  (barcode only)"
        print(f"  {one['name']:22} {one.get('label', '')}: {one.get('expect', '')}{chip}")
    print("Books (scan-book NAME):")
    for one in bench.pile():
        print(f"  {one['name']:22} {one.get('title', '')}: {one.get('expect', '')}")


if __name__ == "__main__":
    raise SystemExit(main())
