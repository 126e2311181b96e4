"""No decoder of a device is forgotten: what takes bytes in `devices` is reached by what is fuzzed, or named here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz import device_decoders
from tests.fuzz.fuzzing import ROOT, Decoder, fuzz
from tests.fuzz.test_decoders import DECODERS

DEVICES = Path(ROOT) / "devices"
_FROM_OUTSIDE = ("bytes", "bytearray", "Apdu", "Answer", "Mapping[str, Any]", "RawIOBase")
BYTES, CASES = 6000, 60

# By file of `devices`: what takes bytes of our own making only, or hands them on unread to what is fuzzed.
NOT_DECODERS = {
    "item_pad/feig_pad.py": {"secure", "unsecure", "_switch"},
    "item_pad/pad_state.py": {"read", "switched"},
    "item_pad/switching.py": {"__init__"},
    "links/descriptor.py": {"write"},
    "links/usb.py": {"write", "_sent"},
    "open_devices.py": {"_network", "_serial", "_on_usb"},
    "payment_terminal/nexo_crypto.py": {"seal"},
    "payment_terminal/nexo_line.py": {"say"},
    "payment_terminal/nexo_payments.py": {"_reversal"},
    "payment_terminal/zvt_apdu.py": {"encode_tlv"},
    "payment_terminal/nexo_talk.py": {"say", "hear", "ask"},
    "receipt_printer/encoding.py": {"_raw"},
    "signals/player.py": {"play"},
}


def _decoders_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Name and first line of every function with an argument that may come from a device."""
    protocols = {
        one
        for cls in ast.walk(tree)
        if isinstance(cls, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in cls.bases)
        for one in cls.body
    }
    for one in ast.walk(tree):
        if not isinstance(one, ast.FunctionDef) or one in protocols:
            continue
        hints = [ast.unparse(arg.annotation) for arg in (*one.args.args, *one.args.kwonlyargs) if arg.annotation]
        if any(word in hint for hint in hints if not hint.startswith("Callable") for word in _FROM_OUTSIDE):
            yield one.name, min([one.lineno, *(decorator.lineno for decorator in one.decorator_list)])


def _found() -> set[tuple[str, str, int]]:
    return {
        (str(path.relative_to(DEVICES)), name, line)
        for path in DEVICES.rglob("*.py")
        if "simulators" not in path.parts
        for name, line in _decoders_in(ast.parse(path.read_text("utf-8")))
    }


def _reached(decoders: tuple[Decoder, ...]) -> set[tuple[str, str, int]]:
    found: set[tuple[str, str, int]] = set()
    prefix = f"{DEVICES}/"

    def called(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(prefix):
            found.add((code.co_filename.removeprefix(prefix), code.co_name, code.co_firstlineno))

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        for one in decoders:
            for root in one.corpus:
                with suppress(*one.says_no):
                    one.read(root)
            fuzz(one, 1, BYTES, CASES)
    finally:
        sys.setprofile(before)
    return found


def test_every_decoder_of_a_device_is_fuzzed() -> None:
    missing = {
        (path, name) for path, name, _ in _found() - _reached(DECODERS) if name not in NOT_DECODERS.get(path, set())
    }
    assert not missing, "these take bytes from outside, and no Decoder of tests/fuzz reaches them"


def test_a_decoder_that_is_left_out_is_missed() -> None:
    without = tuple(one for one in device_decoders.DECODERS if "ATR" not in one.name)
    missing = {(path, name) for path, name, _ in _found() - _reached(without)}
    assert {("pass_reader/cards.py", "kind_of"), ("pass_reader/cards.py", "uid_in")} <= missing


def test_whoever_is_named_as_no_decoder_is_there() -> None:
    there = {(path, name) for path, name, _ in _found()}
    assert {(path, name) for path, names in NOT_DECODERS.items() for name in names} <= there
