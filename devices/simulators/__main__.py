"""Simulated hardware on the command line: `serve` a simulator, or do something to those that run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
    _add_pad(commands)
    lose = commands.add_parser("lose-answers", help="let requests arrive and their answers be lost")
    lose.add_argument("count", nargs="?", type=int, help="so many answers; all when left out")
    lose.add_argument("--match", default="", help="only for requests whose first line contains this")
    commands.add_parser("delay", help="hold back the store's answers").add_argument("seconds", type=float)
    dies = commands.add_parser("printer-dies", help="let the printer lose its power in the middle")
    dies.add_argument("--after", type=int, default=100, metavar="BYTES")
    out = commands.add_parser("paper-out", help="let the printer run out of paper")
    out.add_argument("--after", type=int, metavar="BYTES", help="only after so many bytes of print")
    keys = ("approve", "decline", "cancel")
    commands.add_parser("press", help="press a key of the payment terminal").add_argument("key", choices=keys)
    auto = commands.add_parser("press-by-itself", help="let every payment end by that key")
    auto.add_argument("key", choices=(*keys, "none"))
    auto.add_argument("seconds", nargs="?", type=float, default=0.0, help="so long after the terminal asked")
    fault = commands.add_parser("terminal-fault", help="let a nexo terminal answer badly: lose-line, garbage, none ...")
    fault.add_argument("kind")
    fault.add_argument("count", nargs="?", type=int, help="so many answers; all when left out")
    fault.add_argument("--on", default="Payment", help="only to this message, such as TransactionStatus or Reversal")
    commands.add_parser("terminal-busy", help="let a nexo terminal decline the next payment as busy")
    commands.add_parser("delay-terminal", help="hold a nexo terminal's results back").add_argument(
        "seconds", type=float
    )
    lose = commands.add_parser("lose-terminal-line", help="let a ZVT terminal's line break in the middle of a payment")
    lose.add_argument("--when", choices=("asked", "approved", "told", "settled"), default="approved")
    lose.add_argument("--payment", choices=("kept", "reversed"), default="kept", help="what became of it, unheard")
    for name, what in _PLAIN:
        commands.add_parser(name, help=what)
    return parser


def _add_pad(commands: Any) -> None:
    """What can be done to the item pad and what lies on it."""
    commands.add_parser("place-book", help="lay a book of the pile on the pad").add_argument("name")
    place = commands.add_parser("place-item", help="lay any item on the pad")
    place.add_argument("number")
    for name in ("part", "parts", "usage", "afi"):
        place.add_argument(f"--{name}", type=lambda text: int(text, 0), default=argparse.SUPPRESS)
    for name in ("model", "uid", "memory", "order", "security"):
        place.add_argument(f"--{name}", default=argparse.SUPPRESS)
    commands.add_parser("stack-items", help="lay several items on the pad").add_argument("numbers", nargs="+")
    for name, what in (
        ("remove-item", "take it off the pad: its number, or a tag's UID"),
        ("spoil-item", "let a bit on its tags fall over"),
        ("lock-item", "let its tags refuse to be switched"),
    ):
        commands.add_parser(name, help=what).add_argument("which")
    move = commands.add_parser("move-item", help="let it leave the pad's field at the worst moment")
    move.add_argument("which")
    move.add_argument("--during", choices=("read", "write", "after-write"), default="read")
    move.add_argument("--back-after", type=int, metavar="COMMANDS")
    fault = commands.add_parser("pad-fault", help="let the pad answer badly")
    fault.add_argument("kind", choices=("truncate", "corrupt", "silent", "late", "none"))
    fault.add_argument("count", nargs="?", type=int, help="so many answers; all when left out")
    fault.add_argument("--on", default="any", help="only to inventory, read, system, write or eas")
    commands.add_parser("pace-pad", help="let it take its line's real time").add_argument("rf_s", type=float)


_PLAIN = (
    ("clear-pad", "take everything off the item pad"),
    ("remove-pass", "take the pass off the reader"),
    ("noise", "noise on the scanner's line"),
    ("paper-in", "put paper in"),
    ("paper-low", "let the paper run low"),
    ("cover-open", "open the printer's cover"),
    ("cover-closed", "close it"),
    ("stall-printer", "the printer neither reads nor answers"),
    ("resume-printer", "it does again"),
    ("stall-line", "the line accepts calls and carries nothing"),
    ("mute-light", "the status light does not answer"),
    ("unmute-light", "it does again"),
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
        "place-book": lambda: bench.place_book(given.name),
        "place-item": lambda: bench.place_item(**_given(given)),
        "stack-items": lambda: bench.stack_items(*given.numbers),
        "remove-item": lambda: bench.remove_item(given.which),
        "spoil-item": lambda: bench.spoil_item(given.which),
        "lock-item": lambda: bench.lock_item(given.which),
        "move-item": lambda: bench.move_item(given.which, given.during, given.back_after),
        "pad-fault": lambda: bench.pad_fault(given.kind, given.count, given.on),
        "pace-pad": lambda: bench.pace_pad(given.rf_s),
        "press": lambda: bench.press(given.key),
        "press-by-itself": lambda: bench.press_by_itself(given.key, given.seconds),
        "terminal-fault": lambda: bench.terminal_fault(given.kind, given.count, given.on),
        "delay-terminal": lambda: bench.delay_terminal(given.seconds),
        "lose-terminal-line": lambda: bench.lose_terminal_line(given.when, given.payment),
        "printer-dies": lambda: bench.printer_dies_after(given.after),
        "paper-out": lambda: bench.paper_out(given.after),
        "status": lambda: _status(bench),
        "list": lambda: _list(bench),
    }
    verb = verbs.get(given.command) or getattr(bench, given.command.replace("-", "_"))
    verb()


def _given(given: argparse.Namespace) -> dict[str, Any]:
    """The arguments that a command was given, by name."""
    return {key: value for key, value in vars(given).items() if key not in ("command", "run_dir")}


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
