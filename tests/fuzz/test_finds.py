"""What the fuzzing has found, each as a case of its own."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from devices.signals.tones import error_tone
from devices.simulators.control import ControlServer
from devices.simulators.escpos import EscposPaper, PaperLine
from devices.simulators.nexo_wire import _body
from devices.simulators.sound import heard_in
from offline_cache.daybook import PAGE, acts
from offline_cache.mirror_rows import BadRow, item_body, network_body, patron_body
from offline_cache.pull import Puller
from offline_cache.snapshot_file import row_of
from offline_cache.store_client import LineDown
from tests.fuzz.memory_decoders import PAGE_OF_CHANGES, puller_on

MASK = "0" * 32
DEEP = b"[" * 3000 + b"]" * 3000
UNREADABLE = (b'{"ref":"\xe4","type":"00"}', b'{"ref":"' + MASK.encode() + b'","unknown":' + DEEP + b"}", DEEP)


def test_a_page_of_the_daybook_with_an_id_that_is_none_says_nothing_though_its_checksum_is_right(
    tmp_path: Path,
) -> None:
    checked = struct.pack("<QQII36s", 7, 0, 1, 0, b"\xf9" * 36) + b"x"
    page = b"act1" + struct.pack("<I", zlib.crc32(checked)) + checked
    (tmp_path / "book").write_bytes(page.ljust(PAGE, b"\0"))
    assert acts(tmp_path / "book") == []


@pytest.mark.parametrize("raw", UNREADABLE)
def test_a_row_that_is_no_utf_8_or_lies_too_deep_is_a_bad_row(raw: bytes) -> None:
    for read in (
        lambda: patron_body(MASK, raw),
        lambda: item_body(MASK, raw),
        lambda: network_body(raw, "Europe/Amsterdam", b"{}"),
        lambda: row_of(b'{"kind":"patron","key":"' + MASK.encode() + b'","ver":1,"zone":' + raw + b"}"),
    ):
        with pytest.raises(BadRow):
            read()


@pytest.mark.parametrize("raw", UNREADABLE)
def test_a_page_of_changes_that_is_no_utf_8_or_lies_too_deep_is_no_page(raw: bytes) -> None:
    page = json.dumps({**PAGE_OF_CHANGES, "rows": "here"}).encode().replace(b'"here"', raw)
    with pytest.raises(LineDown, match="not a page"):
        Puller._page(puller_on(page), "g1:11")


def test_an_order_to_a_simulator_that_lies_too_deep_is_told_as_no_order() -> None:
    server: Any = ControlServer.__new__(ControlServer)
    server._commands = {}
    assert not server._answer(DEEP[:30_000])["ok"]


def test_a_sound_whose_pieces_are_longer_than_it_is_no_sound() -> None:
    wav = error_tone(60)
    assert heard_in(wav) is not None
    assert heard_in(wav[:12] + b"LIST\xff\xff\xff\x7f" + wav[12:]) is None


def test_a_request_to_the_terminal_of_a_length_that_no_number_has_never_comes_to_its_end() -> None:
    assert _body(b"POST /nexo HTTP/1.1\r\nContent-Length: " + b"9" * 4400 + b"\r\n\r\n{}") is None
    assert _body(b"POST /nexo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}") == b"{}"


def test_paper_that_is_fed_and_never_cut_takes_no_more_memory_than_a_roll_has_lines() -> None:
    cut: list[list[PaperLine]] = []
    paper = EscposPaper(cut.append, lambda _: None, lambda: 0)
    paper.feed(b"first\n" + b"\x1bd\xff" * 200 + b"last\n\x1dV\x00")
    (lines,) = cut
    assert len(lines) <= 16_300
    assert len({id(one) for one in lines}) < 500
    assert lines[-1].text == "last"


def test_a_picture_longer_than_any_paper_is_not_waited_for() -> None:
    cut: list[list[PaperLine]] = []
    EscposPaper(cut.append, lambda _: None, lambda: 0).feed(b"\x1dv0\0\xff\xff\xff\xffrest\n\x1dV\x00")
    assert cut[0][-1].text.endswith("rest")
