"""Transcripts of what goes over a simulator's line: on demand, bounded, with what it means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.links.serial import SerialLink
from devices.pass_reader.ccid import CcidTransport
from devices.ports import BarcodeScanned, Health
from devices.settings import DeviceSettings
from devices.simulators import decoding
from devices.simulators.__main__ import main
from devices.simulators.drive import BenchError
from devices.simulators.payment_nexo import KEY_IDENTIFIER, NAME, POI
from devices.simulators.plugs import MODELS
from devices.simulators.transcript import MOST_PIECES, Transcript
from provisioning.demo.parts import TERMINAL_KEYS, TERMINALS, Place, simulators
from provisioning.demo.ports import Ports
from tests.devices.running import LIMIT_S, ROOT, Workbench, eventually, free_port
from tests.devices.zvt_running import Paying, Till

INTEGRATORS = (ROOT / "docs" / "integrators.md").read_text("utf-8")
LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d{6} (->|<-) ")
DECODERS = [decoding.pn532, decoding.ccid, decoding.feig, decoding.text, decoding.escpos, decoding.zvt_network,
            decoding.zvt_serial, decoding.http]  # fmt: skip


def test_nothing_is_written_down_until_somebody_asks_and_after_it_was_stopped() -> None:
    one = Transcript(lambda: 0.0)
    one.heard(b"before")
    one.record()
    one.heard(b"\x01\x02")
    one.said(b"\x03", "as it means")
    one.stop()
    one.said(b"after")
    assert one.text().splitlines()[1:] == [
        "00:00:00.000000 -> 01 02",
        "00:00:00.000000 <- 03",
        "                   ; as it means",
    ]
    one.record()
    assert len(one.text().splitlines()) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=60))
def test_a_transcript_has_a_bound_and_keeps_the_newest(pieces: list[bytes]) -> None:
    one = Transcript(most_bytes=1500)
    one.record()
    for data in [*pieces, b"last"]:
        one.said(data)
    written = sum(len(line[19:].split()) for line in one.text().splitlines() if not line.startswith("#"))
    assert written <= 1500
    assert b"last".hex(" ") in one.text().splitlines()[-1]


def test_more_pieces_than_it_holds_are_told_as_dropped_and_one_too_large_is_cut() -> None:
    one = Transcript()
    one.record()
    for _ in range(MOST_PIECES + 5):
        one.heard(b"1")
    assert "# 5 older pieces were dropped" in one.text()
    small = Transcript(most_bytes=10)
    small.record()
    small.heard(b"2" * 11)
    assert "cut short, of 11 bytes" in small.text()


@pytest.mark.parametrize("decode", DECODERS, ids=lambda one: one.__name__)
@settings(max_examples=40, deadline=None)
@given(heard=st.booleans(), data=st.binary(max_size=300))
def test_no_bytes_at_all_break_a_transcript(decode: Any, heard: bool, data: bytes) -> None:
    one = Transcript()
    one.decode = decode
    one.record()
    (one.heard if heard else one.said)(data)
    assert LINE.match(one.text().splitlines()[1])


def test_what_a_credential_is_stays_out() -> None:
    request = b"POST /kiosk/v1/desk HTTP/1.1\r\nHost: x\r\nauthorization: Bearer abc.def\r\n\r\n{}"
    kept = decoding.without_credentials(request)
    assert b"abc" not in kept
    assert b"Host: x\r\nauthorization: (left out)\r\n\r\n{}" in kept


def test_a_reader_a_scanner_and_a_printer_are_written_down_with_what_they_say(
    bench_of_the_stand: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    one = bench_of_the_stand
    words = ["--run-dir", str(one.run_dir)]
    for what in ("reader", "scanner", "printer"):
        assert main([*words, "record", what]) == 0
    assert one.bench.status()["scanner"]["recording"] is True
    one.open(one.reader(), one.scanner(), one.printer())
    one.bench.scan("30001234567890")
    one.events.wait(BarcodeScanned)
    for what, meaning in (
        ("reader", "; GetFirmwareVersion\n"),
        ("reader", "; ACK\n"),
        ("reader", "; answer to GetFirmwareVersion\n"),
        ("scanner", "33 30 30 30 31 32 33 34 35 36 37 38 39 30 0d\n"),
        ("printer", "; how is the printer?"),
        ("printer", "; answers 00010110"),
    ):
        eventually(f"{what}: {meaning}", lambda what=what, meaning=meaning: _told(one, what, meaning))  # type: ignore[misc]
        assert main([*words, "stop-recording", what]) == 0
        before = one.bench.transcript(what)
        capsys.readouterr()
        assert main([*words, "transcript", what]) == 0
        assert capsys.readouterr().out == before


def _told(one: Workbench, what: str, meaning: str) -> bool:
    return meaning in one.bench.transcript(what)


@pytest.mark.parametrize("wire", ["tcp", "serial"])
def test_a_zvt_terminal_is_written_down_in_words_on_either_wire(workbench: Workbench, wire: str) -> None:
    till = Till(workbench, wire)
    till.do("auto", key="approve", seconds=0)
    workbench.bench.record("terminal")
    Paying(till.terminal, 1610, "one", LIMIT_S).result()
    for meaning in ("; authorisation\n", "status information (result)"):
        eventually(meaning, lambda meaning=meaning: _told(workbench, "terminal", meaning))  # type: ignore[misc]
    till.stop()


def test_a_pad_is_written_down_in_words(workbench: Workbench) -> None:
    workbench.serve("item-pad", "--tty", workbench.tty("pad"))
    workbench.bench.record("pad")
    workbench.open(DeviceSettings("pad", "item_pad", "feig", {"port": workbench.tty("pad")}))
    for meaning in ("; inventory\n", "; answer to tags: no tag\n"):
        eventually(meaning, lambda meaning=meaning: _told(workbench, "pad", meaning))  # type: ignore[misc]


def documented() -> list[tuple[str, bool, bytes, str]]:
    """The pieces in the examples of docs/integrators.md: decoder, direction, bytes and what it is said to mean."""
    found = []
    for name, block in re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", INTEGRATORS):
        for piece in re.split(r"\n(?=\d\d:)", block.rstrip()):
            lines = [line[19:] for line in piece.splitlines()]
            data = bytes.fromhex("".join(line for line in lines if not line.startswith(";")))
            notes = [line[2:] for line in lines if line.startswith(";")]
            found.append((name, piece[16:18] == "->", data, "\n".join(notes)))
    return found


@pytest.mark.parametrize(("name", "heard", "data", "note"), documented())
def test_the_examples_for_integrators_mean_what_they_say(name: str, heard: bool, data: bytes, note: str) -> None:
    assert getattr(decoding, name)(heard, data) == note


def test_a_reader_on_usb_is_written_down_in_words(workbench: Workbench) -> None:
    workbench.serve("pass-reader", "--tty", workbench.tty("nfc"), "--usb")
    workbench.bench.record("reader")
    transport = CcidTransport(SerialLink(workbench.tty("nfc"), 115200))
    for asked in ("ff00480000", "ff00000002d402"):
        body = bytes.fromhex(asked)
        transport.write(b"\x6f" + len(body).to_bytes(4, "little") + bytes(5) + body)
        assert transport.read(round(LIMIT_S * 1000))[0] == 0x80
    transport.close()
    words = [line.strip(" ;") for line in workbench.bench.transcript("reader").splitlines() if line.startswith(" ")]
    assert [one for one in words if one[0].isalpha() and not re.match(r"[0-9a-f]{2} ", one)] == [
        "to the reader itself",
        "answer of the reader itself",
        "GetFirmwareVersion",
        "answer to GetFirmwareVersion",
    ]


def test_integrators_are_told_every_port_key_and_make(tmp_path: Path) -> None:
    for terminal in TERMINALS:
        for process in simulators(Place(tmp_path, Ports(8700), "127.0.0.1"), terminal):
            for word in process._command:
                assert not word.startswith(f"{tmp_path}/dev/") or f"RUN/dev/{Path(word).name}" in INTEGRATORS
    for fact in (
        POI,
        NAME,
        f"`{KEY_IDENTIFIER}`",
        TERMINAL_KEYS,
        *(one for models in MODELS.values() for one in models),
    ):
        assert fact in INTEGRATORS, fact


def test_what_has_no_line_is_refused_in_a_sentence(stand: Workbench) -> None:
    with pytest.raises(BenchError, match="choose from reader"):
        stand.bench.record("moon")


def test_a_line_to_another_machine_is_not_written_down(workbench: Workbench) -> None:
    workbench.serve("line", "--listen", f"127.0.0.1:{free_port()}", "--to", "192.0.2.1:80")
    with pytest.raises(BenchError, match="patrons may be real"):
        workbench.bench.record("network")


@pytest.mark.parametrize(
    ("what", "model", "ready"),
    [
        ("reader", "pn532-older", True),
        ("reader", "other-make", False),
        ("scanner", "aim-crlf", True),
        ("scanner", "stx-etx", True),
        ("printer", "other-58mm", True),
        ("printer", "without-status", False),
    ],
)
def test_a_spare_behind_the_same_port_is_taken_without_a_restart_or_the_device_says_what_is_wrong(
    bench_of_the_stand: Workbench, what: str, model: str, ready: bool
) -> None:
    one, first = bench_of_the_stand, {"reader": "pn532", "scanner": "plain", "printer": "epson-80mm"}[what]
    one.open(one.reader(), one.scanner(), one.printer())
    try:
        one.bench.swap(what, model)
        eventually("it is noticed", lambda: Health.LOST in one.events.states(what))
        if ready:
            one.wait_for(what, Health.READY)
        else:
            eventually(
                "why", lambda: "answer" in one.health(what).reason or "PN532" in one.health(what).reason, LIMIT_S
            )
            assert one.health(what).state is not Health.READY
        if what == "scanner":
            one.bench.scan("30001234567890")
            assert one.events.wait(BarcodeScanned)[0].text == "30001234567890"
    finally:
        one.bench.swap(what, first)
    one.wait_for(what, Health.READY)
