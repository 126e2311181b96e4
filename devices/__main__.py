"""`python -m devices`: which ports there are (`list`), and whether the devices of a configuration work (`try`)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from devices.discovery import FoundPort, found_ports
from devices.ports import Health, PayOutcome
from devices.trying import CannotTry, devices_of, opened, pay, said_of, settled


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; the exit status."""
    given = _parser().parse_args(arguments)
    if given.command == "list":
        return _list(given.dev, given.sys)
    try:
        return _try(given)
    except CannotTry as fault:
        print(fault)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the ports of this machine; opens none")
    listing.add_argument("--dev", type=Path, default=Path("/dev"), help="of another system's tree")
    listing.add_argument("--sys", type=Path, default=Path("/sys"), help="the same")
    trying = commands.add_parser("try", help="open the devices of a kiosk's configuration and say how each is")
    trying.add_argument("config", type=Path, help="kiosk.toml; best while no kiosk runs")
    trying.add_argument("names", nargs="*", help="only these, such as receipt_printer or payment_terminal")
    trying.add_argument("--pay", type=_cents, metavar="CENTS", help="ask the payment terminal for this amount, too")
    trying.add_argument("--within", type=float, default=10.0, metavar="SECONDS", help="until all are ready; default 10")
    trying.add_argument("--patience", type=float, default=120.0, metavar="SECONDS", help="for a payment; default 120")
    return parser


def _cents(text: str) -> int:
    cents = int(text)
    if cents < 1:
        raise argparse.ArgumentTypeError("at least one cent")
    return cents


def _list(dev: Path, sys: Path) -> int:
    ports = found_ports(dev, sys)
    for one in ports:
        print(_said(one))
    if not ports:
        print("no serial port, no keyboard and no USB device")
    return 0


def _try(given: argparse.Namespace) -> int:
    """0: all ready, and a payment, where one was asked for, approved; else 1."""
    devices = opened(devices_of(given.config, given.names))
    try:
        found = settled(devices, given.within)
        for name, health in found.items():
            print(said_of(name, health), flush=True)
        good = all(one.state is Health.READY for one in found.values())
        if given.pay is not None:
            if devices.terminal is None:
                raise CannotTry(f"{given.config}: no payment_terminal to ask")
            result = pay(devices.terminal, given.pay, given.patience, lambda words: print(words, flush=True))
            print(f"{result.outcome.value}: {result.cents} cents {result.why}".rstrip(), flush=True)
            good = good and result.outcome is PayOutcome.APPROVED
        return 0 if good else 1
    finally:
        devices.stop()


def _said(one: FoundPort) -> str:
    names = [name for name in (one.by_id, one.by_path, one.path) if name and name != one.lasting]
    lines = [f"{one.use:8}{one.lasting}", *(f"        also {name}" for name in names)]
    about = "  ".join(filter(None, (one.ids, one.words)))
    lines += [f"        is   {about}"] if about else []
    lines += [f"        note {one.remark}"] if one.remark else []
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
