"""Devices on USB: nfcpy's ACR122U driver and the printer's, above what libusb1 shows, a process of its own below it."""

from __future__ import annotations

import logging
import os
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import usb1
from hypothesis import given
from hypothesis import strategies as st

from devices.links.usb import CARD_READER, PRINTER, UsbLink
from devices.open_devices import DeviceSettings, check_settings, open_devices
from devices.pass_reader.acr122 import acr122_reader
from devices.pass_reader.ccid import HEAD, LONGEST, CcidTransport, cut_message
from devices.pass_reader.frames import Cut
from devices.ports import (
    DeviceGone,
    DeviceUnplugged,
    Health,
    PassPresented,
    PassRemoved,
    PrintOutcome,
    Receipt,
    ReceiptLine,
)
from devices.supervisor import Supervisor
from tests.devices.running import LIMIT_S, Events, Workbench, eventually
from tests.devices.usb_stand import Bus, Handle, UsbDevice

UID, NUMBER = "04a1b2c3d4e5f6", "29999900000035"


class Reading:
    """A simulated reader and the driver on it; a pty stands in the place of USB."""

    def __init__(self, workbench: Workbench) -> None:
        self.bench, self.events = workbench.bench, Events()
        workbench.serve("pass-reader", "--tty", workbench.tty("nfc"), "--usb")
        self.supervisor = Supervisor(acr122_reader("reader"), self.events, Random(1))
        self.supervisor.start()
        self.wait_for(Health.READY)

    def wait_for(self, state: Health) -> None:
        eventually(state.value, lambda: self.supervisor.health.state is state)


@pytest.fixture
def reading(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    reader = UsbDevice(workbench.tty("nfc"), 0x072F, 0x2200, CARD_READER)
    monkeypatch.setattr("usb1.USBContext", Bus(UsbDevice(workbench.tty("printer"), 0x04B8, 0x0E15, PRINTER), reader))
    one = Reading(workbench)
    yield one
    one.supervisor.ask_to_stop()
    assert one.supervisor.join(LIMIT_S)


def test_a_pass_is_presented_with_its_uid_and_number_and_removed(reading: Reading) -> None:
    reading.bench.place(UID, NUMBER)
    (presented,) = reading.events.wait(PassPresented)
    assert (presented.uid.hex(), presented.number, presented.random_uid) == (UID, NUMBER, False)
    reading.bench.remove_pass()
    reading.events.wait(PassRemoved)


def test_a_phone_has_a_random_uid_and_is_one_event(reading: Reading) -> None:
    reading.bench.place("", None, "phone")
    (presented,) = reading.events.wait(PassPresented)
    assert presented.random_uid


@pytest.mark.parametrize("fault", ["truncate", "silent"])
def test_a_message_that_breaks_off_is_made_good(reading: Reading, fault: str) -> None:
    reading.bench.reader_fault(fault, 2)
    reading.bench.place(UID, NUMBER)
    assert reading.events.wait(PassPresented)[0].uid.hex() == UID


def test_a_reader_that_is_pulled_out_is_lost_and_reads_again_when_it_is_back(reading: Reading) -> None:
    reading.bench.unplug("reader")
    reading.wait_for(Health.LOST)
    reading.bench.plug("reader")
    reading.wait_for(Health.READY)
    reading.bench.place(UID, None)
    assert reading.events.wait(PassPresented)[0].uid.hex() == UID


def test_no_uid_stands_in_a_log(reading: Reading, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reading.bench.place(UID, NUMBER)
    reading.events.wait(PassPresented)
    assert UID not in caplog.text.lower()
    assert NUMBER not in caplog.text


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 30))
def test_messages_are_cut_out_of_pieces_of_any_size(bodies: list[bytes], size: int) -> None:
    whole = [b"\x80" + len(one).to_bytes(4, "little") + bytes(5) + one for one in bodies]
    stream, buffer, found = b"".join(whole), bytearray(), []
    for at in range(0, len(stream), size):
        buffer += stream[at : at + size]
        while isinstance(cut := cut_message(buffer), bytes):
            found.append(cut)
    assert found == whole


def test_a_length_that_no_message_has_is_broken() -> None:
    assert cut_message(bytearray(b"\x80" + (LONGEST - HEAD + 1).to_bytes(4, "little") + bytes(5))) is Cut.BROKEN


def test_a_device_that_is_not_on_usb_is_unplugged_and_a_name_that_is_none_is_said_to_be() -> None:
    with pytest.raises(DeviceUnplugged, match="no such device on USB"):
        UsbLink("ffff:fffe", CARD_READER)
    with pytest.raises(DeviceGone, match="no name of a USB device"):
        UsbLink("printer", CARD_READER)


def test_the_settings_open_the_driver_and_refuse_what_is_no_name_on_usb() -> None:
    settings = DeviceSettings("reader", "pass_reader", "acr122u", {"usb": "ffff:fffe@1-1.4"})
    assert check_settings([settings]) == []
    assert check_settings([DeviceSettings("reader", "pass_reader", "acr122u", {"usb": "072F"})])
    devices = open_devices([settings], lambda _: None)
    devices.start()
    eventually("unplugged", lambda: "no such device on USB" in devices.health()["reader"].reason)
    devices.stop()


