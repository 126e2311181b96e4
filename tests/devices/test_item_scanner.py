"""The real scanner driver on a serial line: scans, noise, endless lines, and the plug pulled."""

from __future__ import annotations

import logging

import pytest

from devices.ports import BarcodeScanned, Health, ScanUnreadable
from tests.devices.running import Workbench, eventually

CODE = "30001234567890"


@pytest.mark.parametrize("terminator", ["\r", "\n", "\r\n"])
def test_a_scan_is_one_event_with_every_end_of_line(scanner: Workbench, terminator: str) -> None:
    scanner.bench.scan(CODE, terminator)
    scanner.bench.scan("2" + CODE[1:], terminator)
    first, second = scanner.events.wait(BarcodeScanned, 2)
    assert (first.device, first.text, first.aim) == ("scanner", CODE, None)
    assert second.text == "2" + CODE[1:]
    assert scanner.events.of(ScanUnreadable) == []


def test_a_scan_in_a_block_with_its_symbology_is_told_with_it(scanner: Workbench) -> None:
    scanner.bench.send_raw(b"\x02]C0" + CODE.encode() + b"\x03\r\n")
    (scan,) = scanner.events.wait(BarcodeScanned)
    assert (scan.text, scan.aim) == (CODE, "C0")


def test_noise_is_one_unreadable_scan_and_the_next_scan_is_read(scanner: Workbench) -> None:
    scanner.bench.noise()
    scanner.events.wait(ScanUnreadable)
    scanner.bench.scan(CODE)
    scanner.events.wait(BarcodeScanned)
    assert len(scanner.events.of(ScanUnreadable)) == 1


def test_ten_thousand_characters_without_an_end_are_one_unreadable_scan(scanner: Workbench) -> None:
    scanner.bench.send_raw(b"7" * 10_000)
    scanner.events.wait(ScanUnreadable)
    scanner.bench.send_raw(b"\r")
    scanner.bench.scan(CODE)
    (scan,) = scanner.events.wait(BarcodeScanned)
    assert scan.text == CODE
    assert len(scanner.events.of(ScanUnreadable)) == 1


@pytest.mark.parametrize("raw", [b"12|34\r", b"12\x1b34\r", b"\x00\r", b"1" * 100 + b"\r"])
def test_control_characters_and_delimiters_are_unreadable(scanner: Workbench, raw: bytes) -> None:
    scanner.bench.send_raw(raw)
    (unreadable,) = scanner.events.wait(ScanUnreadable)
    assert scanner.events.of(BarcodeScanned) == []
    assert scanner.health("scanner").state is Health.READY
    assert unreadable.reason


def test_half_a_scan_is_unreadable_once_the_line_falls_silent(scanner: Workbench) -> None:
    scanner.bench.send_raw(CODE[:6].encode())
    (unreadable,) = scanner.events.wait(ScanUnreadable)
    assert unreadable.reason == "no end of line"
    scanner.bench.scan(CODE)
    assert scanner.events.wait(BarcodeScanned)[0].text == CODE


def test_a_scan_that_comes_in_two_pieces_is_one(scanner: Workbench) -> None:
    scanner.bench.send_raw(CODE[:6].encode())
    scanner.bench.send_raw(CODE[6:].encode() + b"\r")
    assert scanner.events.wait(BarcodeScanned)[0].text == CODE


def test_prefix_and_suffix_are_taken_off(bench_of_the_stand: Workbench) -> None:
    bench_of_the_stand.open(bench_of_the_stand.scanner(prefix="#", suffix="$"))
    bench_of_the_stand.bench.scan(f"#{CODE}$")
    assert bench_of_the_stand.events.wait(BarcodeScanned)[0].text == CODE


def test_a_scanner_that_is_unplugged_is_lost_and_works_after_it_is_plugged_in(scanner: Workbench) -> None:
    for turn in (1, 2):
        scanner.bench.unplug("scanner")
        scanner.wait_for("scanner", Health.LOST)
        scanner.bench.plug("scanner")
        scanner.wait_for("scanner", Health.READY)
        scanner.bench.scan(CODE)
        scanner.events.wait(BarcodeScanned, turn)


def test_what_is_scanned_never_stands_in_a_log(scanner: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scanner.bench.scan(CODE)
    scanner.bench.scan(CODE + "|")
    (scan,) = scanner.events.wait(BarcodeScanned)
    (unreadable,) = scanner.events.wait(ScanUnreadable)
    eventually("a line in the log", lambda: "unreadable scan" in caplog.text)
    for words in (caplog.text, repr(scan), repr(unreadable)):
        assert CODE not in words
