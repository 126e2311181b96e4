"""Receipts as ESC/POS bytes: python-escpos on the one side, the simulated paper on the other."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ports import Receipt, ReceiptLine
from devices.receipt_printer import status
from devices.receipt_printer.encoding import PROFILES, Encoder
from devices.simulators.escpos import EscposPaper, PaperLine, split_real_time
from devices.simulators.receipt_picture import as_text, draw
from tests.devices.running import ROOT

ENCODER = Encoder("TM-T20II")
DUTCH = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc", "Cf", "Zs"])
    | st.sampled_from("€–—’“” Šőşж"),
    max_size=48,
)


def on_paper(data: bytes, size: int = 64) -> tuple[list[list[PaperLine]], bytes]:
    """The receipts that the simulated printer cuts from `data`, given in pieces, and its answers."""
    receipts: list[list[PaperLine]] = []
    answers = bytearray()
    paper = EscposPaper(receipts.append, answers.extend, lambda: 0)
    for at in range(0, len(data), size):
        paper.feed(data[at : at + size])
    assert paper.unknown == 0
    return receipts, bytes(answers)


@settings(deadline=None)
@given(st.lists(DUTCH, max_size=6), st.integers(1, 40))
def test_a_receipt_survives_the_way_over_the_wire_in_pieces_of_any_size(texts: list[str], size: int) -> None:
    receipts, answers = on_paper(ENCODER.encode(Receipt(tuple(ReceiptLine(text) for text in texts))), size)
    assert len(receipts) == 1
    expected = "\n".join(text.rstrip() for text in texts).rstrip("\n")
    assert as_text(receipts[0]).rstrip("\n") == expected
    assert answers == b"\x00"


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_euro_and_dutch_letters_are_right_on_every_supported_profile(profile: str) -> None:
    slots = capabilities()["profiles"][profile]["codePages"]
    pages = {int(slot): name for slot, name in slots.items()}
    data = Encoder(profile).encode(Receipt((ReceiptLine("€ é ë ï ö ĳ"),)))
    text, page, at = "", "cp437", 0
    while at < len(data):
        if data[at : at + 2] == b"\x1bt":
            page, at = pages[data[at + 2]].lower().replace("iso_", "iso"), at + 3
        else:
            text += data[at : at + 1].decode(page)
            at += 1
    assert "€ é ë ï ö ij\n" in text


def test_the_supported_profiles_are_those_that_can_print_and_cut_a_dutch_receipt() -> None:
    able = {
        name
        for name, profile in capabilities()["profiles"].items()
        if {"CP858", "CP1252"} & set(profile["codePages"].values())
        and profile["fonts"]["0"]["columns"] >= 32
        and (profile["features"]["paperFullCut"] or profile["features"]["paperPartCut"])
    }
    assert able == PROFILES


def capabilities() -> dict[str, Any]:
    spec = find_spec("escpos")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    home = Path(spec.submodule_search_locations[0])
    return dict(json.loads((home / "capabilities.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_printer_tells_what_it_has_no_letters_for(profile: str) -> None:
    encoder = Encoder(profile)
    assert encoder.can_write(Receipt((ReceiptLine("Geleend tot 3 mei: 1 ĳsbeer, € 5"), ReceiptLine("Ödünç alındı"))))
    assert not encoder.can_write(Receipt((ReceiptLine("Geleend"), ReceiptLine("مستعار"))))


def test_bold_large_and_centred_lines_look_so() -> None:
    line = ReceiptLine("Annen", bold=True, large=True, centred=True)
    (receipt,), _ = on_paper(ENCODER.encode(Receipt((line, ReceiptLine("gewoon")))))
    first, second = receipt[0], receipt[1]
    assert {(one.bold, one.width, one.height) for one in first.glyphs} == {(True, 2, 2)}
    assert first.align == 1
    assert {(one.bold, one.width, one.height) for one in second.glyphs} == {(False, 1, 1)}
    assert second.align == 0


def test_a_receipt_becomes_a_picture_with_ink_on_it() -> None:
    (receipt,), _ = on_paper(ENCODER.encode(Receipt((ReceiptLine("Oeroeg", bold=True), ReceiptLine("")))))
    picture = draw(receipt)
    assert picture.width == 640
    assert any(picture.convert("L").histogram()[:60])


@pytest.mark.parametrize("text", ["\x1b@", "\x1dV\x00", "\x10\x04\x01", "a\x0cb"])
def test_a_text_cannot_give_the_printer_a_command(text: str) -> None:
    plain = ENCODER.encode(Receipt((ReceiptLine("x"),)))
    tricky = ENCODER.encode(Receipt((ReceiptLine(text),)))
    for byte in (0x1B, 0x1D, 0x10, 0x0C):
        assert tricky.count(byte) == plain.count(byte)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_a_status_is_good_only_when_nothing_speaks_against_it(one: int, two: int, four: int) -> None:
    found = status.status_of({1: one, 2: two, 4: four})
    assert bool(found.trouble) is bool(one & 0x08 or two & 0x64 or four & 0x60)
    assert found.paper_low is bool(four & 0x0C)


@given(st.integers(0, 255))
def test_no_byte_is_both_an_answer_to_a_question_and_a_confirmation(byte: int) -> None:
    assert not (status.is_answer(byte) and status.is_confirmation(byte))


@given(st.binary(max_size=60))
def test_real_time_commands_are_all_that_is_taken_out_of_the_stream(data: bytes) -> None:
    data = data.replace(b"\x10", b"")
    stream = data[:20] + status.question(4) + data[20:40] + status.CLEAR_BUFFERS + data[40:]
    parts = [(what, part) for what, part in split_real_time(stream) if part or what != "data"]
    assert b"".join(part for what, part in parts if what == "data") == data
    assert [what for what, _ in parts if what != "data"] == ["status", "clear"]


def test_loading_python_escpos_leaves_nothing_in_the_temporary_directory(tmp_path: Path) -> None:
    program = "from devices.receipt_printer.encoding import Encoder; Encoder('TM-T20II').prepare()"
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_the_device_package_loads_neither_nfcpy_nor_python_escpos_before_a_device_thread_needs_them() -> None:
    program = (
        "import sys, devices.open_devices\n"
        "assert not {'nfc', 'usb1', 'ndef', 'escpos', 'yaml', 'PIL', 'qrcode', 'barcode'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