@pytest.fixture
def pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, UsbLink]]:
    """The far end of a reader's two pipes, and the link on them."""
    far, near = os.openpty()
    (tmp_path / "nfc").symlink_to(os.ttyname(near))
    monkeypatch.setattr("usb1.USBContext", Bus(UsbDevice(str(tmp_path / "nfc"), 0x072F, 0x2200, CARD_READER)))
    link = UsbLink("072f:2200", CARD_READER)
    tty.setraw(far)
    yield far, link
    link.close()
    os.close(near)
    os.close(far)


def test_what_of_a_transfer_does_not_fit_into_a_read_is_kept_for_the_next(pipes: tuple[int, UsbLink]) -> None:
    far, link = pipes
    os.write(far, b"abcdef")
    assert [link.read(2, LIMIT_S), link.read(3, LIMIT_S), link.read(9, LIMIT_S)] == [b"ab", b"cde", b"f"]
    assert link.read(9, 0.0) == b""


def test_a_wake_ends_the_wait_on_usb_at_once_and_only_one(pipes: tuple[int, UsbLink]) -> None:
    link, began = pipes[1], time.monotonic()
    threading.Timer(0.05, link.wake).start()
    assert link.read(9, LIMIT_S) == b""
    assert time.monotonic() - began < LIMIT_S / 2
    again = time.monotonic()
    assert link.read(9, 0.2) == b""
    assert time.monotonic() - again >= 0.2


def test_a_device_that_takes_its_bytes_piece_by_piece_gets_each_once(
    pipes: tuple[int, UsbLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = bytearray()

    def three(self: Handle, endpoint: int, data: bytes, timeout: int) -> int:
        taken.extend(data[:3])
        late = usb1.USBErrorTimeout()
        late.transferred = len(data[:3])
        raise late

    monkeypatch.setattr(Handle, "bulkWrite", three)
    pipes[1].write(b"abcdefgh", LIMIT_S)
    assert taken == b"abcdefgh"


def test_an_answer_that_came_too_late_is_not_taken_for_that_to_the_next_message(pipes: tuple[int, UsbLink]) -> None:
    far, link = pipes
    late, right = (b"\x80" + bytes(9), b"\x80\x01" + bytes(8) + b"!")
    transport = CcidTransport(link)
    os.write(far, late + late[:4])
    transport.write(b"next")
    os.write(far, right)
    assert transport.read(1000) == right


@pytest.fixture
def printing(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A printer on USB that is ready, and another in the next socket that is not there."""
    tty = workbench.tty("printer")
    twins = [UsbDevice(one, 0x04B8, 0x0E15, PRINTER, (1, at)) for at, one in enumerate((tty + "-2", tty), 3)]
    monkeypatch.setattr("usb1.USBContext", Bus(*twins))
    workbench.serve("printer", "--tty", tty, "--receipts", str(workbench.run_dir / "receipts"))
    workbench.open(DeviceSettings("printer", "receipt_printer", "usb", {"usb": "04b8:0e15"}))
    return workbench


def print_on(workbench: Workbench, job: str, receipt: Receipt | None = None, deadline_s: float = 10.0) -> PrintOutcome:
    assert workbench.devices is not None
    assert workbench.devices.printer is not None
    return workbench.devices.printer.print(receipt or Receipt((ReceiptLine(f"bon {job} é €"),)), job, deadline_s)


def test_a_printer_on_usb_prints_confirms_and_may_be_pulled_out(printing: Workbench) -> None:
    assert print_on(printing, "one") is PrintOutcome.PRINTED
    (text,) = (one.read_text("utf-8") for one in (printing.run_dir / "receipts").glob("*.txt"))
    assert "bon one é €" in text
    printing.bench.unplug("printer")
    printing.wait_for("printer", Health.LOST)
    assert print_on(printing, "two") is PrintOutcome.NOT_PRINTED
    printing.bench.plug("printer")
    printing.wait_for("printer", Health.READY)
    assert print_on(printing, "two") is PrintOutcome.PRINTED


def test_a_printer_on_usb_that_stops_taking_bytes_does_not_hang(printing: Workbench) -> None:
    printing.bench.stall_printer_after(100)
    long = Receipt(tuple(ReceiptLine("x" * 48) for _ in range(4000)))
    assert print_on(printing, "one", long, deadline_s=3) in {PrintOutcome.NOT_PRINTED, PrintOutcome.UNKNOWN}
    printing.wait_for("printer", Health.LOST)


def test_of_two_alike_on_usb_the_socket_tells_which(printing: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    tty = printing.tty("printer")
    twins = [UsbDevice(tty, 0x04B8, 0x0E15, PRINTER, (1, at)) for at in (3, 4)]
    monkeypatch.setattr("usb1.USBContext", Bus(*twins))
    with pytest.raises(DeviceGone, match=r"several such devices; they are in 1-1\.3, 1-1\.4"):
        UsbLink("04b8:0e15", PRINTER)
    with pytest.raises(DeviceGone, match="no such interface"):
        UsbLink("04b8:0e15@1-1.4", CARD_READER)
