"""Start one simulator as this process, and stay until told to end."""

from __future__ import annotations

import argparse
from pathlib import Path

from devices.simulators.loop import Loop, end_with_parent, say_ready


def address(text: str) -> tuple[str, int]:
    """`host:port` as a pair; raises ArgumentTypeError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not host:port")
    return host, int(port)


def add_parsers(parser: argparse.ArgumentParser) -> None:
    """The simulators that can be served, with their arguments."""
    kinds = parser.add_subparsers(dest="simulator", required=True, metavar="SIMULATOR")
    for kind in ("pass-reader", "scanner"):
        one = kinds.add_parser(kind)
        port = one.add_mutually_exclusive_group(required=True)
        port.add_argument("--tty", type=Path, help="name under which its serial port appears")
        if kind == "pass-reader":
            one.add_argument("--usb", action="store_true", help="an ACR122U: USB's bulk messages on that port")
        if kind == "scanner":
            port.add_argument("--keys", type=Path, help="name of a pipe instead, into which it types as a keyboard")
        one.add_argument("--control", type=Path, required=True)
    pad = kinds.add_parser("item-pad")
    pad.add_argument("--tty", type=Path, required=True, help="name under which its serial port appears")
    pad.add_argument("--control", type=Path, required=True)
    printer = kinds.add_parser("printer")
    wire = printer.add_mutually_exclusive_group(required=True)
    wire.add_argument("--listen", type=address)
    wire.add_argument("--tty", type=Path, help="on a serial line instead: the name of its port")
    printer.add_argument("--control", type=Path, required=True)
    printer.add_argument("--receipts", type=Path, required=True, help="folder for pictures and texts")
    terminal = kinds.add_parser("payment-zvt")
    wire = terminal.add_mutually_exclusive_group(required=True)
    wire.add_argument("--listen", type=address)
    wire.add_argument("--tty", type=Path, help="on a serial line instead: the name of its port")
    terminal.add_argument("--control", type=Path, required=True)
    nexo = kinds.add_parser("payment-nexo")
    nexo.add_argument("--listen", type=address, required=True)
    nexo.add_argument("--control", type=Path, required=True)
    nexo.add_argument("--keys", type=Path, required=True, help="folder of its passphrase and its ca.pem, made there")
    light = kinds.add_parser("light")
    light.add_argument("--tty", type=Path, required=True, help="name under which its serial port appears")
    light.add_argument("--control", type=Path, required=True)
    keypad = kinds.add_parser("keypad")
    keypad.add_argument("--tty", type=Path, required=True, help="name under which its serial port appears")
    keypad.add_argument("--control", type=Path, required=True)
    card = kinds.add_parser("smart-card")
    card.add_argument("--listen", type=address, required=True, help="where vpcd listens for a virtual card")
    card.add_argument("--control", type=Path, required=True)
    sound = kinds.add_parser("sound")
    sound.add_argument(
        "--bin", type=Path, required=True, help="folder, first on the kiosk's PATH, for its aplay and espeak-ng"
    )
    sound.add_argument("--control", type=Path, required=True)
    line = kinds.add_parser("line")
    line.add_argument("--listen", type=address, required=True)
    line.add_argument("--to", type=address, required=True)
    line.add_argument("--control", type=Path, required=True)


def serve(given: argparse.Namespace) -> int:
    """Run the simulator that was asked for; the exit status."""
    loop = Loop()
    end_with_parent(loop)
    try:
        words = _start(loop, given)
    except OSError as error:
        raise SystemExit(f"the simulator {given.simulator} cannot start: {error.strerror}: {_where(given)}") from error
    say_ready(f"{given.simulator} {words}")
    loop.run()
    return 0


def _where(given: argparse.Namespace) -> str:
    listen = getattr(given, "listen", None)
    if listen:
        return ":".join(map(str, listen))
    return str(next(filter(None, (getattr(given, name, None) for name in ("keys", "tty", "bin")))))


def _start(loop: Loop, given: argparse.Namespace) -> str:
    match given.simulator:
        case "pass-reader":
            from devices.simulators.pass_reader import PassReaderSimulator

            PassReaderSimulator(loop, given.tty, given.control, usb=given.usb)
        case "scanner":
            from devices.simulators.scanner import ScannerSimulator

            ScannerSimulator(loop, given.keys or given.tty, given.control, types=given.keys is not None)
        case "item-pad":
            from devices.simulators.item_pad import ItemPadSimulator

            ItemPadSimulator(loop, given.tty, given.control)
        case "printer":
            from devices.simulators.printer import PrinterSimulator

            PrinterSimulator(loop, given.listen or given.tty, given.control, given.receipts)
        case "payment-zvt":
            from devices.simulators.payment_zvt import ZvtSimulator

            ZvtSimulator(loop, given.listen or given.tty, given.control)
        case "payment-nexo":
            from devices.simulators.payment_nexo import PaymentNexoSimulator

            PaymentNexoSimulator(loop, given.listen, given.control, given.keys)
        case "light":
            from devices.simulators.light import LightSimulator

            LightSimulator(loop, given.tty, given.control)
        case "keypad":
            from devices.simulators.keypad import KeypadSimulator

            KeypadSimulator(loop, given.tty, given.control)
        case "smart-card":
            from devices.simulators.smart_card import SmartCardSimulator

            SmartCardSimulator(loop, given.listen, given.control)
        case "sound":
            from devices.simulators.sound import SoundSimulator

            SoundSimulator(loop, given.bin, given.control)
        case _:
            from devices.simulators.line import LineSimulator

            LineSimulator(loop, given.listen, given.to, given.control)
    return _where(given)
