"""Simulated hardware on the command line: `serve` a simulator, or do something to those that run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from devices.simulators.controls import CONTROLS, Control, Word
from devices.simulators.drive import Bench, BenchError
from devices.simulators.plugs import MODELS, RECORDED
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
    for control in CONTROLS.values():
        _add(commands.add_parser(control.name, help=control.what, description=control.what), control)
    read = commands.add_parser("transcript", help="print what was recorded of a device's line")
    read.add_argument("what", choices=sorted(RECORDED))
    commands.add_parser("models", help="what may be swapped for what")
    commands.add_parser("status", help="what each simulator says of itself")
    commands.add_parser("list", help="the drawer of passes and the pile of books")
    return parser


def _add(parser: argparse.ArgumentParser, control: Control) -> None:
    """The arguments of one control; one that is left out is left to the call."""
    for word in control.words:
        settings: dict[str, Any] = {"help": word.what or None, "type": _kind(word)}
        if word.choices:
            settings["choices"] = word.choices
        if word.flag:
            parser.add_argument(word.flag, dest=word.name, **settings)
        else:
            nargs = "+" if word.many else None if word.needed else "?"
            parser.add_argument(word.name, nargs=nargs, **settings)


def _kind(word: Word) -> Any:
    return _whole if word.kind is int else word.kind


def _whole(text: str) -> int:
    """A whole number, also written 0xC2."""
    return int(text, 0)


def _carry_out(bench: Bench, given: argparse.Namespace) -> None:
    if given.command == "status":
        _status(bench)
    elif given.command == "list":
        _list(bench)
    elif given.command == "transcript":
        print(bench.transcript(given.what), end="")
    elif given.command == "models":
        for what, models in MODELS.items():
            print(f"{what:9} {', '.join(models)}")
    else:
        control, found = CONTROLS[given.command], vars(given)
        said = control.carry_out(bench, {name: found[name] for name in control.names if found[name] is not None})
        if said:
            print(said)


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
